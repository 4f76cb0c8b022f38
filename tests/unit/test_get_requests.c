/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_requests.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* An empty folder that is the current one. */
typedef struct stage {
    char *folder, *before;
    ql_get_options options;
    GError *error;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    s->before = g_get_current_dir();
    s->folder = g_dir_make_tmp("requests-XXXXXX", NULL);
    g_assert_cmpint(g_chdir(s->folder), ==, 0);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    static const char *const names[] = { "x", "content", "in/x", "in" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_remove(names[i]);
    ql_get_options_clear(&s->options);
    g_clear_error(&s->error);
    g_assert_cmpint(g_chdir(s->before), ==, 0);
    g_assert_cmpint(g_rmdir(s->folder), ==, 0);
    g_free(s->before);
    g_free(s->folder);
}

static GPtrArray *build(stage *s, const char *line)
{
    g_autofree char *whole = g_strconcat("get ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    g_assert_true(ql_get_options_parse(&s->options, (int)g_strv_length(words), words, &s->error));
    g_autoptr(ql_get_requests) requests = ql_get_requests_new(&s->options, NULL, NULL, &s->error);
    if (requests == NULL)
        return NULL;
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)ql_request_free);
    for (ql_request *next; (next = ql_get_requests_next(requests, &s->error)) != NULL;)
        g_ptr_array_add(all, next);
    g_assert_no_error(s->error);
    g_assert_cmpuint(ql_get_requests_count(requests), ==, all->len);
    return all;
}

static const char *field(const GPtrArray *requests, guint index, const char *name)
{
    size_t count;
    const ql_field *fields = ql_request_fields(g_ptr_array_index(requests, index), &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].value;
    return NULL;
}

static void test_the_method_follows_the_content(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_true(g_file_set_contents("content", "abc", 3, NULL));
    g_autoptr(GPtrArray) requests = build(s, "-T content https://a/ https://b/");
    g_assert_no_error(s->error);
    g_assert_cmpstr(field(requests, 0, ":method"), ==, "PUT");
    g_assert_cmpstr(field(requests, 0, ":path"), ==, "/content");
    g_assert_cmpstr(field(requests, 0, "content-length"), ==, "3");
    g_assert_null(field(requests, 0, "content-type"));
    g_assert_cmpstr(field(requests, 1, ":method"), ==, "GET");
    g_assert_null(field(requests, 1, "content-length"));
}

static void test_data_is_a_form_for_every_url(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "-d a=1 -d b=2 https://a/ https://b/");
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpstr(field(requests, i, ":method"), ==, "POST");
        g_assert_cmpstr(field(requests, i, "content-length"), ==, "7");
        g_assert_cmpstr(field(requests, i, "content-type"), ==,
                        "application/x-www-form-urlencoded");
    }
}

static void test_x_and_h_have_the_last_word(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests =
        build(s, "-d a -X QUERY -H Content-Type:x -H Host:h -H Accept: https://a/");
    g_assert_cmpstr(field(requests, 0, ":method"), ==, "QUERY");
    g_assert_cmpstr(field(requests, 0, "content-type"), ==, "x");
    g_assert_cmpstr(field(requests, 0, ":authority"), ==, "h");
    g_assert_null(field(requests, 0, "host"));
    g_assert_null(field(requests, 0, "accept"));
}

