/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/message_state.h"

#include <inttypes.h>
#include <string.h>

#include "model/http3_error.h"
#include "model/message_rules.h"
#include "model/push.h"

const char *ql_message_reader_what(const ql_message_reader *r)
{
    return r->sender == QL_CLIENT ? "request" : "response";
}

ql_message_reader *ql_message_reader_new(ql_http3_scope *scope, ql_stream_facts *stream,
                                         ql_side sender)
{
    ql_message_reader *r = g_new0(ql_message_reader, 1);
    r->scope = scope;
    r->stream = stream;
    r->sender = (uint8_t)sender;
    r->message = &r->own;
    g_queue_init(&r->sections);
    g_queue_init(&r->shown);
    ql_http3_parser_init(&r->parser);
    if (sender == QL_SERVER && stream->exchange != NULL)
        ql_message_reader_attach(r, stream->exchange);
    return r;
}

void ql_message_reader_free(ql_message_reader *r)
{
    if (r == NULL)
        return;
    if (r->other != NULL)
        r->other->other = NULL;
    ql_pending_section *p;
    while ((p = g_queue_pop_head(&r->sections)) != NULL ||
           (p = g_queue_pop_head(&r->shown)) != NULL)
        ql_pending_section_free(p);
    if (r->informational != NULL)
        g_ptr_array_free(r->informational, TRUE);
    ql_message_clear(&r->own);
    ql_http3_parser_clear(&r->parser);
    ql_http3_scope_digest_done(r->scope, r->digest);
    ql_capsules_free(r->capsules);
    g_free(r);
}

void ql_message_reader_join(ql_message_reader *reader, ql_message_reader *other)
{
    reader->other = other;
    other->other = reader;
}

void ql_message_reader_note(ql_message_reader *r, uint64_t received, uint64_t gap_ns)
{
    r->message->received = received;
    r->message->gap_ns = gap_ns;
}

bool ql_message_reader_is_done(const ql_message_reader *r)
{
    bool placed = r->exchange != NULL || (r->sender == QL_CLIENT && r->headers_lost);
    return r->ended && placed && r->waiting == 0 && r->sections.length == 0;
}

void ql_message_reader_find_sequence(ql_message_reader *r, const char *text)
{
    if (!r->told_sequence)
        ql_http3_find(r->scope, QL_FINDING_H3_FRAME_UNEXPECTED,
                      "stream %" PRIu64 ": %s of the %s (RFC 9114, 4.1)", r->stream->id, text,
                      ql_message_reader_what(r));
    r->told_sequence = true;
}

static void tell_end(ql_message_reader *r)
{
    if (!r->ended || r->end_told || r->exchange == NULL)
        return;
    r->end_told = true;
    ql_event *event = ql_journal_add(r->scope->journal, r->message->last.frame, QL_EVENT_END);
    event->end = (ql_end_event){ .exchange = r->exchange, .response = r->sender == QL_SERVER };
}

/* RFC 9114, 4.1.2: content-length equals the content, but for answers that have none. */
static void check_length(ql_message_reader *r)
{
    const ql_message *m = r->message;
    uint64_t length;
    if (r->length_checked || !m->complete || m->headers == NULL || r->exchange == NULL ||
        r->sections.length > 0)
        return;
    r->length_checked = true;
    const char *method = r->exchange->method;
    bool response = r->sender == QL_SERVER;
    bool connect = method != NULL && strcmp(method, "CONNECT") == 0;
    bool bare = response && ((method != NULL && strcmp(method, "HEAD") == 0) ||
                             m->headers->status == 304 || m->headers->status == 204);
    if (connect || (bare && m->body_size == 0))
        return;
    if (bare)
        ql_http3_find(r->scope, QL_FINDING_H3_MESSAGE_ERROR,
                      "stream %" PRIu64 ": content of %" PRIu64 " bytes where a %s has none "
                      "(RFC 9110, 6.4.1)",
                      r->stream->id, m->body_size, ql_message_reader_what(r));
    else if (ql_section_content_length(m->headers, &length) && length != m->body_size)
        ql_http3_find(r->scope, QL_FINDING_H3_MESSAGE_ERROR,
                      "stream %" PRIu64 ": content-length of the %s is %" PRIu64
                      ", its content has %" PRIu64 " bytes (RFC 9114, 4.1.2)",
                      r->stream->id, ql_message_reader_what(r), length, m->body_size);
}

/* RFC 9297, 3.3. */
static void check_capsules(const ql_message_reader *r)
{
    if (r->message->complete && r->capsules != NULL && !ql_capsules_are_whole(r->capsules))
        ql_http3_find(r->scope, QL_FINDING_H3_MESSAGE_ERROR,
                      "stream %" PRIu64 ": the content of the %s ends within a capsule "
                      "(RFC 9297, 3.3)",
                      r->stream->id, ql_message_reader_what(r));
}

