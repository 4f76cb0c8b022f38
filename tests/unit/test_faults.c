/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How quiclens get takes what servers do wrong. */
#include "faulty_server.h"
#include "origin_fixture.h"
#include "tls.h"
#include "transfer.h"

#include <string.h>

typedef struct stage {
    X509 *certificate;
    EVP_PKEY *key;
    SSL_CTX *tls;
    ql_resolver *resolver;
    GString *reports;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    s->key = EVP_EC_gen("P-256");
    s->certificate = certificate_new(s->key, "localhost", -DAY, DAY);
    s->tls = ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    s->resolver = ql_resolver_new(AF_INET, NULL, NULL);
    s->reports = g_string_new(NULL);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    X509_free(s->certificate);
    EVP_PKEY_free(s->key);
    SSL_CTX_free(s->tls);
    ql_resolver_free(s->resolver);
    g_string_free(s->reports, TRUE);
}

static void note_report(const char *sentence, void *user)
{
    g_string_append_printf(user, "%s\n", sentence);
}

/* Sends requests to a server with that fault. Returns how many failed. */
static unsigned ask(stage *s, fault_kind fault, unsigned requests, unsigned *connections,
                    unsigned *seen)
{
    faulty_server *server = faulty_server_start(fault, s->certificate, s->key);
    const ql_transfer_settings settings = { .tls = s->tls,
                                            .resolver = s->resolver,
                                            .connect_timeout = 5 * NGTCP2_SECONDS,
                                            .idle_timeout = 5 * NGTCP2_SECONDS,
                                            .max_time = 10 * NGTCP2_SECONDS,
                                            .stop_fd = -1,
                                            .report = note_report,
                                            .report_user = s->reports };
    ql_transfer *transfer = ql_transfer_new(&settings);
    for (unsigned i = 0; i < requests; i++) {
        g_autofree char *url =
            g_strdup_printf("https://localhost:%u/%u", faulty_server_port(server), i);
        ql_transfer_add(transfer, ql_request_new(ql_url_new(url, NULL), &(ql_request_settings){ 0 },
                                                 NULL, ql_output_new_nowhere(), NULL));
    }
    unsigned failed = ql_transfer_run(transfer);
    ql_transfer_free(transfer);
    *connections = faulty_server_connections(server);
    *seen = faulty_server_requests(server);
    faulty_server_stop(server);
    return failed;
}

/* Two requests fail, with one sentence for both or one each. */
static void assert_sentence(stage *s, fault_kind fault, unsigned sentences,
                            const char *const *words)
{
    unsigned connections, seen;
    g_assert_cmpuint(ask(s, fault, 2, &connections, &seen), ==, 2);
    for (; *words != NULL; words++)
        if (strstr(s->reports->str, *words) == NULL)
            g_error("\"%s\" is missing in: %s", *words, s->reports->str);
    unsigned lines = 0;
    for (const char *at = s->reports->str; *at != '\0'; at++)
        lines += *at == '\n' ? 1 : 0;
    if (lines != sentences)
        g_error("%u sentences instead of %u: %s", lines, sentences, s->reports->str);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_a_refused_alpn_is_told(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_ALPN_REFUSED, 1,
                    WORDS("does not speak HTTP/3", "TLS alert 120 (no_application_protocol)"));
}

static void test_an_ignored_alpn_is_a_fault(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_ALPN_IGNORED, 1, WORDS("chose no ALPN"));
}

static void test_a_frame_in_the_wrong_place_is_a_fault(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_CONTROL_FRAME, 1,
                    WORDS("broke the rules of HTTP/3", "H3_FRAME_UNEXPECTED"));
}

static void test_a_reset_stream_fails_its_request_only(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_STREAM_RESET, 2,
                    WORDS("/0: the server reset the stream: H3_INTERNAL_ERROR",
                          "/1: the server reset the stream: H3_INTERNAL_ERROR"));
}

static void test_a_stream_that_just_ends_is_a_fault(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_STREAM_ENDED, 1, WORDS("broke the rules of HTTP/3"));
}

static void test_content_that_is_too_short_fails_its_request_only(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_LENGTH, 2,
                    WORDS("/0: the server ended the response after 0 of 5 bytes",
                          "/1: the server ended the response after 0 of 5 bytes"));
}

static void test_a_closed_connection_is_told_once_with_its_reason(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_CLOSED, 1, WORDS("closed", "H3_EXCESSIVE_LOAD", "too\\x1b much"));
}

static void test_a_transport_error_is_told_by_name(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_CLOSED_TRANSPORT, 1, WORDS("closed", "PROTOCOL_VIOLATION"));
}

static void test_an_end_before_the_response_is_a_failure(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_CLOSED_SILENTLY, 1, WORDS("before all was done", "H3_NO_ERROR"));
}

static void test_a_stateless_reset_is_recognised(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_sentence(s, FAULT_STATELESS_RESET, 1, WORDS("stateless reset"));
}

static void test_a_rejected_request_is_sent_again(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned connections, seen;
    g_assert_cmpuint(ask(s, FAULT_STREAM_REJECTED, 2, &connections, &seen), ==, 0);
    g_assert_cmpstr(s->reports->str, ==, "");
    g_assert_cmpuint(seen, ==, 3);
}

static void test_a_request_is_sent_three_times_at_most(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned connections, seen;
    g_assert_cmpuint(ask(s, FAULT_STREAM_REJECTED_EVER, 1, &connections, &seen), ==, 1);
    g_assert_nonnull(strstr(s->reports->str, "H3_REQUEST_REJECTED"));
    g_assert_cmpuint(seen, ==, 3);
}

static void test_after_a_goaway_the_rest_takes_a_new_connection(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned connections, seen;
    g_assert_cmpuint(ask(s, FAULT_GOES_AWAY, 10, &connections, &seen), ==, 0);
    g_assert_cmpstr(s->reports->str, ==, "");
    g_assert_cmpuint(connections, ==, 2);
}

static void test_a_response_may_precede_its_qpack_instructions(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned connections, seen;
    g_assert_cmpuint(ask(s, FAULT_QPACK_LATE, 2, &connections, &seen), ==, 0);
    g_assert_cmpstr(s->reports->str, ==, "");
    g_assert_cmpuint(seen, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function) g_test_add("/faults/" name, stage, NULL, set_up, function, tear_down)
    TEST("alpn-refused", test_a_refused_alpn_is_told);
    TEST("alpn-ignored", test_an_ignored_alpn_is_a_fault);
    TEST("frame", test_a_frame_in_the_wrong_place_is_a_fault);
    TEST("reset", test_a_reset_stream_fails_its_request_only);
    TEST("ended", test_a_stream_that_just_ends_is_a_fault);
    TEST("length", test_content_that_is_too_short_fails_its_request_only);
    TEST("closed", test_a_closed_connection_is_told_once_with_its_reason);
    TEST("transport", test_a_transport_error_is_told_by_name);
    TEST("no-error", test_an_end_before_the_response_is_a_failure);
    TEST("stateless", test_a_stateless_reset_is_recognised);
    TEST("rejected", test_a_rejected_request_is_sent_again);
    TEST("rejected-ever", test_a_request_is_sent_three_times_at_most);
    TEST("qpack-late", test_a_response_may_precede_its_qpack_instructions);
    TEST("goaway", test_after_a_goaway_the_rest_takes_a_new_connection);
    return g_test_run();
}
