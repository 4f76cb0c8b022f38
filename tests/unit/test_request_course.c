/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The course of a request: what comes for it, and what becomes of it (request.h). */
#include "request_stage.h"

static void test_a_response_is_done_when_it_is_written(request_stage *s, gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .digest = true });
    request_stage_give_head(s, "404");
    request_stage_give_data(s, "ab");
    request_stage_give_data(s, "c");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_SENT);
    ql_request_on_end(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_DONE);
    g_assert_cmpint(ql_request_status(s->request), ==, 404);
    g_assert_cmpuint(ql_request_received(s->request), ==, 3);
    g_assert_cmpuint(s->over, ==, 1);
    g_autofree char *digest = ql_request_sha256(s->request);
    g_assert_cmpstr(digest, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    request_stage_assert_written(s, "abc");
}

static void test_header_sections_are_written_where_that_is_asked(request_stage *s,
                                                                 gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .include = true });
    request_stage_give_head(s, "103");
    g_assert_cmpint(ql_request_status(s->request), ==, 0);
    request_stage_give_head(s, "200");
    request_stage_give_data(s, "x");
    request_stage_add_field(s, "t", "u");
    ql_request_on_fields_end(s->request, true, NULL);
    ql_request_on_end(s->request);
    request_stage_assert_written(
        s, "HTTP/3 103\r\nx-a: b\r\n\r\nHTTP/3 200\r\nx-a: b\r\n\r\nxt: u\r\n\r\n");
    size_t count;
    const ql_field *fields =
        ql_fields_list(ql_response_header(ql_request_get_response(s->request)), &count);
    g_assert_cmpuint(count, ==, 2);
    g_assert_cmpstr(fields[0].value, ==, "200");
}

static void test_header_sections_go_elsewhere_too(request_stage *s, gconstpointer unused)
{
    (void)unused;
    int fds[2];
    char buffer[256] = "";
    g_assert_cmpint(pipe2(fds, O_NONBLOCK), ==, 0);
    ql_stdout *elsewhere = ql_stdout_new(fds[1]);
    request_stage_make(s, (ql_request_settings){ .fail = true });
    ql_request_set_sections(s->request, ql_output_new_stdout(elsewhere));
    request_stage_give_head(s, "103");
    request_stage_give_head(s, "404");
    ql_request_on_end(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_cmpint(read(fds[0], buffer, sizeof buffer), >, 0);
    g_assert_cmpstr(buffer, ==, "HTTP/3 103\r\nx-a: b\r\n\r\nHTTP/3 404\r\nx-a: b\r\n\r\n");
    request_stage_assert_written(s, "");
    g_clear_pointer(&s->request, ql_request_free);
    ql_stdout_free(elsewhere);
    close(fds[0]);
    close(fds[1]);
}

static void test_too_much_content_fails_it(request_stage *s, gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .max_size = 5 });
    request_stage_give_head(s, "200");
    request_stage_give_data(s, "12345");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_SENT);
    request_stage_give_data(s, "6");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_cmpstr(ql_request_failure(s->request), ==,
                    "its content has more than 5 bytes (--max-filesize)");
    request_stage_assert_written(s, "12345");
}

static void test_a_length_that_is_too_much_fails_it_at_once(request_stage *s, gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .max_size = 5, .include = true });
    request_stage_add_field(s, "content-length", "6");
    request_stage_give_head(s, "200");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    request_stage_assert_written(s, "");
}

static void test_a_slow_output_delays_the_end(request_stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *data = g_strnfill(200000, 'x');
    request_stage_make(s, (ql_request_settings){ .method = NULL });
    request_stage_give_head(s, "200");
    request_stage_give_data(s, data);
    ql_request_on_end(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_ENDED);
    g_assert_cmpuint(ql_request_pending(s->request), >, 0);
    char buffer[65536];
    ssize_t length, got = 0;
    while (!ql_request_is_over(s->request)) {
        while ((length = read(s->reader, buffer, sizeof buffer)) > 0)
            got += length;
        ql_request_flush(s->request);
    }
    while ((length = read(s->reader, buffer, sizeof buffer)) > 0)
        got += length;
    g_assert_cmpint(got, ==, 200000);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_DONE);
}

static void test_an_output_that_fails_fails_the_request(request_stage *s, gconstpointer unused)
{
    (void)unused;
    s->request = ql_request_new(ql_url_new("https://a/", NULL), &(ql_request_settings){ 0 }, NULL,
                                ql_output_new_file("/no/such/folder/x"), NULL);
    ql_request_on_sent(s->request, 0, NULL);
    request_stage_give_head(s, "200");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_true(ql_request_failed_locally(s->request));
    g_assert_nonnull(strstr(ql_request_failure(s->request), "/no/such/folder/x"));
    request_stage_give_data(s, "late");
    ql_request_on_end(s->request);
    g_assert_cmpuint(ql_request_received(s->request), ==, 0);
}

