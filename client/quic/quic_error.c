/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_error.h"

#include "text.h"

#include <inttypes.h>
#include <stdbool.h>

#define CRYPTO_ERROR_FIRST 0x100u /* RFC 9001, 4.8: 0x100 + the TLS alert */
#define CRYPTO_ERROR_LAST  0x1ffu

typedef struct named_code {
    uint64_t code;
    const char *name;
    const char *meaning;
} named_code;

/* RFC 9000, 20.1; RFC 9368, 10.1 */
static const named_code transport_errors[] = {
    { 0x00, "NO_ERROR", NULL },
    { 0x01, "INTERNAL_ERROR", NULL },
    { 0x02, "CONNECTION_REFUSED", NULL },
    { 0x03, "FLOW_CONTROL_ERROR", NULL },
    { 0x04, "STREAM_LIMIT_ERROR", NULL },
    { 0x05, "STREAM_STATE_ERROR", NULL },
    { 0x06, "FINAL_SIZE_ERROR", NULL },
    { 0x07, "FRAME_ENCODING_ERROR", NULL },
    { 0x08, "TRANSPORT_PARAMETER_ERROR", NULL },
    { 0x09, "CONNECTION_ID_LIMIT_ERROR", NULL },
    { 0x0a, "PROTOCOL_VIOLATION", NULL },
    { 0x0b, "INVALID_TOKEN", NULL },
    { 0x0c, "APPLICATION_ERROR", NULL },
    { 0x0d, "CRYPTO_BUFFER_EXCEEDED", NULL },
    { 0x0e, "KEY_UPDATE_ERROR", NULL },
    { 0x0f, "AEAD_LIMIT_REACHED", NULL },
    { 0x10, "NO_VIABLE_PATH", NULL },
    { 0x11, "VERSION_NEGOTIATION_ERROR", NULL },
};

/* RFC 9114, 8.1; RFC 9204, 6; RFC 9297, 5.2 */
static const named_code http3_errors[] = {
    { 0x33, "H3_DATAGRAM_ERROR", "a datagram was malformed" },
    { 0x100, "H3_NO_ERROR", "no error" },
    { 0x101, "H3_GENERAL_PROTOCOL_ERROR", "a rule of HTTP/3 was broken" },
    { 0x102, "H3_INTERNAL_ERROR", "something failed inside the server" },
    { 0x103, "H3_STREAM_CREATION_ERROR", "a stream was opened that is not accepted" },
    { 0x104, "H3_CLOSED_CRITICAL_STREAM", "a control or QPACK stream was closed" },
    { 0x105, "H3_FRAME_UNEXPECTED", "a frame came where it is not allowed" },
    { 0x106, "H3_FRAME_ERROR", "a frame was malformed" },
    { 0x107, "H3_EXCESSIVE_LOAD", "too much was asked for" },
    { 0x108, "H3_ID_ERROR", "a stream or push ID was wrong" },
    { 0x109, "H3_SETTINGS_ERROR", "the SETTINGS were wrong" },
    { 0x10a, "H3_MISSING_SETTINGS", "the control stream did not begin with SETTINGS" },
    { 0x10b, "H3_REQUEST_REJECTED", "the request was not processed and can be sent again" },
    { 0x10c, "H3_REQUEST_CANCELLED", "the request was given up" },
    { 0x10d, "H3_REQUEST_INCOMPLETE", "the request ended too early" },
    { 0x10e, "H3_MESSAGE_ERROR", "an HTTP message was malformed" },
    { 0x10f, "H3_CONNECT_ERROR", "the connection that CONNECT asked for failed" },
    { 0x110, "H3_VERSION_FALLBACK", "this has to be asked for by HTTP/1.1" },
    { 0x200, "QPACK_DECOMPRESSION_FAILED", "a field section could not be decoded" },
    { 0x201, "QPACK_ENCODER_STREAM_ERROR", "the QPACK encoder stream was wrong" },
    { 0x202, "QPACK_DECODER_STREAM_ERROR", "the QPACK decoder stream was wrong" },
};

