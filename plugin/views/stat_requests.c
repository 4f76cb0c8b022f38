/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: a row for each request and its response. */
#include "views/stat_table.h"

static stat_tap_table_item columns[] = {
    QL_STAT_NUMBER("Connection"), QL_STAT_NUMBER("Stream"), QL_STAT_MS("Time"),
    QL_STAT_TEXT("Method"),       QL_STAT_NUMBER("Status"), QL_STAT_NUMBER("Sent"),
    QL_STAT_NUMBER("Bytes"),      QL_STAT_MS("First byte"), QL_STAT_MS("Duration"),
    QL_STAT_NUMBER("Frame"),      QL_STAT_NUMBER("Answer"), QL_STAT_NUMBER("End"),
    QL_STAT_TEXT("URL"),
};

static const ql_exchange *exchange_of(const ql_event *event)
{
    switch (event->kind) {
    case QL_EVENT_SECTION: return event->section.exchange;
    case QL_EVENT_END: return event->end.exchange;
    case QL_EVENT_STREAM: return event->stream.stream->exchange;
    default: return NULL;
    }
}

/* A request of rejected early data comes again, and counts then. */
static const void *thing_of(const ql_event *event)
{
    const ql_exchange *exchange = exchange_of(event);
    return exchange != NULL && !exchange->rejected ? exchange : NULL;
}

/* Since the connection's first packet. */
static double time_of(const ql_connection *connection, const ql_exchange *exchange)
{
    uint64_t begin = ql_connection_facts_of(connection)->first.time_ns;
    uint64_t first = exchange->request.first.time_ns;
    return first >= begin ? (double)(first - begin) / 1e9 : -1;
}

/* A push that has not come has only the stream that promised it. */
static uint64_t stream_of(const ql_exchange *exchange)
{
    return exchange->stream_id != QL_NO_STREAM ? exchange->stream_id : exchange->promised_on;
}

static void fill(ql_stat_row *row, const ql_connection *connection, const void *thing)
{
    const ql_exchange *exchange = thing;
    char *url = ql_exchange_url(exchange);
    ql_stat_number(row, exchange->connection);
    ql_stat_number(row, stream_of(exchange));
    ql_stat_ms(row, time_of(connection, exchange));
    ql_stat_safe(row, exchange->method);
    ql_stat_number_if(row, exchange->status);
    ql_stat_number(row, exchange->request.body_size);
    ql_stat_number(row, exchange->response.body_size);
    ql_stat_ms(row, ql_exchange_time_to_first_byte(exchange));
    ql_stat_ms(row, ql_exchange_duration(exchange));
    ql_stat_number_if(row, exchange->request.first.frame);
    ql_stat_number_if(row, exchange->response.first.frame);
    ql_stat_number_if(row, exchange->response.complete ? exchange->response.last.frame : 0);
    ql_stat_safe(row, url);
    g_free(url);
}

ql_stat_table ql_stat_requests = {
    .ui = QL_STAT_TABLE("requests", "HTTP3 requests (quiclens)", columns),
    .thing_of = thing_of,
    .fill = fill,
};
