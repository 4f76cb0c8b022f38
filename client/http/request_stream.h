/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream that carries one request: joins the request with QUIC's flow control, so that a slow
 * output holds the peer back on this stream and on no other. */
#pragma once

#include "request.h"
#include "trace.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_request_stream ql_request_stream;

/* quic is borrowed. The request is referred to, but left alone once it is over or was put back. */
ql_request_stream *ql_request_stream_new(ngtcp2_conn *quic, int64_t id, ql_request *request);
void ql_request_stream_free(ql_request_stream *stream); /* NULL is a no-op */

int64_t ql_request_stream_id(const ql_request_stream *stream);

/* Whether a response is still to come. */
bool ql_request_stream_is_active(const ql_request_stream *stream);

/* What HTTP/3 reports. */
void ql_request_stream_on_field(ql_request_stream *stream, const char *name, size_t name_length,
                                const char *value, size_t value_length);
void ql_request_stream_on_fields_end(ql_request_stream *stream, bool trailers, ql_trace *trace);
void ql_request_stream_on_data(ql_request_stream *stream, const uint8_t *data, size_t length);
void ql_request_stream_on_end(ql_request_stream *stream);
void ql_request_stream_on_datagram(ql_request_stream *stream, const uint8_t *data, size_t length);

/* The priority that the response shall have from now on (RFC 9218, 7), once; NULL: the same. */
const char *ql_request_stream_take_priority(ql_request_stream *stream);

/* What is to be sent as datagrams now that the response has begun; NULL: nothing. */
char *const *ql_request_stream_datagrams(const ql_request_stream *stream);

/* The next piece of the request's content; as ql_body_next, but a failed body fails the request and
 * then looks like one that waits. */
ql_body_state ql_request_stream_read_body(ql_request_stream *stream, const uint8_t **data,
                                          size_t *length);

/* Bytes of content that the peer acknowledged. True if reading the body may go on. */
bool ql_request_stream_on_acknowledged(ql_request_stream *stream, uint64_t length);

/* Ends the request without a whole response. If the peer did not process it and it can be sent
 * again, it is returned, waiting again, instead of being failed; else NULL. */
ql_request *ql_request_stream_fail(ql_request_stream *stream, bool unprocessed,
                                   const char *sentence);

/* A request that was not processed comes to the head of those that wait, as the trace tells. NULL
 * is a no-op. */
void ql_request_stream_put_back(ql_request *request, GQueue *waiting, ql_trace *trace);

/* Does both for all streams of the list from that ID on, none of which the peer processed, so that
 * their requests wait in the order of their streams. The list is taken; the streams are not. */
void ql_request_streams_withdraw(GList *streams, int64_t from, const char *sentence,
                                 GQueue *waiting, ql_trace *trace);

/* The peer has ended the stream. True if that came before the end of the content that was
 * announced: then the request is failed. */
bool ql_request_stream_fail_if_short(ql_request_stream *stream);

/* As ql_request_stream_fail, for a stream that the peer ended with an HTTP/3 error code. */
ql_request *ql_request_stream_fail_code(ql_request_stream *stream, uint64_t code);

/* To be called in every round: writes on the output, and gives the stream up if the request failed.
 * Sets resume if reading the body may go on. Returns 0 or ngtcp2's error. */
int ql_request_stream_tick(ql_request_stream *stream, bool *resume);

/* Appends a struct pollfd for the output and for the body, if they are waited for. */
void ql_request_stream_add_pollfds(const ql_request_stream *stream, GArray *pollfds);
