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
void ql_origin_drill_free(ql_origin_drill *drill);

/* All that follow take NULL, and then do nothing. */
void ql_origin_drill_handshake(ql_origin_drill *drill, ngtcp2_tstamp now); /* it was completed */
void ql_origin_drill_content(ql_origin_drill *drill, size_t bytes);        /* sent, or received */

/* To be called before packets are written: does what is due. */
void ql_origin_drill_tick(ql_origin_drill *drill, ngtcp2_conn *quic, ngtcp2_tstamp now);

/* When there is something to do; UINT64_MAX: no time is known. */
ngtcp2_tstamp ql_origin_drill_expiry(const ql_origin_drill *drill);
