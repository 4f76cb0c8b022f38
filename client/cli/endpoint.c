/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint.h"

#include "options.h"
#include "text.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

static bool refuse(const char *option, const char *text, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(text);
    g_set_error(error, QL_OPTIONS_ERROR, 0, "%s %s: %s", option, shown, why);
    return false;
}

bool ql_endpoint_parse(const char *option, const char *text, uint16_t least_port,
                       ql_address *address, GError **error)
{
    const char *colon = strrchr(text, ':');
    guint64 port;
    if (colon == NULL || colon == text ||
        !g_ascii_string_to_unsigned(colon + 1, 10, least_port, UINT16_MAX, &port, NULL))
        return refuse(option, text, "ADDR:PORT is wanted, such as 127.0.0.1:4433 or [::1]:4433",
                      error);
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    g_autofree char *host = bracketed ? g_strndup(text + 1, (gsize)(colon - text) - 2)
                                      : g_strndup(text, (gsize)(colon - text));
    struct addrinfo hints = { .ai_family = bracketed ? AF_INET6 : AF_UNSPEC,
                              .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    int status = getaddrinfo(host, colon + 1, &hints, &found);
    if (status != 0)
        return refuse(option, text, status == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(status),
                      error);
    *address = ql_address_from(found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}
