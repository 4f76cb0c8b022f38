/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_stream.h"

#include "quic_error.h"

#include <inttypes.h>
#include <nghttp3/nghttp3.h>
#include <poll.h>

struct ql_request_stream {
    ngtcp2_conn *quic;
    int64_t id;
    ql_request *sent;    /* QUIC sends of its content again what is lost, so it stays as long */
    ql_request *request; /* the same; NULL: it is over, or waits for another stream */
    bool complete;       /* the response has come */
    uint64_t uncredited; /* content that the output has not written, so that the peer waits */
    bool body_waits, body_done;
    bool reprioritized;
};

ql_request_stream *ql_request_stream_new(ngtcp2_conn *quic, int64_t id, ql_request *request)
{
    ql_request_stream *stream = g_new0(ql_request_stream, 1);
    stream->quic = quic;
    stream->id = id;
    stream->sent = ql_request_ref(request);
    stream->request = request;
    return stream;
}

void ql_request_stream_free(ql_request_stream *stream)
{
    if (stream == NULL)
        return;
    ql_request_free(stream->sent);
    g_free(stream);
}

int64_t ql_request_stream_id(const ql_request_stream *stream)
{
    return stream->id;
}

bool ql_request_stream_is_active(const ql_request_stream *stream)
{
    return stream->request != NULL && !stream->complete;
}

static void credit(ql_request_stream *stream)
{
    if (stream->uncredited > 0)
        ngtcp2_conn_extend_max_stream_offset(stream->quic, stream->id, stream->uncredited);
    stream->uncredited = 0;
}

void ql_request_stream_on_field(ql_request_stream *stream, const char *name, size_t name_length,
                                const char *value, size_t value_length)
{
    if (stream->request != NULL &&
        !ql_request_on_field(stream->request, name, name_length, value, value_length))
        ql_request_fail(stream->request, "a header section of the response is larger than 256 KB");
}

void ql_request_stream_on_fields_end(ql_request_stream *stream, bool trailers, ql_trace *trace)
{
    if (stream->request != NULL)
        ql_request_on_fields_end(stream->request, trailers, trace);
}

void ql_request_stream_on_data(ql_request_stream *stream, const uint8_t *data, size_t length)
{
    /* Only the stream waits for a slow output: if the connection did, too, responses whose turn on
     * standard output comes later could block the one that is written first. */
    ngtcp2_conn_extend_max_offset(stream->quic, length);
    stream->uncredited += length;
    if (stream->request != NULL)
        ql_request_on_data(stream->request, data, length);
    if (stream->request == NULL || ql_request_pending(stream->request) == 0)
        credit(stream);
}

void ql_request_stream_on_datagram(ql_request_stream *stream, const uint8_t *data, size_t length)
{
    if (stream->request != NULL)
        ql_request_on_datagram(stream->request, data, length);
}

const char *ql_request_stream_take_priority(ql_request_stream *stream)
{
    if (!ql_request_stream_is_active(stream) || stream->reprioritized)
        return NULL;
    const char *priority = ql_request_get_settings(stream->request)->later_priority;
    stream->reprioritized = priority != NULL;
    return priority;
}

char *const *ql_request_stream_datagrams(const ql_request_stream *stream)
{
    if (stream->request == NULL || ql_request_status(stream->request) / 100 != 2)
        return NULL;
    return ql_request_get_settings(stream->request)->datagrams;
}

void ql_request_stream_on_end(ql_request_stream *stream)
{
    if (stream->request == NULL)
        return;
    ql_request_on_end(stream->request);
    stream->complete = true;
    /* The server has said all it wants to say; the rest of the content is of no use to it (RFC
     * 9114, 4.1). */
    if (ql_request_body(stream->request) != NULL && !stream->body_done)
        ngtcp2_conn_shutdown_stream_write(stream->quic, 0, stream->id, NGHTTP3_H3_NO_ERROR);
}

ql_body_state ql_request_stream_read_body(ql_request_stream *stream, const uint8_t **data,
                                          size_t *length)
{
    g_autoptr(GError) error = NULL;
    if (stream->request == NULL)
        return QL_BODY_WAIT;
    ql_body *body = ql_request_body(stream->request);
    ql_body_state state = ql_body_next(body, data, length, &error);
    switch (state) {
    case QL_BODY_PIECE: ql_request_on_uploaded(stream->request, *length); break;
    case QL_BODY_WAIT: stream->body_waits = true; break;
    case QL_BODY_END: stream->body_done = true; break;
    case QL_BODY_FAILED:
        ql_request_fail_locally(stream->request, error->message);
        return QL_BODY_WAIT;
    }
    return state;
}

