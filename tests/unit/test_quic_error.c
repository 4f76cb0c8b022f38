/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_error.h"

#include <string.h>

static void assert_text(const ngtcp2_ccerr *error, const char *expected)
{
    g_autofree char *text = ql_quic_error_to_string(error);
    g_assert_cmpstr(text, ==, expected);
}

static void test_codes_have_the_names_of_their_rfcs(void)
{
    g_assert_cmpstr(ql_quic_transport_error_name(0x0a), ==, "PROTOCOL_VIOLATION");
    g_assert_cmpstr(ql_quic_transport_error_name(0x11), ==, "VERSION_NEGOTIATION_ERROR");
    g_assert_cmpstr(ql_quic_transport_error_name(0x178), ==, "CRYPTO_ERROR");
    g_assert_cmpstr(ql_http3_error_name(0x110), ==, "H3_VERSION_FALLBACK");
    g_assert_cmpstr(ql_http3_error_name(0x202), ==, "QPACK_DECODER_STREAM_ERROR");
    g_assert_cmpstr(ql_http3_error_name(0x33), ==, "H3_DATAGRAM_ERROR");
    g_assert_cmpstr(ql_tls_alert_name(48), ==, "unknown_ca");
}

static void test_codes_without_a_name_have_none(void)
{
    g_assert_null(ql_quic_transport_error_name(0x12));
    g_assert_null(ql_quic_transport_error_name(0x200));
    g_assert_null(ql_http3_error_name(0x111));
    g_assert_null(ql_http3_error_meaning(0));
    g_assert_null(ql_tls_alert_name(1));
}

static void test_every_http3_error_has_a_meaning(void)
{
    for (uint64_t code = 0x100; code <= 0x110; code++)
        g_assert_nonnull(ql_http3_error_meaning(code));
}

static void test_errors_are_told_with_name_number_and_reason(void)
{
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_transport_error(&error, 0x0a, (const uint8_t *)"bad frame", 9);
    assert_text(&error, "PROTOCOL_VIOLATION (0xa), \"bad frame\"");
    ngtcp2_ccerr_set_transport_error(&error, 0x99, NULL, 0);
    assert_text(&error, "QUIC error 0x99");
    ngtcp2_ccerr_set_tls_alert(&error, 120, NULL, 0);
    assert_text(&error,
                "TLS alert 120 (no_application_protocol), no protocol is common to both sides");
    ngtcp2_ccerr_set_application_error(&error, 0x10c, NULL, 0);
    assert_text(&error, "H3_REQUEST_CANCELLED (0x10c: the request was given up)");
    ngtcp2_ccerr_set_application_error(&error, 0x999, NULL, 0);
    assert_text(&error, "HTTP/3 error 0x999");
}

static void test_a_reason_cannot_reach_the_terminal(void)
{
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_transport_error(&error, 1, (const uint8_t *)"\x1b[2J\n", 5);
    assert_text(&error, "INTERNAL_ERROR (0x1), \"\\x1b[2J\\x0a\"");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quic-error/names", test_codes_have_the_names_of_their_rfcs);
    g_test_add_func("/quic-error/no-names", test_codes_without_a_name_have_none);
    g_test_add_func("/quic-error/meanings", test_every_http3_error_has_a_meaning);
    g_test_add_func("/quic-error/text", test_errors_are_told_with_name_number_and_reason);
    g_test_add_func("/quic-error/reason", test_a_reason_cannot_reach_the_terminal);
    return g_test_run();
}
