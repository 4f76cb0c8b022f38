/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ngtcp2 calls for a connection of the origin, translated for the origin's other rooms. */
#pragma once

#include "origin_application.h"
#include "datagram_queue.h"
#include "origin_drill.h"
#include "origin_ids.h"
#include "origin_insertion.h"
#include "origin_path_log.h"
#include "origin_shared.h"
#include "qlog_http3.h"
#include "tls.h"

#include <ngtcp2/ngtcp2.h>

/* Where the events of one connection go, and what they leave behind; ngtcp2's user data. The
 * connection owns it. */
typedef struct ql_origin_callbacks_context {
    const ql_origin_shared *shared;
    ngtcp2_conn *quic;
    ql_tls *tls;
    ql_origin_ids *ids;
    ql_origin_application *application; /* NULL before the keys for 1-RTT are there */
    ql_datagram_queue *datagrams;
    ql_qlog *qlog;                  /* NULL: none */
    ql_qlog_http3 *http_qlog;       /* of HTTP/3, in qlog */
    ql_origin_path_log *path_log;   /* of IDs and paths, in qlog */
    ql_origin_insertion *insertion; /* NULL: none */
    ql_origin_drill *drill;         /* NULL: none */
    ngtcp2_ccerr error;             /* what to close with; else ngtcp2_ccerr_default */
} ql_origin_callbacks_context;

/* All callbacks of a server, with a ql_origin_callbacks_context as user data. */
const ngtcp2_callbacks *ql_origin_callbacks(void);

/* For ngtcp2_conn_write_aggregate_pkt: one packet with what waits to be sent. */
ngtcp2_ssize ql_origin_callbacks_write_packet(ngtcp2_conn *quic, ngtcp2_path *path,
                                              ngtcp2_pkt_info *info, uint8_t *packet,
                                              size_t capacity, ngtcp2_tstamp now, void *user);

/* For ngtcp2's qlog. */
void ql_origin_callbacks_write_qlog(void *user, uint32_t flags, const void *data, size_t length);

/* Notes the error code of the application as what to close with, where status is a failure of its.
 * Returns what a callback returns. */
int ql_origin_callbacks_result(ql_origin_callbacks_context *context, int status);
