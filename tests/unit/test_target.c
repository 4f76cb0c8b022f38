/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"
#include "origin_fixture.h"
#include "packets.h"
#include "target.h"
#include "tls.h"

#include <poll.h>
#include <signal.h>

/* A target of requests at an origin of the test. */
typedef struct stage {
    origin_fixture origin;
    SSL_CTX *tls;
    ql_resolver *resolver;
    ql_transfer_settings settings;
    ql_url *url;
    ql_target *target;
} stage;

static void fail_with_sentence(const char *sentence, bool fails, void *user)
{
    (void)user;
    g_assert_false(fails);
    g_test_message("%s", sentence);
}

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    origin_fixture_start(&s->origin, certificate_new(key, "localhost", -DAY, DAY), key);
    s->tls = ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, &error);
    g_assert_no_error(error);
    s->resolver = ql_resolver_new(AF_INET, NULL, NULL);
    s->settings = (ql_transfer_settings){ .tls = s->tls,
                                          .resolver = s->resolver,
                                          .connect_timeout = 20 * NGTCP2_SECONDS,
                                          .idle_timeout = 60 * NGTCP2_SECONDS,
                                          .stop_fd = -1 };
    g_autofree char *text = g_strdup_printf("https://localhost:%u/delay/600s", s->origin.port);
    s->url = ql_url_new(text, NULL);
    s->target = ql_target_new(&s->settings, s->url, fail_with_sentence, NULL);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_target_free(s->target);
    ql_url_free(s->url);
    SSL_CTX_free(s->tls);
    ql_resolver_free(s->resolver);
    origin_fixture_stop(&s->origin);
}

/* That is not answered for as long as the test lasts. */
static ql_request *add(stage *s)
{
    ql_request_settings settings = { .method = "GET" };
    ql_request *request =
        ql_request_new(ql_url_copy(s->url), &settings, NULL, ql_output_new_nowhere(), NULL);
    ql_request_begin(request);
    ql_target_add(s->target, request);
    return request;
}

static void step_until_sent(stage *s, const ql_request *request)
{
    g_autoptr(GArray) pollfds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    ngtcp2_tstamp end = ql_clock_now() + 30 * NGTCP2_SECONDS;
    while (ql_request_get_stream(request) < 0 && ql_clock_now() < end) {
        g_array_set_size(pollfds, 0);
        ql_target_step(s->target);
        ql_target_add_pollfds(s->target, pollfds);
        poll((struct pollfd *)(void *)pollfds->data, pollfds->len, 10);
    }
    g_assert_cmpint(ql_request_get_stream(request), >=, 0);
}

static void test_a_request_between_two_rounds_does_not_wait_for_the_network(stage *s,
                                                                            gconstpointer unused)
{
    (void)unused;
    ql_request *first = add(s);
    step_until_sent(s, first);
    g_assert_cmpuint(ql_target_expiry(s->target), >, 0);
    ql_request *second = add(s);
    g_assert_cmpuint(ql_target_expiry(s->target), ==, 0);
    ql_target_step(s->target);
    g_assert_cmpint(ql_request_get_stream(second), ==, ql_request_get_stream(first) + 4);
    g_assert_cmpuint(ql_target_expiry(s->target), >, 0);
    ql_target_close(s->target);
    ql_request_free(first);
    ql_request_free(second);
}

static void test_nothing_is_due_without_a_request(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_false(ql_target_is_busy(s->target));
    g_assert_cmpuint(ql_target_expiry(s->target), ==, UINT64_MAX);
    ql_target_step(s->target);
    g_assert_cmpuint(ql_target_expiry(s->target), ==, UINT64_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function) g_test_add("/target/" name, stage, NULL, set_up, function, tear_down)
    TEST("between-rounds", test_a_request_between_two_rounds_does_not_wait_for_the_network);
    TEST("nothing", test_nothing_is_due_without_a_request);
    return g_test_run();
}
