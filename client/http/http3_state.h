/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms of HTTP/3 (http3*.c) share, and nobody else sees. */
#pragma once

#include "frame_trace.h"
#include "http3.h"
#include "datagram_queue.h"
#include "qlog_http3.h"

#include <glib.h>
#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

struct ql_http3 {
    ngtcp2_conn *quic;
    nghttp3_conn *connection;
    ql_http_settings settings;
    GHashTable *streams; /* int64_t -> ql_request_stream, as long as the stream is open */
    GArray *closed;      /* int64_t: streams that QUIC has closed and HTTP/3 has not */
    uint64_t content_bytes;
    bool going_away;
    unsigned priorities; /* that requests are to get later, and have not */
    bool settings_came, connect_protocol, takes_datagrams; /* of the server (RFC 9220, 9297) */
    ql_datagram_queue *datagrams;                          /* to be sent */
    ql_frame_trace *frames;                                /* NULL: none */
    ql_qlog_http3 *qlog;                                   /* NULL: none */
};

/* What nghttp3 calls, with a ql_http3 as user data, and a ql_request_stream as that of a stream. */
extern const nghttp3_callbacks ql_http3_callbacks;

/* What nghttp3 reads the content of requests with. */
extern const nghttp3_data_reader ql_http3_body_reader;

/* request was not processed, and waits for another connection; NULL: there is none. */
void ql_http3_put_back(ql_http3 *http3, ql_request *request);
