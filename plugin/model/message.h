/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a request stream, or a push stream behind its push ID: HEADERS and DATA frames
 * become a ql_message (RFC 9114, 4.1).
 *
 * Reading never stops: field sections that wait for QPACK are set aside, the content behind them is
 * counted and hashed all the same. A response is kept until its request is known. */
#ifndef QL_MESSAGE_H
#define QL_MESSAGE_H

#include "model/http3_scope.h"
#include "model/reassembly.h"

typedef struct ql_message_reader ql_message_reader;

/* `stream` and `scope` outlive the reader. */
ql_message_reader *ql_message_reader_new(ql_http3_scope *scope, ql_stream_facts *stream,
                                         ql_side sender);
void ql_message_reader_free(ql_message_reader *reader);

/* The reader of the other direction of the same request stream. */
void ql_message_reader_join(ql_message_reader *reader, ql_message_reader *other);

/* Bytes in order. */
void ql_message_reader_push(ql_message_reader *reader, ql_slice bytes, const ql_arrival *from);

/* The stream ended here; all its bytes were pushed. */
void ql_message_reader_end(ql_message_reader *reader);
void ql_message_reader_reset(ql_message_reader *reader, uint64_t error);

/* What reassembly knows of the stream. */
void ql_message_reader_note(ql_message_reader *reader, uint64_t received, uint64_t gap_ns);

/* The response belongs to this exchange: what was read so far moves there. */
void ql_message_reader_attach(ql_message_reader *reader, ql_exchange *exchange);

/* Nothing more can come, nothing waits. */
bool ql_message_reader_is_done(const ql_message_reader *reader);

/* What still waits becomes findings, once. */
void ql_message_reader_finish(ql_message_reader *reader);

/* ql_qpack_ready of the connection. */
void ql_message_on_section(void *scope, void *section, const ql_qpack_result *result);

#endif
