/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_record.h"

#include <stdbool.h>
#include <string.h>

static void recorded_request_free(gpointer data)
{
    ql_recorded_request *request = data;
    g_free(request->method);
    g_free(request->path);
    g_free(request->sent_sha256);
    g_free(request->received_sha256);
    g_free(request);
}

ql_demo_record *ql_demo_record_new(void)
{
    ql_demo_record *record = g_new0(ql_demo_record, 1);
    record->requests = g_ptr_array_new_with_free_func(recorded_request_free);
    record->own_cids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    record->server_cids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return record;
}

void ql_demo_record_free(ql_demo_record *record)
{
    if (record == NULL)
        return;
    g_ptr_array_unref(record->requests);
    g_hash_table_unref(record->own_cids);
    g_hash_table_unref(record->server_cids);
    g_free(record->first_address);
    g_free(record->last_address);
    g_free(record);
}

/* Where the rest of the line begins if it starts like that, else NULL. */
static const char *after(const char *line, const char *start)
{
    return g_str_has_prefix(line, start) ? line + strlen(start) : NULL;
}

/* The trace writes IDs as "0x1a2b". */
static void add_cid(GHashTable *cids, const char *text)
{
    text = after(text, "0x");
    if (text != NULL)
        g_hash_table_add(cids, g_strndup(text, strspn(text, "0123456789abcdef")));
}

static void add_first_cids(ql_demo_record *record, const char *text)
{
    const char *server = strstr(text, "until it chooses one, ");
    add_cid(record->own_cids, text);
    if (server != NULL)
        add_cid(record->server_cids, after(server, "until it chooses one, "));
}

static void add_line(ql_demo_record *record, const char *line)
{
    const char *rest;
    if ((rest = after(line, "* connecting to ")) != NULL) {
        const char *from = strstr(rest, " from ");
        record->connections++;
        g_free(record->first_address);
        from = from != NULL ? after(from, " from ") : NULL;
        record->first_address = from != NULL ? g_strndup(from, strcspn(from, " ")) : NULL;
    } else if ((rest = after(line, "* our connection ID is ")) != NULL) {
        add_first_cids(record, rest);
    } else if ((rest = after(line, "* issued connection ID ")) != NULL) {
        add_cid(record->own_cids, rest);
    } else if ((rest = after(line, "* the server's connection ID is ")) != NULL ||
               (rest = after(line, "* using the server's connection ID ")) != NULL) {
        add_cid(record->server_cids, rest);
    } else if ((rest = after(line, "* moved to ")) != NULL) {
        const char *end = strstr(rest, ": ");
        g_free(record->last_address);
        record->last_address = g_strndup(rest, end != NULL ? (size_t)(end - rest) : strlen(rest));
    }
}

void ql_demo_record_add_trace(ql_demo_record *record, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        add_line(record, lines[i]);
}

void ql_demo_record_add_request(ql_demo_record *record, const ql_request *request,
                                const char *sent_sha256)
{
    ql_recorded_request *recorded = g_new0(ql_recorded_request, 1);
    recorded->stream = ql_request_get_stream(request);
    recorded->method = g_strdup(ql_request_method(request));
    recorded->path = g_strdup(ql_request_url(request)->path);
    recorded->status = (unsigned)ql_request_status(request);
    recorded->sent = ql_request_uploaded(request);
    recorded->sent_sha256 = g_strdup(sent_sha256);
    recorded->received = ql_request_received(request);
    if (recorded->received > 0)
        recorded->received_sha256 = ql_request_sha256(request);
    g_ptr_array_add(record->requests, recorded);
}
