/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

ql_address ql_address_from(const struct sockaddr *address, socklen_t length)
{
    ql_address result = { .length = length };
    g_assert(length <= sizeof result.storage);
    memcpy(&result.storage, address, length);
    return result;
}

const struct sockaddr *ql_address_sockaddr(const ql_address *address)
{
    return (const struct sockaddr *)&address->storage;
}

static const struct sockaddr_in *as_ipv4(const ql_address *address)
{
    return address->length > 0 && address->storage.ss_family == AF_INET
               ? (const struct sockaddr_in *)&address->storage
               : NULL;
}

static const struct sockaddr_in6 *as_ipv6(const ql_address *address)
{
    return address->length > 0 && address->storage.ss_family == AF_INET6
               ? (const struct sockaddr_in6 *)&address->storage
               : NULL;
}

uint16_t ql_address_port(const ql_address *address)
{
    const struct sockaddr_in *v4 = as_ipv4(address);
    const struct sockaddr_in6 *v6 = as_ipv6(address);
    return ntohs(v4 != NULL ? v4->sin_port : v6 != NULL ? v6->sin6_port : 0);
}

void ql_address_set_port(ql_address *address, uint16_t port)
{
    if (as_ipv4(address) != NULL)
        ((struct sockaddr_in *)&address->storage)->sin_port = htons(port);
    else if (as_ipv6(address) != NULL)
        ((struct sockaddr_in6 *)&address->storage)->sin6_port = htons(port);
}

bool ql_address_equal(const ql_address *a, const ql_address *b)
{
    const struct sockaddr_in *a4 = as_ipv4(a), *b4 = as_ipv4(b);
    const struct sockaddr_in6 *a6 = as_ipv6(a), *b6 = as_ipv6(b);
    if (a4 != NULL && b4 != NULL)
        return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
    if (a6 != NULL && b6 != NULL)
        return a6->sin6_port == b6->sin6_port && a6->sin6_scope_id == b6->sin6_scope_id &&
               IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr);
    return a->length == 0 && b->length == 0;
}

bool ql_address_is_loopback(const ql_address *address)
{
    const struct sockaddr_in *v4 = as_ipv4(address);
    const struct sockaddr_in6 *v6 = as_ipv6(address);
    if (v4 != NULL)
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return v6 != NULL && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool ql_address_is_any(const ql_address *address)
{
    const struct sockaddr_in *v4 = as_ipv4(address);
    const struct sockaddr_in6 *v6 = as_ipv6(address);
    if (v4 != NULL)
        return v4->sin_addr.s_addr == htonl(INADDR_ANY);
    return v6 != NULL && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

char *ql_address_to_string(const ql_address *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *v4 = as_ipv4(address);
    const struct sockaddr_in6 *v6 = as_ipv6(address);
    if (v4 != NULL && inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text) != NULL)
        return g_strdup_printf("%s:%u", text, ntohs(v4->sin_port));
    if (v6 != NULL && inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text) != NULL)
        return v6->sin6_scope_id == 0
                   ? g_strdup_printf("[%s]:%u", text, ntohs(v6->sin6_port))
                   : g_strdup_printf("[%s%%%u]:%u", text, v6->sin6_scope_id, ntohs(v6->sin6_port));
    return g_strdup("no address");
}
