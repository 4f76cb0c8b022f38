/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The embedded origin: an HTTP/3 server on some UDP sockets, for demos, lessons and tests. It
 * routes each datagram to its connection, makes connections for new clients, and answers what
 * belongs to none (origin_stateless.h). */
#pragma once

#include "address.h"
#include "origin_capture.h"
#include "origin_http.h"
#include "origin_tls.h"
#include "origin_transport.h"
#include "qlog.h"

#include <glib.h>
#include <stdbool.h>

/* The most connections that are open at one time, if not told else; others are refused. */
#define QL_ORIGIN_MAX_CONNECTIONS 1024u

/* So many more may be coming to their end, which takes little memory. */
#define QL_ORIGIN_MAX_ENDING 16384u

typedef struct ql_origin ql_origin;

typedef struct ql_origin_options {
    const ql_address *listen;   /* port 0: the kernel chooses */
    size_t listen_count;        /* 1 to QL_ORIGIN_MAX_SOCKETS */
    ql_origin_capture *capture; /* NULL: none */
    ql_qlog_book *qlogs;        /* NULL: none */
    unsigned max_connections;   /* 0: QL_ORIGIN_MAX_CONNECTIONS */
    /* Is told once, when a client is refused since so many are there; NULL: nobody is. */
    void (*on_full)(unsigned most, void *user);
    void *user;
    ql_origin_tls_settings tls;
    ql_origin_quic_settings quic;
    ql_origin_http_settings http;
} ql_origin_options;

/* Opens the sockets: from here on clients may come, and are served when it runs. What options names
 * is borrowed, but for the addresses. NULL and error if one of these cannot be listened on. */
ql_origin *ql_origin_new(const ql_origin_options *options, GError **error);
void ql_origin_free(ql_origin *origin); /* NULL is a no-op */

/* Where it listens, with the ports that the kernel chose. Valid as long as origin. */
const ql_address *ql_origin_address(const ql_origin *origin, size_t index);

/* Serves until stop_fd is readable; then tells every client that it ends. False and error if a
 * socket fails for good. */
bool ql_origin_run(ql_origin *origin, int stop_fd, GError **error);