static void test_a_status_fails_the_request_where_that_is_asked(request_stage *s,
                                                                gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .fail = true, .include = true });
    request_stage_give_head(s, "404");
    request_stage_give_data(s, "x");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_nonnull(strstr(ql_request_failure(s->request), "404"));
    request_stage_assert_written(s, "");
}

static void test_the_first_failure_stays(request_stage *s, gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .method = NULL });
    ql_request_fail(s->request, "one");
    ql_request_fail(s->request, "two");
    g_assert_cmpstr(ql_request_failure(s->request), ==, "one");
    g_assert_false(ql_request_failed_locally(s->request));
    g_assert_cmpuint(s->over, ==, 1);
}

static void test_what_was_not_processed_is_sent_again_twice(request_stage *s, gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .method = NULL });
    for (int i = 0; i < 2; i++) {
        g_assert_true(ql_request_restart(s->request));
        g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_WAITING);
        ql_request_on_sent(s->request, 8, NULL);
    }
    g_assert_false(ql_request_restart(s->request));
}

static void test_a_response_that_began_is_not_asked_for_again(request_stage *s,
                                                              gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .method = NULL });
    request_stage_give_head(s, "200");
    g_assert_false(ql_request_restart(s->request));
}

static void test_a_header_section_has_a_limit(request_stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *value = g_strnfill(100000, 'v');
    request_stage_make(s, (ql_request_settings){ .method = NULL });
    g_assert_true(ql_request_on_field(s->request, "a", 1, value, 100000));
    g_assert_true(ql_request_on_field(s->request, "b", 1, value, 100000));
    g_assert_false(ql_request_on_field(s->request, "c", 1, value, 100000));
}

static void test_as_many_datagrams_as_were_sent_are_lines(request_stage *s, gconstpointer unused)
{
    (void)unused;
    char *datagrams[] = { (char[]){ "a" }, (char[]){ "b" }, NULL };
    request_stage_make(s,
                       (ql_request_settings){ .protocol = "webtransport", .datagrams = datagrams });
    request_stage_give_head(s, "200");
    ql_request_on_datagram(s->request, (const uint8_t *)"b", 1);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_SENT);
    ql_request_on_datagram(s->request, (const uint8_t *)"a", 1);
    ql_request_flush(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_DONE);
    request_stage_assert_written(s, "b\na\n");
}

static void test_what_is_given_up_is_over_at_once(request_stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *data = g_strnfill(200000, 'x');
    request_stage_make(s, (ql_request_settings){ .retries_left = 5 });
    request_stage_give_head(s, "200");
    request_stage_give_data(s, data);
    g_assert_cmpuint(ql_request_pending(s->request), >, 0);
    ql_request_give_up(s->request, "no time");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_false(ql_request_is_followed(s->request));
    g_assert_cmpuint(ql_request_pending(s->request), ==, 0);
    g_assert_cmpuint(s->over, ==, 1);
}

static void test_a_failure_may_be_followed_by_another_attempt(request_stage *s,
                                                              gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .retries_left = 1 });
    ql_request_fail(s->request, "lost");
    g_assert_true(ql_request_is_followed(s->request));
    g_clear_pointer(&s->request, ql_request_free);
    request_stage_make(s, (ql_request_settings){ .retries_left = 1 });
    ql_request_fail_for_good(s->request, "wrong");
    g_assert_false(ql_request_is_followed(s->request));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/request_course/" name, request_stage, NULL, request_stage_set_up, function,       \
               request_stage_tear_down)
    TEST("a response is done when it is written", test_a_response_is_done_when_it_is_written);
    TEST("header sections are written where that is asked",
         test_header_sections_are_written_where_that_is_asked);
    TEST("header sections go elsewhere too", test_header_sections_go_elsewhere_too);
    TEST("too much content fails it", test_too_much_content_fails_it);
    TEST("a length that is too much fails it at once",
         test_a_length_that_is_too_much_fails_it_at_once);
    TEST("a slow output delays the end", test_a_slow_output_delays_the_end);
    TEST("an output that fails fails the request", test_an_output_that_fails_fails_the_request);
    TEST("a status fails the request where that is asked",
         test_a_status_fails_the_request_where_that_is_asked);
    TEST("the first failure stays", test_the_first_failure_stays);
    TEST("what was not processed is sent again twice",
         test_what_was_not_processed_is_sent_again_twice);
    TEST("a response that began is not asked for again",
         test_a_response_that_began_is_not_asked_for_again);
    TEST("a header section has a limit", test_a_header_section_has_a_limit);
    TEST("as many datagrams as were sent are lines", test_as_many_datagrams_as_were_sent_are_lines);
    TEST("what is given up is over at once", test_what_is_given_up_is_over_at_once);
    TEST("a failure may be followed by another attempt",
         test_a_failure_may_be_followed_by_another_attempt);
    return g_test_run();
}
