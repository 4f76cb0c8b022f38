/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow_up.h"

#include <string.h>

/* A request that is sent, with a text as content where content is not NULL. */
static ql_request *sent(ql_request_settings settings, const char *content)
{
    ql_body *body = content == NULL ? NULL : ql_body_new();
    if (body != NULL)
        ql_body_add_text(body, content, strlen(content));
    ql_request *request = ql_request_new(ql_url_new("https://a/b/c?d", NULL), &settings, body,
                                         ql_output_new_nowhere(), NULL);
    ql_request_on_sent(request, 0, NULL);
    return request;
}

static void answer(ql_request *request, const char *status, const char *name, const char *value)
{
    g_assert_true(ql_request_on_field(request, ":status", 7, status, strlen(status)));
    if (name != NULL)
        g_assert_true(ql_request_on_field(request, name, strlen(name), value, strlen(value)));
    ql_request_on_fields_end(request, false, NULL);
    ql_request_on_data(request, (const uint8_t *)"text", 4);
    ql_request_on_end(request);
}

static const char *field(const ql_request *request, const char *name)
{
    size_t count;
    const ql_field *fields = ql_request_fields(request, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].value;
    return NULL;
}

/* The request that follows on one that is over. Takes it. */
static ql_request *next_of(ql_request *request, ngtcp2_duration *delay)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ql_request_is_over(request) && ql_request_is_followed(request));
    ql_request *next = ql_follow_up_new(request, delay, &error);
    g_assert_no_error(error);
    ql_request_free(request);
    return next;
}

static ql_request *redirected(ql_request_settings settings, const char *content, const char *status,
                              const char *location)
{
    ngtcp2_duration delay = 1;
    settings.follow = true;
    settings.redirects_left = 1;
    ql_request *request = sent(settings, content);
    answer(request, status, "location", location);
    ql_request *next = next_of(request, &delay);
    g_assert_cmpuint(delay, ==, 0);
    return next;
}

static void test_references_are_seen_from_the_url(void)
{
    static const char *const cases[][2] = {
        { "x", "https://a/b/x" },         { "/x?y#z", "https://a/x?y" },
        { "//other/", "https://other/" }, { "../x y", "https://a/x%20y" },
        { "?q", "https://a/b/c?q" },      { "https://h:8443", "https://h:8443/" }
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ql_request *next = redirected((ql_request_settings){ 0 }, NULL, "302", cases[i][0]);
        g_assert_cmpstr(ql_request_url(next)->text, ==, cases[i][1]);
        ql_request_free(next);
    }
}