static void test_a_file_that_is_missing_is_no_bad_usage(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_null(build(s, "-T missing https://a/"));
    g_assert_error(s->error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_nonnull(strstr(s->error->message, "missing"));
}

static void test_a_bad_url_is_bad_usage(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_null(build(s, "https://a/ http://b/"));
    g_assert_nonnull(s->error);
    g_assert_true(s->error->domain != G_FILE_ERROR);
}

/* Opens the outputs, as responses do, by giving every request one. */
static void answer(GPtrArray *requests)
{
    for (guint i = 0; i < requests->len; i++) {
        ql_request *request = g_ptr_array_index(requests, i);
        ql_request_on_sent(request, 4 * i, NULL);
        g_assert_true(ql_request_on_field(request, ":status", 7, "200", 3));
        ql_request_on_fields_end(request, false, NULL);
        ql_request_on_data(request, (const uint8_t *)"0123456789" + i, 1);
        ql_request_on_end(request);
        g_assert_cmpint(ql_request_get_state(request), ==, QL_REQUEST_DONE);
    }
}

static void assert_file(const char *path, const char *expected)
{
    g_autofree char *contents = NULL;
    g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    g_assert_cmpstr(contents, ==, expected);
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void test_names_of_files_do_not_clash(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests =
        build(s, "-O -O -o x.1 -O https://a/x https://a/b/x https://a/c https://b/x?y");
    g_assert_no_error(s->error);
    answer(requests);
    assert_file("x", "0");
    assert_file("x.2", "1");
    assert_file("x.1", "2");
    assert_file("x.3", "3");
}

static void test_a_folder_takes_all_files(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests =
        build(s, "--output-dir in -o y https://a/q https://a/x https://a/%2e%2e https://a/");
    g_assert_no_error(s->error);
    answer(requests);
    assert_file("in/y", "0");
    assert_file("in/x", "1");
    assert_file("in/index.html", "2");
    assert_file("in/index.html.1", "3");
}

static void test_two_responses_in_one_file_are_refused(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_null(build(s, "-o x -o ./x https://a/ https://b/"));
    g_assert_nonnull(strstr(s->error->message, "one file"));
    g_assert_true(s->error->domain != G_FILE_ERROR);
}

static void test_standard_output_is_known_to_be_written_to(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "-o x https://a/ https://b/");
    g_assert_cmpuint(requests->len, ==, 2);
    g_assert_true(ql_get_writes_to_stdout(&s->options));
    g_ptr_array_set_size(s->options.urls, 1);
    g_assert_false(ql_get_writes_to_stdout(&s->options));
}

static const char *path_of(const GPtrArray *requests, guint index)
{
    return field(requests, index, ":path");
}

static void test_a_query_grows_by_what_is_given(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests =
        build(s, "-G -d a=1 -d b=2 --url-query c=&/ --url-query +d=%20 https://a/ https://a/x?y#z");
    g_assert_cmpuint(requests->len, ==, 2);
    g_assert_cmpstr(path_of(requests, 0), ==, "/?a=1&b=2&c=%26%2F&d=%20");
    g_assert_cmpstr(path_of(requests, 1), ==, "/x?y&a=1&b=2&c=%26%2F&d=%20");
    g_assert_cmpstr(field(requests, 0, ":method"), ==, "GET");
    g_assert_null(ql_request_body(g_ptr_array_index(requests, 0)));
}

static void test_json_names_its_type(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "--json {} --json [] https://a/");
    g_assert_cmpstr(field(requests, 0, "content-type"), ==, "application/json");
    g_assert_cmpstr(field(requests, 0, "accept"), ==, "application/json");
    g_assert_cmpstr(field(requests, 0, "content-length"), ==, "4");
    g_assert_cmpstr(field(requests, 0, ":method"), ==, "POST");
}

static void test_options_become_fields(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests =
        build(s, "-I -u me:secret -A agent -e https://b/ -b k=v -r 1-2 --compressed "
                 "--priority u=1,i https://a/");
    static const char *const expected[][2] = { { ":method", "HEAD" },
                                               { "authorization", "Basic bWU6c2VjcmV0" },
                                               { "user-agent", "agent" },
                                               { "referer", "https://b/" },
                                               { "cookie", "k=v" },
                                               { "range", "bytes=1-2" },
                                               { "accept-encoding", "gzip, deflate, br, zstd" },
                                               { "priority", "u=1,i" } };
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpstr(field(requests, 0, expected[i][0]), ==, expected[i][1]);
}

static void test_a_pattern_is_many_urls_with_files_of_their_own(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "-o #2-#1 https://a/{x,y}/[08-10]");
    static const char *const expected[][2] = {
        { "/x/08", "08-x" }, { "/x/09", "09-x" }, { "/x/10", "10-x" },
        { "/y/08", "08-y" }, { "/y/09", "09-y" }, { "/y/10", "10-y" },
    };
    g_assert_cmpuint(requests->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < requests->len; i++) {
        g_assert_cmpstr(path_of(requests, i), ==, expected[i][0]);
        g_assert_cmpstr(ql_request_file(g_ptr_array_index(requests, i)), ==, expected[i][1]);
    }
}

