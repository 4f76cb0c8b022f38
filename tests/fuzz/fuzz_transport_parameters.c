/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "model/transport_parameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_transport_parameters parameters;
    const char *why = NULL;

    bool sound = ql_transport_parameters_read((ql_slice){ data, size }, &parameters, &why);
    g_assert(sound == (why == NULL));
    /* Whatever was broken, what is there keeps the rules. */
    g_assert(parameters.ack_delay_exponent <= 20 && parameters.max_ack_delay_ms < 1u << 14);
    g_assert(parameters.max_udp_payload_size >= 1200);
    g_assert(parameters.active_connection_id_limit >= 2);
    g_assert(parameters.initial_max_streams_bidi <= UINT64_C(1) << 60);
    g_assert(parameters.original_dcid.length <= QL_CID_MAX);
    g_assert(!parameters.has_preferred_address || parameters.preferred_cid.length > 0);
    return 0;
}
