/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: a row for each QUIC connection. */
#include "views/stat_table.h"

#include "reports/names.h"

static stat_tap_table_item columns[] = {
    QL_STAT_NUMBER("Connection"), QL_STAT_TEXT("Client"),        QL_STAT_TEXT("Server"),
    QL_STAT_TEXT("Name"),         QL_STAT_TEXT("Version"),       QL_STAT_TEXT("ALPN"),
    QL_STAT_TEXT("Secrets"),      QL_STAT_NUMBER("First frame"), QL_STAT_NUMBER("Last frame"),
    QL_STAT_NUMBER("Packets"),    QL_STAT_NUMBER("Opened"),      QL_STAT_NUMBER("Bytes"),
    QL_STAT_NUMBER("Requests"),   QL_STAT_NUMBER("Paths"),       QL_STAT_TEXT("Closed with"),
};

static const void *thing_of(const ql_event *event)
{
    return event->kind == QL_EVENT_PACKET ? event->packet.connection : NULL;
}

static void fill(ql_stat_row *row, const ql_connection *connection, const void *thing)
{
    (void)thing;
    const ql_connection_facts *facts = ql_connection_facts_of(connection);
    ql_stat_number(row, facts->number);
    ql_stat_text(row, ql_endpoint_text(&facts->client));
    ql_stat_text(row, ql_endpoint_text(&facts->server));
    ql_stat_safe(row, facts->server_name);
    ql_stat_text(row, ql_version_text(facts->version));
    ql_stat_safe(row, facts->alpn);
    ql_stat_safe(row, ql_secrets_state_name(facts->secrets));
    ql_stat_number_if(row, facts->first.frame);
    ql_stat_number_if(row, facts->last.frame);
    ql_stat_number(row, facts->packets);
    ql_stat_number(row, facts->closed[QL_OPENED]);
    ql_stat_number(row, facts->bytes);
    ql_stat_number(row, ql_streams_exchanges(ql_connection_streams(connection))->len);
    ql_stat_number(row, ql_connection_paths(connection)->len);
    ql_stat_text(row, ql_close_text(facts));
}

ql_stat_table ql_stat_connections = {
    .ui = QL_STAT_TABLE("connections", "QUIC connections (quiclens)", columns),
    .thing_of = thing_of,
    .fill = fill,
};
