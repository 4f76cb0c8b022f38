/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "early_data.h"

#include "request.h"

static ql_request *request(const char *method, bool with_content)
{
    ql_body *body = NULL;
    if (with_content) {
        body = ql_body_new();
        ql_body_add_text(body, "x", 1);
    }
    return ql_request_new(ql_url_new("https://example.org/", NULL),
                          &(ql_request_settings){ .method = method }, body, ql_output_new_nowhere(),
                          NULL);
}

static void test_what_may_change_something_is_held_back(void)
{
    static const struct {
        const char *method;
        bool content, held;
    } cases[] = { { "GET", false, false },  { "POST", false, true },   { "HEAD", false, false },
                  { "GET", true, true },    { "DELETE", false, true }, { "OPTIONS", false, false },
                  { "TRACE", false, false } };
    GQueue waiting = G_QUEUE_INIT, held = G_QUEUE_INIT;
    ql_request *requests[G_N_ELEMENTS(cases)];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        requests[i] = request(cases[i].method, cases[i].content);
        g_queue_push_tail(&waiting, requests[i]);
    }
    ql_early_data_hold(&waiting, &held);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_true(g_queue_pop_head(cases[i].held ? &held : &waiting) == requests[i]);
    g_assert_true(g_queue_is_empty(&waiting) && g_queue_is_empty(&held));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        ql_request_free(requests[i]);
}

static void test_what_was_held_back_comes_behind_the_rest(void)
{
    GQueue waiting = G_QUEUE_INIT, held = G_QUEUE_INIT;
    ql_request *get = request("GET", false), *post = request("POST", true),
               *put = request("PUT", true);
    g_queue_push_tail(&waiting, post);
    g_queue_push_tail(&waiting, put);
    g_queue_push_tail(&waiting, get);
    ql_early_data_hold(&waiting, &held);
    ql_early_data_release(&held, &waiting);
    g_assert_true(g_queue_pop_head(&waiting) == get);
    g_assert_true(g_queue_pop_head(&waiting) == post);
    g_assert_true(g_queue_pop_head(&waiting) == put);
    g_assert_true(g_queue_is_empty(&held));
    ql_request_free(get);
    ql_request_free(post);
    ql_request_free(put);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/early-data/held", test_what_may_change_something_is_held_back);
    g_test_add_func("/early-data/released", test_what_was_held_back_comes_behind_the_rest);
    return g_test_run();
}
