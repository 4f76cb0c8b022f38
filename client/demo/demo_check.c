/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_check.h"

#include <inttypes.h>
#include <nghttp3/nghttp3.h>
#include <stdarg.h>
#include <stdbool.h>

static void differ(GPtrArray *differences, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void differ(GPtrArray *differences, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(differences, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static void compare_text(GPtrArray *differences, const char *what, const char *done,
                         const char *seen)
{
    if (g_strcmp0(done, seen) != 0)
        differ(differences, "%s: the client says %s, the plugin says %s", what,
               done != NULL ? done : "there is none", seen != NULL ? seen : "there is none");
}

static void compare_number(GPtrArray *differences, const char *what, uint64_t done, uint64_t seen)
{
    if (done != seen)
        differ(differences, "%s: the client says %" PRIu64 ", the plugin says %" PRIu64, what, done,
               seen);
}

static const ql_fact_exchange *find_exchange(const ql_facts *facts, int64_t stream)
{
    for (guint i = 0; i < facts->exchanges->len; i++) {
        const ql_fact_exchange *fact = g_ptr_array_index(facts->exchanges, i);
        if (!fact->pushed && (int64_t)fact->stream == stream)
            return fact;
    }
    return NULL;
}

static void compare_request(GPtrArray *differences, const ql_recorded_request *done,
                            const ql_fact_exchange *seen)
{
    const struct {
        const char *what, *done, *seen;
    } texts[] = {
        { "method", done->method, seen->method },
        { "path", done->path, seen->path },
        { "digest of the request's content", done->sent_sha256, seen->request_body_sha256 },
        { "digest of the response's content", done->received_sha256, seen->response_body_sha256 },
    };
    const struct {
        const char *what;
        uint64_t done, seen;
    } numbers[] = {
        { "status", done->status, seen->status },
        { "size of the request's content", done->sent, seen->request_body_size },
        { "size of the response's content", done->received, seen->response_body_size },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *what =
            g_strdup_printf("stream %" PRId64 ", %s", done->stream, texts[i].what);
        compare_text(differences, what, texts[i].done, texts[i].seen);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *what =
            g_strdup_printf("stream %" PRId64 ", %s", done->stream, numbers[i].what);
        compare_number(differences, what, numbers[i].done, numbers[i].seen);
    }
    if (!seen->complete)
        differ(differences, "stream %" PRId64 ": the plugin did not see all of it", done->stream);
}

static void compare_requests(GPtrArray *differences, const ql_demo_record *record,
                             const ql_facts *facts)
{
    compare_number(differences, "requests", record->requests->len, facts->exchanges->len);
    for (guint i = 0; i < record->requests->len; i++) {
        const ql_recorded_request *done = g_ptr_array_index(record->requests, i);
        const ql_fact_exchange *seen = find_exchange(facts, done->stream);
        if (seen == NULL)
            differ(differences,
                   "stream %" PRId64 ": the client asked %s %s, the plugin saw nothing",
                   done->stream, done->method, done->path);
        else
            compare_request(differences, done, seen);
    }
}

/* What the plugin saw of the issuer's IDs: of the server's only those that were used, as the
 * client's record knows no others. */
static GHashTable *seen_cids(const ql_facts *facts, const char *issuer)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    bool used_only = g_strcmp0(issuer, "server") == 0;
    for (guint i = 0; i < facts->cids->len; i++) {
        const ql_fact_cid *fact = g_ptr_array_index(facts->cids, i);
        if (fact->value != NULL && g_strcmp0(fact->issuer, issuer) == 0 &&
            (!used_only || fact->first_used_frame != 0))
            g_hash_table_add(seen, fact->value);
    }
    return seen;
}

static void compare_cids(GPtrArray *differences, GHashTable *done, const ql_facts *facts,
                         const char *issuer)
{
    g_autoptr(GHashTable) seen = seen_cids(facts, issuer);
    GHashTableIter iter;
    gpointer value;
    const char *verb = g_strcmp0(issuer, "server") == 0 ? "used" : "issued";
    if (g_hash_table_size(done) == 0)
        differ(differences, "the client's record has no connection IDs that it %s", verb);
    g_hash_table_iter_init(&iter, done);
    while (g_hash_table_iter_next(&iter, &value, NULL))
        if (!g_hash_table_contains(seen, value))
            differ(differences, "connection ID %s: the client %s it, the plugin did not see that",
                   (const char *)value, verb);
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &value, NULL))
        if (!g_hash_table_contains(done, value))
            differ(differences,
                   "connection ID %s: the plugin says that the client %s it, it did not",
                   (const char *)value, verb);
}

static bool any_answer_ends_after(const ql_facts *facts, uint32_t frame)
{
    for (guint i = 0; i < facts->exchanges->len; i++) {
        const ql_fact_exchange *fact = g_ptr_array_index(facts->exchanges, i);
        if (fact->end_frame > frame)
            return true;
    }
    return false;
}

static void compare_move(GPtrArray *differences, const ql_demo_record *record,
                         const ql_facts *facts)
{
    const ql_fact_path *first = NULL, *moved = NULL;
    for (guint i = 0; i < facts->paths->len; i++) {
        const ql_fact_path *fact = g_ptr_array_index(facts->paths, i);
        if (g_strcmp0(fact->cause, "initial") == 0)
            first = fact;
        else if (g_strcmp0(fact->cause, "migration") == 0)
            moved = fact;
        else
            differ(differences, "path %u: the plugin says that its cause is %s", fact->id,
                   fact->cause != NULL ? fact->cause : "not known");
    }
    compare_text(differences, "the client's first address", record->first_address,
                 first != NULL ? first->client : NULL);
    compare_text(differences, "the address that the client moved to", record->last_address,
                 moved != NULL ? moved->client : NULL);
    if (moved != NULL && !moved->validated)
        differ(differences, "the new path: the plugin did not see that it was validated");
    if (moved != NULL && moved->validated && !any_answer_ends_after(facts, moved->response_frame))
        differ(differences, "the move: all answers had come before it");
}

static void compare_end(GPtrArray *differences, const ql_facts *facts)
{
    if (facts->connections->len == 0)
        return;
    const ql_fact_connection *fact = g_ptr_array_index(facts->connections, 0);
    compare_text(differences, "secrets", "available", fact->secrets);
    compare_text(differences, "who closes the connection", "client", fact->close_sender);
    compare_number(differences, "error code at the end", NGHTTP3_H3_NO_ERROR, fact->close_error);
}

GPtrArray *ql_demo_check(const ql_demo_record *record, const ql_facts *facts)
{
    GPtrArray *differences = g_ptr_array_new_with_free_func(g_free);
    compare_number(differences, "connections", record->connections, facts->connections->len);
    compare_requests(differences, record, facts);
    compare_cids(differences, record->own_cids, facts, "client");
    compare_cids(differences, record->server_cids, facts, "server");
    compare_move(differences, record, facts);
    compare_end(differences, facts);
    return differences;
}
