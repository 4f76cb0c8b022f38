/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/router.h"

#include "model/hash_key.h"

#include <string.h>

/* A connection, and on which side of it the key stands: issuer of the ID or token, or who is at the
 * end. */
typedef struct member {
    struct ql_connection *connection;
    ql_side side;
} member;

/* Newest last. Nearly all have one member. */
typedef struct links {
    unsigned count, room;
    member of[];
} links;

struct ql_router {
    ql_hash_key key;
    GHashTable *by_cid;               /* ql_cid_key -> links; side: issuer */
    GHashTable *by_pair;              /* ql_ends_key -> links, in both directions; side: sender */
    GHashTable *by_end;               /* ql_ends_key, twice the same -> links; side: who is there */
    GHashTable *by_token;             /* ql_token_key -> links; side: issuer */
    unsigned lengths[QL_CID_MAX + 1]; /* how many IDs of each length were entered */
};

static GHashTable *table_new(GEqualFunc equal)
{
    return g_hash_table_new_full(ql_hash_key_hash, equal, g_free, g_free);
}

ql_router *ql_router_new(void)
{
    ql_router *router = g_new0(ql_router, 1);
    router->key = ql_hash_key_new();
    router->by_cid = table_new(ql_cid_key_equal);
    router->by_pair = table_new(ql_ends_key_equal);
    router->by_end = table_new(ql_ends_key_equal);
    router->by_token = table_new(ql_token_key_equal);
    return router;
}

void ql_router_free(ql_router *router)
{
    if (router == NULL)
        return;
    g_hash_table_destroy(router->by_cid);
    g_hash_table_destroy(router->by_pair);
    g_hash_table_destroy(router->by_end);
    g_hash_table_destroy(router->by_token);
    g_free(router);
}

/* Twice the room that `all` has, which is NULL where there is none yet. */
static links *grow(GHashTable *table, gconstpointer key, size_t key_size, const links *all)
{
    unsigned count = all == NULL ? 0 : all->count;
    unsigned room = MAX(1, 2 * count);
    links *larger = g_malloc0(sizeof *larger + room * sizeof(member));
    larger->room = room;
    larger->count = count;
    if (count > 0)
        memcpy(larger->of, all->of, count * sizeof(member));
    g_hash_table_insert(table, g_memdup2(key, key_size), larger);
    return larger;
}

/* Makes the connection the newest of its key. True when the key did not have it. */
static bool add_link(GHashTable *table, gconstpointer key, size_t key_size,
                     struct ql_connection *connection, ql_side side)
{
    links *all = g_hash_table_lookup(table, key);
    if (all == NULL)
        all = grow(table, key, key_size, NULL);
    unsigned at = 0;
    while (at < all->count && (all->of[at].connection != connection || all->of[at].side != side))
        at++;
    bool fresh = at == all->count;
    if (fresh && all->count == QL_CONNECTIONS_KEPT) {
        at = 0;
    } else if (fresh) {
        if (all->count == all->room)
            all = grow(table, key, key_size, all);
        at = all->count++;
    }
    unsigned behind = all->count - at - 1;
    memmove(&all->of[at], &all->of[at + 1], behind * sizeof(member));
    all->of[all->count - 1] = (member){ connection, side };
    return fresh;
}

void ql_router_add_cid(ql_router *router, struct ql_connection *connection, ql_side issuer,
                       const ql_cid *cid)
{
    if (cid->length == 0)
        return;
    ql_cid_key key = ql_cid_key_of(&router->key, cid);
    if (add_link(router->by_cid, &key, sizeof key, connection, issuer))
        router->lengths[cid->length]++;
}

void ql_router_add_path(ql_router *router, struct ql_connection *connection,
                        const ql_endpoint *client, const ql_endpoint *server)
{
    const ql_hash_key *key = &router->key;
    ql_ends_key forth = ql_ends_key_of(key, client, server);
    ql_ends_key back = ql_ends_key_of(key, server, client);
    ql_ends_key at_client = ql_ends_key_of(key, client, client);
    ql_ends_key at_server = ql_ends_key_of(key, server, server);
    add_link(router->by_pair, &forth, sizeof forth, connection, QL_CLIENT);
    add_link(router->by_pair, &back, sizeof back, connection, QL_SERVER);
    add_link(router->by_end, &at_client, sizeof at_client, connection, QL_CLIENT);
    add_link(router->by_end, &at_server, sizeof at_server, connection, QL_SERVER);
}

