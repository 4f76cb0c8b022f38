/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_fields.h"

#include <string.h>

/* "name: value" a line, as the request for https://a.example/x is sent. */
static char *build(const ql_request_settings *settings, int64_t length, GError **error)
{
    size_t count;
    ql_fields *fields = ql_fields_new();
    GString *text = g_string_new(NULL);
    ql_url *url = ql_url_new("https://a.example/x", NULL);
    bool good = ql_request_fields_build(fields, url, settings, length, error);
    const ql_field *list = ql_fields_list(fields, &count);
    for (size_t i = 0; good && i < count; i++)
        g_string_append_printf(text, "%s: %s\n", list[i].name, list[i].value);
    ql_fields_free(fields);
    ql_url_free(url);
    return g_string_free(text, FALSE);
}

static void test_pseudo_fields_come_first(void)
{
    g_autofree char *text = build(&(ql_request_settings){ .user_agent = "u" }, -1, NULL);
    g_assert_cmpstr(text, ==,
                    ":method: GET\n:scheme: https\n:authority: a.example\n:path: /x\n"
                    "user-agent: u\naccept: */*\n");
}

static void test_typed_lines_win(void)
{
    char *const lines[] = { "User-Agent:",     "Accept: text/plain", "X-Empty;",
                            "Host: b.example", "Connection: close",  NULL };
    const ql_request_settings settings = { .headers = lines, .method = "POST", .user = "me:x" };
    g_autofree char *text = build(&settings, 3, NULL);
    g_assert_cmpstr(text, ==,
                    ":method: POST\n:scheme: https\n:authority: b.example\n:path: /x\n"
                    "authorization: Basic bWU6eA==\ncontent-length: 3\naccept: text/plain\n"
                    "x-empty: \n");
}

static void test_other_hosts_get_no_secrets(void)
{
    char *const lines[] = { "Authorization: typed", "Content-Encoding: gzip", NULL };
    const ql_request_settings settings = { .headers = lines,
                                           .user_agent = "u",
                                           .cookie = "k=v",
                                           .without_secrets = true,
                                           .without_content = true };
    g_autofree char *text = build(&settings, -1, NULL);
    for (size_t i = 0; i < 3; i++) {
        static const char *const left_out[] = { "authorization", "cookie", "content-" };
        g_assert_null(strstr(text, left_out[i]));
    }
}

static void test_a_websocket_is_connected_to(void)
{
    g_autofree char *text = build(&(ql_request_settings){ .protocol = "websocket" }, -1, NULL);
    g_assert_nonnull(strstr(text, ":method: CONNECT\n"));
    g_assert_nonnull(strstr(text, ":protocol: websocket\n"));
    g_assert_nonnull(strstr(text, "sec-websocket-version: 13\n"));
}

static void test_what_breaks_a_rule_is_refused(void)
{
    char *const bad[] = { "no colon", NULL };
    const ql_request_settings refused[] = {
        { .method = "A B" },
        { .method = "CONNECT" },
        { .headers = bad },
        { .referer = "a\nb" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = build(&refused[i], -1, &error);
        g_assert_nonnull(error);
        g_assert_cmpstr(text, ==, "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/request_fields/order", test_pseudo_fields_come_first);
    g_test_add_func("/request_fields/typed", test_typed_lines_win);
    g_test_add_func("/request_fields/secrets", test_other_hosts_get_no_secrets);
    g_test_add_func("/request_fields/websocket", test_a_websocket_is_connected_to);
    g_test_add_func("/request_fields/refused", test_what_breaks_a_rule_is_refused);
    return g_test_run();
}
