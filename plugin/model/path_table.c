/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/path_table.h"

#include "model/hash_key.h"

#include <string.h>

/* A challenge that waits for its answer. */
typedef struct challenge {
    uint8_t data[8];
    ql_side sender;
    ql_path *path;
    ql_where where;
} challenge;

#define EARLY_MAX 64u /* datagrams that are held one by one until a path is validated */

struct ql_early_datagrams {
    unsigned count;
    struct {
        uint32_t frame, length;
        ql_side sender;
    } of[EARLY_MAX];
};

struct ql_path_table {
    GPtrArray *paths;
    ql_hash_key key;
    GHashTable *by_pair; /* ql_ends_key of client and server -> ql_path */
    ql_path *recent;     /* the last one that was found, or NULL */
    GQueue challenges;   /* of challenge, oldest first */
    GArray *orphans;     /* of ql_orphan_response */
};

static void free_path(gpointer data)
{
    ql_path *path = data;
    g_free(path->early);
    g_free(path);
}

ql_path_table *ql_path_table_new(void)
{
    ql_path_table *table = g_new0(ql_path_table, 1);
    table->paths = g_ptr_array_new_with_free_func(free_path);
    table->key = ql_hash_key_new();
    table->by_pair = g_hash_table_new_full(ql_hash_key_hash, ql_ends_key_equal, g_free, NULL);
    g_queue_init(&table->challenges);
    table->orphans = g_array_new(FALSE, FALSE, sizeof(ql_orphan_response));
    return table;
}

void ql_path_table_free(ql_path_table *table)
{
    if (table == NULL)
        return;
    g_queue_clear_full(&table->challenges, g_free);
    g_array_free(table->orphans, TRUE);
    g_hash_table_destroy(table->by_pair);
    g_ptr_array_free(table->paths, TRUE);
    g_free(table);
}

void ql_path_count_early(ql_path *path, ql_side sender, size_t length, uint32_t frame)
{
    path->before_validation[sender] += length;
    if (path->early == NULL)
        path->early = g_new0(struct ql_early_datagrams, 1);
    unsigned at = path->early->count;
    if (at == EARLY_MAX)
        return;
    path->early->of[at].frame = frame;
    path->early->of[at].length = (uint32_t)length;
    path->early->of[at].sender = sender;
    path->early->count++;
}

/* Where the proof stands behind all that is held one by one, all of these count. */
static void recount(ql_path *path, uint32_t proof)
{
    const struct ql_early_datagrams *early = path->early;
    uint64_t before[2] = { 0, 0 };
    bool later = false;
    for (unsigned i = 0; i < early->count; i++) {
        later |= early->of[i].frame >= proof;
        if (early->of[i].frame < proof)
            before[early->of[i].sender] += early->of[i].length;
    }
    if (later)
        memcpy(path->before_validation, before, sizeof before);
}

void ql_path_validate_for_server(ql_path *path, const ql_where *where)
{
    if (path->validated_for_server)
        return;
    path->validated_for_server_ns = where->time_ns;
    path->validated_for_server = true;
    if (path->early != NULL)
        recount(path, where->frame);
    g_clear_pointer(&path->early, g_free);
}

static bool is_between(const ql_path *path, const ql_endpoint *client, const ql_endpoint *server)
{
    return ql_endpoint_equal(&path->client, client) && ql_endpoint_equal(&path->server, server);
}

ql_path *ql_path_table_find(ql_path_table *table, const ql_endpoint *client,
                            const ql_endpoint *server)
{
    if (table->recent != NULL && is_between(table->recent, client, server))
        return table->recent;
    ql_ends_key key = ql_ends_key_of(&table->key, client, server);
    ql_path *found = g_hash_table_lookup(table->by_pair, &key);
    if (found != NULL)
        table->recent = found;
    return found;
}