static void test_a_download_goes_on_behind_what_is_there(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_true(g_file_set_contents("x", "12345", -1, NULL));
    g_autoptr(GPtrArray) requests = build(s, "-C - -o x -o y https://a/x https://a/y");
    g_assert_cmpstr(field(requests, 0, "range"), ==, "bytes=5-");
    g_assert_null(field(requests, 1, "range"));
}

static void test_a_websocket_says_the_lines_of_d(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "-d one -d two wss://a/x");
    ql_request *request = g_ptr_array_index(requests, 0);
    g_assert_cmpstr(field(requests, 0, ":method"), ==, "CONNECT");
    g_assert_cmpstr(field(requests, 0, ":protocol"), ==, "websocket");
    g_assert_cmpstr(field(requests, 0, "sec-websocket-version"), ==, "13");
    g_assert_null(field(requests, 0, "content-length"));
    size_t length, whole = 0;
    const uint8_t *data;
    while (ql_body_next(ql_request_body(request), &data, &length, NULL) == QL_BODY_PIECE)
        whole += length;
    g_assert_cmpuint(whole, ==, 2 * (6 + 3) + 6 + 2); /* two messages and a close */
}

static void test_datagrams_hold_their_stream_open(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "--datagram x https://a/");
    size_t length;
    const uint8_t *data;
    g_assert_cmpstr(field(requests, 0, ":protocol"), ==, "webtransport");
    g_assert_cmpint(
        ql_body_next(ql_request_body(g_ptr_array_index(requests, 0)), &data, &length, NULL), ==,
        QL_BODY_WAIT);
    ql_get_options_clear(&s->options);
    g_assert_null(build(s, "--datagram x wss://a/"));
    g_assert_nonnull(strstr(s->error->message, "https"));
}

static void test_priorities_change_by_number(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "--reprioritize 1:u=0,i https://a/[1-3]");
    static const char *const expected[] = { NULL, "u=0,i", NULL };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpstr(ql_request_get_settings(g_ptr_array_index(requests, i))->later_priority, ==,
                        expected[i]);
    g_assert_cmpuint(s->options.reprioritize_after.bytes, ==, 1);
    ql_get_options_clear(&s->options);
    g_assert_null(build(s, "--reprioritize 3:u=0 https://a/[1-3]"));
    g_assert_nonnull(strstr(s->error->message, "0 to 2"));
}

static void test_http_0_9_has_no_websockets(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GPtrArray) requests = build(s, "--alpn h3,hq-interop wss://a/ https://b/");
    g_assert_no_error(s->error);
    g_assert_cmpuint(requests->len, ==, 2);
    ql_get_options_clear(&s->options);
    g_assert_null(build(s, "--alpn hq-interop https://b/ wss://a/"));
    g_assert_nonnull(strstr(s->error->message, "wss://a/ needs HTTP/3"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/get-requests/" name, stage, NULL, set_up, function, tear_down)
    TEST("method", test_the_method_follows_the_content);
    TEST("data", test_data_is_a_form_for_every_url);
    TEST("headers", test_x_and_h_have_the_last_word);
    TEST("missing", test_a_file_that_is_missing_is_no_bad_usage);
    TEST("bad-url", test_a_bad_url_is_bad_usage);
    TEST("clash", test_names_of_files_do_not_clash);
    TEST("folder", test_a_folder_takes_all_files);
    TEST("one-file", test_two_responses_in_one_file_are_refused);
    TEST("stdout", test_standard_output_is_known_to_be_written_to);
    TEST("query", test_a_query_grows_by_what_is_given);
    TEST("json", test_json_names_its_type);
    TEST("fields", test_options_become_fields);
    TEST("glob", test_a_pattern_is_many_urls_with_files_of_their_own);
    TEST("continue", test_a_download_goes_on_behind_what_is_there);
    TEST("websocket", test_a_websocket_says_the_lines_of_d);
    TEST("datagrams", test_datagrams_hold_their_stream_open);
    TEST("reprioritize", test_priorities_change_by_number);
    TEST("http09", test_http_0_9_has_no_websockets);
    return g_test_run();
}
