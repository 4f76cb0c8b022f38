/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <string.h>

static void assert_shown(const char *data, size_t length, ql_text_lines lines, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    ql_text_append(out, data, length, lines);
    g_assert_cmpstr(out->str, ==, expected);
}

static void test_plain_text_stays_as_it_is(void)
{
    g_autofree char *text =
        ql_text_escape("gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80\t.");
    g_assert_cmpstr(text, ==, "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80\t.");
}

static void test_control_characters_are_shown_and_not_sent(void)
{
    assert_shown("a\x1b[31mb\x07\x7f", 9, QL_TEXT_MANY_LINES, "a\\x1b[31mb\\x07\\x7f");
    assert_shown("\0", 1, QL_TEXT_MANY_LINES, "\\x00");
}

static void test_c1_controls_are_shown_in_utf8_and_raw(void)
{
    assert_shown("\xc2\x9b"
                 "31m",
                 5, QL_TEXT_MANY_LINES, "\\xc2\\x9b31m");
    assert_shown("\x9b"
                 "31m",
                 4, QL_TEXT_MANY_LINES, "\\x9b31m");
}

static void test_what_turns_lines_around_is_shown(void)
{
    assert_shown("a\xe2\x80\xae"
                 "b",
                 5, QL_TEXT_ONE_LINE, "a\\xe2\\x80\\xaeb");
    assert_shown("\xe2\x81\xa6", 3, QL_TEXT_ONE_LINE, "\\xe2\\x81\\xa6");
}

static void test_bytes_that_are_not_utf8_are_shown(void)
{
    assert_shown("\xff\xc3(", 3, QL_TEXT_ONE_LINE, "\\xff\\xc3(");
    assert_shown("\xc0\xaf", 2, QL_TEXT_ONE_LINE, "\\xc0\\xaf");          /* overlong */
    assert_shown("\xed\xa0\x80", 3, QL_TEXT_ONE_LINE, "\\xed\\xa0\\x80"); /* half a pair */
}

static void test_line_ends_stay_where_there_are_lines(void)
{
    assert_shown("a\r\nb\n\rc", 7, QL_TEXT_MANY_LINES, "a\r\nb\n\\x0dc");
    assert_shown("a\nb", 3, QL_TEXT_ONE_LINE, "a\\x0ab");
}

static void test_the_beginning_of_a_character_is_unfinished(void)
{
    g_assert_cmpuint(ql_text_unfinished("ab", 2), ==, 0);
    g_assert_cmpuint(ql_text_unfinished("", 0), ==, 0);
    g_assert_cmpuint(ql_text_unfinished("a\xc3", 2), ==, 1);
    g_assert_cmpuint(ql_text_unfinished("a\xe6\x97", 3), ==, 2);
    g_assert_cmpuint(ql_text_unfinished("\xf0\x9f\x98", 3), ==, 3);
    g_assert_cmpuint(ql_text_unfinished("\xf0\x9f\x98\x80", 4), ==, 0);
    g_assert_cmpuint(ql_text_unfinished("\x80\x80\x80\x80", 4), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/plain", test_plain_text_stays_as_it_is);
    g_test_add_func("/text/c0", test_control_characters_are_shown_and_not_sent);
    g_test_add_func("/text/c1", test_c1_controls_are_shown_in_utf8_and_raw);
    g_test_add_func("/text/bidi", test_what_turns_lines_around_is_shown);
    g_test_add_func("/text/not-utf8", test_bytes_that_are_not_utf8_are_shown);
    g_test_add_func("/text/lines", test_line_ends_stay_where_there_are_lines);
    g_test_add_func("/text/unfinished", test_the_beginning_of_a_character_is_unfinished);
    return g_test_run();
}
