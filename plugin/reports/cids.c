/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/table.h"
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

#define TIMELINE_MAX 6u /* IDs in a line below the table */

static const ql_column columns[] = {
    { .title = "#", .right = true }, /* sequence number */
    { .title = "connection ID", .flexible = true },
    { .title = "from", .flexible = true },
    { .title = "issued", .right = true },
    { .title = "used", .right = true },
    { .title = "retired", .right = true },
    { .title = "packets", .right = true },
};

static const char *origin_text(const ql_cid_entry *entry)
{
    return entry->origin == QL_ORIGIN_CLIENT_RANDOM ? "client's choice"
                                                    : ql_cid_origin_name(entry->origin);
}

static void add_row(ql_table *table, const ql_cid_entry *entry)
{
    if (entry->has_sequence)
        ql_table_add_format(table, "%" PRIu64, entry->sequence);
    else
        ql_table_add(table, g_strdup("-"));
    ql_table_add(table, ql_cid_text(&entry->cid));
    ql_table_add(table, g_strdup(origin_text(entry)));
    if (entry->issues > 1)
        ql_table_add_format(table, "%u-%u", entry->issued_frame, entry->last_issued_frame);
    else
        ql_table_add_frame(table, entry->issued_frame);
    if (entry->first_used_frame != entry->last_used_frame)
        ql_table_add_format(table, "%u-%u", entry->first_used_frame, entry->last_used_frame);
    else
        ql_table_add_frame(table, entry->first_used_frame);
    ql_table_add_frame(table, entry->retired_frame);
    ql_table_add(table, ql_text_count(entry->packets));
}

/* Those without a sequence number, which are older, ahead of the others. */
static gint compare_entries(gconstpointer a, gconstpointer b)
{
    const ql_cid_entry *x = *(const ql_cid_entry *const *)a, *y = *(const ql_cid_entry *const *)b;
    if (x->has_sequence != y->has_sequence)
        return x->has_sequence ? 1 : -1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static gint compare_use(gconstpointer a, gconstpointer b)
{
    const ql_cid_entry *x = *(const ql_cid_entry *const *)a, *y = *(const ql_cid_entry *const *)b;
    return x->first_used_frame < y->first_used_frame ? -1
                                                     : x->first_used_frame > y->first_used_frame;
}

/* "In use: client's choice in 1 (1,200 bytes), 0 in 4-16 (5,100 bytes)": a line of the IDs to which
 * this applies, broken where the page ends. */
typedef char *(*tell_fn)(const ql_cid_entry *entry); /* NULL where it does not apply */

static char *tell_use(const ql_cid_entry *entry)
{
    if (entry->first_used_frame == 0)
        return NULL;
    char *bytes = ql_text_bytes(entry->bytes);
    char *text =
        entry->last_used_frame == entry->first_used_frame
            ? g_strdup_printf("%u (%s)", entry->first_used_frame, bytes)
            : g_strdup_printf("%u-%u (%s)", entry->first_used_frame, entry->last_used_frame, bytes);
    g_free(bytes);
    return text;
}

static char *tell_retirement(const ql_cid_entry *entry)
{
    return entry->retirement_acked_frame == 0
               ? NULL
               : g_strdup_printf("%u", entry->retirement_acked_frame);
}

static void write_line(const GPtrArray *entries, const char *title, tell_fn tell, FILE *out)
{
    unsigned told = 0;
    size_t column = 0;
    for (guint i = 0; i < entries->len; i++) {
        const ql_cid_entry *entry = g_ptr_array_index(entries, i);
        char *where = tell(entry);
        if (where == NULL)
            continue;
        char *item = told == TIMELINE_MAX ? g_strdup("and more")
                     : entry->has_sequence
                         ? g_strdup_printf("%" PRIu64 " in %s", entry->sequence, where)
                         : g_strdup_printf("%s in %s", origin_text(entry), where);
        bool fits = column + strlen(item) + 3 <= QL_PAGE_WIDTH;
        const char *ahead = told == 0 ? title : fits ? ", " : ",\n    ";
        fprintf(out, "%s%s", ahead, item);
        column = (fits ? column : 2) + strlen(ahead) + strlen(item);
        g_free(item);
        g_free(where);
        if (told++ == TIMELINE_MAX)
            break;
    }
    if (told > 0)
        fputc('\n', out);
}

/* Retire Prior To as it rose: "Retire Prior To: 8 in 15". */
static void write_requests(const GPtrArray *entries, FILE *out)
{
    uint64_t highest = 0;
    for (guint i = 0; i < entries->len; i++) {
        const ql_cid_entry *entry = g_ptr_array_index(entries, i);
        if (entry->retire_prior_to <= highest)
            continue;
        fprintf(out, "%s%" PRIu64 " in %u", highest == 0 ? "Retire Prior To: " : ", ",
                entry->retire_prior_to, entry->issued_frame);
        highest = entry->retire_prior_to;
    }
    if (highest > 0)
        fputc('\n', out);
}

static void write_issuer(const ql_connection *connection, ql_side issuer, FILE *out)
{
    const GPtrArray *entries = ql_connection_cids(connection, issuer);
    if (entries->len == 0)
        return;
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    GPtrArray *sorted = g_ptr_array_sized_new(entries->len);
    for (guint i = 0; i < entries->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(entries, i));
    g_ptr_array_sort(sorted, compare_entries); /* which is stable */
    for (guint i = 0; i < sorted->len; i++)
        add_row(table, g_ptr_array_index(sorted, i));
    fprintf(out, "\nThe %s's, to which the %s sends:\n", ql_side_name(issuer),
            ql_side_name(ql_side_other(issuer)));
    ql_table_write(table, out);
    ql_table_free(table);
    write_requests(sorted, out);
    write_line(sorted, "Retirement acknowledged: ", tell_retirement, out);
    g_ptr_array_sort(sorted, compare_use);
    write_line(sorted, "In use: ", tell_use, out);
    g_ptr_array_free(sorted, TRUE);
}

void ql_report_cids(const ql_session *session, FILE *out)
{
    unsigned count = ql_session_connection_count(session);
    if (count == 0)
        fputs("No QUIC connection\n", out);
    for (unsigned c = 0; c < count; c++) {
        const ql_connection *connection = ql_session_connection(session, c);
        const ql_connection_facts *facts = ql_connection_facts_of(connection);
        char *client = ql_endpoint_text(&facts->client);
        char *server = ql_endpoint_text(&facts->server);
        fprintf(out, "%sConnection %u: client %s, server %s\n", c > 0 ? "\n" : "", facts->number,
                client, server);
        write_issuer(connection, QL_CLIENT, out);
        write_issuer(connection, QL_SERVER, out);
        g_free(client);
        g_free(server);
    }
}
