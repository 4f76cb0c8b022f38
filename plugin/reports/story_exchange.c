/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/story_parts.h"

#include "model/http3_error.h"
#include "reports/names.h"
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

#define STREAMS_TOLD_MAX 8u /* streams of one frame that get a sentence of their own */

static bool known_by(const ql_section *section, uint32_t frame)
{
    return section != NULL && section->decoded.frame <= frame;
}

char *ql_story_exchange_name(const ql_exchange *exchange, uint32_t frame)
{
    if (!known_by(exchange->request.headers, frame))
        return exchange->pushed
                   ? g_strdup_printf("push %" PRIu64 ", promised later", exchange->push_id)
                   : g_strdup("a request that was not seen");
    char *url = ql_exchange_url(exchange);
    const char *method = exchange->pushed ? "PUSH" : exchange->method;
    bool connect = url != NULL && g_str_has_prefix(url, "CONNECT "); /* names itself */
    char *raw =
        connect ? g_strdup(url)
                : g_strdup_printf("%s %s", method != NULL ? method : "?", url != NULL ? url : "?");
    char *name = ql_text_safe(raw, strlen(raw));
    g_free(url);
    g_free(raw);
    return name;
}

/* ", and 2 more header fields ..." where not all can be read, else "". */
static char *left_out_text(const ql_section *section)
{
    return section->left_out == 0
               ? g_strdup("")
               : g_strdup_printf(", and %u more header field%s that cannot be read",
                                 section->left_out, section->left_out == 1 ? "" : "s");
}

/* ", readable only now ..." where the section had to wait for QPACK, else "". */
static char *blocked_text(const ql_message *message)
{
    if (message->blocked_ns == 0)
        return g_strdup("");
    char *time = ql_text_seconds((double)message->blocked_ns / 1e9);
    char *text = g_strdup_printf(", readable only after %s of waiting for QPACK's table", time);
    g_free(time);
    return text;
}

static void say_request(ql_story *story, const ql_exchange *exchange, const char *name)
{
    char *blocked = blocked_text(&exchange->request);
    char *left_out = left_out_text(exchange->request.headers);
    ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                 "The client asks: %s (stream %" PRIu64 ")%s%s%s", name, exchange->stream_id,
                 exchange->early_data ? ", in early data, before the handshake is done" : "",
                 left_out, blocked);
    g_free(left_out);
    g_free(blocked);
}

static void say_response(ql_story *story, const ql_exchange *exchange, const ql_section *section,
                         const char *name)
{
    char *status = ql_status_text(section->status);
    char *time = ql_text_seconds(ql_exchange_time_to_first_byte(exchange));
    char *blocked = blocked_text(&exchange->response);
    char *left_out = left_out_text(section);
    ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                 "The server answers %s with %s%s%s (stream %" PRIu64 ")%s%s", name, status,
                 time[0] != '\0' ? " after " : "", time, exchange->stream_id, left_out, blocked);
    g_free(left_out);
    g_free(status);
    g_free(time);
    g_free(blocked);
}

static void say_informational(ql_story *story, const ql_exchange *exchange,
                              const ql_section *section, const char *name)
{
    char *status = ql_status_text(section->status);
    ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                 "The server sends %s ahead of its answer to %s (stream %" PRIu64 ")", status, name,
                 exchange->stream_id);
    g_free(status);
}

void ql_story_of_section(ql_story *story, const ql_section_event *event)
{
    const ql_exchange *exchange = event->exchange;
    char *name = ql_story_exchange_name(exchange, story->frame);
    switch (event->section->kind) {
    case QL_SECTION_REQUEST: say_request(story, exchange, name); break;
    case QL_SECTION_INFORMATIONAL: say_informational(story, exchange, event->section, name); break;
    case QL_SECTION_RESPONSE: say_response(story, exchange, event->section, name); break;
    case QL_SECTION_REQUEST_TRAILERS:
        ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                     "The client adds trailers to %s (stream %" PRIu64 ")", name,
                     exchange->stream_id);
        break;
    case QL_SECTION_RESPONSE_TRAILERS:
        ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                     "The server adds trailers to its answer to %s (stream %" PRIu64 ")", name,
                     exchange->stream_id);
        break;
    case QL_SECTION_PROMISE:
        ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.6",
                     "The server promises an answer to a request that was not made: %s (push "
                     "%" PRIu64 ", promised on stream %" PRIu64 ")",
                     name, exchange->push_id, exchange->promised_on);
        break;
    }
    g_free(name);
}

