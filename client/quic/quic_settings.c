/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_settings.h"

#include <inttypes.h>

#define STREAM_WINDOW         524288u   /* at the beginning; ngtcp2 makes it larger ... */
#define STREAM_WINDOW_MAX     16777216u /* ... where that is what holds the peer back */
#define CONNECTION_WINDOW     1048576u
#define CONNECTION_WINDOW_MAX 25165824u
#define PEER_STREAMS          100u
#define PEER_CIDS_AT_MOST     8u

uint32_t ql_quic_settings_version(const ql_quic_settings *settings)
{
    if (settings->version != 0)
        return settings->version;
    return settings->available_count > 0 ? settings->available[0] : NGTCP2_PROTO_VER_V1;
}

size_t ql_quic_settings_usable(const ql_quic_settings *settings, uint32_t *versions)
{
    static const uint32_t known[] = { NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2 };
    uint32_t own = ql_quic_settings_version(settings);
    size_t count = 0;
    for (size_t i = 0; i < settings->available_count; i++)
        if (ql_quic_version_is_known(settings->available[i]))
            versions[count++] = settings->available[i];
    if (settings->available_count > 0)
        return count;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i] == own || !ql_quic_version_is_known(own))
            versions[count++] = known[i];
    return count;
}

uint32_t ql_quic_settings_choose(const ql_quic_settings *settings, const uint32_t *offered,
                                 size_t count)
{
    uint32_t own[QL_QUIC_VERSIONS_AT_MOST];
    size_t own_count = ql_quic_settings_usable(settings, own);
    for (size_t i = 0; i < own_count; i++)
        for (size_t j = 0; j < count; j++)
            if (own[i] == offered[j])
                return own[i];
    return 0;
}

static bool is_available(const ql_quic_settings *settings, uint32_t version)
{
    for (size_t i = 0; i < settings->available_count; i++)
        if (settings->available[i] == version)
            return true;
    return false;
}

static uint64_t chosen(uint64_t setting, uint64_t usual)
{
    return setting > 0 ? setting : usual;
}

size_t ql_quic_settings_cid_length(const ql_quic_settings *settings)
{
    return settings->has_cid_length ? settings->cid_length : QL_QUIC_CID_BYTES;
}

static void init_windows(const ql_quic_settings *settings, ql_quic_side side,
                         ngtcp2_settings *native, ngtcp2_transport_params *parameters)
{
    uint64_t stream = chosen(settings->max_stream_data, STREAM_WINDOW);
    uint64_t streams = chosen(settings->max_streams, PEER_STREAMS);
    parameters->initial_max_data = chosen(settings->max_data, CONNECTION_WINDOW);
    parameters->initial_max_stream_data_uni = stream;
    if (side == QL_QUIC_SERVER) {
        parameters->initial_max_stream_data_bidi_remote = stream;
        parameters->initial_max_streams_bidi = streams;
    } else {
        parameters->initial_max_stream_data_bidi_local = stream;
        parameters->initial_max_streams_uni = streams;
    }
    native->max_window = chosen(settings->window, CONNECTION_WINDOW_MAX);
    native->max_stream_window = chosen(settings->window, STREAM_WINDOW_MAX);
}

static void init_datagrams(const ql_quic_settings *settings, ngtcp2_settings *native,
                           ngtcp2_transport_params *parameters)
{
    native->no_pmtud = settings->no_pmtud ? 1 : 0;
    native->pmtud_probes = settings->probe_count > 0 ? settings->probes : NULL;
    native->pmtud_probeslen = settings->probe_count;
    for (size_t i = 0; i < settings->probe_count; i++)
        native->max_tx_udp_payload_size = MAX(native->max_tx_udp_payload_size, settings->probes[i]);
    if (settings->max_udp_payload == 0)
        return;
    native->max_tx_udp_payload_size = settings->max_udp_payload;
    parameters->max_udp_payload_size = settings->max_udp_payload;
    /* Who does not probe takes the size for granted. */
    native->no_tx_udp_payload_size_shaping = settings->no_pmtud ? 1 : 0;
}

static void init_recovery(const ql_quic_settings *settings, ngtcp2_settings *native)
{
    static const ngtcp2_cc_algo algorithms[] = { [QL_CONGESTION_RENO] = NGTCP2_CC_ALGO_RENO,
                                                 [QL_CONGESTION_CUBIC] = NGTCP2_CC_ALGO_CUBIC,
                                                 [QL_CONGESTION_BBR] = NGTCP2_CC_ALGO_BBR };
    if (settings->congestion != QL_CONGESTION_USUAL)
        native->cc_algo = algorithms[settings->congestion];
    if (settings->initial_rtt > 0)
        native->initial_rtt = settings->initial_rtt;
    if (settings->handshake_timeout > 0)
        native->handshake_timeout = settings->handshake_timeout;
    if (settings->ack_threshold > 0)
        native->ack_thresh = (size_t)settings->ack_threshold;
    native->initial_pkt_num = settings->initial_packet_number;
}

void ql_quic_settings_init(const ql_quic_settings *settings, ql_quic_side side, uint32_t version,
                           ngtcp2_settings *native, ngtcp2_transport_params *parameters)
{
    ngtcp2_settings_default(native);
    ngtcp2_transport_params_default(parameters);
    /* ngtcp2 insists on that for a version that it knows. */
    if (is_available(settings, version) || ngtcp2_is_reserved_version(version)) {
        native->available_versions = settings->available;
        native->available_versionslen = settings->available_count;
    }
    parameters->active_connection_id_limit = PEER_CIDS_AT_MOST;
    init_recovery(settings, native);
    init_windows(settings, side, native, parameters);
    init_datagrams(settings, native, parameters);
}

bool ql_quic_version_is_known(uint32_t version)
{
    return ngtcp2_is_supported_version(version) != 0;
}

bool ql_quic_version_parse(const char *text, uint32_t *version)
{
    guint64 number = 0;
    if (g_ascii_strcasecmp(text, "v1") == 0)
        number = NGTCP2_PROTO_VER_V1;
    else if (g_ascii_strcasecmp(text, "v2") == 0)
        number = NGTCP2_PROTO_VER_V2;
    else if (!g_str_has_prefix(text, "0x") ||
             !g_ascii_string_to_unsigned(text + 2, 16, 1, UINT32_MAX, &number, NULL))
        return false;
    *version = (uint32_t)number;
    return true;
}

char *ql_quic_version_to_string(uint32_t version)
{
    switch (version) {
    case NGTCP2_PROTO_VER_V1: return g_strdup("1");
    case NGTCP2_PROTO_VER_V2: return g_strdup("2");
    default: return g_strdup_printf("0x%08" PRIx32, version);
    }
}
