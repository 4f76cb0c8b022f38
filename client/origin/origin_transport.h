/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the origin does in QUIC that is a matter of choice, and its transport parameters (RFC 9000,
 * 18.2). A zeroed ql_origin_quic_settings is an ordinary server. */
#pragma once

#include "address.h"
#include "quic_settings.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ql_origin_quic_settings {
    ql_quic_settings common; /* what a client can choose, too; without connection IDs (a cid_length
                                of 0) clients are known by their addresses (RFC 9000, 5.1) */
    bool retry;              /* nobody is let in without a token (8.1.2) */
    ql_address preferred_v4,
        preferred_v6;             /* where clients are to move (9.6); no address: nowhere */
    ql_trigger retire;            /* origin_drill.h */
    ngtcp2_duration idle_timeout; /* after so much silence a connection ends (10.1); 0: 30 s */
} ql_origin_quic_settings;

/* The usual, and what settings choose, for a client that begins with that version. What belongs to
 * a connection of its own (IDs, tokens) is left to the caller. */
void ql_origin_transport_init(const ql_origin_quic_settings *settings, uint32_t version,
                              ngtcp2_settings *quic, ngtcp2_transport_params *params);
