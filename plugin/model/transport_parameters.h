/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 9000, 18; RFC 9221, 3; RFC 9368, 3. */
#ifndef QL_TRANSPORT_PARAMETERS_H
#define QL_TRANSPORT_PARAMETERS_H

#include "model/cid.h"
#include "model/datagram.h"

typedef struct ql_transport_parameters {
    bool
        present; /* the extension was seen at all; the values below have their defaults otherwise */
    bool has_original_dcid, has_initial_scid, has_retry_scid;
    ql_cid original_dcid, initial_scid, retry_scid;
    bool has_reset_token;
    uint8_t reset_token[16];
    uint64_t max_idle_timeout_ms, max_udp_payload_size;
    uint64_t initial_max_data, initial_max_stream_data_bidi_local,
        initial_max_stream_data_bidi_remote, initial_max_stream_data_uni;
    uint64_t initial_max_streams_bidi, initial_max_streams_uni;
    uint64_t ack_delay_exponent, max_ack_delay_ms;
    uint64_t active_connection_id_limit;
    uint64_t max_datagram_frame_size;
    bool disable_active_migration;
    bool has_preferred_address;
    ql_endpoint preferred_v4, preferred_v6; /* family 0 when all its bytes are zero */
    ql_cid preferred_cid;
    uint8_t preferred_reset_token[16];
    bool has_version_information;
    uint32_t chosen_version;
} ql_transport_parameters;

/* The values that hold without the extension. */
void ql_transport_parameters_init(ql_transport_parameters *parameters);

/* False, with *why a phrase that names parameter and rule, when the encoding breaks a rule; what
 * was read up to there stays in *out. Unknown and reserved parameters are passed over. */
bool ql_transport_parameters_read(ql_slice extension, ql_transport_parameters *out,
                                  const char **why);

#endif
