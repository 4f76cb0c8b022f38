/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/table.h"
#include "reports/text.h"

#include <inttypes.h>

static const ql_column columns[] = {
    { .title = "conn", .right = true, .optional = true },
    { .title = "path", .right = true },
    { .title = "client", .flexible = true },
    { .title = "server", .flexible = true, .optional = true },
    { .title = "cause" },
    { .title = "frames" },
    { .title = "bytes up", .right = true },
    { .title = "down", .right = true },
    { .title = "validated" },
};

/* What came through, up and down. */
static const ql_column carried_columns[] = {
    { .title = "conn", .right = true, .optional = true },
    { .title = "path", .right = true },
    { .title = "packets up", .right = true },
    { .title = "down", .right = true },
    { .title = "acked size up", .right = true },
    { .title = "down", .right = true },
    { .title = "spin RTT", .right = true, .optional = true },
    { .title = "IDs up", .flexible = true },
    { .title = "down", .flexible = true },
};

/* How many datagrams had which mark: a pair of columns for each that was met. */
static const ql_column mark_columns[] = {
    { .title = "conn", .right = true, .optional = true },
    { .title = "path", .right = true },
    { .title = "Not-ECT up", .right = true, .optional = true },
    { .title = "down", .right = true, .optional = true },
    { .title = "ECT(1) up", .right = true, .optional = true },
    { .title = "down", .right = true, .optional = true },
    { .title = "ECT(0) up", .right = true, .optional = true },
    { .title = "down", .right = true, .optional = true },
    { .title = "CE up", .right = true, .optional = true },
    { .title = "down", .right = true, .optional = true },
};

static void add_validation(ql_table *table, const ql_path *path)
{
    if (path->validated && path->response_frame != 0) {
        char *time = ql_text_seconds((double)path->validation_ns / 1e9);
        ql_table_add_format(table, "in %s (%u, %u)", time, path->challenge_frame,
                            path->response_frame);
        g_free(time);
    } else if (path->validated) {
        ql_table_add(table, g_strdup("by the handshake"));
    } else if (path->challenge_frame != 0) {
        ql_table_add_format(table, "asked in %u%s", path->challenge_frame,
                            path->left ? ", given up" : "");
    } else {
        ql_table_add(table, g_strdup("no"));
    }
}

/* What all rows have in common is told ahead of the table, which leaves room for the rest. */
typedef struct scope {
    bool many_connections;
    const ql_endpoint *server; /* of all paths; NULL where they differ */
} scope;

static void add_row(ql_table *table, const scope *all, uint32_t connection, const ql_path *path)
{
    ql_table_add(table, all->many_connections ? g_strdup_printf("%u", connection) : NULL);
    ql_table_add_format(table, "%u", path->id);
    ql_table_add(table, ql_endpoint_text(&path->client));
    ql_table_add(table, all->server == NULL ? ql_endpoint_text(&path->server) : NULL);
    ql_table_add(table, g_strdup(ql_path_cause_name(path->cause)));
    ql_table_add_format(table, "%u-%u", path->first_frame, path->last_frame);
    ql_table_add(table, ql_text_count(path->bytes[QL_CLIENT]));
    ql_table_add(table, ql_text_count(path->bytes[QL_SERVER]));
    add_validation(table, path);
}

static void add_marks(ql_table *table, const scope *all, uint32_t connection, const ql_path *path)
{
    ql_table_add(table, all->many_connections ? g_strdup_printf("%u", connection) : NULL);
    ql_table_add_format(table, "%u", path->id);
    for (unsigned ecn = 0; ecn < 4; ecn++) {
        bool met = path->ecn[QL_CLIENT][ecn] > 0 || path->ecn[QL_SERVER][ecn] > 0;
        ql_table_add(table, met ? ql_text_count(path->ecn[QL_CLIENT][ecn]) : NULL);
        ql_table_add(table, met ? ql_text_count(path->ecn[QL_SERVER][ecn]) : NULL);
    }
}

