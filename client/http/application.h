/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is spoken on one connection, as ALPN chose it (RFC 7301): HTTP/3 (http3.h) or HTTP/0.9
 * (http09.h). The contracts of the functions are those of http3.h, whose names they have. */
#pragma once

#include "http_settings.h"
#include "qlog.h"
#include "request.h"
#include "trace.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct ql_application ql_application;

/* Whether an ALPN is one that is spoken here. */
bool ql_application_is_known(const char *alpn);

/* alpn: a known one. NULL and why if it cannot be begun on this connection. */
ql_application *ql_application_new(const char *alpn, ngtcp2_conn *quic,
                                   const ql_http_settings *settings, ngtcp2_ccerr *why);
void ql_application_free(ql_application *application); /* NULL is a no-op */

/* As ql_http3_set_qlog; HTTP/0.9 has no frames. */
void ql_application_set_qlog(ql_application *application, ql_qlog *qlog);

/* The error code that says that nothing is wrong: H3_NO_ERROR, or 0. */
uint64_t ql_application_no_error(const ql_application *application);

/* NULL has none, and is not going away. */
size_t ql_application_active(const ql_application *application);
uint64_t ql_application_content_bytes(const ql_application *application);
bool ql_application_is_going_away(const ql_application *application);

/* HTTP/0.9 has no priorities. NULL does nothing. */
char *ql_application_reprioritize(ql_application *application);
unsigned ql_application_priorities_left(const ql_application *application);

int ql_application_tick(ql_application *application);
void ql_application_add_pollfds(const ql_application *application, GArray *pollfds);
void ql_application_fail_active(ql_application *application, const char *sentence);

/* NULL is a no-op. */
void ql_application_withdraw(ql_application *application);

/* application NULL: before there are streams. */
ngtcp2_ssize ql_application_write_packet(ql_application *application, ngtcp2_conn *quic,
                                         ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *data,
                                         size_t length, ngtcp2_tstamp now, ngtcp2_ccerr *why);

int ql_application_on_stream_data(ql_application *application, int64_t stream, const uint8_t *data,
                                  size_t length, bool last, ngtcp2_tstamp now, ngtcp2_ccerr *why);
int ql_application_on_acknowledged(ql_application *application, int64_t stream, uint64_t length,
                                   ngtcp2_ccerr *why);
/* code NULL: the stream ended without one. */
int ql_application_on_stream_close(ql_application *application, int64_t stream,
                                   const uint64_t *code, ngtcp2_ccerr *why);
int ql_application_on_reset(ql_application *application, int64_t stream, uint64_t code,
                            ngtcp2_ccerr *why);
int ql_application_on_reading_over(ql_application *application, int64_t stream, ngtcp2_ccerr *why);
void ql_application_on_datagram(ql_application *application, const uint8_t *data, size_t length);
void ql_application_on_more_stream_data(ql_application *application, int64_t stream);