static void check_presence(ql_message_reader *r)
{
    bool known = r->sender == QL_CLIENT ? r->exchange != NULL : r->message->headers != NULL;
    if (!r->message->complete || known || r->headers_lost || r->sections.length > 0)
        return;
    r->headers_lost = true;
    ql_http3_find(r->scope, QL_FINDING_H3_REQUEST_INCOMPLETE,
                  "stream %" PRIu64 ": it ends without a header section of the %s (RFC 9114, 4.1)",
                  r->stream->id, ql_message_reader_what(r));
}

void ql_message_reader_conclude(ql_message_reader *r)
{
    if (!r->ended)
        return;
    check_presence(r);
    check_length(r);
    tell_end(r);
}

static void keep_content(ql_message_reader *r, ql_slice content)
{
    ql_body_budget *budget = r->scope->bodies;
    if (budget == NULL || ql_body_append(&r->message->body, budget, content, &r->scope->now))
        return;
    ql_http3_find(r->scope, QL_FINDING_LIMIT_REACHED,
                  "stream %" PRIu64 ": %" PRIu64 " bytes of bodies are kept; further content is "
                  "counted and hashed only",
                  r->stream->id, budget->held);
}

static void begin_content(ql_message_reader *r)
{
    if (r->scope->bodies == NULL || r->scope->bodies->hashes)
        r->digest = ql_http3_scope_digest(r->scope);
    if (r->exchange != NULL && ql_capsules_are_used(r->exchange))
        r->capsules = ql_capsules_new();
}

static void read_content(ql_message_reader *r, ql_slice content)
{
    ql_message *m = r->message;
    ql_pending_section *last = g_queue_peek_tail(&r->sections);
    bool known = r->sender == QL_CLIENT ? r->exchange != NULL : m->headers != NULL;
    if (last != NULL) {
        last->content_follows = true;
    } else if (m->trailers != NULL) {
        ql_message_reader_find_sequence(r, "DATA after the trailers");
        return;
    } else if (!known && !r->headers_lost) {
        ql_message_reader_find_sequence(r, "DATA before the header section");
        return;
    }
    if (content.length == 0)
        return;
    if (m->body_size == 0)
        begin_content(r);
    if (r->digest != NULL)
        EVP_DigestUpdate(r->digest, content.data, content.length);
    m->body_size += content.length;
    keep_content(r, content);
    if (r->capsules != NULL)
        ql_capsules_push(r->capsules, content, r->scope->journal, r->scope->now.frame,
                         r->stream->id);
}

static void read_promise(ql_message_reader *r, ql_slice payload)
{
    ql_reader reader = ql_reader_of(payload);
    uint64_t push_id = ql_read_varint(&reader);
    ql_slice encoded = ql_read_rest(&reader);
    if (reader.bad) {
        ql_http3_find(r->scope, QL_FINDING_H3_FRAME_ERROR,
                      "stream %" PRIu64 ": PUSH_PROMISE without a push ID (RFC 9114, 7.2.5)",
                      r->stream->id);
        return;
    }
    ql_pushes_check_id(r->scope, r->stream->id, push_id, "PUSH_PROMISE of push", "RFC 9114, 7.2.5");
    ql_message_reader_read_section(r, encoded, true, push_id);
}

static bool belongs_on_request_stream(const ql_message_reader *r, uint64_t type)
{
    switch (type) {
    case QL_HTTP3_CANCEL_PUSH:
    case QL_HTTP3_SETTINGS:
    case QL_HTTP3_GOAWAY:
    case QL_HTTP3_ORIGIN:
    case QL_HTTP3_MAX_PUSH_ID:
    case QL_HTTP3_WEBTRANSPORT_STREAM:
    case QL_HTTP3_PRIORITY_UPDATE_REQUEST:
    case QL_HTTP3_PRIORITY_UPDATE_PUSH: return false;
    case QL_HTTP3_PUSH_PROMISE: return r->stream->role == QL_ROLE_REQUEST && r->sender == QL_SERVER;
    default: return !ql_http3_frame_type_is_forbidden(type);
    }
}

static void begin_frame(ql_message_reader *r, const ql_http3_item *item)
{
    if (item->type == QL_HTTP3_HEADERS && r->message->first.frame == 0) {
        r->message->first = r->frame_first.where;
        r->early_data = r->frame_first.early_data;
    }
    if (!belongs_on_request_stream(r, item->type))
        ql_http3_find(r->scope, QL_FINDING_H3_FRAME_UNEXPECTED,
                      "stream %" PRIu64 ": %s frame (type 0x%" PRIx64
                      ") from the %s on a %s stream (RFC 9114, 7.2)",
                      r->stream->id, ql_http3_frame_type_name(item->type), item->type,
                      ql_side_name(r->sender), ql_stream_role_name(r->stream->role));
    if (item->type == QL_HTTP3_DATA && item->length == 0)
        read_content(r, (ql_slice){ 0 });
}

