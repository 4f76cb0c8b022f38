/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several requests, carried out in parallel: those of one origin share one connection, and the next
 * one where the server asks for it (GOAWAY). What follows on a request (follow_up.h) takes its
 * place. */
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
} ql_transfer_settings;

typedef struct ql_transfer ql_transfer;

ql_transfer *ql_transfer_new(const ql_transfer_settings *settings);
void ql_transfer_free(ql_transfer *transfer); /* frees the requests, too; NULL is a no-op */

/* Takes the request, which stays readable as long as transfer. */
void ql_transfer_add(ql_transfer *transfer, ql_request *request);

/* Returns when every request is over: how many have failed. */
unsigned ql_transfer_run(ql_transfer *transfer);

/* The requests in the order in which they were added, or what followed on them last. */
const GPtrArray *ql_transfer_requests(const ql_transfer *transfer);

/* Its index in that list, also if another took its place. */
unsigned ql_transfer_place(const ql_transfer *transfer, const ql_request *request);

/* The connection of a request that has ended, as it was then; valid as long as transfer. */
const ql_connection_figures *ql_transfer_figures(const ql_transfer *transfer,
                                                 const ql_request *request);
