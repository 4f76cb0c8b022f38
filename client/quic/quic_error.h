/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and sentences for the error codes of QUIC, TLS and HTTP/3. Strings that are returned as
 * const char * are constants. */
#pragma once

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdint.h>

/* "FLOW_CONTROL_ERROR" (RFC 9000, 20.1; RFC 9368, 10.1); "CRYPTO_ERROR" for the range of TLS
 * alerts. NULL if the code has no name. */
const char *ql_quic_transport_error_name(uint64_t code);

/* "H3_REQUEST_REJECTED" (RFC 9114, 8.1), "QPACK_DECOMPRESSION_FAILED" (RFC 9204, 6),
 * "H3_DATAGRAM_ERROR" (RFC 9297). NULL if the code has no name. */
const char *ql_http3_error_name(uint64_t code);

/* What an HTTP/3 error code means, as half a sentence ("the server did not process the request").
 * NULL if the code has no name. */
const char *ql_http3_error_meaning(uint64_t code);

/* Name, number and meaning: "H3_REQUEST_CANCELLED (0x10c: the request was given up)". To be freed
 * by g_free. */
char *ql_http3_error_to_string(uint64_t code);

/* "no_application_protocol" for 120 (RFC 8446, 6). NULL if the alert has no name. */
const char *ql_tls_alert_name(uint8_t alert);

/* Name, number and reason of an error that was put into or taken from a CONNECTION_CLOSE, such as
 * "PROTOCOL_VIOLATION (0xa), \"bad frame\"" or "TLS alert 120 (no_application_protocol)".
 * Control characters of the reason are escaped. To be freed by g_free. */
char *ql_quic_error_to_string(const ngtcp2_ccerr *error);
