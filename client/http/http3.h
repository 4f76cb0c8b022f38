/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 (RFC 9114) on one QUIC connection: puts requests on streams, hands responses to them, and
 * keeps flow control such that a slow output holds back its own stream and no other. */
#pragma once

#include "http_settings.h"
#include "qlog.h"
#include "request.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_http3 ql_http3;

/* Opens the control and QPACK streams, so it comes once the connection can send. NULL if the server
 * allows too few streams, with why set. */
ql_http3 *ql_http3_new(ngtcp2_conn *quic, const ql_http_settings *settings, ngtcp2_ccerr *why);
void ql_http3_free(ql_http3 *http3); /* NULL is a no-op */

/* Its frames are written into this qlog, which is borrowed, from now on; NULL: into none. */
void ql_http3_set_qlog(ql_http3 *http3, ql_qlog *qlog);

/* Requests that are on a stream and whose response is not complete. */
size_t ql_http3_active(const ql_http3 *http3);

/* Bytes of content, sent and received, of all requests. */
uint64_t ql_http3_content_bytes(const ql_http3 *http3);

/* The server takes no more requests here (GOAWAY, RFC 9114, 5.2). */
bool ql_http3_is_going_away(const ql_http3 *http3);

/* To be called in every round: sends requests that wait, writes on outputs, reads on bodies.
 * Returns 0 or ngtcp2's error. */
int ql_http3_tick(ql_http3 *http3);

/* Appends a struct pollfd for each output and body that is waited for. */
void ql_http3_add_pollfds(const ql_http3 *http3, GArray *pollfds);

/* Gives requests on streams the priorities that they are to get later (PRIORITY_UPDATE, RFC 9218,
 * 7.2). Returns what was done, such as "stream 4: u=0"; NULL: nothing. To be freed by g_free. */
char *ql_http3_reprioritize(ql_http3 *http3);

/* How many requests did not get theirs. */
unsigned ql_http3_priorities_left(const ql_http3 *http3);

/* Fails all requests that are on a stream and whose response is not complete. */
void ql_http3_fail_active(ql_http3 *http3, const char *sentence);

/* Puts back all requests whose response has not begun: the server has seen none of them. */
void ql_http3_withdraw(ql_http3 *http3);

/* ngtcp2's callback for packets. http3 NULL: before there are streams. Sets why on an error. */
ngtcp2_ssize ql_http3_write_packet(ql_http3 *http3, ngtcp2_conn *quic, ngtcp2_path *path,
                                   ngtcp2_pkt_info *info, uint8_t *data, size_t length,
                                   ngtcp2_tstamp now, ngtcp2_ccerr *why);

/* What ngtcp2 reports. All return 0, or an error of nghttp3 with why set. */
int ql_http3_on_stream_data(ql_http3 *http3, int64_t stream, const uint8_t *data, size_t length,
                            bool last, ngtcp2_tstamp now, ngtcp2_ccerr *why);
int ql_http3_on_acknowledged(ql_http3 *http3, int64_t stream, uint64_t length, ngtcp2_ccerr *why);
int ql_http3_on_stream_close(ql_http3 *http3, int64_t stream, uint64_t code, ngtcp2_ccerr *why);
int ql_http3_on_reset(ql_http3 *http3, int64_t stream, uint64_t code, ngtcp2_ccerr *why);
int ql_http3_on_reading_over(ql_http3 *http3, int64_t stream, ngtcp2_ccerr *why);
void ql_http3_on_datagram(ql_http3 *http3, const uint8_t *data, size_t length);
void ql_http3_on_more_stream_data(ql_http3 *http3, int64_t stream);
