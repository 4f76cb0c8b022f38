/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection IDs of one connection of the origin (RFC 9000, 5.1): those by which its client
 * finds it, from the first to the last, each with its stateless reset token (10.3.2). */
#pragma once

#include "origin_cids.h"
#include "origin_secret.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that ql_origin_ids_retirement writes. */
#define QL_ORIGIN_IDS_FRAME_BYTES 64u

typedef struct ql_origin_ids ql_origin_ids;

typedef struct ql_origin_ids_place {
    ql_origin_cids *table;       /* where they are to be found; borrowed */
    void *owner;                 /* what stands there for the connection */
    const uint8_t *reset_secret; /* QL_ORIGIN_SECRET_BYTES; borrowed */
    size_t length;               /* of each ID; 0: the client's address stands in for it */
} ql_origin_ids_place;

ql_origin_ids *ql_origin_ids_new(const ql_origin_ids_place *place, const ql_address *remote);
void ql_origin_ids_free(ql_origin_ids *ids); /* it cannot be found any more; NULL is a no-op */

/* A fresh ID, with the next sequence number, and its token. False if there is no randomness. */
bool ql_origin_ids_issue(ql_origin_ids *ids, ngtcp2_cid *cid,
                         uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN]);

/* The ID that the client made up for its first packet. */
void ql_origin_ids_add(ql_origin_ids *ids, const ngtcp2_cid *cid);

/* The client retired it. */
void ql_origin_ids_remove(ql_origin_ids *ids, const ngtcp2_cid *cid);

/* How many it has retired. */
uint64_t ql_origin_ids_retired(const ql_origin_ids *ids);

/* Writes NEW_CONNECTION_ID once more for the ID that was issued last, with a Retire Prior To that
 * leaves no other (RFC 9000, 19.15; a repeated frame may differ in that). Returns its length; 0 if
 * there is but one ID. */
size_t ql_origin_ids_retirement(const ql_origin_ids *ids, uint8_t frame[QL_ORIGIN_IDS_FRAME_BYTES]);
