/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_ids.h"

#include <glib.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define NEW_CONNECTION_ID 0x18 /* RFC 9000, 19.15 */

struct ql_origin_ids {
    ql_origin_ids_place place;
    ql_address remote;
    GArray *cids; /* ngtcp2_cid: what stands in the table */
    uint64_t retired;
    uint64_t issued; /* how many were; the last has the sequence number before this */
    ngtcp2_cid last;
    uint8_t last_token[NGTCP2_STATELESS_RESET_TOKENLEN];
};

ql_origin_ids *ql_origin_ids_new(const ql_origin_ids_place *place, const ql_address *remote)
{
    ql_origin_ids *ids = g_new0(ql_origin_ids, 1);
    ids->place = *place;
    ids->remote = *remote;
    ids->cids = g_array_new(FALSE, FALSE, sizeof(ngtcp2_cid));
    if (place->length == 0)
        ql_origin_cids_add_remote(place->table, remote, place->owner);
    return ids;
}

void ql_origin_ids_free(ql_origin_ids *ids)
{
    if (ids == NULL)
        return;
    for (guint i = 0; i < ids->cids->len; i++)
        ql_origin_cids_remove(ids->place.table, &g_array_index(ids->cids, ngtcp2_cid, i),
                              ids->place.owner);
    ql_origin_cids_remove_remote(ids->place.table, &ids->remote, ids->place.owner);
    g_array_unref(ids->cids);
    g_free(ids);
}

bool ql_origin_ids_issue(ql_origin_ids *ids, ngtcp2_cid *cid,
                         uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN])
{
    cid->datalen = ids->place.length;
    if (RAND_bytes(cid->data, (int)cid->datalen) != 1 ||
        ngtcp2_crypto_generate_stateless_reset_token(token, ids->place.reset_secret,
                                                     QL_ORIGIN_SECRET_BYTES, cid) != 0)
        return false;
    if (cid->datalen > 0)
        ql_origin_ids_add(ids, cid);
    ids->issued++;
    ids->last = *cid;
    memcpy(ids->last_token, token, sizeof ids->last_token);
    return true;
}

void ql_origin_ids_add(ql_origin_ids *ids, const ngtcp2_cid *cid)
{
    g_array_append_val(ids->cids, *cid);
    ql_origin_cids_add(ids->place.table, cid, ids->place.owner);
}

void ql_origin_ids_remove(ql_origin_ids *ids, const ngtcp2_cid *cid)
{
    for (guint i = 0; i < ids->cids->len; i++)
        if (ngtcp2_cid_eq(cid, &g_array_index(ids->cids, ngtcp2_cid, i))) {
            ql_origin_cids_remove(ids->place.table, cid, ids->place.owner);
            g_array_remove_index_fast(ids->cids, i);
            ids->retired++;
            return;
        }
}

uint64_t ql_origin_ids_retired(const ql_origin_ids *ids)
{
    return ids->retired;
}

/* RFC 9000, 16, in two bytes. */
static uint8_t *write_varint(uint8_t *at, uint64_t value)
{
    *at++ = (uint8_t)(0x40 | (value >> 8 & 0x3f));
    *at++ = (uint8_t)value;
    return at;
}

size_t ql_origin_ids_retirement(const ql_origin_ids *ids, uint8_t frame[QL_ORIGIN_IDS_FRAME_BYTES])
{
    if (ids->issued < 2 || ids->last.datalen == 0 || ids->issued > 0x3fff)
        return 0;
    uint8_t *at = frame;
    *at++ = NEW_CONNECTION_ID;
    at = write_varint(at, ids->issued - 1);
    at = write_varint(at, ids->issued - 1);
    *at++ = (uint8_t)ids->last.datalen;
    memcpy(at, ids->last.data, ids->last.datalen);
    at += ids->last.datalen;
    memcpy(at, ids->last_token, sizeof ids->last_token);
    return (size_t)(at - frame) + sizeof ids->last_token;
}
