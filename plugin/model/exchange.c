/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/exchange.h"

#include <string.h>

ql_field_lines *ql_field_lines_new(uint32_t count, size_t text_size, char **texts)
{
    size_t head = sizeof(ql_field_lines) + count * sizeof(ql_field);
    ql_field_lines *lines = g_malloc(head + text_size);
    memset(lines, 0, head);
    lines->count = count;
    *texts = (char *)&lines->line[count];
    return lines;
}

void ql_section_free(ql_section *section)
{
    if (section == NULL)
        return;
    g_free(section->fields);
    g_free(section);
}

const char *ql_section_value(const ql_section *section, const char *name)
{
    if (section == NULL)
        return NULL;
    for (uint32_t i = 0; i < section->fields->count; i++) {
        const ql_field *field = &section->fields->line[i];
        if (strcmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

void ql_message_clear(ql_message *message)
{
    ql_section_free(message->headers);
    ql_section_free(message->trailers);
    ql_body_free(message->body);
    g_free(message->sha256);
    *message = (ql_message){ 0 };
}

bool ql_message_holds_body(const ql_message *message)
{
    uint64_t held = message->body != NULL ? message->body->bytes->len : 0;
    return message->complete && held == message->body_size;
}

ql_exchange *ql_exchange_new(uint32_t connection, uint64_t stream_id)
{
    ql_exchange *exchange = g_new0(ql_exchange, 1);
    exchange->connection = connection;
    exchange->stream_id = stream_id;
    return exchange;
}

void ql_exchange_free(ql_exchange *exchange)
{
    if (exchange == NULL)
        return;
    ql_message_clear(&exchange->request);
    ql_message_clear(&exchange->response);
    g_clear_pointer(&exchange->informational, g_ptr_array_unref);
    g_free(exchange);
}

unsigned ql_exchange_informational_count(const ql_exchange *exchange)
{
    return exchange->informational == NULL ? 0 : exchange->informational->len;
}

const ql_section *ql_exchange_informational(const ql_exchange *exchange, unsigned index)
{
    return g_ptr_array_index(exchange->informational, index);
}

void ql_exchange_set_request(ql_exchange *exchange, ql_section *headers)
{
    exchange->request.headers = headers;
    exchange->method = ql_section_value(headers, ":method");
    exchange->scheme = ql_section_value(headers, ":scheme");
    exchange->authority = ql_section_value(headers, ":authority");
    exchange->path = ql_section_value(headers, ":path");
    /* RFC 9114, 4.3.1: without :authority the host field names it. */
    if (exchange->authority == NULL)
        exchange->authority = ql_section_value(headers, "host");
}

/* A part of the URL: what is not known because its field was left out is a question mark. */
static const char *part_of(const ql_exchange *exchange, const char *value)
{
    const ql_section *headers = exchange->request.headers;
    bool unknown = headers != NULL && headers->left_out > 0;
    return value != NULL ? value : unknown ? "?" : "";
}

char *ql_exchange_url(const ql_exchange *exchange)
{
    if (exchange->method == NULL)
        return NULL;
    const char *authority = part_of(exchange, exchange->authority);
    if (exchange->path == NULL && strcmp(exchange->method, "CONNECT") == 0)
        return g_strdup_printf("CONNECT %s", authority);
    return g_strdup_printf("%s://%s%s", part_of(exchange, exchange->scheme), authority,
                           part_of(exchange, exchange->path));
}

static double seconds_between(const ql_where *from, const ql_where *to)
{
    if (from->frame == 0 || to->frame == 0 || to->time_ns < from->time_ns)
        return -1.0;
    return (double)(to->time_ns - from->time_ns) / 1e9;
}

double ql_exchange_time_to_first_byte(const ql_exchange *exchange)
{
    return seconds_between(&exchange->request.first, &exchange->response.first);
}

double ql_exchange_duration(const ql_exchange *exchange)
{
    if (!exchange->response.complete)
        return -1.0;
    return seconds_between(&exchange->request.first, &exchange->response.last);
}
