/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/brief.h"

#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

#define TARGET_WIDTH 48u /* columns of a path */

/* The path, or whom CONNECT connects to. */
static char *target_of(const ql_exchange *exchange)
{
    const char *target = exchange->path != NULL ? exchange->path : exchange->authority;
    if (target == NULL)
        return g_strdup("?");
    char *safe = ql_text_safe(target, strlen(target));
    char *short_text = ql_text_shorten(safe, TARGET_WIDTH);
    g_free(safe);
    return short_text;
}

static char *request_text(const ql_exchange *exchange, const char *method)
{
    char *target = target_of(exchange);
    char *safe = ql_text_safe(method, strlen(method));
    char *text = g_strconcat(safe, " ", target, NULL);
    g_free(safe);
    g_free(target);
    return text;
}

static char *response_text(const ql_exchange *exchange, uint16_t status)
{
    char *target = target_of(exchange);
    char *text =
        status != 0 ? g_strdup_printf("%u %s", status, target) : g_strconcat("? ", target, NULL);
    g_free(target);
    return text;
}

static char *begin_text(const ql_exchange *exchange, bool response)
{
    if (response)
        return response_text(exchange, exchange->status);
    return request_text(exchange, exchange->method != NULL ? exchange->method : "?");
}

/* Its end tells more, on the same frame. */
static bool is_told_by_end(const ql_message *message, const ql_section *section)
{
    bool ended = message->reset || (message->complete && message->body_size > 0);
    return ended && message->last.frame == section->decoded.frame;
}

static char *section_text(const ql_exchange *exchange, const ql_section *section)
{
    switch (section->kind) {
    case QL_SECTION_REQUEST:
        return is_told_by_end(&exchange->request, section) ? NULL : begin_text(exchange, false);
    case QL_SECTION_RESPONSE:
        return is_told_by_end(&exchange->response, section) ? NULL : begin_text(exchange, true);
    case QL_SECTION_PROMISE: return request_text(exchange, "PUSH");
    case QL_SECTION_INFORMATIONAL: return response_text(exchange, section->status);
    case QL_SECTION_REQUEST_TRAILERS:
    case QL_SECTION_RESPONSE_TRAILERS: break;
    }
    return NULL;
}

static char *end_text(const ql_end_event *end)
{
    const ql_exchange *exchange = end->exchange;
    const ql_message *message = end->response ? &exchange->response : &exchange->request;
    if (!message->reset && message->body_size == 0)
        return NULL;
    char *begin = begin_text(exchange, end->response);
    char *how = message->reset ? g_strdup("reset") : ql_text_size(message->body_size);
    char *text = g_strconcat(begin, " ", how, NULL);
    g_free(begin);
    g_free(how);
    return text;
}

char *ql_brief_message(const ql_event *event)
{
    if (event->kind == QL_EVENT_SECTION)
        return section_text(event->section.exchange, event->section.section);
    return event->kind == QL_EVENT_END ? end_text(&event->end) : NULL;
}

static char *cid_name(const ql_cid_entry *entry)
{
    return entry->has_sequence ? g_strdup_printf("%" PRIu64, entry->sequence)
                               : ql_text_cid_short(&entry->cid);
}

static char *switch_text(const ql_cid_event *event)
{
    char *from = event->previous != NULL ? cid_name(event->previous) : g_strdup("?");
    char *to = cid_name(event->cid);
    char *text = g_strdup_printf("%s ID %s \u2192 %s", ql_side_name(event->cid->issuer), from, to);
    g_free(from);
    g_free(to);
    return text;
}

static char *path_text(const ql_path_event *event)
{
    switch ((ql_path_event_kind)event->kind) {
    case QL_PATH_CHALLENGE: return g_strdup("PATH_CHALLENGE");
    case QL_PATH_RESPONSE: return g_strdup("PATH_RESPONSE");
    case QL_PATH_NEW: return g_strdup_printf("new path %u", event->path->id);
    default:
        return g_strdup_printf("path %u %s", event->path->id,
                               ql_path_event_name((ql_path_event_kind)event->kind));
    }
}

char *ql_brief_change(const ql_event *event)
{
    if (event->kind == QL_EVENT_CID && event->cid.kind == QL_CID_SWITCHED)
        return switch_text(&event->cid);
    return event->kind == QL_EVENT_PATH ? path_text(&event->path) : NULL;
}