static void take_item(ql_message_reader *r, const ql_http3_item *item)
{
    switch (item->kind) {
    case QL_HTTP3_MORE: break;
    case QL_HTTP3_BEGIN: begin_frame(r, item); break;
    case QL_HTTP3_CONTENT: read_content(r, item->bytes); break;
    case QL_HTTP3_WHOLE:
        if (item->type == QL_HTTP3_HEADERS)
            ql_message_reader_read_section(r, item->bytes, false, 0);
        else if (item->type == QL_HTTP3_PUSH_PROMISE && belongs_on_request_stream(r, item->type))
            read_promise(r, item->bytes);
        break;
    case QL_HTTP3_TOO_LONG:
        r->headers_lost = r->headers_lost || item->type == QL_HTTP3_HEADERS;
        ql_http3_find(r->scope, QL_FINDING_LIMIT_REACHED,
                      "stream %" PRIu64 ": a %s frame of %" PRIu64 " bytes is passed over",
                      r->stream->id, ql_http3_frame_type_name(item->type), item->length);
        break;
    }
}

void ql_message_reader_push(ql_message_reader *r, ql_slice bytes, const ql_arrival *from)
{
    bool head_goes_on = ql_http3_parser_is_in_head(&r->parser);
    ql_http3_item item;
    if (!r->ended)
        r->message->last = r->scope->now;
    do {
        item = ql_http3_parser_next(&r->parser, &bytes);
        if (item.kind == QL_HTTP3_BEGIN || ql_http3_parser_is_in_head(&r->parser)) {
            if (!head_goes_on)
                r->frame_first = *from;
            head_goes_on = false;
        }
        take_item(r, &item);
    } while (item.kind != QL_HTTP3_MORE);
}

static uint8_t *hash_of(EVP_MD_CTX *digest)
{
    uint8_t hash[QL_SHA256_LENGTH];
    return EVP_DigestFinal_ex(digest, hash, NULL) == 1 ? g_memdup2(hash, sizeof hash) : NULL;
}

void ql_message_reader_end(ql_message_reader *r)
{
    ql_message *m = r->message;
    if (r->ended)
        return;
    m->last = r->scope->now;
    r->ended = true;
    m->complete = ql_http3_parser_is_between_frames(&r->parser);
    if (!m->complete)
        ql_http3_find(r->scope, QL_FINDING_H3_FRAME_ERROR,
                      "stream %" PRIu64 ": the %s ends within a frame (RFC 9114, 7.1)",
                      r->stream->id, ql_message_reader_what(r));
    if (m->complete && r->digest != NULL)
        m->sha256 = hash_of(r->digest);
    ql_http3_scope_digest_done(r->scope, g_steal_pointer(&r->digest));
    check_capsules(r);
    ql_message_reader_conclude(r);
}

/* RFC 9114, 4.1.1: what was rejected may be asked again, since it was not worked on. */
static void check_rejection(const ql_message_reader *r, uint64_t error)
{
    if (r->sender == QL_SERVER && error == QL_HTTP3_REQUEST_REJECTED && r->message->headers != NULL)
        ql_http3_find(r->scope, QL_FINDING_H3_REJECTED_LATE,
                      "stream %" PRIu64 ": the server rejects the request, to which it has "
                      "answered %u (RFC 9114, 4.1.1)",
                      r->stream->id, r->message->headers->status);
}

void ql_message_reader_reset(ql_message_reader *r, uint64_t error)
{
    ql_message *m = r->message;
    check_rejection(r, error);
    m->reset = true;
    m->reset_error = error;
    if (!r->ended)
        m->last = r->scope->now;
    r->ended = true;
    if (error != QL_HTTP3_NO_ERROR) {
        char *text = ql_http3_error_text(error);
        char *url = r->stream->exchange == NULL ? NULL : ql_exchange_url(r->stream->exchange);
        ql_http3_find(r->scope, QL_FINDING_H3_REQUEST_CANCELLED,
                      "stream %" PRIu64 ": the %s resets the %s%s%.200s: %s", r->stream->id,
                      ql_side_name(r->sender), ql_message_reader_what(r),
                      url == NULL ? "" : " for ", url == NULL ? "" : url, text);
        g_free(url);
        g_free(text);
    }
    tell_end(r);
}

void ql_message_reader_finish(ql_message_reader *r)
{
    if (r->waiting > 0 && !r->told_waiting) {
        r->told_waiting = true;
        ql_http3_find(r->scope, QL_FINDING_QPACK_BLOCKED_TO_THE_END,
                      "stream %" PRIu64 ": %u field section(s) of the %s wait for entries of the "
                      "dynamic table that were not captured",
                      r->stream->id, r->waiting, ql_message_reader_what(r));
    }
    ql_message_reader_show_waiting(r);
    /* A request that came and cannot be read has its own finding. */
    bool request_seen = r->stream->half[QL_CLIENT].received > 0;
    if (r->sender == QL_SERVER && r->exchange == NULL && !r->told_orphan && !request_seen &&
        r->message->first.frame != 0) {
        r->told_orphan = true;
        ql_http3_find(r->scope, QL_FINDING_CAPTURE_GAP,
                      "stream %" PRIu64 ": a response came (frame %u), its %s was not captured",
                      r->stream->id, r->message->first.frame,
                      r->stream->role == QL_ROLE_PUSH ? "promise" : "request");
    }
}
