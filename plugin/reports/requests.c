/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/table.h"
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

static const ql_column columns[] = {
    { .title = "conn", .right = true },    { .title = "stream", .right = true },
    { .title = "frame", .right = true },   { .title = "method" },
    { .title = "status", .right = true },  { .title = "sent", .right = true, .optional = true },
    { .title = "bytes", .right = true },   { .title = "first byte", .right = true },
    { .title = "time", .right = true },    { .title = "URL", .flexible = true },
    { .title = "note", .optional = true },
};

static void append_remark(GString *text, bool holds, const char *remark)
{
    if (!holds)
        return;
    if (text->len > 0)
        g_string_append(text, ", ");
    g_string_append(text, remark);
}

static bool lacks_fields(const ql_section *section)
{
    return section != NULL && section->left_out > 0;
}

static char *remarks(const ql_exchange *exchange)
{
    const ql_message *request = &exchange->request, *response = &exchange->response;
    GString *text = g_string_new(NULL);
    append_remark(text, exchange->pushed, "pushed");
    append_remark(text, exchange->early_data, "0-RTT");
    append_remark(text, request->reset, "request reset");
    append_remark(text, response->reset, "response reset");
    append_remark(text, response->headers == NULL && !response->reset, "no response");
    append_remark(text, response->headers != NULL && !response->complete && !response->reset,
                  "incomplete");
    append_remark(text, lacks_fields(request->headers) || lacks_fields(response->headers),
                  "fields left out");
    append_remark(text, request->trailers != NULL || response->trailers != NULL, "trailers");
    return g_string_free(text, FALSE);
}

static char *safe(const char *text)
{
    return text != NULL ? ql_text_safe(text, strlen(text)) : g_strdup("?");
}

static void add_row(ql_table *table, const ql_exchange *exchange)
{
    char *url = ql_exchange_url(exchange);
    ql_table_add_format(table, "%u", exchange->connection);
    if (exchange->stream_id != QL_NO_STREAM)
        ql_table_add_format(table, "%" PRIu64, exchange->stream_id);
    else
        ql_table_add(table, g_strdup("-"));
    ql_table_add_frame(table, exchange->request.first.frame);
    ql_table_add(table, safe(exchange->method));
    if (exchange->status != 0)
        ql_table_add_format(table, "%u", exchange->status);
    else
        ql_table_add(table, g_strdup("-"));
    ql_table_add(table, exchange->request.body_size > 0 ? ql_text_count(exchange->request.body_size)
                                                        : NULL);
    ql_table_add(table, ql_text_count(exchange->response.body_size));
    ql_table_add(table, ql_text_seconds(ql_exchange_time_to_first_byte(exchange)));
    ql_table_add(table, ql_text_seconds(ql_exchange_duration(exchange)));
    ql_table_add(table, safe(url));
    ql_table_add(table, remarks(exchange));
    g_free(url);
}

void ql_report_requests(const ql_session *session, FILE *out)
{
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    unsigned connections = ql_session_connection_count(session), count = 0;
    for (unsigned c = 0; c < connections; c++) {
        const GPtrArray *exchanges =
            ql_streams_exchanges(ql_connection_streams(ql_session_connection(session, c)));
        for (guint i = 0; i < exchanges->len; i++)
            add_row(table, g_ptr_array_index(exchanges, i));
        count += exchanges->len;
    }
    fprintf(out, "%u request%s on %u connection%s\n", count, count == 1 ? "" : "s", connections,
            connections == 1 ? "" : "s");
    if (count > 0)
        ql_table_write(table, out);
    ql_table_free(table);
}