static void test_methods_change_as_the_status_says(void)
{
    static const struct {
        const char *status, *method, *becomes;
    } cases[] = {
        { "301", "POST", "GET" },  { "302", "POST", "GET" },  { "303", "POST", "GET" },
        { "303", "PUT", "GET" },   { "303", "HEAD", "HEAD" }, { "301", "PUT", "PUT" },
        { "307", "POST", "POST" }, { "308", "PUT", "PUT" },   { "302", "DELETE", "DELETE" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ql_request *next =
            redirected((ql_request_settings){ .method = cases[i].method, .content_type = "t" },
                       "content", cases[i].status, "/x");
        g_assert_cmpstr(ql_request_method(next), ==, cases[i].becomes);
        bool same = strcmp(cases[i].method, cases[i].becomes) == 0 && cases[i].method[0] != 'H';
        g_assert_true(!same || ql_request_body(next) != NULL);
        if (strcmp(cases[i].becomes, "GET") == 0) {
            g_assert_null(ql_request_body(next));
            g_assert_null(field(next, "content-type"));
        }
        ql_request_free(next);
    }
}

static void test_secrets_stay_with_their_origin(void)
{
    char *headers[] = { (char[]){ "Authorization: x" }, (char[]){ "X-A: y" }, NULL };
    ql_request_settings settings = { .headers = headers, .cookie = "k=v", .user = "u:p" };
    ql_request *next = redirected(settings, NULL, "302", "https://other/");
    g_assert_null(field(next, "authorization"));
    g_assert_null(field(next, "cookie"));
    g_assert_cmpstr(field(next, "x-a"), ==, "y");
    ql_request_free(next);
    next = redirected(settings, NULL, "302", "/same");
    g_assert_cmpstr(field(next, "authorization"), ==, "x");
    g_assert_cmpstr(field(next, "cookie"), ==, "k=v");
    ql_request_free(next);
    settings.follow_with_secrets = true;
    next = redirected(settings, NULL, "302", "https://other/");
    g_assert_cmpstr(field(next, "authorization"), ==, "x");
    ql_request_free(next);
}

static void assert_forbidden(unsigned left, const char *location, const char *word)
{
    ql_request *request =
        sent((ql_request_settings){ .follow = true, .redirects_left = left }, NULL);
    answer(request, "302", "location", location);
    g_assert_cmpint(ql_request_get_state(request), ==, QL_REQUEST_FAILED);
    g_assert_false(ql_request_is_followed(request));
    g_assert_nonnull(strstr(ql_request_failure(request), word));
    ql_request_free(request);
}

static void test_what_cannot_be_followed_fails(void)
{
    assert_forbidden(0, "/x", "--max-redirs");
    assert_forbidden(1, "http://a/", "https only");
    assert_forbidden(1, "ftp://a/", "https");
    assert_forbidden(1, "htp:/..//a/", "no host");
    assert_forbidden(1, "https:/a", "no host");
    assert_forbidden(1, "https://a:99999/", "bad URL");
}

static void test_a_status_that_may_pass_is_tried_again(void)
{
    ngtcp2_duration delay;
    ql_request *request = sent((ql_request_settings){ .retries_left = 2 }, "content");
    answer(request, "503", NULL, NULL);
    ql_request *next = next_of(request, &delay);
    g_assert_cmpuint(delay, ==, 1 * NGTCP2_SECONDS);
    ql_request_on_sent(next, 4, NULL);
    answer(next, "429", "retry-after", "7");
    next = next_of(next, &delay);
    g_assert_cmpuint(delay, ==, 7 * NGTCP2_SECONDS);
    ql_request_on_sent(next, 8, NULL);
    answer(next, "503", NULL, NULL);
    g_assert_false(ql_request_is_followed(next));
    g_assert_cmpint(ql_request_get_state(next), ==, QL_REQUEST_DONE);
    ql_request_free(next);
}

static void test_a_failure_on_the_way_is_tried_again(void)
{
    ngtcp2_duration delay;
    ql_request *request = sent((ql_request_settings){ .retries_left = 1, .retry_delay = 5 }, NULL);
    ql_request_fail(request, "gone");
    ql_request *next = next_of(request, &delay);
    g_assert_cmpuint(delay, ==, 5);
    ql_request_fail_for_good(next, "no");
    g_assert_false(ql_request_is_followed(next));
    ql_request_free(next);
}

static void test_what_came_from_a_pipe_is_not_sent_again(void)
{
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, "/dev/null", false, NULL));
    ql_request *request =
        ql_request_new(ql_url_new("https://a/", NULL), &(ql_request_settings){ .retries_left = 1 },
                       body, ql_output_new_nowhere(), NULL);
    ql_request_on_sent(request, 0, NULL);
    ql_request_fail(request, "gone");
    g_assert_false(ql_request_is_followed(request));
    ql_request_free(request);
}

/* With the header section of a response to a request for what is behind 5 bytes. */
static void assert_resumed(const char *status, const char *range, const char *failure)
{
    ql_request *request = sent((ql_request_settings){ .resume = 5 }, NULL);
    g_assert_cmpstr(field(request, "range"), ==, "bytes=5-");
    answer(request, status, range == NULL ? NULL : "content-range", range);
    if (failure == NULL)
        g_assert_null(ql_request_failure(request));
    else
        g_assert_nonnull(strstr(ql_request_failure(request), failure));
    ql_request_free(request);
}

static void test_a_download_goes_on_only_where_it_fits(void)
{
    assert_resumed("206", "bytes 5-8/9", NULL);
    assert_resumed("416", "bytes */5", NULL);
    assert_resumed("206", "bytes 0-8/9", "another range");
    assert_resumed("206", NULL, "another range");
    assert_resumed("416", "bytes */3", "fewer bytes");
    assert_resumed("200", NULL, "from the beginning");
    assert_resumed("404", NULL, "404");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add_func("/follow-up/" name, function)
    TEST("references are seen from the url", test_references_are_seen_from_the_url);
    TEST("methods change as the status says", test_methods_change_as_the_status_says);
    TEST("secrets stay with their origin", test_secrets_stay_with_their_origin);
    TEST("what cannot be followed fails", test_what_cannot_be_followed_fails);
    TEST("a status that may pass is tried again", test_a_status_that_may_pass_is_tried_again);
    TEST("a failure on the way is tried again", test_a_failure_on_the_way_is_tried_again);
    TEST("what came from a pipe is not sent again", test_what_came_from_a_pipe_is_not_sent_again);
    TEST("a download goes on only where it fits", test_a_download_goes_on_only_where_it_fits);
    return g_test_run();
}
