/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 on one connection of the origin (RFC 9114): nghttp3 on one side, requests and responses on
 * the other. Functions that return int return 0, or an error code of nghttp3, after which the
 * connection is to be closed with ql_origin_http_error_code. */
#pragma once

#include "origin_content.h"

#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_origin_http ql_origin_http;

/* What a log line tells of an exchange, when its response begins. Strings are valid during the
 * call. */
typedef struct ql_origin_access {
    const char *method, *target; /* "-" where the request had none */
    unsigned status;
    uint64_t request_size;  /* content, in bytes */
    uint64_t response_size; /* what content-length says */
} ql_origin_access;

typedef void (*ql_origin_access_log)(const ql_origin_access *access, void *user);

typedef struct ql_origin_http_settings {
    const ql_origin_content *content; /* borrowed */
    size_t unacked;                   /* bytes of each response that may be under way; 0: 256 KB */
    ql_origin_access_log log;         /* NULL: none */
    void *log_user;
} ql_origin_http_settings;

/* quic is borrowed. */
ql_origin_http *ql_origin_http_new(ngtcp2_conn *quic, const ql_origin_http_settings *settings);
void ql_origin_http_free(ql_origin_http *http); /* NULL is a no-op */

/* Opens the control stream and QPACK's streams, as soon as the client lets us open three. To be
 * called when the keys for 1-RTT are there. */
int ql_origin_http_start(ql_origin_http *http);

/* What ngtcp2's callbacks of the same names report. */
int ql_origin_http_receive(ql_origin_http *http, int64_t stream, const uint8_t *data, size_t length,
                           bool fin, uint64_t now);
int ql_origin_http_acknowledge(ql_origin_http *http, int64_t stream, uint64_t length);
int ql_origin_http_unblock(ql_origin_http *http, int64_t stream);
int ql_origin_http_stop_reading(ql_origin_http *http, int64_t stream);
int ql_origin_http_close_stream(ql_origin_http *http, int64_t stream, uint64_t error_code);
void ql_origin_http_allow_streams(ql_origin_http *http, uint64_t max_streams);

/* The body of ngtcp2_conn_write_aggregate_pkt's callback: one packet with what waits to be sent. */
ngtcp2_ssize ql_origin_http_write(ql_origin_http *http, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                  uint8_t *packet, size_t capacity, uint64_t now);

/* The application error code of the last failure (RFC 9114, 8.1). */
uint64_t ql_origin_http_error_code(const ql_origin_http *http);
