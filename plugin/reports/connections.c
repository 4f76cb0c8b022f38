/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/names.h"
#include "reports/table.h"
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

static const ql_column columns[] = {
    { .title = "conn", .right = true },
    { .title = "client" },
    { .title = "server" },
    { .title = "name", .flexible = true, .optional = true },
    { .title = "version" },
    { .title = "ALPN", .optional = true },
    { .title = "secrets" },
    { .title = "frames" },
    { .title = "packets", .right = true },
    { .title = "opened", .right = true },
    { .title = "requests", .right = true },
    { .title = "closed by", .flexible = true, .optional = true },
};

static char *close_text(const ql_connection_facts *facts)
{
    if (facts->close.frame == 0)
        return NULL;
    char *error = ql_close_text(facts);
    char *text = g_strdup_printf("%s: %s", ql_side_name(facts->close.sender), error);
    g_free(error);
    return text;
}

static void add_row(ql_table *table, const ql_connection *connection)
{
    const ql_connection_facts *facts = ql_connection_facts_of(connection);
    ql_table_add_format(table, "%u", facts->number);
    ql_table_add(table, ql_endpoint_text(&facts->client));
    ql_table_add(table, ql_endpoint_text(&facts->server));
    ql_table_add(table, ql_text_safe(facts->server_name, strlen(facts->server_name)));
    ql_table_add(table, ql_version_text(facts->version));
    ql_table_add(table, ql_text_safe(facts->alpn, strlen(facts->alpn)));
    ql_table_add(table, g_strdup(ql_secrets_state_name(facts->secrets)));
    ql_table_add_format(table, "%u-%u", facts->first.frame, facts->last.frame);
    ql_table_add(table, ql_text_count(facts->packets));
    ql_table_add(table, ql_text_count(facts->closed[QL_OPENED]));
    ql_table_add_format(table, "%u", ql_streams_exchanges(ql_connection_streams(connection))->len);
    ql_table_add(table, close_text(facts));
}

void ql_report_connections(const ql_session *session, FILE *out)
{
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    unsigned count = ql_session_connection_count(session);
    for (unsigned c = 0; c < count; c++)
        add_row(table, ql_session_connection(session, c));
    fprintf(out, "%u connection%s\n", count, count == 1 ? "" : "s");
    if (count > 0)
        ql_table_write(table, out);
    ql_table_free(table);
}
