/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/message_state.h"

#include <inttypes.h>
#include <string.h>

#include "model/message_rules.h"
#include "model/push.h"

void ql_pending_section_free(ql_pending_section *p)
{
    g_free(p->result.fields);
    g_free(p->part.fields);
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
    exchange->informational = g_steal_pointer(&r->informational);
    for (unsigned i = 0; i < ql_exchange_informational_count(exchange); i++)
        tell_section(r, ql_exchange_informational(exchange, i));
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
    char *fault = section->left_out > 0 ? NULL : ql_section_fault(section);
    if (fault != NULL)
        ql_http3_find(r->scope, QL_FINDING_H3_MESSAGE_ERROR, "stream %" PRIu64 ": %s: %s",
                      r->stream->id, ql_message_reader_what(r), fault);
    g_free(fault);
}

/* RFC 9114, 4.4: behind the answer to CONNECT, only DATA. */
static bool is_in_tunnel(const ql_message_reader *r)
{
    const ql_exchange *e = r->exchange;
    return r->sender == QL_SERVER && e != NULL && e->method != NULL &&
           strcmp(e->method, "CONNECT") == 0 && e->status >= 200 && e->status < 300 &&
           ql_section_value(e->request.headers, ":protocol") == NULL;
}

static bool take_trailers(ql_message_reader *r, ql_section *section, ql_section_kind kind)
{
    section->kind = kind;
    if (is_in_tunnel(r))
        ql_http3_find(r->scope, QL_FINDING_H3_FRAME_UNEXPECTED,
                      "stream %" PRIu64 ": HEADERS in the tunnel of CONNECT (RFC 9114, 4.4)",
                      r->stream->id);
    if (r->message->trailers != NULL) {
        ql_message_reader_find_sequence(r, "HEADERS after the trailers");
        ql_section_free(section);
        return false;
    }
    check_section(r, section);
    r->message->trailers = section;
    if (r->exchange != NULL)
        tell_section(r, section);
    return true;
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
    if (ql_section_value(section, ":protocol") != NULL)
        ql_http3_agreement_on_extended_connect(r->scope, r->stream->id, &section->decoded);
    if (r->other != NULL)
        ql_message_reader_attach(r->other, exchange);
}

/* A request of which not all lines can be read is shown when it is known what it asks for. */
static bool says_enough(const ql_section *section)
{
    const char *method = ql_section_value(section, ":method");
    bool connect = method != NULL && strcmp(method, "CONNECT") == 0;
    return method != NULL &&
           (section->left_out == 0 || ql_section_value(section, connect ? ":authority" : ":path"));
}

static bool take_request(ql_message_reader *r, ql_section *section)
{
    if (r->exchange != NULL)
        return take_trailers(r, section, QL_SECTION_REQUEST_TRAILERS);
    section->kind = QL_SECTION_REQUEST;
    bool enough = says_enough(section);
    if (enough || !r->headers_lost)
        check_section(r, section);
    if (enough) {
        begin_exchange(r, section);
    } else {
        r->headers_lost = true;
        ql_section_free(section);
    }
    return enough;
}

static void take_informational(ql_message_reader *r, ql_section *section)
{
    section->kind = QL_SECTION_INFORMATIONAL;
    check_section(r, section);
    GPtrArray **all = r->exchange != NULL ? &r->exchange->informational : &r->informational;
    if (*all == NULL)
        *all = g_ptr_array_new_with_free_func(section_free);
    g_ptr_array_add(*all, section);
    if (r->exchange != NULL)
        tell_section(r, section);
}

static bool take_response(ql_message_reader *r, ql_section *section, bool content_follows)
{
    bool has_status = ql_section_value(section, ":status") != NULL;
    if (r->message->headers == NULL && section->left_out > 0 && !has_status) {
        r->headers_lost = true; /* headers or trailers: it cannot be told */
        ql_section_free(section);
        return false;
    }
    if (r->message->headers != NULL || (r->headers_lost && !has_status))
        return take_trailers(r, section, QL_SECTION_RESPONSE_TRAILERS);
    section->status = ql_section_status(section);
    if (section->status >= 100 && section->status < 200) {
        take_informational(r, section);
        if (content_follows)
            ql_message_reader_find_sequence(r, "DATA before the final header section");
        return true;
    }
    section->kind = QL_SECTION_RESPONSE;
    check_section(r, section);
    r->message->headers = section;
    r->message->first = section->first;
    if (r->exchange != NULL) {
        r->exchange->status = section->status;
        tell_section(r, section);
    }
    return true;
}

