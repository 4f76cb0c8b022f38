/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An https or wss URL (RFC 3986; RFC 6455, 3), taken apart for HTTP/3. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define QL_URL_ERROR (ql_url_error_quark())
GQuark ql_url_error_quark(void); /* code 0; the message names the URL and the rule */

typedef struct ql_url {
    char *text;      /* "https://example.org:8443/a?b": normalised, without fragment */
    char *host;      /* lower case, ASCII (IDNA), an IPv6 address without brackets */
    uint16_t port;   /* 443 where the URL says none */
    char *authority; /* ":authority" of RFC 9114, 4.3.1: "example.org:8443" */
    bool websocket;  /* wss; a connection is shared with https (RFC 9220, 3) */
    char *path;      /* ":path": never empty, dot segments removed, with the query */
} ql_url;

/* Without a scheme, https is meant. Any other scheme, user names in the URL, and a host that is
 * none are errors. What may not stand in a URL (spaces, control characters, bytes over 0x7e, a "%"
 * that begins no code) is percent-encoded. */
ql_url *ql_url_new(const char *text, GError **error);

/* Where a reference such as that of Location leads, seen from base (RFC 3986, 5). NULL and error as
 * above. */
ql_url *ql_url_resolve(const ql_url *base, const char *reference, GError **error);
ql_url *ql_url_copy(const ql_url *url);
void ql_url_free(ql_url *url); /* NULL is a no-op */

/* What connections are shared by: "example.org:443". To be freed by g_free. */
char *ql_url_origin(const ql_url *url);

/* A name for a file in a folder: the last segment of the path as it stands in the URL, with what
 * could leave the folder or hurt a terminal replaced by "_", at most 200 bytes; "index.html" if the
 * path ends in "/". To be freed by g_free. */
char *ql_url_file_name(const ql_url *url);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_url, ql_url_free)
