/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: a row for each connection ID, with its life. */
#include "reports/text.h"
#include "views/stat_table.h"

#include <inttypes.h>

static stat_tap_table_item columns[] = {
    QL_STAT_NUMBER("Connection"),
    QL_STAT_TEXT("Issuer"),
    QL_STAT_TEXT("Sequence"),
    QL_STAT_TEXT("ID"),
    QL_STAT_TEXT("Origin"),
    QL_STAT_NUMBER("Issued"),
    QL_STAT_NUMBER("First used"),
    QL_STAT_NUMBER("Last used"),
    QL_STAT_NUMBER("Retired"),
    QL_STAT_NUMBER("Packets"),
    QL_STAT_NUMBER("Bytes"),
    QL_STAT_NUMBER("Length"),
    QL_STAT_NUMBER("Times issued"),
    QL_STAT_NUMBER("Retire Prior To"),
    QL_STAT_NUMBER("Retirement acked"),
    QL_STAT_TEXT("Reset token"),
};

static const void *thing_of(const ql_event *event)
{
    switch (event->kind) {
    case QL_EVENT_PACKET: return event->packet.dcid;
    case QL_EVENT_CID: return event->cid.cid;
    default: return NULL;
    }
}

static void fill(ql_stat_row *row, const ql_connection *connection, const void *thing)
{
    const ql_cid_entry *entry = thing;
    ql_stat_number(row, ql_connection_facts_of(connection)->number);
    ql_stat_safe(row, ql_side_name(entry->issuer));
    ql_stat_text(row, entry->has_sequence ? g_strdup_printf("%" PRIu64, entry->sequence) : NULL);
    ql_stat_text(row, ql_cid_text(&entry->cid));
    ql_stat_safe(row, ql_cid_origin_name(entry->origin));
    ql_stat_number_if(row, entry->issued_frame);
    ql_stat_number_if(row, entry->first_used_frame);
    ql_stat_number_if(row, entry->last_used_frame);
    ql_stat_number_if(row, entry->retired_frame);
    ql_stat_number(row, entry->packets);
    ql_stat_number(row, entry->bytes);
    ql_stat_number(row, entry->cid.length);
    ql_stat_number(row, entry->issues);
    ql_stat_number(row, entry->retire_prior_to);
    ql_stat_number_if(row, entry->retirement_acked_frame);
    ql_stat_text(row, entry->has_reset_token
                          ? ql_text_hex(entry->reset_token, sizeof entry->reset_token)
                          : NULL);
}

ql_stat_table ql_stat_cids = {
    .ui = QL_STAT_TABLE("cids", "QUIC connection IDs (quiclens)", columns),
    .thing_of = thing_of,
    .fill = fill,
};
