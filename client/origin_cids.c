/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_cids.h"

#include <glib.h>

struct ql_origin_cids {
    GHashTable *owners; /* ngtcp2_cid, owned -> owner, borrowed */
};

static guint hash_cid(gconstpointer key)
{
    const ngtcp2_cid *cid = key;
    guint hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < cid->datalen; i++)
        hash = (hash ^ cid->data[i]) * 16777619u;
    return hash;
}

static gboolean equal_cids(gconstpointer a, gconstpointer b)
{
    return ngtcp2_cid_eq(a, b) != 0;
}

ql_origin_cids *ql_origin_cids_new(void)
{
    ql_origin_cids *cids = g_new0(ql_origin_cids, 1);
    cids->owners = g_hash_table_new_full(hash_cid, equal_cids, g_free, NULL);
    return cids;
}

void ql_origin_cids_free(ql_origin_cids *cids)
{
    if (cids == NULL)
        return;
    g_hash_table_unref(cids->owners);
    g_free(cids);
}

void ql_origin_cids_add(ql_origin_cids *cids, const ngtcp2_cid *cid, void *owner)
{
    g_hash_table_insert(cids->owners, g_memdup2(cid, sizeof *cid), owner);
}

void ql_origin_cids_remove(ql_origin_cids *cids, const ngtcp2_cid *cid)
{
    g_hash_table_remove(cids->owners, cid);
}

void *ql_origin_cids_find(const ql_origin_cids *cids, const uint8_t *cid, size_t length)
{
    ngtcp2_cid key;
    if (length > NGTCP2_MAX_CIDLEN)
        return NULL;
    ngtcp2_cid_init(&key, cid, length);
    return g_hash_table_lookup(cids->owners, &key);
}
