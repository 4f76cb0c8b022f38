/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the origin does in QUIC that is a matter of choice, and its transport parameters (RFC 9000,
 * 18.2). A zeroed ql_origin_quic_settings is an ordinary server. */
#pragma once

#include "address.h"
#include "trigger.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_CID_BYTES                                                                        \
    8u /* of every connection ID that the origin chooses, if not told else */

typedef struct ql_origin_quic_settings {
    bool retry;        /* nobody is let in without a token (RFC 9000, 8.1.2) */
    uint32_t version;  /* is negotiated where the client has it, too (RFC 9368); 0: the client's */
    size_t cid_length; /* 4 to 20; 0: QL_ORIGIN_CID_BYTES */
    bool zero_length_cid;                            /* no connection IDs at all (5.1) */
    uint64_t max_data, max_stream_data, max_streams; /* flow control (4); 0: as usual */
    ql_address preferred_v4,
        preferred_v6;              /* where clients are to move (9.6); no address: nowhere */
    ql_trigger key_update, retire; /* origin_drill.h */
} ql_origin_quic_settings;

/* The length of the connection IDs that the origin chooses. */
size_t ql_origin_transport_cid_length(const ql_origin_quic_settings *settings);

/* The usual, and what settings choose. What belongs to a connection of its own (IDs, tokens) is
 * left to the caller. */
void ql_origin_transport_init(const ql_origin_quic_settings *settings, ngtcp2_settings *quic,
                              ngtcp2_transport_params *params);
