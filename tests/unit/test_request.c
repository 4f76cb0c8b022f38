/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_stage.h"

static void test_pseudo_header_fields_come_first(request_stage *s, gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .method = NULL });
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

static void test_fields_of_a_connection_are_left_out(request_stage *s, gconstpointer unused)
{
    (void)unused;
    char *headers[] = { (char[]){ "Connection: close" }, (char[]){ "TE: trailers" }, NULL };
    size_t count;
    request_stage_make(s, (ql_request_settings){ .headers = headers });
    const ql_field *fields = ql_request_fields(s->request, &count);
    g_assert_cmpstr(fields[count - 1].name, ==, "te");
    for (size_t i = 0; i < count; i++)
        g_assert_cmpstr(fields[i].name, !=, "connection");
}

static void test_the_expected_size_is_what_content_length_says(request_stage *s,
                                                               gconstpointer unused)
{
    (void)unused;
    request_stage_make(s, (ql_request_settings){ .method = NULL });
    g_assert_cmpint(ql_request_expected(s->request), ==, -1);
    request_stage_add_field(s, "content-length", "1234");
    request_stage_give_head(s, "200");
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/request/" name, request_stage, NULL, request_stage_set_up, function,              \
               request_stage_tear_down)
    TEST("pseudo header fields come first", test_pseudo_header_fields_come_first);
    TEST("fields of a connection are left out", test_fields_of_a_connection_are_left_out);
    TEST("the expected size is what content length says",
         test_the_expected_size_is_what_content_length_says);
    g_test_add_func("/request/methods that are none are refused",
                    test_methods_that_are_none_are_refused);
    return g_test_run();
}
