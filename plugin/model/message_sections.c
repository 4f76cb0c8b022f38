/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/message_state.h"

#include <inttypes.h>
#include <string.h>

#include "model/message_rules.h"
#include "model/push.h"

void ql_pending_section_free(ql_pending_section *p)
{
    if (p->resolved && p->result.status == QL_QPACK_DECODED)
        ql_fields_free(p->result.fields);
    g_free(p);
}

static void tell_section(const ql_message_reader *r, const ql_section *section)
{
    ql_event *event = ql_journal_add(r->scope->journal, section->decoded.frame, QL_EVENT_SECTION);
    event->section = (ql_section_event){ .exchange = r->exchange, .section = section };
}

static void section_free(gpointer section)
{
    ql_section_free(section);
}

void ql_message_reader_attach(ql_message_reader *r, ql_exchange *exchange)
{
    ql_message *to = r->sender == QL_CLIENT ? &exchange->request : &exchange->response;
    if (r->exchange != NULL)
        return;
    r->exchange = exchange;
    *to = r->own;
    r->own = (ql_message){ 0 };
    r->message = to;
    if (r->sender == QL_CLIENT)
        return;
    if (r->informational != NULL) {
        g_ptr_array_free(exchange->informational, TRUE);
        exchange->informational = g_steal_pointer(&r->informational);
    }
    for (guint i = 0; i < exchange->informational->len; i++)
        tell_section(r, g_ptr_array_index(exchange->informational, i));
    if (to->headers != NULL) {
        exchange->status = to->headers->status;
        tell_section(r, to->headers);
    }
    if (to->trailers != NULL)
        tell_section(r, to->trailers);
    ql_message_reader_conclude(r);
}

static void check_section(const ql_message_reader *r, const ql_section *section)
{
    char *fault = ql_section_fault(section);
    if (fault != NULL)
        ql_http3_find(r->scope, QL_FINDING_H3_MESSAGE_ERROR, "stream %" PRIu64 ": %s: %s",
                      r->stream->id, ql_message_reader_what(r), fault);
    g_free(fault);
}

static void take_trailers(ql_message_reader *r, ql_section *section, ql_section_kind kind)
{
    section->kind = kind;
    if (r->message->trailers != NULL) {
        ql_message_reader_find_sequence(r, "HEADERS after the trailers");
        ql_section_free(section);
        return;
    }
    check_section(r, section);
    r->message->trailers = section;
    if (r->exchange != NULL)
        tell_section(r, section);
}

static void begin_exchange(ql_message_reader *r, ql_section *section)
{
    ql_exchange *exchange = ql_exchange_new(r->scope->connection, r->stream->id);
    exchange->early_data = r->early_data;
    r->own.first = section->first;
    r->stream->exchange = exchange;
    ql_message_reader_attach(r, exchange);
    ql_exchange_set_request(exchange, section);
    ql_http3_scope_add(r->scope, exchange);
    tell_section(r, section);
    if (r->other != NULL)
        ql_message_reader_attach(r->other, exchange);
}

static void take_request(ql_message_reader *r, ql_section *section)
{
    if (r->exchange != NULL) {
        take_trailers(r, section, QL_SECTION_REQUEST_TRAILERS);
        return;
    }
    section->kind = QL_SECTION_REQUEST;
    bool has_method = ql_section_value(section, ":method") != NULL;
    if (has_method || !r->headers_lost)
        check_section(r, section);
    if (has_method) {
        begin_exchange(r, section);
    } else {
        r->headers_lost = true;
        ql_section_free(section);
    }
}

static void take_informational(ql_message_reader *r, ql_section *section)
{
    section->kind = QL_SECTION_INFORMATIONAL;
    check_section(r, section);
    if (r->exchange != NULL) {
        g_ptr_array_add(r->exchange->informational, section);
        tell_section(r, section);
        return;
    }
    if (r->informational == NULL)
        r->informational = g_ptr_array_new_with_free_func(section_free);
    g_ptr_array_add(r->informational, section);
}

