/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A request whose output is a pipe. */
typedef struct stage {
    int reader, writer;
    ql_stdout *shared;
    ql_request *request;
    unsigned over; /* calls of the observer */
} stage;

static void on_over(ql_request *request, void *user)
{
    stage *s = user;
    g_assert_true(request == s->request);
    s->over += ql_request_is_over(request) ? 1 : 0;
}

static void set_up(stage *s, gconstpointer unused)
{
    int fds[2];
    (void)unused;
    g_assert_cmpint(pipe2(fds, O_NONBLOCK), ==, 0);
    s->reader = fds[0];
    s->writer = fds[1];
    s->shared = ql_stdout_new(s->writer);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request_free(s->request);
    ql_stdout_free(s->shared);
    close(s->reader);
    close(s->writer);
}

static void make(stage *s, ql_request_settings settings)
{
    g_autoptr(GError) error = NULL;
    s->request = ql_request_new(ql_url_new("https://example.org/a?b", NULL), &settings, NULL,
                                ql_output_new_stdout(s->shared), &error);
    g_assert_no_error(error);
    ql_request_set_observer(s->request, on_over, s);
    ql_request_on_sent(s->request, 4, NULL);
}

static void add_field(stage *s, const char *name, const char *value)
{
    g_assert_true(ql_request_on_field(s->request, name, strlen(name), value, strlen(value)));
}

static void give_head(stage *s, const char *status)
{
    add_field(s, ":status", status);
    add_field(s, "x-a", "b");
    ql_request_on_fields_end(s->request, false, NULL);
}

static void give_data(stage *s, const char *text)
{
    ql_request_on_data(s->request, (const uint8_t *)text, strlen(text));
}

static void assert_written(const stage *s, const char *expected)
{
    char buffer[4096];
    ssize_t length = read(s->reader, buffer, sizeof buffer);
    g_autofree char *text = g_strndup(buffer, (gsize)MAX(length, 0));
    g_assert_cmpstr(text, ==, expected);
}

static void test_pseudo_header_fields_come_first(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .method = NULL });
    static const char *const expected[][2] = { { ":method", "GET" },
                                               { ":scheme", "https" },
                                               { ":authority", "example.org" },
                                               { ":path", "/a?b" },
                                               { "user-agent", "quiclens/" QUICLENS_VERSION },
                                               { "accept", "*/*" } };
    size_t count;
    const ql_field *fields = ql_request_fields(s->request, &count);
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpstr(fields[i].name, ==, expected[i][0]);
        g_assert_cmpstr(fields[i].value, ==, expected[i][1]);
    }
}

static void test_fields_of_a_connection_are_left_out(stage *s, gconstpointer unused)
{
    (void)unused;
    char *headers[] = { (char[]){ "Connection: close" }, (char[]){ "TE: trailers" }, NULL };
    size_t count;
    make(s, (ql_request_settings){ .headers = headers });
    const ql_field *fields = ql_request_fields(s->request, &count);
    g_assert_cmpstr(fields[count - 1].name, ==, "te");
    for (size_t i = 0; i < count; i++)
        g_assert_cmpstr(fields[i].name, !=, "connection");
}

static void test_a_response_is_done_when_it_is_written(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .digest = true });
    give_head(s, "404");
    give_data(s, "ab");
    give_data(s, "c");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_SENT);
    ql_request_on_end(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_DONE);
    g_assert_cmpint(ql_request_status(s->request), ==, 404);
    g_assert_cmpuint(ql_request_received(s->request), ==, 3);
    g_assert_cmpuint(s->over, ==, 1);
    g_autofree char *digest = ql_request_sha256(s->request);
    g_assert_cmpstr(digest, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_written(s, "abc");
}

static void test_header_sections_are_written_where_that_is_asked(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .include = true });
    give_head(s, "103");
    g_assert_cmpint(ql_request_status(s->request), ==, 0);
    give_head(s, "200");
    give_data(s, "x");
    add_field(s, "t", "u");
    ql_request_on_fields_end(s->request, true, NULL);
    ql_request_on_end(s->request);
    assert_written(s, "HTTP/3 103\r\nx-a: b\r\n\r\nHTTP/3 200\r\nx-a: b\r\n\r\nxt: u\r\n\r\n");
    size_t count;
    const ql_field *fields =
        ql_fields_list(ql_response_header(ql_request_get_response(s->request)), &count);
    g_assert_cmpuint(count, ==, 2);
    g_assert_cmpstr(fields[0].value, ==, "200");
}

static void test_header_sections_go_elsewhere_too(stage *s, gconstpointer unused)
{
    (void)unused;
    int fds[2];
    char buffer[256] = "";
    g_assert_cmpint(pipe2(fds, O_NONBLOCK), ==, 0);
    ql_stdout *elsewhere = ql_stdout_new(fds[1]);
    make(s, (ql_request_settings){ .fail = true });
    ql_request_set_sections(s->request, ql_output_new_stdout(elsewhere));
    give_head(s, "103");
    give_head(s, "404");
    ql_request_on_end(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_cmpint(read(fds[0], buffer, sizeof buffer), >, 0);
    g_assert_cmpstr(buffer, ==, "HTTP/3 103\r\nx-a: b\r\n\r\nHTTP/3 404\r\nx-a: b\r\n\r\n");
    assert_written(s, "");
    g_clear_pointer(&s->request, ql_request_free);
    ql_stdout_free(elsewhere);
    close(fds[0]);
    close(fds[1]);
}

static void test_too_much_content_fails_it(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .max_size = 5 });
    give_head(s, "200");
    give_data(s, "12345");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_SENT);
    give_data(s, "6");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_cmpstr(ql_request_failure(s->request), ==,
                    "its content has more than 5 bytes (--max-filesize)");
    assert_written(s, "12345");
}

