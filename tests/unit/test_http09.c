/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/0.9 of the client with an origin that offers nothing else. */
#include "client_fixture.h"
#include "http09.h"
#include "origin_alpn.h"

typedef struct stage {
    client_fixture client;
    GBytes *alpn;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    s->alpn = ql_origin_alpn_parse(QL_HTTP09_ALPN, NULL);
    client_fixture_start(&s->client, &(ql_origin_tls_settings){ .alpn = s->alpn });
    s->client.settings.terms.alpn = "h3," QL_HTTP09_ALPN;
    s->client.settings.requests_at_once = 3;
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_stop(&s->client);
    g_bytes_unref(s->alpn);
}

static void test_content_comes_bare_and_whole(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture *f = &s->client;
    enum { REQUESTS = 20 };
    ql_transfer *transfer = ql_transfer_new(&f->settings);
    for (unsigned i = 0; i < REQUESTS; i++)
        ql_transfer_add(transfer, client_fixture_request(f, NULL, QL_ORIGIN_PATTERN_PATH, NULL));
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 0);
    const GPtrArray *requests = ql_transfer_requests(transfer);
    for (unsigned i = 0; i < REQUESTS; i++) {
        const ql_request *request = g_ptr_array_index(requests, i);
        g_assert_cmpuint(ql_request_received(request), ==, QL_ORIGIN_PATTERN_BYTES);
        g_assert_cmpint(ql_request_status(request), ==, 0);
    }
    ql_transfer_free(transfer);
    g_autofree char *said = client_fixture_trace(f);
    g_assert_nonnull(strstr(said, "GET " QL_ORIGIN_PATTERN_PATH " (HTTP/0.9)"));
}

static void test_nothing_but_get_can_be_asked(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture *f = &s->client;
    ql_transfer *transfer = ql_transfer_new(&f->settings);
    ql_transfer_add(transfer, client_fixture_request(f, "HEAD", QL_ORIGIN_PATTERN_PATH, NULL));
    ql_transfer_add(transfer, client_fixture_request(f, "POST", "/echo", "content"));
    ql_transfer_add(transfer, client_fixture_request(f, NULL, QL_ORIGIN_PATTERN_PATH, NULL));
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 2);
    ql_transfer_free(transfer);
    g_assert_nonnull(strstr(f->reports->str, "has no method but GET"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function) g_test_add("/http09/" name, stage, NULL, set_up, function, tear_down)
    TEST("whole", test_content_comes_bare_and_whole);
    TEST("get", test_nothing_but_get_can_be_asked);
    return g_test_run();
}
