/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/0.9 on one QUIC connection, as QUIC's interoperability tests use it by the ALPN
 * "hq-interop": a stream carries "GET /path\r\n" and its end, and back come the bare content and
 * its end. There are no header sections and no statuses. */
#pragma once

#include "request.h"
#include "http_settings.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

#define QL_HTTP09_ALPN "hq-interop"

typedef struct ql_http09 ql_http09;

/* As ql_http3_new. Requests other than GET without content are failed when their turn comes. */
ql_http09 *ql_http09_new(ngtcp2_conn *quic, const ql_http_settings *settings);
void ql_http09_free(ql_http09 *http09); /* NULL is a no-op */

/* As their namesakes of http3.h. */
size_t ql_http09_active(const ql_http09 *http09);
uint64_t ql_http09_content_bytes(const ql_http09 *http09);
int ql_http09_tick(ql_http09 *http09);
void ql_http09_add_pollfds(const ql_http09 *http09, GArray *pollfds);
void ql_http09_fail_active(ql_http09 *http09, const char *sentence);
void ql_http09_withdraw(ql_http09 *http09);
ngtcp2_ssize ql_http09_write_packet(ql_http09 *http09, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                    uint8_t *data, size_t length, ngtcp2_tstamp now);
void ql_http09_on_stream_data(ql_http09 *http09, int64_t stream, const uint8_t *data, size_t length,
                              bool last);
void ql_http09_on_stream_close(ql_http09 *http09, int64_t stream);
void ql_http09_on_reset(ql_http09 *http09, int64_t stream, uint64_t code);
void ql_http09_on_more_stream_data(ql_http09 *http09, int64_t stream);