static void test_a_length_that_is_too_much_fails_it_at_once(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .max_size = 5, .include = true });
    add_field(s, "content-length", "6");
    give_head(s, "200");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    assert_written(s, "");
}

static void test_a_slow_output_delays_the_end(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *data = g_strnfill(200000, 'x');
    make(s, (ql_request_settings){ .method = NULL });
    give_head(s, "200");
    give_data(s, data);
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

static void test_an_output_that_fails_fails_the_request(stage *s, gconstpointer unused)
{
    (void)unused;
    s->request = ql_request_new(ql_url_new("https://a/", NULL), &(ql_request_settings){ 0 }, NULL,
                                ql_output_new_file("/no/such/folder/x"), NULL);
    ql_request_on_sent(s->request, 0, NULL);
    give_head(s, "200");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_true(ql_request_failed_locally(s->request));
    g_assert_nonnull(strstr(ql_request_failure(s->request), "/no/such/folder/x"));
    give_data(s, "late");
    ql_request_on_end(s->request);
    g_assert_cmpuint(ql_request_received(s->request), ==, 0);
}

static void test_a_status_fails_the_request_where_that_is_asked(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .fail = true, .include = true });
    give_head(s, "404");
    give_data(s, "x");
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_FAILED);
    g_assert_nonnull(strstr(ql_request_failure(s->request), "404"));
    assert_written(s, "");
}

static void test_the_first_failure_stays(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .method = NULL });
    ql_request_fail(s->request, "one");
    ql_request_fail(s->request, "two");
    g_assert_cmpstr(ql_request_failure(s->request), ==, "one");
    g_assert_false(ql_request_failed_locally(s->request));
    g_assert_cmpuint(s->over, ==, 1);
}

static void test_what_was_not_processed_is_sent_again_twice(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .method = NULL });
    for (int i = 0; i < 2; i++) {
        g_assert_true(ql_request_restart(s->request));
        g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_WAITING);
        ql_request_on_sent(s->request, 8, NULL);
    }
    g_assert_false(ql_request_restart(s->request));
}

static void test_a_response_that_began_is_not_asked_for_again(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .method = NULL });
    give_head(s, "200");
    g_assert_false(ql_request_restart(s->request));
}

static void test_a_header_section_has_a_limit(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *value = g_strnfill(100000, 'v');
    make(s, (ql_request_settings){ .method = NULL });
    g_assert_true(ql_request_on_field(s->request, "a", 1, value, 100000));
    g_assert_true(ql_request_on_field(s->request, "b", 1, value, 100000));
    g_assert_false(ql_request_on_field(s->request, "c", 1, value, 100000));
}

static void test_the_expected_size_is_what_content_length_says(stage *s, gconstpointer unused)
{
    (void)unused;
    make(s, (ql_request_settings){ .method = NULL });
    g_assert_cmpint(ql_request_expected(s->request), ==, -1);
    add_field(s, "content-length", "1234");
    give_head(s, "200");
    g_assert_cmpint(ql_request_expected(s->request), ==, 1234);
}

static void test_methods_that_are_none_are_refused(void)
{
    static const char *const bad[] = { "", "A B", "CONNECT" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ql_request_new(ql_url_new("https://a/", NULL),
                                     &(ql_request_settings){ .method = bad[i] }, NULL,
                                     ql_output_new_nowhere(), &error));
        g_assert_nonnull(error);
    }
}

static void test_as_many_datagrams_as_were_sent_are_lines(stage *s, gconstpointer unused)
{
    (void)unused;
    char *datagrams[] = { (char[]){ "a" }, (char[]){ "b" }, NULL };
    make(s, (ql_request_settings){ .protocol = "webtransport", .datagrams = datagrams });
    give_head(s, "200");
    ql_request_on_datagram(s->request, (const uint8_t *)"b", 1);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_SENT);
    ql_request_on_datagram(s->request, (const uint8_t *)"a", 1);
    ql_request_flush(s->request);
    g_assert_cmpint(ql_request_get_state(s->request), ==, QL_REQUEST_DONE);
    assert_written(s, "b\na\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/request/" name, stage, NULL, set_up, function, tear_down)
    TEST("fields", test_pseudo_header_fields_come_first);
    TEST("connection-fields", test_fields_of_a_connection_are_left_out);
    TEST("done", test_a_response_is_done_when_it_is_written);
    TEST("include", test_header_sections_are_written_where_that_is_asked);
    TEST("sections-elsewhere", test_header_sections_go_elsewhere_too);
    TEST("too-much", test_too_much_content_fails_it);
    TEST("length-too-much", test_a_length_that_is_too_much_fails_it_at_once);
    TEST("slow", test_a_slow_output_delays_the_end);
    TEST("output-fails", test_an_output_that_fails_fails_the_request);
    TEST("fail", test_a_status_fails_the_request_where_that_is_asked);
    TEST("first-failure", test_the_first_failure_stays);
    TEST("restart", test_what_was_not_processed_is_sent_again_twice);
    TEST("no-restart", test_a_response_that_began_is_not_asked_for_again);
    TEST("limit", test_a_header_section_has_a_limit);
    TEST("expected", test_the_expected_size_is_what_content_length_says);
    TEST("datagrams", test_as_many_datagrams_as_were_sent_are_lines);
    g_test_add_func("/request/methods", test_methods_that_are_none_are_refused);
    return g_test_run();
}
