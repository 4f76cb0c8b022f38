/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_transport.h"

#include <glib.h>
#include <string.h>

#define HANDSHAKE_TIMEOUT (10 * NGTCP2_SECONDS)
#define IDLE_TIMEOUT      (30 * NGTCP2_SECONDS)
#define MAX_STREAMS_UNI   3 /* HTTP/3's own (RFC 9114, 6.2) */

static const uint32_t one_first[] = { NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2 };
static const uint32_t two_first[] = { NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1 };

/* RFC 9368, 5: without a preference of ours the client's choice stands. */
static void init_versions(uint32_t preferred, ngtcp2_settings *quic)
{
    quic->available_versions = preferred == NGTCP2_PROTO_VER_V2 ? two_first : one_first;
    quic->available_versionslen = G_N_ELEMENTS(one_first);
    if (preferred == 0)
        return;
    quic->preferred_versions = quic->available_versions;
    quic->preferred_versionslen = quic->available_versionslen;
}

/* Its connection ID and token are the caller's. */
static void init_preferred(const ql_origin_quic_settings *settings, ngtcp2_transport_params *params)
{
    ngtcp2_preferred_addr *preferred = &params->preferred_addr;
    if (settings->preferred_v4.length > 0) {
        memcpy(&preferred->ipv4, &settings->preferred_v4.storage, sizeof preferred->ipv4);
        preferred->ipv4_present = 1;
    }
    if (settings->preferred_v6.length > 0) {
        memcpy(&preferred->ipv6, &settings->preferred_v6.storage, sizeof preferred->ipv6);
        preferred->ipv6_present = 1;
    }
    params->preferred_addr_present = preferred->ipv4_present || preferred->ipv6_present;
}

void ql_origin_transport_init(const ql_origin_quic_settings *settings, uint32_t version,
                              ngtcp2_settings *quic, ngtcp2_transport_params *params)
{
    const ql_quic_settings *common = &settings->common;
    ql_quic_settings_init(common, QL_QUIC_SERVER, version, quic, params);
    if (common->handshake_timeout == 0)
        quic->handshake_timeout = HANDSHAKE_TIMEOUT;
    params->initial_max_streams_uni = MAX_STREAMS_UNI;
    params->max_idle_timeout = settings->idle_timeout > 0 ? settings->idle_timeout : IDLE_TIMEOUT;
    params->max_datagram_frame_size = UINT16_MAX; /* of any size (RFC 9221, 3) */
    params->stateless_reset_token_present = 1;
    /* RFC 9000, 9: without connection IDs a client's packets from elsewhere find nobody. */
    params->disable_active_migration = ql_quic_settings_cid_length(common) == 0;
    init_versions(common->version, quic);
    init_preferred(settings, params);
}
