/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/router.h"

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

typedef struct pair {
    ql_endpoint from, to;
} pair;

typedef struct token_key {
    uint8_t bytes[16];
} token_key;

struct ql_router {
    GHashTable *by_cid;               /* ql_cid -> links; side: issuer */
    GHashTable *by_pair;              /* pair -> links, in both directions; side: sender */
    GHashTable *by_end;               /* ql_endpoint -> links; side: who is there */
    GHashTable *by_token;             /* token_key -> links; side: issuer */
    unsigned lengths[QL_CID_MAX + 1]; /* how many IDs of each length were entered */
};

static guint pair_hash(gconstpointer key)
{
    const pair *p = key;
    return ql_endpoint_hash(&p->from) * 31u + ql_endpoint_hash(&p->to);
}

static gboolean pair_equal(gconstpointer a, gconstpointer b)
{
    const pair *x = a, *y = b;
    return ql_endpoint_equal(&x->from, &y->from) && ql_endpoint_equal(&x->to, &y->to);
}

static guint end_hash(gconstpointer key)
{
    return ql_endpoint_hash(key);
}

static gboolean end_equal(gconstpointer a, gconstpointer b)
{
    return ql_endpoint_equal(a, b);
}

static guint token_hash(gconstpointer key)
{
    guint hash;
    memcpy(&hash, key, sizeof hash); /* a token is random, or equal to one that is */
    return hash;
}

static gboolean token_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(token_key)) == 0;
}

ql_router *ql_router_new(void)
{
    ql_router *router = g_new0(ql_router, 1);
    router->by_cid = g_hash_table_new_full(ql_cid_key_hash, ql_cid_key_equal, g_free, g_free);
    router->by_pair = g_hash_table_new_full(pair_hash, pair_equal, g_free, g_free);
    router->by_end = g_hash_table_new_full(end_hash, end_equal, g_free, g_free);
    router->by_token = g_hash_table_new_full(token_hash, token_equal, g_free, g_free);
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
    if (add_link(router->by_cid, cid, sizeof *cid, connection, issuer))
        router->lengths[cid->length]++;
}

void ql_router_add_path(ql_router *router, struct ql_connection *connection,
                        const ql_endpoint *client, const ql_endpoint *server)
{
    pair forth = { *client, *server }, back = { *server, *client };
    add_link(router->by_pair, &forth, sizeof forth, connection, QL_CLIENT);
    add_link(router->by_pair, &back, sizeof back, connection, QL_SERVER);
    add_link(router->by_end, client, sizeof *client, connection, QL_CLIENT);
    add_link(router->by_end, server, sizeof *server, connection, QL_SERVER);
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
    const links *found = g_hash_table_lookup(router->by_cid, dcid);
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
    pair way = { datagram->source, datagram->destination };
    propose_links(router->by_pair, &way, true, QL_MATCH_PAIR, &all);
    if (g_hash_table_contains(router->by_pair, &way))
        return all.count;
    propose_links(router->by_end, &datagram->destination, false, QL_MATCH_END, &all);
    propose_links(router->by_end, &datagram->source, true, QL_MATCH_END, &all);
    return all.count;
}

void ql_router_add_reset_token(ql_router *router, struct ql_connection *connection, ql_side issuer,
                               const uint8_t token[16])
{
    add_link(router->by_token, token, sizeof(token_key), connection, issuer);
}

bool ql_router_find_reset(const ql_router *router, const uint8_t token[16],
                          struct ql_connection **connection, ql_side *issuer)
{
    const links *found = g_hash_table_lookup(router->by_token, token);
    if (found == NULL)
        return false;
    *connection = found->of[found->count - 1].connection;
    *issuer = found->of[found->count - 1].side;
    return true;
}
