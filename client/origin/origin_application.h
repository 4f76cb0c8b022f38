/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the origin speaks on top of QUIC: one interface, behind which there is a protocol for each
 * ALPN name. A protocol's struct begins with a ql_origin_application; all functions get that.
 *
 * Functions that return int return 0, or anything else, after which the connection is to be closed
 * with error_code. What is not needed is NULL. */
#pragma once

#include "qlog_http3.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_APPLICATION_VECTORS 16u

typedef struct ql_origin_application ql_origin_application;

typedef struct ql_origin_application_kind {
    void (*free)(ql_origin_application *app);

    /* What it does is written down there, too, but for the bytes of streams, which the caller hands
     * over. NULL: it has nothing to add. */
    void (*set_qlog)(ql_origin_application *app, ql_qlog_http3 *qlog);

    /* The keys for 1-RTT are there: streams can be opened. */
    int (*start)(ql_origin_application *app);

    /* What ngtcp2's callbacks report. */
    int (*receive)(ql_origin_application *app, int64_t stream, const uint8_t *data, size_t length,
                   bool fin, uint64_t now);
    int (*acknowledge)(ql_origin_application *app, int64_t stream, uint64_t length);
    int (*unblock)(ql_origin_application *app, int64_t stream); /* flow control lets more pass */
    int (*stop_reading)(ql_origin_application *app, int64_t stream); /* the client reset it */
    int (*close_stream)(ql_origin_application *app, int64_t stream, uint64_t error_code);
    void (*allow_streams)(ql_origin_application *app, uint64_t max_streams);

    /* What is to be sent next: up to QL_ORIGIN_APPLICATION_VECTORS pieces of *stream; -1 is no
     * stream. Returns their number, or a negative number on failure. */
    ngtcp2_ssize (*next)(ql_origin_application *app, int64_t *stream, bool *fin,
                         ngtcp2_vec *vectors);

    /* What became of it: ngtcp2_conn_writev_stream's result, and how much it took (-1: nothing).
     * False: it is for the caller to end the connection. */
    bool (*sent)(ql_origin_application *app, int64_t stream, ngtcp2_ssize outcome,
                 ngtcp2_ssize taken);

    /* Something is to be done at a time of its own; UINT64_MAX: never. */
    uint64_t (*expiry)(const ql_origin_application *app);
    int (*expire)(ql_origin_application *app, uint64_t now);

    /* Everything was said: the connection can be closed, without an error. */
    bool (*is_done)(const ql_origin_application *app);

    /* For CONNECTION_CLOSE, after a failure. */
    uint64_t (*error_code)(const ql_origin_application *app);
    uint64_t no_error; /* the code for an end without one */
} ql_origin_application_kind;

struct ql_origin_application {
    const ql_origin_application_kind *kind;
};
