/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/push.h"

#include <inttypes.h>
#include <string.h>

#include "model/hash_key.h"
#include "model/message_rules.h"

typedef struct push {
    ql_number_key key;
    uint64_t id;
    ql_exchange *exchange;
    ql_stream_facts *stream;
    ql_message_reader *reader; /* of the stream, until it is attached */
} push;

struct ql_pushes {
    ql_hash_key key;
    GHashTable *by_id;              /* ql_number_key -> push, the key inside it */
    const ql_stream_facts *control; /* of the client; NULL while not seen */
    uint64_t max_id;
    bool has_max_id;
};

ql_pushes *ql_pushes_new(void)
{
    ql_pushes *pushes = g_new0(ql_pushes, 1);
    pushes->key = ql_hash_key_new();
    pushes->by_id = g_hash_table_new_full(ql_hash_key_hash, ql_number_key_equal, NULL, g_free);
    return pushes;
}

void ql_pushes_free(ql_pushes *pushes)
{
    if (pushes == NULL)
        return;
    g_hash_table_destroy(pushes->by_id);
    g_free(pushes);
}

void ql_pushes_set_control(ql_http3_scope *scope, const ql_stream_facts *control)
{
    scope->pushes->control = control;
    scope->pushes->has_max_id = false;
}

void ql_pushes_allow(ql_http3_scope *scope, uint64_t max_push_id)
{
    scope->pushes->max_id = max_push_id;
    scope->pushes->has_max_id = true;
}

/* Only a client whose control stream was captured without a gap is known not to have allowed it. */
void ql_pushes_check_id(ql_http3_scope *scope, uint64_t stream_id, uint64_t push_id,
                        const char *what, const char *rule)
{
    const ql_pushes *pushes = scope->pushes;
    const ql_stream_facts *control = pushes->control;
    if (control == NULL || control->half[QL_CLIENT].received != control->half[QL_CLIENT].in_order)
        return;
    if (!pushes->has_max_id)
        ql_http3_find(scope, QL_FINDING_H3_ID_ERROR,
                      "stream %" PRIu64 ": %s %" PRIu64 ", the client allowed none (%s)", stream_id,
                      what, push_id, rule);
    else if (push_id > pushes->max_id)
        ql_http3_find(scope, QL_FINDING_H3_ID_ERROR,
                      "stream %" PRIu64 ": %s %" PRIu64 ", the client allowed IDs up to %" PRIu64
                      " (%s)",
                      stream_id, what, push_id, pushes->max_id, rule);
}

static push *ensure(ql_pushes *pushes, uint64_t id)
{
    ql_number_key key = ql_number_key_of(&pushes->key, id);
    push *p = g_hash_table_lookup(pushes->by_id, &key);
    if (p != NULL)
        return p;
    p = g_new0(push, 1);
    p->key = key;
    p->id = id;
    g_hash_table_insert(pushes->by_id, &p->key, p);
    return p;
}

static void link_both(push *p)
{
    if (p->exchange == NULL || p->reader == NULL)
        return;
    p->exchange->stream_id = p->stream->id;
    p->stream->exchange = p->exchange;
    ql_message_reader_attach(p->reader, p->exchange);
    p->reader = NULL;
}

static bool same_fields(const ql_section *a, const ql_section *b)
{
    if (a->fields->count != b->fields->count)
        return false;
    for (uint32_t i = 0; i < a->fields->count; i++) {
        const ql_field *x = &a->fields->line[i], *y = &b->fields->line[i];
        if (strcmp(x->name, y->name) != 0 || strcmp(x->value, y->value) != 0)
            return false;
    }
    return true;
}

static void promise_again(ql_http3_scope *scope, const push *p, uint64_t promised_on,
                          ql_section *section)
{
    if (!same_fields(section, p->exchange->request.headers))
        ql_http3_find(scope, QL_FINDING_H3_ID_ERROR,
                      "stream %" PRIu64 ": push %" PRIu64 " was promised before on stream %" PRIu64
                      " with other fields (RFC 9114, 4.6)",
                      promised_on, p->id, p->exchange->promised_on);
    else
        ql_journal_say(scope->journal, section->decoded.frame, "RFC 9114, 4.6",
                       "push %" PRIu64 " is promised again on stream %" PRIu64, p->id, promised_on);
    ql_journal_signal_push(scope->journal, section->decoded.frame, "PUSH_PROMISE", QL_SERVER,
                           p->id);
    ql_section_free(section);
}

static void check_promise(ql_http3_scope *scope, uint64_t promised_on, const ql_section *section)
{
    char *fault = ql_section_fault(section);
    const char *method = ql_section_value(section, ":method");
    uint64_t length;
    if (fault == NULL && ql_section_content_length(section, &length) && length > 0)
        fault = g_strdup("a request with content is promised (RFC 9114, 4.6)");
    if (fault == NULL && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        fault = g_strdup_printf("%.40s is promised, which is not safe and cacheable", method);
    if (fault != NULL)
        ql_http3_find(scope, QL_FINDING_H3_MESSAGE_ERROR, "stream %" PRIu64 ": PUSH_PROMISE: %s",
                      promised_on, fault);
    g_free(fault);
}

void ql_pushes_on_promise(ql_http3_scope *scope, uint64_t promised_on, uint64_t push_id,
                          ql_section *section)
{
    section->kind = QL_SECTION_PROMISE;
    push *p = ensure(scope->pushes, push_id);
    if (p->exchange != NULL) {
        promise_again(scope, p, promised_on, section);
        return;
    }
    check_promise(scope, promised_on, section);
    if (ql_section_value(section, ":method") == NULL) {
        ql_section_free(section);
        return;
    }
    ql_exchange *exchange = ql_exchange_new(scope->connection, QL_NO_STREAM);
    exchange->pushed = true;
    exchange->push_id = push_id;
    exchange->promised_on = promised_on;
    exchange->request.first = section->first;
    exchange->request.last = section->decoded;
    exchange->request.complete = true;
    ql_exchange_set_request(exchange, section);
    ql_http3_scope_add(scope, exchange);
    ql_event *event = ql_journal_add(scope->journal, section->decoded.frame, QL_EVENT_SECTION);
    event->section = (ql_section_event){ .exchange = exchange, .section = section };
    p->exchange = exchange;
    link_both(p);
}

bool ql_pushes_on_stream(ql_http3_scope *scope, uint64_t push_id, ql_stream_facts *stream,
                         ql_message_reader *reader)
{
    push *p = ensure(scope->pushes, push_id);
    if (p->stream != NULL) {
        ql_http3_find(scope, QL_FINDING_H3_ID_ERROR,
                      "stream %" PRIu64 ": push %" PRIu64 " came on stream %" PRIu64
                      " already (RFC 9114, 4.6)",
                      stream->id, push_id, p->stream->id);
        return false;
    }
    p->stream = stream;
    p->reader = reader;
    link_both(p);
    return true;
}

const ql_exchange *ql_pushes_find(const ql_http3_scope *scope, uint64_t push_id)
{
    ql_number_key key = ql_number_key_of(&scope->pushes->key, push_id);
    const push *p = g_hash_table_lookup(scope->pushes->by_id, &key);
    return p == NULL ? NULL : p->exchange;
}