/* Sequence numbers, and for IDs that have none where they come from. */
static char *cids_text(const ql_path *path, ql_side sender)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < path->cid_count[sender]; i++) {
        const ql_cid_entry *entry = path->cids[sender][i];
        g_string_append(text, text->len > 0 ? ", " : "");
        if (entry->has_sequence)
            g_string_append_printf(text, "%" PRIu64, entry->sequence);
        else
            g_string_append(text, ql_cid_origin_name(entry->origin));
    }
    return g_string_free(text, FALSE);
}

static void add_largest(ql_table *table, size_t size)
{
    ql_table_add(table, size > 0 ? ql_text_count(size) : g_strdup("-"));
}

static void add_carried(ql_table *table, const scope *all, uint32_t connection, const ql_path *path)
{
    ql_table_add(table, all->many_connections ? g_strdup_printf("%u", connection) : NULL);
    ql_table_add_format(table, "%u", path->id);
    ql_table_add(table, ql_text_count(path->packets[QL_CLIENT]));
    ql_table_add(table, ql_text_count(path->packets[QL_SERVER]));
    add_largest(table, path->delivered[QL_CLIENT]);
    add_largest(table, path->delivered[QL_SERVER]);
    ql_table_add(table,
                 path->spin_rtt_ns == 0 ? NULL : ql_text_seconds((double)path->spin_rtt_ns / 1e9));
    ql_table_add(table, cids_text(path, QL_CLIENT));
    ql_table_add(table, cids_text(path, QL_SERVER));
}

static const ql_endpoint *common_server(const ql_session *session)
{
    const ql_endpoint *server = NULL;
    for (unsigned c = 0; c < ql_session_connection_count(session); c++) {
        const GPtrArray *paths = ql_connection_paths(ql_session_connection(session, c));
        for (guint i = 0; i < paths->len; i++) {
            const ql_path *path = g_ptr_array_index(paths, i);
            if (server != NULL && !ql_endpoint_equal(server, &path->server))
                return NULL;
            server = &path->server;
        }
    }
    return server;
}

static void write_head(unsigned paths, unsigned connections, const scope *all, FILE *out)
{
    fprintf(out, "%u path%s of %u connection%s", paths, paths == 1 ? "" : "s", connections,
            connections == 1 ? "" : "s");
    char *server = all->server != NULL ? ql_endpoint_text(all->server) : NULL;
    fprintf(out, "%s%s\n", server != NULL ? ", server " : "", server != NULL ? server : "");
    g_free(server);
}

void ql_report_paths(const ql_session *session, FILE *out)
{
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    ql_table *carried = ql_table_new(carried_columns, G_N_ELEMENTS(carried_columns));
    ql_table *marks = ql_table_new(mark_columns, G_N_ELEMENTS(mark_columns));
    unsigned connections = ql_session_connection_count(session), count = 0;
    scope all = { connections > 1, common_server(session) };
    for (unsigned c = 0; c < connections; c++) {
        const GPtrArray *paths = ql_connection_paths(ql_session_connection(session, c));
        for (guint i = 0; i < paths->len; i++) {
            add_row(table, &all, c, g_ptr_array_index(paths, i));
            add_carried(carried, &all, c, g_ptr_array_index(paths, i));
            add_marks(marks, &all, c, g_ptr_array_index(paths, i));
        }
        count += paths->len;
    }
    write_head(count, connections, &all, out);
    if (count > 0) {
        ql_table_write(table, out);
        fputs("\nUDP datagrams and connection IDs, by the sender's direction:\n", out);
        ql_table_write(carried, out);
        fputs("\nECN marks of the UDP datagrams, by the sender's direction:\n", out);
        ql_table_write(marks, out);
    }
    ql_table_free(table);
    ql_table_free(carried);
    ql_table_free(marks);
}
