/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/transport_error.h"

#include <glib.h>

static const char *const transport[] = {
    [0x00] = "NO_ERROR",
    [0x01] = "INTERNAL_ERROR",
    [0x02] = "CONNECTION_REFUSED",
    [0x03] = "FLOW_CONTROL_ERROR",
    [0x04] = "STREAM_LIMIT_ERROR",
    [0x05] = "STREAM_STATE_ERROR",
    [0x06] = "FINAL_SIZE_ERROR",
    [0x07] = "FRAME_ENCODING_ERROR",
    [0x08] = "TRANSPORT_PARAMETER_ERROR",
    [0x09] = "CONNECTION_ID_LIMIT_ERROR",
    [0x0a] = "PROTOCOL_VIOLATION",
    [0x0b] = "INVALID_TOKEN",
    [0x0c] = "APPLICATION_ERROR",
    [0x0d] = "CRYPTO_BUFFER_EXCEEDED",
    [0x0e] = "KEY_UPDATE_ERROR",
    [0x0f] = "AEAD_LIMIT_REACHED",
    [0x10] = "NO_VIABLE_PATH",
    [0x11] = "VERSION_NEGOTIATION_ERROR",
};

/* RFC 8446, 6 */
static const char *const alerts[] = {
    [0] = "TLS alert close_notify",
    [10] = "TLS alert unexpected_message",
    [20] = "TLS alert bad_record_mac",
    [22] = "TLS alert record_overflow",
    [40] = "TLS alert handshake_failure",
    [42] = "TLS alert bad_certificate",
    [43] = "TLS alert unsupported_certificate",
    [44] = "TLS alert certificate_revoked",
    [45] = "TLS alert certificate_expired",
    [46] = "TLS alert certificate_unknown",
    [47] = "TLS alert illegal_parameter",
    [48] = "TLS alert unknown_ca",
    [49] = "TLS alert access_denied",
    [50] = "TLS alert decode_error",
    [51] = "TLS alert decrypt_error",
    [70] = "TLS alert protocol_version",
    [71] = "TLS alert insufficient_security",
    [80] = "TLS alert internal_error",
    [86] = "TLS alert inappropriate_fallback",
    [90] = "TLS alert user_canceled",
    [109] = "TLS alert missing_extension",
    [110] = "TLS alert unsupported_extension",
    [112] = "TLS alert unrecognized_name",
    [113] = "TLS alert bad_certificate_status_response",
    [115] = "TLS alert unknown_psk_identity",
    [116] = "TLS alert certificate_required",
    [120] = "TLS alert no_application_protocol",
};

const char *ql_transport_error_name(uint64_t error)
{
    const char *name = NULL;
    if (error < G_N_ELEMENTS(transport))
        name = transport[error];
    else if (error >= 0x100 && error - 0x100 < G_N_ELEMENTS(alerts))
        name = alerts[error - 0x100];
    if (name == NULL)
        name = error >= 0x100 && error <= 0x1ff ? "TLS alert" : "unknown error";
    return name;
}