static void say_reset(ql_story *story, const ql_end_event *event, const char *name)
{
    const ql_message *message =
        event->response ? &event->exchange->response : &event->exchange->request;
    char *error = ql_http3_error_text(message->reset_error);
    ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1.1",
                 "The %s breaks off the %s %s: %s (stream %" PRIu64 ")",
                 event->response ? "server" : "client", event->response ? "answer to" : "request",
                 name, error, event->exchange->stream_id);
    g_free(error);
}

/* ", bytes waited 60 ms of that ..." where there were gaps, else "". */
static char *gap_text(const ql_message *message)
{
    if (message->gap_ns == 0)
        return g_strdup("");
    char *time = ql_text_seconds((double)message->gap_ns / 1e9);
    char *text = g_strdup_printf(", bytes waited %s of that behind missing ones", time);
    g_free(time);
    return text;
}

static void say_complete(ql_story *story, const ql_exchange *exchange, const char *name)
{
    char *gap = gap_text(&exchange->response);
    char *status = known_by(exchange->response.headers, story->frame)
                       ? g_strdup_printf("%u", exchange->response.headers->status)
                       : g_strdup("status unknown");
    char *size = ql_text_bytes(exchange->response.body_size);
    char *time = ql_text_seconds(ql_exchange_duration(exchange));
    ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                 "The answer to %s is complete: %s, %s%s%s%s (stream %" PRIu64 ")", name, status,
                 size, time[0] != '\0' ? " in " : "", time, gap, exchange->stream_id);
    g_free(gap);
    g_free(status);
    g_free(size);
    g_free(time);
}

void ql_story_of_end(ql_story *story, const ql_end_event *event)
{
    const ql_exchange *exchange = event->exchange;
    const ql_message *message = event->response ? &exchange->response : &exchange->request;
    char *name = ql_story_exchange_name(exchange, story->frame);
    if (message->reset) {
        say_reset(story, event, name);
    } else if (event->response) {
        say_complete(story, exchange, name);
    } else if (message->body_size > 0) {
        char *size = ql_text_bytes(message->body_size);
        ql_story_say(story, QL_NOTE_MESSAGE, "RFC 9114, 4.1",
                     "The content of %s has been sent: %s (stream %" PRIu64 ")", name, size,
                     exchange->stream_id);
        g_free(size);
    }
    g_free(name);
}

/* What one frame brings on one stream in one direction. */
typedef struct stream_share {
    const ql_stream_facts *stream;
    uint8_t sender;
    bool told; /* a sentence of another kind speaks of it */
    bool news, out_of_order, blocked, fin;
    uint64_t bytes;
} stream_share;

static stream_share *share_of(GArray *shares, const ql_stream_facts *stream, uint8_t sender)
{
    for (guint i = 0; i < shares->len; i++) {
        stream_share *share = &g_array_index(shares, stream_share, i);
        if (share->stream == stream && share->sender == sender)
            return share;
    }
    if (shares->len == STREAMS_TOLD_MAX)
        return NULL;
    stream_share fresh = { .stream = stream, .sender = sender };
    g_array_append_val(shares, fresh);
    return &g_array_index(shares, stream_share, shares->len - 1);
}

static void mark_told(GArray *shares, const ql_exchange *exchange, bool response)
{
    uint8_t sender = response ? QL_SERVER : QL_CLIENT;
    for (guint i = 0; i < shares->len; i++) {
        stream_share *share = &g_array_index(shares, stream_share, i);
        if (share->stream->exchange == exchange && share->sender == sender)
            share->told = true;
    }
}

static bool section_is_of_response(const ql_section *section)
{
    return section->kind != QL_SECTION_REQUEST && section->kind != QL_SECTION_REQUEST_TRAILERS;
}

/* Gathers the pieces; false when there are more streams than get a sentence. */
static bool gather(const ql_event *events, GArray *shares)
{
    bool all = true;
    for (const ql_event *event = events; event != NULL; event = event->next) {
        if (event->kind != QL_EVENT_STREAM)
            continue;
        const ql_stream_piece *piece = &event->stream;
        stream_share *share = share_of(shares, piece->stream, piece->sender);
        if (share == NULL) {
            all = false;
            continue;
        }
        share->bytes += piece->length;
        share->news = share->news || !piece->retransmission;
        share->out_of_order = share->out_of_order || piece->out_of_order;
        share->blocked = share->blocked || piece->blocked;
        share->fin = share->fin || piece->fin;
    }
    for (const ql_event *event = events; event != NULL; event = event->next) {
        if (event->kind == QL_EVENT_SECTION)
            mark_told(shares, event->section.exchange,
                      section_is_of_response(event->section.section));
        else if (event->kind == QL_EVENT_END)
            mark_told(shares, event->end.exchange, event->end.response);
    }
    return all;
}