ql_path *ql_path_table_get(ql_path_table *table, const ql_endpoint *client,
                           const ql_endpoint *server, bool *fresh)
{
    ql_path *path = ql_path_table_find(table, client, server);
    *fresh = path == NULL && table->paths->len < QL_PATHS_MAX;
    if (path != NULL)
        return path;
    if (!*fresh)
        return g_ptr_array_index(table->paths, table->paths->len - 1);
    path = g_new0(ql_path, 1);
    path->id = table->paths->len;
    path->client = *client;
    path->server = *server;
    g_ptr_array_add(table->paths, path);
    ql_ends_key key = ql_ends_key_of(&table->key, client, server);
    g_hash_table_insert(table->by_pair, g_memdup2(&key, sizeof key), path);
    return path;
}

void ql_path_note_cid(ql_path *path, ql_side sender, const struct ql_cid_entry *cid)
{
    unsigned count = path->cid_count[sender];
    for (unsigned i = count; i-- > 0;)
        if (path->cids[sender][i] == cid)
            return;
    if (count < QL_PATH_CIDS_MAX)
        path->cids[sender][path->cid_count[sender]++] = cid;
}

void ql_path_table_challenge(ql_path_table *table, ql_path *path, ql_side sender,
                             const uint8_t data[8], const ql_where *where)
{
    challenge *waiting = g_new0(challenge, 1);
    *waiting = (challenge){ .sender = sender, .path = path, .where = *where };
    memcpy(waiting->data, data, sizeof waiting->data);
    g_queue_push_tail(&table->challenges, waiting);
    if (table->challenges.length > QL_CHALLENGES_MAX)
        g_free(g_queue_pop_head(&table->challenges));
    if (path->challenge_frame == 0) {
        path->challenge_frame = where->frame;
        path->challenge_time_ns = where->time_ns;
    }
}

ql_path *ql_path_table_respond(ql_path_table *table, ql_side sender, const uint8_t data[8],
                               const ql_where *where, bool *was_validated)
{
    for (GList *link = table->challenges.head; link != NULL; link = link->next) {
        challenge *waiting = link->data;
        if (waiting->sender == sender || memcmp(waiting->data, data, sizeof waiting->data) != 0)
            continue;
        ql_path *path = waiting->path;
        *was_validated = path->validated;
        path->validated = true;
        if (waiting->sender == QL_SERVER)
            ql_path_validate_for_server(path, where);
        if (path->response_frame == 0) {
            path->challenge_frame = waiting->where.frame;
            path->challenge_time_ns = waiting->where.time_ns;
            path->response_frame = where->frame;
            path->validation_ns = where->time_ns > waiting->where.time_ns
                                      ? where->time_ns - waiting->where.time_ns
                                      : 0;
        }
        g_free(waiting);
        g_queue_delete_link(&table->challenges, link);
        return path;
    }
    return NULL;
}

void ql_path_table_keep_response(ql_path_table *table, const ql_orphan_response *response)
{
    if (table->orphans->len == QL_CHALLENGES_MAX)
        g_array_remove_index(table->orphans, 0);
    g_array_append_vals(table->orphans, response, 1);
}

const GArray *ql_path_table_orphans(const ql_path_table *table)
{
    return table->orphans;
}

bool ql_path_table_take_response(ql_path_table *table, ql_side sender, const uint8_t data[8],
                                 const ql_where *where, ql_orphan_response *out)
{
    for (guint i = 0; i < table->orphans->len; i++) {
        const ql_orphan_response *response = &g_array_index(table->orphans, ql_orphan_response, i);
        if (response->sender == sender || response->where.time_ns < where->time_ns ||
            memcmp(response->data, data, sizeof response->data) != 0)
            continue;
        *out = *response;
        g_array_remove_index(table->orphans, i);
        return true;
    }
    return false;
}

const GPtrArray *ql_path_table_paths(const ql_path_table *table)
{
    return table->paths;
}

const char *ql_path_cause_name(ql_path_cause cause)
{
    static const char *const names[] = {
        [QL_PATH_CAUSE_INITIAL] = "initial",
        [QL_PATH_CAUSE_MIGRATION] = "migration",
        [QL_PATH_CAUSE_REBINDING] = "rebinding",
        [QL_PATH_CAUSE_PREFERRED_ADDRESS] = "preferred-address",
        [QL_PATH_CAUSE_PROBE] = "probe",
    };
    return cause < G_N_ELEMENTS(names) ? names[cause] : "unknown";
}