/* RFC 8446, 6, as the side that receives one has to read it */
static const named_code tls_alerts[] = {
    { 0, "close_notify", NULL },
    { 10, "unexpected_message", "a message came where it is not allowed" },
    { 20, "bad_record_mac", NULL },
    { 22, "record_overflow", NULL },
    { 40, "handshake_failure", "the two sides have no cipher suite, group or signature in common" },
    { 42, "bad_certificate", "a certificate is damaged" },
    { 43, "unsupported_certificate", "a certificate is of a kind that is not supported" },
    { 44, "certificate_revoked", "a certificate was revoked" },
    { 45, "certificate_expired", "a certificate has expired" },
    { 46, "certificate_unknown", "a certificate was not accepted" },
    { 47, "illegal_parameter", "a value in the handshake is not allowed" },
    { 48, "unknown_ca", "a certificate is of an authority that is not trusted" },
    { 49, "access_denied", "this certificate may not come in" },
    { 50, "decode_error", "a message could not be read" },
    { 51, "decrypt_error", "a signature is wrong, or keys differ" },
    { 70, "protocol_version", "the version of TLS is not supported" },
    { 71, "insufficient_security", "what was offered is too weak" },
    { 80, "internal_error", "something failed inside" },
    { 86, "inappropriate_fallback", NULL },
    { 90, "user_canceled", NULL },
    { 109, "missing_extension", "an extension is missing" },
    { 110, "unsupported_extension", "an extension came that was not offered" },
    { 112, "unrecognized_name", "nobody has the name that was asked for" },
    { 113, "bad_certificate_status_response", NULL },
    { 115, "unknown_psk_identity", "the ticket is not known" },
    { 116, "certificate_required", "a certificate is needed" },
    { 120, "no_application_protocol", "no protocol is common to both sides" },
};

static const named_code *find(const named_code *table, size_t count, uint64_t code)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].code == code)
            return &table[i];
    return NULL;
}

static bool is_crypto_error(uint64_t code)
{
    return code >= CRYPTO_ERROR_FIRST && code <= CRYPTO_ERROR_LAST;
}

const char *ql_quic_transport_error_name(uint64_t code)
{
    const named_code *found = find(transport_errors, G_N_ELEMENTS(transport_errors), code);
    if (found != NULL)
        return found->name;
    return is_crypto_error(code) ? "CRYPTO_ERROR" : NULL;
}

const char *ql_http3_error_name(uint64_t code)
{
    const named_code *found = find(http3_errors, G_N_ELEMENTS(http3_errors), code);
    return found == NULL ? NULL : found->name;
}

const char *ql_http3_error_meaning(uint64_t code)
{
    const named_code *found = find(http3_errors, G_N_ELEMENTS(http3_errors), code);
    return found == NULL ? NULL : found->meaning;
}

const char *ql_tls_alert_name(uint8_t alert)
{
    const named_code *found = find(tls_alerts, G_N_ELEMENTS(tls_alerts), alert);
    return found == NULL ? NULL : found->name;
}

char *ql_http3_error_to_string(uint64_t code)
{
    const char *name = ql_http3_error_name(code);
    if (name == NULL)
        return g_strdup_printf("HTTP/3 error 0x%" PRIx64, code);
    return g_strdup_printf("%s (0x%" PRIx64 ": %s)", name, code, ql_http3_error_meaning(code));
}

static char *transport_error_to_string(uint64_t code)
{
    const char *name = ql_quic_transport_error_name(code);
    if (is_crypto_error(code)) {
        uint8_t alert = (uint8_t)(code & 0xff);
        const named_code *found = find(tls_alerts, G_N_ELEMENTS(tls_alerts), alert);
        if (found == NULL)
            return g_strdup_printf("TLS alert %u (without a name)", alert);
        return g_strdup_printf("TLS alert %u (%s)%s%s", alert, found->name,
                               found->meaning == NULL ? "" : ", ",
                               found->meaning == NULL ? "" : found->meaning);
    }
    return name == NULL ? g_strdup_printf("QUIC error 0x%" PRIx64, code)
                        : g_strdup_printf("%s (0x%" PRIx64 ")", name, code);
}

char *ql_quic_error_to_string(const ngtcp2_ccerr *error)
{
    g_autofree char *code = error->type == NGTCP2_CCERR_TYPE_APPLICATION
                                ? ql_http3_error_to_string(error->error_code)
                                : transport_error_to_string(error->error_code);
    if (error->reasonlen == 0)
        return g_steal_pointer(&code);
    GString *text = g_string_new(code);
    g_string_append(text, ", \"");
    ql_text_append(text, (const char *)error->reason, error->reasonlen, QL_TEXT_ONE_LINE);
    g_string_append_c(text, '"');
    return g_string_free(text, FALSE);
}
