/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "local_end.h"

#include "text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

G_DEFINE_QUARK(ql_local_end_error, ql_local_end_error)

static bool fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, QL_LOCAL_END_ERROR, 0, "%s", message);
    return false;
}

bool ql_local_end_parse_interface(ql_local_end *end, const char *text, GError **error)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST };
    struct addrinfo *found = NULL;
    if (getaddrinfo(text, NULL, &wanted, &found) == 0) {
        end->address = ql_address_from(found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
        return true;
    }
    g_autofree char *shown = ql_text_escape(text);
    if (strlen(text) >= sizeof end->interface || if_nametoindex(text) == 0)
        return fail(error, "bad --interface \"%s\": it is neither an IP address nor an interface",
                    shown);
    g_strlcpy(end->interface, text, sizeof end->interface);
    return true;
}

bool ql_local_end_parse_ports(ql_local_end *end, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", 2);
    const char *last = parts[0] == NULL ? NULL : parts[1] == NULL ? parts[0] : parts[1];
    guint64 from = 0, to = 0;
    if (last == NULL || !g_ascii_string_to_unsigned(parts[0], 10, 1, UINT16_MAX, &from, NULL) ||
        !g_ascii_string_to_unsigned(last, 10, from, UINT16_MAX, &to, NULL)) {
        g_autofree char *shown = ql_text_escape(text);
        return fail(error,
                    "bad --local-port \"%s\": a port (4000) or a range (4000-4010) is expected",
                    shown);
    }
    end->first_port = (uint16_t)from;
    end->last_port = (uint16_t)to;
    return true;
}

static ql_address address_of(const ql_local_end *end, int family)
{
    const struct sockaddr_in any4 = { .sin_family = AF_INET };
    const struct sockaddr_in6 any6 = { .sin6_family = AF_INET6 };
    if (end->address.length > 0)
        return end->address;
    return family == AF_INET6 ? ql_address_from((const struct sockaddr *)&any6, sizeof any6)
                              : ql_address_from((const struct sockaddr *)&any4, sizeof any4);
}

bool ql_local_end_bind(const ql_local_end *end, int fd, int family, GError **error)
{
    ql_address local = address_of(end, family);
    if (local.storage.ss_family != family)
        return fail(error, "the address of --interface is of another family than the server's");
    if (end->interface[0] != '\0' &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, end->interface, sizeof end->interface) != 0)
        return fail(error, "cannot use the interface %s: %s", end->interface, g_strerror(errno));
    if (end->address.length == 0 && end->first_port == 0)
        return true;
    for (unsigned port = end->first_port; port <= end->last_port; port++) {
        ql_address_set_port(&local, (uint16_t)port);
        if (bind(fd, ql_address_sockaddr(&local), local.length) == 0)
            return true;
        if (errno != EADDRINUSE)
            break;
    }
    int cause = errno;
    g_autofree char *last = ql_address_to_string(&local);
    return fail(error, "cannot send from %s: %s", last, g_strerror(cause));
}
