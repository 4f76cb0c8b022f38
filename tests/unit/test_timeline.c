/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timeline.h"

#include "facts_sample.h"

#include <string.h>

static void assert_lines(const char *json, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ql_facts) facts = ql_facts_parse(json, strlen(json), &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) lines = ql_timeline_of(facts);
    g_ptr_array_add(lines, NULL);
    g_autofree char *text = g_strjoinv("\n", (char **)lines->pdata);
    g_assert_cmpstr(text, ==, expected);
}

static void test_each_endpoint_has_a_line_in_the_order_of_use(void)
{
    assert_lines(FACTS_SESSION, "Connection 0: the client sends to aaaaaaaa in 1-2, number 0 in "
                                "4-29, number 1 in 30-90\n"
                                "Connection 0: the server sends to number 0 in 2-89");
}

#define CID(issuer, sequence, first)                                                               \
    "{\"type\":\"cid\",\"connection\":2,\"issuer\":\"" issuer "\",\"sequence\":" sequence          \
    ",\"value\":\"\",\"first_used_frame\":" first ",\"last_used_frame\":" first "}\n"

static void test_unused_ids_are_left_out_and_empty_ones_are_named(void)
{
    assert_lines(CID("client", "null", "7") CID("client", "1", "null") CID("server", "3", "null"),
                 "Connection 2: the server sends to the empty ID in 7");
    assert_lines("", "");
}

static void test_a_long_life_is_cut_and_says_so(void)
{
    GString *json = g_string_new(NULL);
    for (unsigned i = 0; i < 15; i++)
        g_string_append_printf(json,
                               "{\"type\":\"cid\",\"connection\":0,\"issuer\":\"server\","
                               "\"sequence\":%u,\"value\":\"aa\",\"first_used_frame\":%u,"
                               "\"last_used_frame\":%u}\n",
                               i, i + 1, i + 1);
    g_autoptr(ql_facts) facts = ql_facts_parse(json->str, json->len, NULL);
    g_autoptr(GPtrArray) lines = ql_timeline_of(facts);
    g_assert_cmpuint(lines->len, ==, 1);
    g_assert_true(g_str_has_suffix(g_ptr_array_index(lines, 0), "number 11 in 12 and 3 more"));
    g_string_free(json, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timeline/lines", test_each_endpoint_has_a_line_in_the_order_of_use);
    g_test_add_func("/timeline/unused", test_unused_ids_are_left_out_and_empty_ones_are_named);
    g_test_add_func("/timeline/long", test_a_long_life_is_cut_and_says_so);
    return g_test_run();
}
