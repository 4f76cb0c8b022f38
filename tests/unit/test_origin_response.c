/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_response.h"

#include <string.h>

typedef struct answer {
    ql_origin_content *content;
    ql_origin_response response;
} answer;

static void ask(answer *a, const ql_origin_request *request)
{
    a->content = ql_origin_content_new(NULL, NULL);
    ql_origin_response_init(&a->response, request, a->content);
}

static void forget(answer *a)
{
    ql_origin_response_clear(&a->response);
    ql_origin_content_free(a->content);
}

static const char *field(const answer *a, const char *name)
{
    for (size_t i = 0; i < a->response.field_count; i++)
        if (strcmp(a->response.fields[i].name, name) == 0)
            return a->response.fields[i].value;
    return NULL;
}

static char *body_text(const answer *a)
{
    size_t size = (size_t)ql_origin_resource_size(a->response.body);
    char *text = g_malloc0(size + 1);
    g_assert_cmpint(ql_origin_resource_read(a->response.body, 0, text, size), ==, (gint64)size);
    return text;
}

static void test_get_answers_with_type_and_length(void)
{
    answer a;
    ask(&a, &(ql_origin_request){ .method = "GET", .target = "/data.json" });
    g_assert_cmpstr(a.response.fields[0].name, ==, ":status");
    g_assert_cmpstr(a.response.fields[0].value, ==, "200");
    g_assert_cmpstr(field(&a, "content-type"), ==, "application/json");
    g_autofree char *text = body_text(&a);
    g_autofree char *length = g_strdup_printf("%zu", strlen(text));
    g_assert_cmpstr(field(&a, "content-length"), ==, length);
    forget(&a);
}

static void test_date_is_in_the_form_of_http(void)
{
    answer a;
    ask(&a, &(ql_origin_request){ .method = "GET", .target = "/" });
    g_assert_true(
        g_regex_match_simple("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] [A-Z][a-z]{2} 20[0-9]{2} "
                             "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT$",
                             field(&a, "date"), 0, 0));
    forget(&a);
}

static void test_head_has_the_fields_of_get_and_no_body(void)
{
    answer get, head;
    ask(&get, &(ql_origin_request){ .method = "GET", .target = "/1m.bin" });
    ask(&head, &(ql_origin_request){ .method = "HEAD", .target = "/1m.bin" });
    g_assert_cmpstr(field(&head, "content-length"), ==, field(&get, "content-length"));
    g_assert_nonnull(get.response.body);
    g_assert_null(head.response.body);
    forget(&get);
    forget(&head);
}

static void test_post_tells_size_and_digest(void)
{
    answer a;
    ask(&a,
        &(ql_origin_request){
            .method = "POST", .target = "/whatever", .body_size = 5, .body_sha256 = "2cf24dba" });
    g_autofree char *text = body_text(&a);
    g_assert_cmpuint(a.response.status, ==, 200);
    g_assert_cmpstr(field(&a, "content-type"), ==, "application/json");
    g_assert_cmpstr(text, ==, "{\"size\": 5, \"sha256\": \"2cf24dba\"}\n");
    forget(&a);
}

static void test_missing_and_malformed_targets_have_their_status(void)
{
    answer missing, malformed, none;
    ask(&missing, &(ql_origin_request){ .method = "GET", .target = "/missing" });
    ask(&malformed, &(ql_origin_request){ .method = "GET", .target = "/../x" });
    ask(&none, &(ql_origin_request){ .method = "GET", .target = NULL });
    g_assert_cmpuint(missing.response.status, ==, 404);
    g_assert_cmpuint(malformed.response.status, ==, 400);
    g_assert_cmpuint(none.response.status, ==, 400);
    g_autofree char *text = body_text(&missing);
    g_assert_cmpstr(text, ==, "404 Not Found\n");
    forget(&missing);
    forget(&malformed);
    forget(&none);
}

static void test_other_methods_are_told_which_are_allowed(void)
{
    static const char *const others[] = { "PUT", "DELETE", "get", "CONNECT", "" };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        answer a;
        ask(&a, &(ql_origin_request){ .method = others[i], .target = "/" });
        g_assert_cmpuint(a.response.status, ==, 405);
        g_assert_cmpstr(field(&a, "allow"), ==, "GET, HEAD, POST");
        forget(&a);
    }
}

static void test_too_many_fields_are_431(void)
{
    answer a;
    ask(&a, &(ql_origin_request){ .method = "GET", .target = "/", .too_large = true });
    g_assert_cmpuint(a.response.status, ==, 431);
    forget(&a);
}

static void test_lab_pages_follow_their_plan(void)
{
    answer busy, moved, coded, none;
    ask(&busy, &(ql_origin_request){ .method = "GET", .target = "/status/503/delay/1s" });
    ask(&moved, &(ql_origin_request){ .method = "GET", .target = "/redirect/2" });
    ask(&coded, &(ql_origin_request){ .method = "GET", .target = "/bytes/100k/gzip" });
    ask(&none, &(ql_origin_request){ .method = "GET", .target = "/status/204" });
    g_assert_cmpuint(busy.response.status, ==, 503);
    g_assert_cmpuint(busy.response.plan.delay, ==, 1000000000);
    g_assert_cmpuint(moved.response.status, ==, 302);
    g_assert_cmpstr(field(&moved, "location"), ==, "/redirect/1");
    g_assert_cmpstr(field(&coded, "content-encoding"), ==, "gzip");
    g_assert_cmpuint(ql_origin_resource_size(coded.response.body), <, 100000);
    g_assert_null(none.response.body);
    g_assert_null(field(&none, "content-length"));
    forget(&busy);
    forget(&moved);
    forget(&coded);
    forget(&none);
}

static void test_what_came_can_be_sent_back(void)
{
    answer fields, mirrored, large;
    g_autoptr(GBytes) content = g_bytes_new("a\0b", 3);
    const ql_origin_request request = {
        .method = "PUT", .target = "/mirror", .fields = "x: y\n", .body = content
    };
    ask(&mirrored, &request);
    ask(&large, &(ql_origin_request){ .method = "POST", .target = "/mirror" });
    ask(&fields, &(ql_origin_request){ .method = "GET", .target = "/headers", .fields = "x: y\n" });
    g_autofree char *bytes = body_text(&mirrored), *lines = body_text(&fields);
    g_assert_cmpuint(ql_origin_resource_size(mirrored.response.body), ==, 3);
    g_assert_cmpint(memcmp(bytes, "a\0b", 3), ==, 0);
    g_assert_cmpstr(lines, ==, "x: y\n");
    g_assert_cmpuint(large.response.status, ==, 413);
    forget(&fields);
    forget(&mirrored);
    forget(&large);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-response/get", test_get_answers_with_type_and_length);
    g_test_add_func("/origin-response/date", test_date_is_in_the_form_of_http);
    g_test_add_func("/origin-response/head", test_head_has_the_fields_of_get_and_no_body);
    g_test_add_func("/origin-response/post", test_post_tells_size_and_digest);
    g_test_add_func("/origin-response/errors",
                    test_missing_and_malformed_targets_have_their_status);
    g_test_add_func("/origin-response/methods", test_other_methods_are_told_which_are_allowed);
    g_test_add_func("/origin-response/too-large", test_too_many_fields_are_431);
    g_test_add_func("/origin-response/lab", test_lab_pages_follow_their_plan);
    g_test_add_func("/origin-response/back", test_what_came_can_be_sent_back);
    return g_test_run();
}
