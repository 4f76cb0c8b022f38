/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_cids.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

struct ql_origin_cids {
    GHashTable *owners;  /* ngtcp2_cid, owned -> owner, borrowed */
    GHashTable *remotes; /* ql_address, owned -> owner, borrowed */
};

/* FNV-1a */
static guint hash_bytes(guint hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static guint hash_cid(gconstpointer key)
{
    const ngtcp2_cid *cid = key;
    return hash_bytes(2166136261u, cid->data, cid->datalen);
}

static gboolean equal_cids(gconstpointer a, gconstpointer b)
{
    return ngtcp2_cid_eq(a, b) != 0;
}

static guint hash_address(gconstpointer key)
{
    const ql_address *address = key;
    guint hash = 2166136261u ^ ql_address_port(address);
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
        return hash_bytes(hash, (const uint8_t *)&v4->sin_addr, sizeof v4->sin_addr);
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;
    return hash_bytes(hash, (const uint8_t *)&v6->sin6_addr, sizeof v6->sin6_addr);
}

static gboolean equal_addresses(gconstpointer a, gconstpointer b)
{
    return ql_address_equal(a, b);
}

ql_origin_cids *ql_origin_cids_new(void)
{
    ql_origin_cids *cids = g_new0(ql_origin_cids, 1);
    cids->owners = g_hash_table_new_full(hash_cid, equal_cids, g_free, NULL);
    cids->remotes = g_hash_table_new_full(hash_address, equal_addresses, g_free, NULL);
    return cids;
}

void ql_origin_cids_free(ql_origin_cids *cids)
{
    if (cids == NULL)
        return;
    g_hash_table_unref(cids->owners);
    g_hash_table_unref(cids->remotes);
    g_free(cids);
}

static void remove_own(GHashTable *table, gconstpointer key, const void *owner)
{
    if (g_hash_table_lookup(table, key) == owner)
        g_hash_table_remove(table, key);
}

void ql_origin_cids_add(ql_origin_cids *cids, const ngtcp2_cid *cid, void *owner)
{
    g_hash_table_insert(cids->owners, g_memdup2(cid, sizeof *cid), owner);
}

void ql_origin_cids_remove(ql_origin_cids *cids, const ngtcp2_cid *cid, const void *owner)
{
    remove_own(cids->owners, cid, owner);
}

void *ql_origin_cids_find(const ql_origin_cids *cids, const uint8_t *cid, size_t length)
{
    ngtcp2_cid key;
    if (length > NGTCP2_MAX_CIDLEN)
        return NULL;
    ngtcp2_cid_init(&key, cid, length);
    return g_hash_table_lookup(cids->owners, &key);
}

void ql_origin_cids_add_remote(ql_origin_cids *cids, const ql_address *remote, void *owner)
{
    g_hash_table_insert(cids->remotes, g_memdup2(remote, sizeof *remote), owner);
}

void ql_origin_cids_remove_remote(ql_origin_cids *cids, const ql_address *remote, const void *owner)
{
    remove_own(cids->remotes, remote, owner);
}

void *ql_origin_cids_find_remote(const ql_origin_cids *cids, const ql_address *remote)
{
    return g_hash_table_lookup(cids->remotes, remote);
}
