/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: a row for each path that a connection took. */
#include "views/stat_table.h"

static stat_tap_table_item columns[] = {
    QL_STAT_NUMBER("Connection"), QL_STAT_NUMBER("Path"),         QL_STAT_TEXT("Client"),
    QL_STAT_TEXT("Server"),       QL_STAT_TEXT("Cause"),          QL_STAT_NUMBER("First frame"),
    QL_STAT_NUMBER("Last frame"), QL_STAT_NUMBER("Packets up"),   QL_STAT_NUMBER("Packets down"),
    QL_STAT_NUMBER("Bytes up"),   QL_STAT_NUMBER("Bytes down"),   QL_STAT_TEXT("Validated"),
    QL_STAT_NUMBER("Challenge"),  QL_STAT_NUMBER("Response"),     QL_STAT_MS("Validation"),
    QL_STAT_NUMBER("Largest up"), QL_STAT_NUMBER("Largest down"), QL_STAT_NUMBER("Acked up"),
    QL_STAT_NUMBER("Acked down"), QL_STAT_NUMBER("CE up"),        QL_STAT_NUMBER("CE down"),
    QL_STAT_MS("Spin RTT"),
};

static const void *thing_of(const ql_event *event)
{
    if (event->kind == QL_EVENT_PATH)
        return event->path.path;
    if (event->kind != QL_EVENT_PACKET)
        return NULL;
    const GPtrArray *paths = ql_connection_paths(event->packet.connection);
    return event->packet.path < paths->len ? g_ptr_array_index(paths, event->packet.path) : NULL;
}

static void fill(ql_stat_row *row, const ql_connection *connection, const void *thing)
{
    const ql_path *path = thing;
    bool timed = path->validated && path->response_frame != 0;
    ql_stat_number(row, ql_connection_facts_of(connection)->number);
    ql_stat_number(row, path->id);
    ql_stat_text(row, ql_endpoint_text(&path->client));
    ql_stat_text(row, ql_endpoint_text(&path->server));
    ql_stat_safe(row, ql_path_cause_name(path->cause));
    ql_stat_number_if(row, path->first_frame);
    ql_stat_number_if(row, path->last_frame);
    ql_stat_number(row, path->packets[QL_CLIENT]);
    ql_stat_number(row, path->packets[QL_SERVER]);
    ql_stat_number(row, path->bytes[QL_CLIENT]);
    ql_stat_number(row, path->bytes[QL_SERVER]);
    ql_stat_safe(row, path->validated ? "yes" : "no");
    ql_stat_number_if(row, path->challenge_frame);
    ql_stat_number_if(row, path->response_frame);
    ql_stat_ms(row, timed ? (double)path->validation_ns / 1e9 : -1);
    ql_stat_number(row, path->largest[QL_CLIENT]);
    ql_stat_number(row, path->largest[QL_SERVER]);
    ql_stat_number(row, path->delivered[QL_CLIENT]);
    ql_stat_number(row, path->delivered[QL_SERVER]);
    ql_stat_number(row, path->ecn[QL_CLIENT][QL_ECN_CE]);
    ql_stat_number(row, path->ecn[QL_SERVER][QL_ECN_CE]);
    ql_stat_ms(row, path->spin_rtt_ns != 0 ? (double)path->spin_rtt_ns / 1e9 : -1);
}

ql_stat_table ql_stat_paths = {
    .ui = QL_STAT_TABLE("paths", "QUIC paths (quiclens)", columns),
    .thing_of = thing_of,
    .fill = fill,
};