static void take_response(ql_message_reader *r, ql_section *section, bool content_follows)
{
    bool has_status = ql_section_value(section, ":status") != NULL;
    if (r->message->headers != NULL || (r->headers_lost && !has_status)) {
        take_trailers(r, section, QL_SECTION_RESPONSE_TRAILERS);
        return;
    }
    section->status = ql_section_status(section);
    if (section->status >= 100 && section->status < 200) {
        take_informational(r, section);
        if (content_follows)
            ql_message_reader_find_sequence(r, "DATA before the final header section");
        return;
    }
    section->kind = QL_SECTION_RESPONSE;
    check_section(r, section);
    r->message->headers = section;
    r->message->first = section->first;
    if (r->exchange != NULL) {
        r->exchange->status = section->status;
        tell_section(r, section);
    }
}

static void lose_section(ql_message_reader *r, const ql_pending_section *p)
{
    ql_finding_code code = p->result.status == QL_QPACK_LIMIT
                               ? QL_FINDING_LIMIT_REACHED
                               : QL_FINDING_QPACK_DECOMPRESSION_FAILED;
    ql_http3_find(r->scope, code, "stream %" PRIu64 ": a field section of the %s (frame %u): %s",
                  r->stream->id, ql_message_reader_what(r), p->first.frame, p->result.why);
    r->headers_lost = r->headers_lost || !p->promise;
}

static void take_section(ql_message_reader *r, ql_pending_section *p)
{
    if (p->result.status != QL_QPACK_DECODED) {
        lose_section(r, p);
        return;
    }
    ql_section *section = g_new0(ql_section, 1);
    section->fields = g_steal_pointer(&p->result.fields);
    section->first = p->first;
    section->decoded = p->resolved_at;
    if (p->promise)
        ql_pushes_on_promise(r->scope, r->stream->id, p->push_id, section);
    else if (r->sender == QL_CLIENT)
        take_request(r, section);
    else
        take_response(r, section, p->content_follows);
}

/* Sections take their places in the order in which they stand on the stream. */
static void take_resolved(ql_message_reader *r)
{
    ql_pending_section *p;
    bool any = false;
    while ((p = g_queue_peek_head(&r->sections)) != NULL && p->resolved) {
        g_queue_pop_head(&r->sections);
        take_section(r, p);
        ql_pending_section_free(p);
        any = true;
    }
    if (any)
        ql_message_reader_conclude(r);
}

static void resolve(ql_pending_section *p, const ql_qpack_result *result)
{
    p->resolved = true;
    p->result = *result;
    p->resolved_at = p->reader->scope->now;
}

void ql_message_on_section(void *scope, void *section, const ql_qpack_result *result)
{
    (void)scope;
    ql_pending_section *p = section;
    ql_message_reader *r = p->reader;
    resolve(p, result);
    if (--r->waiting == 0 && p->resolved_at.time_ns > r->waiting_since_ns)
        r->message->blocked_ns += p->resolved_at.time_ns - r->waiting_since_ns;
    take_resolved(r);
}

void ql_message_reader_read_section(ql_message_reader *r, ql_slice encoded, bool promise,
                                    uint64_t push_id)
{
    ql_pending_section *p = g_new0(ql_pending_section, 1);
    *p = (ql_pending_section){
        .reader = r, .first = r->frame_first.where, .promise = promise, .push_id = push_id
    };
    g_queue_push_tail(&r->sections, p);
    ql_qpack_result result = ql_qpack_decode(r->scope->qpack[r->sender], encoded, p);
    if (result.status != QL_QPACK_WAITS) {
        resolve(p, &result);
        take_resolved(r);
        return;
    }
    if (r->waiting++ == 0)
        r->waiting_since_ns = r->scope->now.time_ns;
    if (r->scope->piece != NULL)
        r->scope->piece->blocked = true;
}

void ql_message_reader_pass_over_waiting(ql_message_reader *r)
{
    for (GList *link = r->sections.head; r->exchange != NULL && link != NULL;) {
        GList *next = link->next;
        ql_pending_section *p = link->data;
        if (p->resolved) {
            g_queue_delete_link(&r->sections, link);
            r->headers_lost = true;
            take_section(r, p);
            ql_pending_section_free(p);
        }
        link = next;
    }
}
