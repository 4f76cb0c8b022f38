/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection of the origin a packet belongs to (RFC 9000, 5.2): by its destination connection
 * ID, which is the client's first one or one of those that the origin issued and the client did not
 * retire; or, where the origin chose to have no IDs, by the client's address. */
#pragma once

#include "address.h"

#include <ngtcp2/ngtcp2.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_origin_cids ql_origin_cids;

ql_origin_cids *ql_origin_cids_new(void);
void ql_origin_cids_free(ql_origin_cids *cids); /* NULL is a no-op */

/* The ID is copied, the owner borrowed. An ID that is there already changes its owner. */
void ql_origin_cids_add(ql_origin_cids *cids, const ngtcp2_cid *cid, void *owner);

/* Nothing happens if somebody else owns it by now. */
void ql_origin_cids_remove(ql_origin_cids *cids, const ngtcp2_cid *cid, const void *owner);

/* NULL if nobody has the ID. An ID longer than NGTCP2_MAX_CIDLEN belongs to nobody. */
void *ql_origin_cids_find(const ql_origin_cids *cids, const uint8_t *cid, size_t length);

/* The same for a client's address. */
void ql_origin_cids_add_remote(ql_origin_cids *cids, const ql_address *remote, void *owner);
void ql_origin_cids_remove_remote(ql_origin_cids *cids, const ql_address *remote,
                                  const void *owner);
void *ql_origin_cids_find_remote(const ql_origin_cids *cids, const ql_address *remote);
