/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 in a qlog (draft-ietf-quic-qlog-h3-events-03): it looks at the bytes of each stream as
 * they go and come, and writes http:stream_type_set, parameters_set, frame_created (own frames) and
 * frame_parsed (the peer's). What QPACK hides of a HEADERS frame is handed over by whoever encodes
 * and decodes it. All functions take NULL, and then do nothing. */
#pragma once

#include "qlog.h"

typedef struct ql_qlog_http3 ql_qlog_http3;

/* qlog is borrowed; NULL: NULL. */
ql_qlog_http3 *ql_qlog_http3_new(ql_qlog *qlog, bool server);
void ql_qlog_http3_free(ql_qlog_http3 *http3);

/* The next bytes of a stream, of the side that sends them. */
void ql_qlog_http3_bytes(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream,
                         const uint8_t *data, size_t length);

/* A field of the section that sender is about to send, or that has been decoded; sections come in
 * the order of their frames, before or after them. */
void ql_qlog_http3_field(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream,
                         const void *name, size_t name_length, const void *value,
                         size_t value_length);
void ql_qlog_http3_fields_end(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream);

/* The stream is closed and forgotten. */
void ql_qlog_http3_stream_closed(ql_qlog_http3 *http3, int64_t stream);