typedef struct proposals {
    ql_candidate *out;
    unsigned count;
} proposals;

static void propose(proposals *all, struct ql_connection *connection, ql_side sender,
                    size_t dcid_length, ql_match match)
{
    for (unsigned i = 0; i < all->count; i++)
        if (all->out[i].connection == connection && all->out[i].sender == sender)
            return;
    if (all->count < QL_CANDIDATES_MAX)
        all->out[all->count++] = (ql_candidate){ connection, sender, dcid_length, match };
}

static void propose_cid(const ql_router *router, const ql_cid *dcid, proposals *all)
{
    ql_cid_key key = ql_cid_key_of(&router->key, dcid);
    const links *found = g_hash_table_lookup(router->by_cid, &key);
    for (unsigned i = found == NULL ? 0 : found->count; i-- > 0;)
        propose(all, found->of[i].connection, ql_side_other(found->of[i].side), dcid->length,
                QL_MATCH_CID);
}

unsigned ql_router_propose_by_cid(const ql_router *router, const ql_cid *dcid,
                                  ql_candidate out[QL_CANDIDATES_MAX])
{
    proposals all = { .out = out };
    propose_cid(router, dcid, &all);
    return all.count;
}

/* Longer IDs first: a short one may by chance begin a long one, hardly the other way round. */
unsigned ql_router_propose_by_prefix(const ql_router *router, ql_slice after_first,
                                     ql_candidate out[QL_CANDIDATES_MAX])
{
    proposals all = { .out = out };
    for (size_t length = MIN(after_first.length, QL_CID_MAX); length > 0; length--) {
        if (router->lengths[length] == 0)
            continue;
        ql_cid cid = ql_cid_of((ql_slice){ after_first.data, length });
        propose_cid(router, &cid, &all);
    }
    return all.count;
}

static void propose_links(GHashTable *table, gconstpointer key, bool key_is_sender, ql_match match,
                          proposals *all)
{
    const links *found = g_hash_table_lookup(table, key);
    for (unsigned i = found == NULL ? 0 : found->count; i-- > 0;) {
        ql_side side = found->of[i].side;
        propose(all, found->of[i].connection, key_is_sender ? side : ql_side_other(side), 0, match);
    }
}

unsigned ql_router_propose_by_address(const ql_router *router, const ql_datagram *datagram,
                                      ql_candidate out[QL_CANDIDATES_MAX], unsigned count)
{
    proposals all = { .out = out, .count = count };
    const ql_endpoint *from = &datagram->source, *to = &datagram->destination;
    ql_ends_key way = ql_ends_key_of(&router->key, from, to);
    propose_links(router->by_pair, &way, true, QL_MATCH_PAIR, &all);
    if (g_hash_table_contains(router->by_pair, &way))
        return all.count;
    ql_ends_key at_to = ql_ends_key_of(&router->key, to, to);
    ql_ends_key at_from = ql_ends_key_of(&router->key, from, from);
    propose_links(router->by_end, &at_to, false, QL_MATCH_END, &all);
    propose_links(router->by_end, &at_from, true, QL_MATCH_END, &all);
    return all.count;
}

void ql_router_add_reset_token(ql_router *router, struct ql_connection *connection, ql_side issuer,
                               const uint8_t token[16])
{
    ql_token_key key = ql_token_key_of(&router->key, token);
    add_link(router->by_token, &key, sizeof key, connection, issuer);
}

bool ql_router_find_reset(const ql_router *router, const uint8_t token[16],
                          struct ql_connection **connection, ql_side *issuer)
{
    ql_token_key key = ql_token_key_of(&router->key, token);
    const links *found = g_hash_table_lookup(router->by_token, &key);
    if (found == NULL)
        return false;
    *connection = found->of[found->count - 1].connection;
    *issuer = found->of[found->count - 1].side;
    return true;
}
