/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields.h"

#include <string.h>

static void assert_line(const char *text, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    ql_field_line line;
    g_assert_true(ql_field_line_parse(text, &line, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(line.name, ==, name);
    g_assert_cmpstr(line.value, ==, value);
    ql_field_line_clear(&line);
}

static void assert_refused(const char *text, const char *rule)
{
    g_autoptr(GError) error = NULL;
    ql_field_line line;
    g_assert_false(ql_field_line_parse(text, &line, &error));
    g_assert_nonnull(strstr(error->message, rule));
}

static void test_lines_are_names_in_lower_case_and_values(void)
{
    assert_line("X-A: b c ", "x-a", "b c");
    assert_line("a:b:c;d", "a", "b:c;d");
    assert_line("a:\tb", "a", "b");
}

static void test_a_line_without_value_takes_the_field_away(void)
{
    assert_line("Accept:", "accept", NULL);
    assert_line("Accept:  ", "accept", NULL);
}

static void test_a_semicolon_stands_for_an_empty_value(void)
{
    assert_line("X-A;", "x-a", "");
    assert_refused("X-A;b", "\";\"");
}

static void test_bad_lines_are_refused_with_the_rule(void)
{
    assert_refused("x", "neither");
    assert_refused("", "neither");
    assert_refused(": x", "no token");
    assert_refused(":path: /", "no token");
    assert_refused("a b: c", "no token");
    assert_refused("a: b\r\nc: d", "control character");
    assert_refused("a: b\x1b", "control character");
}

static void test_fields_are_kept_in_order_with_their_size(void)
{
    size_t count;
    g_autoptr(ql_fields) fields = ql_fields_new();
    ql_fields_add(fields, "a", "1");
    ql_fields_add_bytes(fields, "bcd", 1, "234", 2);
    ql_fields_add(fields, "a", "5");
    const ql_field *list = ql_fields_list(fields, &count);
    g_assert_cmpuint(count, ==, 3);
    g_assert_cmpstr(list[1].name, ==, "b");
    g_assert_cmpstr(list[1].value, ==, "23");
    g_assert_cmpstr(ql_fields_get(fields, "a"), ==, "1");
    g_assert_null(ql_fields_get(fields, "c"));
    g_assert_cmpuint(ql_fields_size(fields), ==, 2 + 3 + 2 + 3 * 32);
    ql_fields_clear(fields);
    g_assert_cmpuint(ql_fields_size(fields), ==, 0);
    ql_fields_list(fields, &count);
    g_assert_cmpuint(count, ==, 0);
}

static void test_tokens_are_told_from_other_words(void)
{
    g_assert_true(ql_field_is_token("M-SEARCH"));
    g_assert_true(ql_field_is_token("x!#$%&'*+-.^_`|~9"));
    g_assert_false(ql_field_is_token(""));
    g_assert_false(ql_field_is_token("a b"));
    g_assert_false(ql_field_is_token("a/b"));
    g_assert_false(ql_field_is_token("\xc3\xbc"));
}

static void test_fields_of_a_connection_are_known(void)
{
    g_assert_true(ql_field_is_of_connection("connection"));
    g_assert_true(ql_field_is_of_connection("transfer-encoding"));
    g_assert_false(ql_field_is_of_connection("te"));
    g_assert_false(ql_field_is_of_connection("accept"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fields/lines", test_lines_are_names_in_lower_case_and_values);
    g_test_add_func("/fields/none", test_a_line_without_value_takes_the_field_away);
    g_test_add_func("/fields/empty", test_a_semicolon_stands_for_an_empty_value);
    g_test_add_func("/fields/refused", test_bad_lines_are_refused_with_the_rule);
    g_test_add_func("/fields/list", test_fields_are_kept_in_order_with_their_size);
    g_test_add_func("/fields/tokens", test_tokens_are_told_from_other_words);
    g_test_add_func("/fields/connection", test_fields_of_a_connection_are_known);
    return g_test_run();
}
