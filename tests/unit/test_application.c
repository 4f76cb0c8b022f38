/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which protocol is spoken, and HTTP/0.9 itself. */
#include "application.h"
#include "client_fixture.h"
#include "origin_alpn.h"

#define REQUESTS 150 /* more than are sent at once */

typedef struct stage {
    client_fixture client;
    GBytes *alpn;
} stage;

static void set_up(stage *s, gconstpointer alpn)
{
    s->alpn = ql_origin_alpn_parse(alpn, NULL);
    client_fixture_start(&s->client, &(ql_origin_tls_settings){ .alpn = s->alpn });
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_stop(&s->client);
    g_bytes_unref(s->alpn);
}

/* Carries one request out and returns how many failed. */
static unsigned ask(stage *s, const char *alpn, const char *method, const char *path,
                    const char *content, uint64_t *received)
{
    s->client.settings.terms.alpn = alpn;
    ql_transfer *transfer = ql_transfer_new(&s->client.settings);
    ql_request *request = client_fixture_request(&s->client, method, path, content);
    ql_transfer_add(transfer, request);
    unsigned failed = ql_transfer_run(transfer);
    *received = ql_request_received(request);
    ql_transfer_free(transfer);
    return failed;
}

static void test_content_comes_without_a_header(stage *s, gconstpointer unused)
{
    (void)unused;
    uint64_t received;
    g_assert_cmpuint(ask(s, "hq-interop", "GET", QL_ORIGIN_PATTERN_PATH, NULL, &received), ==, 0);
    g_assert_cmpuint(received, ==, QL_ORIGIN_PATTERN_BYTES);
    g_assert_cmpstr(s->client.reports->str, ==, "");
    g_autofree char *said = client_fixture_trace(&s->client);
    g_assert_nonnull(strstr(said, "ALPN hq-interop"));
    g_assert_nonnull(strstr(said, ": GET " QL_ORIGIN_PATTERN_PATH " (HTTP/0.9)"));
    g_assert_null(strstr(said, "HTTP/3"));
}

static void test_many_requests_have_a_stream_each(stage *s, gconstpointer unused)
{
    (void)unused;
    s->client.settings.terms.alpn = "hq-interop";
    ql_transfer *transfer = ql_transfer_new(&s->client.settings);
    ql_request *requests[REQUESTS];
    for (unsigned i = 0; i < REQUESTS; i++) {
        requests[i] = client_fixture_request(&s->client, NULL, "/", NULL);
        ql_transfer_add(transfer, requests[i]);
    }
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 0);
    for (unsigned i = 0; i < REQUESTS; i++) {
        g_assert_cmpint(ql_request_get_stream(requests[i]), ==, 4 * (int64_t)i);
        g_assert_cmpuint(ql_request_received(requests[i]), >, 0);
        g_assert_cmpint(ql_request_status(requests[i]), ==, 0);
    }
    ql_transfer_free(transfer);
}

static void test_there_is_nothing_but_get(stage *s, gconstpointer unused)
{
    (void)unused;
    uint64_t received;
    g_assert_cmpuint(ask(s, "hq-interop", "DELETE", "/", NULL, &received), ==, 1);
    g_assert_nonnull(strstr(s->client.reports->str, "no method but GET"));
    g_string_truncate(s->client.reports, 0);
    g_assert_cmpuint(ask(s, "hq-interop", "GET", "/", "content", &received), ==, 1);
    g_assert_nonnull(strstr(s->client.reports->str, "no content of requests"));
}

static void test_a_reset_stream_fails_its_request(stage *s, gconstpointer unused)
{
    (void)unused;
    uint64_t received;
    g_assert_cmpuint(ask(s, "hq-interop", "GET", "/missing", NULL, &received), ==, 1);
    g_assert_nonnull(strstr(s->client.reports->str, "the server reset the stream"));
}

static void test_the_server_chooses(stage *s, gconstpointer unused)
{
    (void)unused;
    uint64_t received;
    g_assert_cmpuint(ask(s, "hq-interop,h3", "GET", "/", NULL, &received), ==, 0);
    g_autofree char *said = client_fixture_trace(&s->client);
    g_assert_nonnull(strstr(said, "ALPN h3"));
    g_assert_nonnull(strstr(said, "HTTP/3 200"));
}

static void test_what_is_not_spoken_is_known(void)
{
    g_assert_true(ql_application_is_known("h3"));
    g_assert_true(ql_application_is_known("hq-interop"));
    g_assert_false(ql_application_is_known("h2"));
    g_assert_cmpuint(ql_application_active(NULL), ==, 0);
    g_assert_false(ql_application_is_going_away(NULL));
    ql_application_withdraw(NULL);
    ql_application_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function, alpn)                                                                 \
    g_test_add("/application/" name, stage, alpn, set_up, function, tear_down)
    g_test_add_func("/application/known", test_what_is_not_spoken_is_known);
    TEST("content", test_content_comes_without_a_header, "hq-interop");
    TEST("many", test_many_requests_have_a_stream_each, "hq-interop");
    TEST("get", test_there_is_nothing_but_get, "hq-interop");
    TEST("reset", test_a_reset_stream_fails_its_request, "hq-interop");
    TEST("choice", test_the_server_chooses, "h3,hq-interop");
    return g_test_run();
}