bool ql_request_stream_on_acknowledged(ql_request_stream *stream, uint64_t length)
{
    if (stream->request == NULL || ql_request_body(stream->request) == NULL)
        return false;
    ql_body_acknowledge(ql_request_body(stream->request), length);
    bool resume = stream->body_waits;
    stream->body_waits = false;
    return resume;
}

ql_request *ql_request_stream_fail(ql_request_stream *stream, bool unprocessed,
                                   const char *sentence)
{
    if (!ql_request_stream_is_active(stream))
        return NULL;
    ql_request *request = g_steal_pointer(&stream->request);
    if (unprocessed && ql_request_restart(request))
        return request;
    ql_request_fail(request, sentence);
    return NULL;
}

void ql_request_stream_put_back(ql_request *request, GQueue *waiting, ql_trace *trace)
{
    if (request == NULL)
        return;
    g_queue_push_head(waiting, request);
    ql_trace_note(trace, "%s was not processed and is sent again", ql_request_url(request)->text);
}

static int last_first(const void *a, const void *b)
{
    const ql_request_stream *first = a, *second = b;
    return first->id < second->id ? 1 : -1;
}

void ql_request_streams_withdraw(GList *streams, int64_t from, const char *sentence,
                                 GQueue *waiting, ql_trace *trace)
{
    streams = g_list_sort(streams, last_first);
    for (GList *at = streams; at != NULL; at = at->next)
        if (((ql_request_stream *)at->data)->id >= from)
            ql_request_stream_put_back(ql_request_stream_fail(at->data, true, sentence), waiting,
                                       trace);
    g_list_free(streams);
}

bool ql_request_stream_fail_if_short(ql_request_stream *stream)
{
    if (!ql_request_stream_is_active(stream))
        return false;
    int64_t expected = ql_request_expected(stream->request);
    uint64_t received = ql_request_received(stream->request);
    if (expected < 0 || received >= (uint64_t)expected)
        return false;
    g_autofree char *sentence = g_strdup_printf(
        "the server ended the response after %" PRIu64 " of %" PRId64 " bytes", received, expected);
    ql_request_stream_fail(stream, false, sentence);
    return true;
}

ql_request *ql_request_stream_fail_code(ql_request_stream *stream, uint64_t code)
{
    g_autofree char *text = ql_http3_error_to_string(code);
    g_autofree char *sentence =
        code == NGHTTP3_H3_NO_ERROR
            ? g_strdup("the server ended the stream before the response was complete")
            : g_strdup_printf("the server reset the stream: %s", text);
    return ql_request_stream_fail(stream, code == NGHTTP3_H3_REQUEST_REJECTED, sentence);
}

int ql_request_stream_tick(ql_request_stream *stream, bool *resume)
{
    if (stream->request == NULL)
        return 0;
    ql_request_flush(stream->request);
    bool failed = ql_request_failure(stream->request) != NULL;
    if (failed || ql_request_is_over(stream->request)) {
        stream->request = NULL;
        credit(stream);
        return stream->complete ? 0
                                : ngtcp2_conn_shutdown_stream(stream->quic, 0, stream->id,
                                                              failed ? NGHTTP3_H3_REQUEST_CANCELLED
                                                                     : NGHTTP3_H3_NO_ERROR);
    }
    if (ql_request_pending(stream->request) == 0)
        credit(stream);
    /* The body looks for itself whether something has come. */
    *resume = stream->body_waits && ql_body_fd(ql_request_body(stream->request)) >= 0;
    if (*resume)
        stream->body_waits = false;
    return 0;
}

void ql_request_stream_add_pollfds(const ql_request_stream *stream, GArray *pollfds)
{
    if (stream->request == NULL)
        return;
    struct pollfd output = { .fd = ql_request_output_fd(stream->request), .events = POLLOUT };
    if (output.fd >= 0)
        g_array_append_val(pollfds, output);
    struct pollfd body = { .fd = -1, .events = POLLIN };
    if (stream->body_waits && !stream->complete)
        body.fd = ql_body_fd(ql_request_body(stream->request));
    if (body.fd >= 0)
        g_array_append_val(pollfds, body);
}
