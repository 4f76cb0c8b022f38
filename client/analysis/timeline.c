/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timeline.h"

#include <inttypes.h>
#include <string.h>

#define IDS_AT_MOST 12u /* in a line; it says how many more there are */

static gint compare_use(gconstpointer a, gconstpointer b)
{
    const ql_fact_cid *x = *(const ql_fact_cid *const *)a, *y = *(const ql_fact_cid *const *)b;
    if (x->connection != y->connection)
        return x->connection < y->connection ? -1 : 1;
    /* What the server issued is what the client sends to. */
    int issuer = strcmp(y->issuer, x->issuer);
    if (issuer != 0)
        return issuer;
    return x->first_used_frame < y->first_used_frame ? -1
                                                     : x->first_used_frame > y->first_used_frame;
}

static bool is_of_one_line(const ql_fact_cid *a, const ql_fact_cid *b)
{
    return a->connection == b->connection && strcmp(a->issuer, b->issuer) == 0;
}

static void append_id(GString *line, const ql_fact_cid *cid)
{
    if (cid->has_sequence)
        g_string_append_printf(line, "number %" PRIu64, cid->sequence);
    else
        g_string_append(line, *cid->value == '\0' ? "the empty ID" : cid->value);
    g_string_append_printf(line, " in %u", cid->first_used_frame);
    if (cid->last_used_frame > cid->first_used_frame)
        g_string_append_printf(line, "-%u", cid->last_used_frame);
}

/* The line that begins with used[first]; *next is where the one after it begins. */
static char *line_from(const GPtrArray *used, guint first, guint *next)
{
    const ql_fact_cid *head = g_ptr_array_index(used, first);
    const char *sender = strcmp(head->issuer, "server") == 0 ? "client" : "server";
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "Connection %u: the %s sends to ", head->connection, sender);
    for (*next = first; *next < used->len; (*next)++) {
        const ql_fact_cid *cid = g_ptr_array_index(used, *next);
        if (!is_of_one_line(head, cid))
            break;
        if (*next - first >= IDS_AT_MOST)
            continue;
        g_string_append(line, *next > first ? ", " : "");
        append_id(line, cid);
    }
    if (*next - first > IDS_AT_MOST)
        g_string_append_printf(line, " and %u more", *next - first - IDS_AT_MOST);
    return g_string_free(line, FALSE);
}

GPtrArray *ql_timeline_of(const ql_facts *facts)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    for (guint i = 0; i < facts->cids->len; i++) {
        const ql_fact_cid *cid = g_ptr_array_index(facts->cids, i);
        if (cid->first_used_frame != 0 && cid->issuer != NULL && cid->value != NULL)
            g_ptr_array_add(used, (gpointer)(uintptr_t)cid);
    }
    g_ptr_array_sort(used, compare_use);
    for (guint i = 0; i < used->len;)
        g_ptr_array_add(lines, line_from(used, i, &i));
    return lines;
}
