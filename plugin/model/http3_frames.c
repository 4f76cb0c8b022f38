/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_frames.h"

#include <string.h>

enum state { IN_HEAD, IN_CONTENT, IN_PAYLOAD, IN_SKIPPED, AT_END };

static const struct {
    uint64_t type;
    const char *name;
} type_names[] = {
    { QL_HTTP3_DATA, "DATA" },
    { QL_HTTP3_HEADERS, "HEADERS" },
    { QL_HTTP3_CANCEL_PUSH, "CANCEL_PUSH" },
    { QL_HTTP3_SETTINGS, "SETTINGS" },
    { QL_HTTP3_PUSH_PROMISE, "PUSH_PROMISE" },
    { QL_HTTP3_GOAWAY, "GOAWAY" },
    { QL_HTTP3_ORIGIN, "ORIGIN" },
    { QL_HTTP3_MAX_PUSH_ID, "MAX_PUSH_ID" },
    { QL_HTTP3_WEBTRANSPORT_STREAM, "WEBTRANSPORT_STREAM" },
    { QL_HTTP3_PRIORITY_UPDATE_REQUEST, "PRIORITY_UPDATE" },
    { QL_HTTP3_PRIORITY_UPDATE_PUSH, "PRIORITY_UPDATE" },
};

static const char *known_name(uint64_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(type_names); i++)
        if (type_names[i].type == type)
            return type_names[i].name;
    return NULL;
}

const char *ql_http3_frame_type_name(uint64_t type)
{
    const char *name = known_name(type);
    if (name != NULL)
        return name;
    if (ql_http3_frame_type_is_forbidden(type))
        return "HTTP/2";
    return type >= 0x21 && (type - 0x21) % 0x1f == 0 ? "reserved" : "unknown";
}

bool ql_http3_frame_type_is_forbidden(uint64_t type)
{
    return type == 0x02 || type == 0x06 || type == 0x08 || type == 0x09;
}

void ql_http3_parser_init(ql_http3_parser *p)
{
    *p = (ql_http3_parser){ .state = IN_HEAD };
}

void ql_http3_parser_clear(ql_http3_parser *p)
{
    if (p->gathered != NULL)
        g_byte_array_free(p->gathered, TRUE);
    p->gathered = NULL;
}

bool ql_http3_parser_is_between_frames(const ql_http3_parser *p)
{
    return p->state == IN_HEAD && p->head_length == 0;
}

bool ql_http3_parser_is_in_head(const ql_http3_parser *p)
{
    return p->state == IN_HEAD && p->head_length > 0;
}

static void advance(ql_slice *bytes, size_t count)
{
    if (count == 0)
        return; /* the data of an empty slice may be NULL */
    bytes->data += count;
    bytes->length -= count;
}

/* RFC 9000, 16: the two first bits of a varint say how long it is. */
static size_t varint_length(uint8_t first)
{
    return (size_t)1 << (first >> 6);
}

/* How long type and length are together, as far as can be told. */
static size_t head_needed(const ql_http3_parser *p)
{
    if (p->head_length == 0)
        return 2;
    size_t type_length = varint_length(p->head[0]);
    if (p->head_length <= type_length)
        return type_length + 1;
    return type_length + varint_length(p->head[type_length]);
}

static bool read_head(ql_http3_parser *p, ql_slice *bytes)
{
    while (p->head_length < head_needed(p)) {
        if (bytes->length == 0)
            return false;
        p->head[p->head_length++] = *bytes->data;
        advance(bytes, 1);
    }
    ql_reader head = ql_reader_of((ql_slice){ p->head, p->head_length });
    p->type = ql_read_varint(&head);
    p->left = ql_read_varint(&head);
    p->head_length = 0;
    return true;
}

static size_t cap_of(uint64_t type)
{
    bool section = type == QL_HTTP3_HEADERS || type == QL_HTTP3_PUSH_PROMISE;
    return section ? QL_HTTP3_SECTION_MAX : QL_HTTP3_CONTROL_MAX;
}

static uint8_t state_after_head(const ql_http3_parser *p)
{
    if (p->type == QL_HTTP3_DATA)
        return IN_CONTENT;
    bool wanted = known_name(p->type) != NULL && p->type != QL_HTTP3_WEBTRANSPORT_STREAM;
    return wanted ? IN_PAYLOAD : IN_SKIPPED;
}

static ql_http3_item item(const ql_http3_parser *p, ql_http3_item_kind kind, ql_slice bytes)
{
    return (ql_http3_item){ .kind = kind, .type = p->type, .length = p->left, .bytes = bytes };
}

static ql_http3_item read_content(ql_http3_parser *p, ql_slice *bytes)
{
    size_t count = (size_t)MIN((uint64_t)bytes->length, p->left);
    ql_slice content = { bytes->data, count };
    advance(bytes, count);
    p->left -= count;
    if (p->left == 0)
        p->state = IN_HEAD;
    return item(p, QL_HTTP3_CONTENT, content);
}

/* A payload that lies in one piece is lent as it is; others are put together. */
static bool read_payload(ql_http3_parser *p, ql_slice *bytes, ql_slice *payload)
{
    size_t count = (size_t)MIN((uint64_t)bytes->length, p->left);
    bool last = count == p->left;
    if (last && p->gathered == NULL) {
        *payload = (ql_slice){ bytes->data, count };
    } else {
        if (p->gathered == NULL)
            p->gathered = g_byte_array_new();
        g_byte_array_append(p->gathered, bytes->data, (guint)count);
        *payload = (ql_slice){ p->gathered->data, p->gathered->len };
    }
    advance(bytes, count);
    p->left -= count;
    return last;
}

ql_http3_item ql_http3_parser_next(ql_http3_parser *p, ql_slice *bytes)
{
    for (;;) {
        switch ((enum state)p->state) {
        case AT_END:
            ql_http3_parser_clear(p);
            p->state = IN_HEAD;
            break;
        case IN_HEAD:
            if (!read_head(p, bytes))
                return item(p, QL_HTTP3_MORE, (ql_slice){ 0 });
            p->state = state_after_head(p);
            return item(p, QL_HTTP3_BEGIN, (ql_slice){ 0 });
        case IN_CONTENT:
            if (p->left == 0)
                p->state = IN_HEAD;
            else if (bytes->length == 0)
                return item(p, QL_HTTP3_MORE, (ql_slice){ 0 });
            else
                return read_content(p, bytes);
            break;
        case IN_PAYLOAD: {
            ql_slice payload;
            if (p->left > cap_of(p->type) && p->gathered == NULL) {
                p->state = IN_SKIPPED;
                return item(p, QL_HTTP3_TOO_LONG, (ql_slice){ 0 });
            }
            if (bytes->length == 0 && p->left > 0)
                return item(p, QL_HTTP3_MORE, (ql_slice){ 0 });
            if (!read_payload(p, bytes, &payload))
                return item(p, QL_HTTP3_MORE, (ql_slice){ 0 });
            p->state = AT_END;
            return item(p, QL_HTTP3_WHOLE, payload);
        }
        case IN_SKIPPED: {
            size_t count = (size_t)MIN((uint64_t)bytes->length, p->left);
            advance(bytes, count);
            p->left -= count;
            if (p->left > 0)
                return item(p, QL_HTTP3_MORE, (ql_slice){ 0 });
            p->state = IN_HEAD;
            break;
        }
        }
    }
}
