/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The embedded origin: an HTTP/3 server on one UDP socket, for demos, lessons and tests. It routes
 * each datagram to its connection by connection ID, makes connections for new clients, and answers
 * what belongs to none: Version Negotiation (RFC 9000, 6) and stateless reset (10.3). */
#pragma once

#include "address.h"
#include "keylog.h"
#include "origin_certificate.h"
#include "origin_http.h"

#include <glib.h>
#include <stdbool.h>

#define QL_ORIGIN_MAX_CONNECTIONS 1024u /* at one time; others are refused */

typedef struct ql_origin ql_origin;

typedef struct ql_origin_options {
    ql_address listen; /* port 0: the kernel chooses */
    const ql_origin_certificate *certificate;
    ql_keylog *keylog; /* NULL: no secrets log */
    ql_origin_http_settings http;
} ql_origin_options;

/* Opens the socket: from here on clients may come, and are served when it runs. What options names
 * is borrowed. NULL and error if the address cannot be listened on. */
ql_origin *ql_origin_new(const ql_origin_options *options, GError **error);
void ql_origin_free(ql_origin *origin); /* NULL is a no-op */

/* Where it listens, with the port that the kernel chose. Valid as long as origin. */
const ql_address *ql_origin_address(const ql_origin *origin);

/* Serves until stop_fd is readable; then tells every client that it ends. False and error if the
 * socket fails for good. */
bool ql_origin_run(ql_origin *origin, int stop_fd, GError **error);
