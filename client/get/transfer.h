/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several requests, carried out in parallel: those of one origin share one connection, and the next
 * one where the server asks for it (GOAWAY). What follows on a request (follow_up.h) takes its
 * place. Requests are added one by one, or come from a source when there is room for them, so that
 * many cost no memory. */
#pragma once

#include "connection_figures.h"
#include "path.h"
#include "progress.h"
#include "qlog.h"
#include "relay_scenario.h"
#include "quic_settings.h"
#include "request.h"
#include "resolve.h"
#include "resumption.h"
#include "self_capture.h"
#include "tls.h"
#include "trace.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* Gets one sentence for each failure. */
typedef void (*ql_transfer_report)(const char *sentence, void *user);

/* Where requests come from. */
typedef struct ql_transfer_source {
    /* The next request, which the transfer takes. NULL without error: there is no other; NULL and
     * error: this one cannot be made, and has failed. */
    ql_request *(*next)(void *user, GError **error);
    void *user;
    unsigned count; /* how many there will be */
} ql_transfer_source;

/* Gets a request that is over, for which place is its index among all of them. */
typedef void (*ql_transfer_listener)(const ql_request *request,
                                     const ql_connection_figures *figures, unsigned place,
                                     void *user);

/* All is borrowed and must outlive the transfer. */
typedef struct ql_transfer_settings {
    SSL_CTX *tls;
    ql_tls_terms terms;
    ql_quic_settings quic;
    ql_resumption_settings resumption;
    const ql_resolver *resolver;
    ql_local_end local;                /* of all sockets */
    ql_self_capture *capture;          /* NULL: none */
    ql_trace *trace;                   /* NULL: none */
    bool datagrams;                    /* of HTTP are taken (RFC 9297) */
    bool trace_frames;                 /* with a line for each frame of HTTP/3 */
    unsigned requests_at_once;         /* on one connection; 0: 100 */
    ql_trigger begin, reprioritize;    /* as of ql_http_settings */
    ql_qlog_book *qlogs;               /* NULL: none */
    const ql_relay_scenario *scenario; /* of a bad network; NULL: none */
    ql_progress *progress;             /* NULL: none */
    ql_path_plan paths;                /* of the first connection of each origin */
    ngtcp2_duration connect_timeout;   /* for the addresses of an origin all together */
    ngtcp2_duration idle_timeout;
    ngtcp2_duration max_time; /* 0: no limit */
    int stop_fd;              /* breaks the transfer off when it is readable; -1: none */
    ql_transfer_report report;
    void *report_user;
    ql_transfer_source source; /* next NULL: none */
    ql_transfer_listener over; /* NULL: none */
    void *over_user;
} ql_transfer_settings;

typedef struct ql_transfer ql_transfer;

ql_transfer *ql_transfer_new(const ql_transfer_settings *settings);
void ql_transfer_free(ql_transfer *transfer); /* frees the requests, too; NULL is a no-op */

/* Takes the request, which stays readable as long as transfer. Before it runs. */
void ql_transfer_add(ql_transfer *transfer, ql_request *request);

/* Returns when every request is over, or the transfer was broken off: how many have failed. What
 * comes from the source is freed as soon as it is over; a source is not asked any more once the
 * transfer was broken off. */
unsigned ql_transfer_run(ql_transfer *transfer);

/* The requests in the order in which they were added, or what followed on them last. */
const GPtrArray *ql_transfer_requests(const ql_transfer *transfer);

/* The index of a request that is not freed, among all; another may have taken its place. */
unsigned ql_transfer_place(const ql_transfer *transfer, const ql_request *request);

/* The connection of a request that has ended and is not freed, as it was then. */
const ql_connection_figures *ql_transfer_figures(const ql_transfer *transfer,
                                                 const ql_request *request);