static void lose_section(ql_message_reader *r, const ql_pending_section *p)
{
    ql_finding_code code = p->result.status == QL_QPACK_LIMIT
                               ? QL_FINDING_LIMIT_REACHED
                               : QL_FINDING_QPACK_DECOMPRESSION_FAILED;
    ql_http3_find(r->scope, code, "stream %" PRIu64 ": a field section of the %s (frame %u): %s",
                  r->stream->id, ql_message_reader_what(r), p->first.frame, p->result.why);
}

static ql_section *section_new(const ql_pending_section *p, ql_qpack_result *result,
                               const ql_where *decoded)
{
    ql_section *section = g_new0(ql_section, 1);
    section->fields = g_steal_pointer(&result->fields);
    section->left_out = result->left_out;
    section->first = p->first;
    section->decoded = *decoded;
    return section;
}

/* Takes the section. False when there is no place for it. */
static bool place_section(ql_message_reader *r, const ql_pending_section *p, ql_section *section)
{
    if (p->promise) {
        ql_pushes_on_promise(r->scope, r->stream->id, p->push_id, section);
        return true;
    }
    return r->sender == QL_CLIENT ? take_request(r, section)
                                  : take_response(r, section, p->content_follows);
}

static void take_section(ql_message_reader *r, ql_pending_section *p)
{
    if (p->result.status != QL_QPACK_DECODED)
        lose_section(r, p);
    if (p->result.fields != NULL && (p->result.status == QL_QPACK_DECODED || !p->promise))
        place_section(r, p, section_new(p, &p->result, &p->resolved_at));
    else
        r->headers_lost = r->headers_lost || !p->promise;
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

/* A section that was shown in part can be read whole now. */
static void complete_shown(ql_message_reader *r, ql_pending_section *p)
{
    ql_section *section = p->section;
    g_queue_remove(&r->shown, p);
    if (p->result.status == QL_QPACK_DECODED) {
        g_free(section->fields);
        section->fields = g_steal_pointer(&p->result.fields);
        section->left_out = 0;
        check_section(r, section);
        if (section->kind == QL_SECTION_REQUEST)
            ql_exchange_set_request(r->exchange, section);
    }
    ql_pending_section_free(p);
}

void ql_message_on_section(void *scope, void *section, const ql_qpack_result *result)
{
    (void)scope;
    ql_pending_section *p = section;
    ql_message_reader *r = p->reader;
    if (result->status == QL_QPACK_PARTIAL) {
        p->part = *result;
        return;
    }
    resolve(p, result);
    if (--r->waiting == 0 && p->resolved_at.time_ns > r->waiting_since_ns)
        r->message->blocked_ns += p->resolved_at.time_ns - r->waiting_since_ns;
    if (p->section != NULL)
        complete_shown(r, p);
    else
        take_resolved(r);
}

void ql_message_reader_read_section(ql_message_reader *r, ql_slice encoded, bool promise,
                                    uint64_t push_id)
{
    ql_pending_section *p = g_new0(ql_pending_section, 1);
    *p = (ql_pending_section){
        .reader = r,
        .first = r->frame_first.where,
        .arrived = r->scope->now,
        .promise = promise,
        .push_id = push_id,
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

/* Whether it has found its place. */
static bool show_part(ql_message_reader *r, ql_pending_section *p)
{
    if (p->part.fields == NULL || p->promise)
        return false;
    ql_section *section = section_new(p, &p->part, &p->arrived);
    if (!place_section(r, p, section))
        return false;
    p->section = section;
    return true;
}

void ql_message_reader_show_waiting(ql_message_reader *r)
{
    for (GList *link = r->sections.head; link != NULL;) {
        GList *next = link->next;
        ql_pending_section *p = link->data;
        if (p->resolved && (r->exchange != NULL || r->sender == QL_SERVER)) {
            g_queue_delete_link(&r->sections, link);
            take_section(r, p);
            ql_pending_section_free(p);
        } else if (!p->resolved && show_part(r, p)) {
            g_queue_delete_link(&r->sections, link);
            g_queue_push_tail(&r->shown, p);
        } else {
            r->headers_lost = r->headers_lost || !p->promise;
        }
        link = next;
    }
    ql_message_reader_conclude(r);
}
