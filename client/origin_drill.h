/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection of the origin does on purpose in the middle of a transfer: it updates its keys
 * (RFC 9001, 6), or has the client retire the connection IDs that it knows (RFC 9000, 5.1.2). */
#pragma once

#include "origin_ids.h"
#include "origin_insertion.h"
#include "origin_transport.h"

#include <ngtcp2/ngtcp2.h>
#include <stdint.h>

typedef struct ql_origin_drill ql_origin_drill;

/* NULL if settings want nothing of the kind. All is borrowed; insertion may be NULL where nothing
 * is to be retired. */
ql_origin_drill *ql_origin_drill_new(const ql_origin_quic_settings *settings,
                                     const ql_origin_ids *ids, ql_origin_insertion *insertion);
void ql_origin_drill_free(ql_origin_drill *drill); /* NULL is a no-op */

/* So many bytes of content were sent; then the time of something may have come. NULL is a no-op. */
void ql_origin_drill_count(ql_origin_drill *drill, ngtcp2_conn *quic, size_t bytes, uint64_t now);