/* What the bytes belong to, as far as it was known then. */
static char *share_subject(const stream_share *share, uint32_t frame, const char **rfc)
{
    const ql_stream_facts *stream = share->stream;
    const char *sender = ql_side_name(share->sender);
    *rfc = NULL;
    switch (stream->role) {
    case QL_ROLE_REQUEST:
    case QL_ROLE_PUSH:
        if (stream->exchange == NULL || !known_by(stream->exchange->request.headers, frame))
            break;
        *rfc = "RFC 9114, 4.1";
        char *name = ql_story_exchange_name(stream->exchange, frame);
        char *text =
            g_strdup_printf("of %s%s (stream %" PRIu64 ")",
                            share->sender == QL_SERVER ? "the answer to " : "", name, stream->id);
        g_free(name);
        return text;
    case QL_ROLE_CONTROL:
        *rfc = "RFC 9114, 6.2.1";
        return g_strdup_printf("on the %s's control stream (stream %" PRIu64 ")", sender,
                               stream->id);
    case QL_ROLE_QPACK_ENCODER:
        *rfc = "RFC 9204, 4.2";
        return g_strdup_printf("on the %s's QPACK encoder stream (stream %" PRIu64 ")", sender,
                               stream->id);
    case QL_ROLE_QPACK_DECODER:
        *rfc = "RFC 9204, 4.2";
        return g_strdup_printf("on the %s's QPACK decoder stream (stream %" PRIu64 ")", sender,
                               stream->id);
    case QL_ROLE_WEBTRANSPORT:
        if (stream->session == QL_NO_STREAM)
            break;
        return g_strdup_printf("from the %s on stream %" PRIu64
                               ", of the WebTransport session of stream %" PRIu64,
                               sender, stream->id, stream->session);
    case QL_ROLE_UNKNOWN:
    case QL_ROLE_OTHER: break;
    }
    return g_strdup_printf("from the %s on stream %" PRIu64, sender, stream->id);
}

static void say_share(ql_story *story, const stream_share *share)
{
    const char *rfc;
    char *subject = share_subject(share, story->frame, &rfc);
    char *bytes = ql_text_bytes(share->bytes);
    if (!share->news)
        ql_story_say(story, QL_NOTE_STREAM, "RFC 9000, 13.3", "Sent again: %s %s", bytes, subject);
    else if (share->blocked)
        ql_story_say(story, QL_NOTE_STREAM, "RFC 9204, 2.1.2",
                     "%s %s, header fields that cannot be read before the QPACK encoder stream "
                     "brings what they refer to",
                     bytes, subject);
    else if (share->out_of_order)
        ql_story_say(story, QL_NOTE_STREAM, "RFC 9000, 2.2",
                     "%s %s, ahead of bytes that are still missing", bytes, subject);
    else if (share->bytes == 0 && share->fin)
        ql_story_say(story, QL_NOTE_STREAM, "RFC 9000, 2.3", "The end %s", subject);
    else
        ql_story_say(story, QL_NOTE_STREAM, rfc, "%s %s", bytes, subject);
    g_free(subject);
    g_free(bytes);
}

/* Bytes that only serve the protocol itself are worth a sentence where there is nothing better. */
static bool is_worth_telling(const stream_share *share, bool has_better)
{
    ql_stream_role role = share->stream->role;
    bool serves =
        role == QL_ROLE_CONTROL || role == QL_ROLE_QPACK_ENCODER || role == QL_ROLE_QPACK_DECODER;
    return !share->told && !(serves && has_better);
}

void ql_story_of_streams(ql_story *story)
{
    bool has_better = false;
    for (guint i = 0; i < story->notes->len; i++)
        has_better |= g_array_index(story->notes, ql_note, i).weight < QL_NOTE_CID_CHANGE;
    GArray *shares = g_array_new(FALSE, FALSE, sizeof(stream_share));
    bool all = gather(story->events, shares);
    for (guint i = 0; i < shares->len; i++)
        if (is_worth_telling(&g_array_index(shares, stream_share, i), has_better))
            say_share(story, &g_array_index(shares, stream_share, i));
    if (!all)
        ql_story_say(story, QL_NOTE_STREAM, NULL, "and bytes on more streams");
    g_array_free(shares, TRUE);
}
