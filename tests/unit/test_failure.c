/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "failure.h"

#include <string.h>

/* Every sentence names the origin and has the words that are given. */
static void assert_sentence(ql_failure failure, const char *const *words)
{
    failure.origin = "example.org:443";
    failure.address = "192.0.2.1:443";
    g_autofree char *sentence = ql_failure_to_sentence(&failure);
    g_assert_nonnull(strstr(sentence, "example.org:443"));
    g_assert_null(strchr(sentence, '\n'));
    for (; *words != NULL; words++)
        if (strstr(sentence, *words) == NULL)
            g_error("\"%s\" is missing in: %s", *words, sentence);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_a_refusal_says_that_nobody_listens(void)
{
    assert_sentence((ql_failure){ .cause = QL_FAILURE_REFUSED, .in_handshake = true },
                    WORDS("no program listens", "192.0.2.1:443", "check the port"));
    assert_sentence((ql_failure){ .cause = QL_FAILURE_REFUSED }, WORDS("any more", "ended"));
}

static void test_timeouts_say_how_long_they_were(void)
{
    assert_sentence((ql_failure){ .cause = QL_FAILURE_HANDSHAKE_TIMEOUT,
                                  .limit = 2500 * NGTCP2_MILLISECONDS,
                                  .detail = "--connect-timeout SECONDS" },
                    WORDS("2.5 s", "handshake", "--connect-timeout"));
    assert_sentence((ql_failure){ .cause = QL_FAILURE_IDLE_TIMEOUT, .limit = 30 * NGTCP2_SECONDS },
                    WORDS("30 s", "idle timeout"));
}

static void test_a_rejected_certificate_says_why(void)
{
    assert_sentence((ql_failure){ .cause = QL_FAILURE_CERTIFICATE, .detail = "it is self-signed" },
                    WORDS("certificate", "it is self-signed", "--cacert", "-k"));
}

static void test_versions_and_resets_are_told(void)
{
    assert_sentence(
        (ql_failure){ .cause = QL_FAILURE_VERSION, .version = 1, .detail = "0x6b3343cf" },
        WORDS("QUIC version 1", "0x6b3343cf"));
    assert_sentence((ql_failure){ .cause = QL_FAILURE_STATELESS_RESET }, WORDS("stateless reset"));
    assert_sentence((ql_failure){ .cause = QL_FAILURE_UNREACHABLE, .detail = "No route to host" },
                    WORDS("No route to host", "192.0.2.1:443"));
    assert_sentence((ql_failure){ .cause = QL_FAILURE_LOCAL, .detail = "out of memory" },
                    WORDS("on this side", "out of memory"));
}

static void test_what_the_peer_says_is_told_by_name(void)
{
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_application_error(&error, 0x102, NULL, 0);
    assert_sentence((ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = &error },
                    WORDS("closed", "H3_INTERNAL_ERROR"));
    ngtcp2_ccerr_set_tls_alert(&error, 120, NULL, 0);
    assert_sentence(
        (ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = &error, .in_handshake = true },
        WORDS("does not speak HTTP/3", "ALPN", "TLS alert 120 (no_application_protocol)"));
    ngtcp2_ccerr_set_tls_alert(&error, 40, NULL, 0);
    assert_sentence(
        (ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = &error, .in_handshake = true },
        WORDS("handshake", "TLS alert 40 (handshake_failure), the two sides have no"));
    ngtcp2_ccerr_set_tls_alert(&error, 116, NULL, 0);
    assert_sentence((ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = &error },
                    WORDS("did not accept this client", "certificate_required", "--cert FILE"));
    ngtcp2_ccerr_set_tls_alert(&error, 47, NULL, 0);
    assert_sentence(
        (ql_failure){ .cause = QL_FAILURE_FAULT_OF_PEER,
                      .error = &error,
                      .in_handshake = true,
                      .detail = "bad extension" },
        WORDS("TLS handshake", "\"bad extension\"", "TLS alert 47 (illegal_parameter)"));
    ngtcp2_ccerr_set_transport_error(&error, 0x02, NULL, 0);
    assert_sentence(
        (ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = &error, .in_handshake = true },
        WORDS("takes no connection", "CONNECTION_REFUSED"));
}

static void test_faults_of_the_peer_name_the_protocol(void)
{
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_application_error(&error, 0x105, NULL, 0);
    assert_sentence((ql_failure){ .cause = QL_FAILURE_FAULT_OF_PEER, .error = &error },
                    WORDS("HTTP/3", "H3_FRAME_UNEXPECTED"));
    ngtcp2_ccerr_set_transport_error(&error, 0x03, NULL, 0);
    assert_sentence((ql_failure){ .cause = QL_FAILURE_FAULT_OF_PEER, .error = &error },
                    WORDS("QUIC", "FLOW_CONTROL_ERROR"));
    ngtcp2_ccerr_set_tls_alert(&error, 120, NULL, 0);
    assert_sentence((ql_failure){ .cause = QL_FAILURE_FAULT_OF_PEER, .error = &error },
                    WORDS("no ALPN"));
}

static void test_only_the_way_to_an_address_is_a_matter_of_the_address(void)
{
    g_assert_true(ql_failure_is_of_address(
        &(ql_failure){ .cause = QL_FAILURE_REFUSED, .in_handshake = true }));
    g_assert_true(ql_failure_is_of_address(
        &(ql_failure){ .cause = QL_FAILURE_HANDSHAKE_TIMEOUT, .in_handshake = true }));
    g_assert_false(ql_failure_is_of_address(&(ql_failure){ .cause = QL_FAILURE_REFUSED }));
    g_assert_false(ql_failure_is_of_address(
        &(ql_failure){ .cause = QL_FAILURE_CERTIFICATE, .in_handshake = true }));
}

static void test_an_alert_is_no_broken_rule_of_quic(void)
{
    ngtcp2_ccerr error;
    ngtcp2_ccerr_set_tls_alert(&error, 40, NULL, 0);
    const ql_failure failure = { .cause = QL_FAILURE_FAULT_OF_PEER,
                                 .origin = "a:1",
                                 .error = &error };
    g_autofree char *sentence = ql_failure_to_sentence(&failure);
    g_assert_null(strstr(sentence, "rules of QUIC"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/failure/refused", test_a_refusal_says_that_nobody_listens);
    g_test_add_func("/failure/timeouts", test_timeouts_say_how_long_they_were);
    g_test_add_func("/failure/certificate", test_a_rejected_certificate_says_why);
    g_test_add_func("/failure/others", test_versions_and_resets_are_told);
    g_test_add_func("/failure/closed", test_what_the_peer_says_is_told_by_name);
    g_test_add_func("/failure/faults", test_faults_of_the_peer_name_the_protocol);
    g_test_add_func("/failure/alert", test_an_alert_is_no_broken_rule_of_quic);
    g_test_add_func("/failure/address", test_only_the_way_to_an_address_is_a_matter_of_the_address);
    return g_test_run();
}
