/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request and its response, on one stream of HTTP/3 (RFC 9114, 4.1), or a WebSocket (RFC 9220).
 * Functions that return int return 0 or an error code of nghttp3. */
#pragma once

#include "origin_http.h"

#include <nghttp3/nghttp3.h>
#include <stddef.h>
#include <stdint.h>

/* The most that a request's header section has, as RFC 9114, 4.2.2 counts it. */
#define QL_ORIGIN_MAX_FIELD_SECTION_BYTES (64u * 1024u)

/* So much of a request's content is kept, for /mirror; and of that of all clients together. */
#define QL_ORIGIN_MAX_MIRRORED_BYTES        (16u * 1024u * 1024u)
#define QL_ORIGIN_MAX_MIRRORED_BYTES_OF_ALL (128u * 1024u * 1024u)

typedef struct ql_origin_exchange ql_origin_exchange;

/* What the exchanges of a connection share; all is borrowed. */
typedef struct ql_origin_exchange_place {
    nghttp3_conn *h3;
    const ql_origin_http_settings *settings;
    const nghttp3_data_reader *reader; /* calls ql_origin_exchange_read */
    ql_qlog_http3 *qlog;               /* NULL: none */
} ql_origin_exchange_place;

ql_origin_exchange *ql_origin_exchange_new(const ql_origin_exchange_place *place, int64_t stream);
void ql_origin_exchange_free(ql_origin_exchange *exchange); /* NULL is a no-op */

/* What comes of the request, in order. */
void ql_origin_exchange_field(ql_origin_exchange *exchange, int32_t token, nghttp3_vec name,
                              nghttp3_vec value);
int ql_origin_exchange_fields_end(ql_origin_exchange *exchange);
int ql_origin_exchange_content(ql_origin_exchange *exchange, const uint8_t *data, size_t length);
int ql_origin_exchange_end(ql_origin_exchange *exchange, uint64_t now); /* it came whole */

/* How much more the client may send, for what came of the content: each byte is told once, but not
 * before a WebSocket's client has heard the most of what it is answered. To be asked after
 * ql_origin_exchange_content and ql_origin_exchange_acknowledge. */
uint64_t ql_origin_exchange_credit(ql_origin_exchange *exchange);

/* What nghttp3_read_data_callback wants, in one vector. NGHTTP3_ERR_CALLBACK_FAILURE: the stream is
 * to be reset, as the content that was announced cannot be had, or is not to be had. */
nghttp3_ssize ql_origin_exchange_read(ql_origin_exchange *exchange, nghttp3_vec *vector,
                                      uint32_t *flags, uint64_t now);

/* Length bytes of the response's content were acknowledged. */
int ql_origin_exchange_acknowledge(ql_origin_exchange *exchange, uint64_t length);

/* When ql_origin_exchange_expire wants to be called; UINT64_MAX: never. */
uint64_t ql_origin_exchange_expiry(const ql_origin_exchange *exchange);
int ql_origin_exchange_expire(ql_origin_exchange *exchange);
