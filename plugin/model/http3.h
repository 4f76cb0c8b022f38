/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 on the streams of one connection (RFC 9114, 6): which stream is what, control streams,
 * QPACK's streams, datagrams. Requests and responses are read by message.h. */
#ifndef QL_HTTP3_H
#define QL_HTTP3_H

#include "model/reassembly.h"
#include "model/stream.h"

typedef struct ql_http3 ql_http3;

/* What reads one half of a stream. */
typedef struct ql_http3_half ql_http3_half;

ql_http3 *ql_http3_new(struct ql_journal *journal, uint32_t connection);
void ql_http3_free(ql_http3 *http3); /* after its halves */

/* From now on bodies are kept within this budget, which is borrowed. */
void ql_http3_keep_bodies(ql_http3 *http3, ql_body_budget *budget);

/* The captured frame that the calls below are about; `piece` is the event of the STREAM frame or
 * NULL. */
void ql_http3_look_at(ql_http3 *http3, const ql_where *where, ql_stream_piece *piece);

/* `stream` outlives the half; `other` is the half of the same stream in the other direction, or
 * NULL. */
ql_http3_half *ql_http3_half_new(ql_http3 *http3, ql_stream_facts *stream, ql_side sender,
                                 ql_http3_half *other);
void ql_http3_half_free(ql_http3_half *half);

/* Whether it can be read. Unless the server's SETTINGS rule WebTransport out, what a server sends
 * on a stream of the client's is a response or not, which the client's first bytes tell: until it
 * is known, hold the bytes back and ask again. */
bool ql_http3_half_is_ready(ql_http3_half *half);

/* What is held back begins as a response does: it is one. */
void ql_http3_half_believe(ql_http3_half *half);

void ql_http3_half_push(ql_http3_half *half, ql_slice bytes, const ql_arrival *from); /* in order */
void ql_http3_half_end(ql_http3_half *half); /* FIN, and all bytes were pushed */
void ql_http3_half_reset(ql_http3_half *half, uint64_t error);

/* What reassembly knows: bytes that came, time that bytes waited, and how far the bytes that came
 * reach beyond those in order. */
void ql_http3_half_note(ql_http3_half *half, uint64_t received, uint64_t gap_ns, uint64_t unread);

/* After its end: whether the half may be freed. */
bool ql_http3_half_is_done(const ql_http3_half *half);

/* What waits becomes findings, each said once. */
void ql_http3_half_finish(ql_http3_half *half);
void ql_http3_finish(ql_http3 *http3);

void ql_http3_on_datagram(ql_http3 *http3, const ql_streams *streams, ql_side sender,
                          ql_slice data);

/* Early data was rejected: nothing that the client said counts, least of all the exchanges that are
 * keys of the table. Their halves are not used again. */
void ql_http3_forget_client(ql_http3 *http3, GHashTable *exchanges);

const GPtrArray *ql_http3_exchanges(ql_http3 *http3);

/* The exchange of a promised push; NULL when its promise was not seen. */
const ql_exchange *ql_http3_push(const ql_http3 *http3, uint64_t push_id);
const GArray *ql_http3_settings(const ql_http3 *http3, ql_side side);

#endif
