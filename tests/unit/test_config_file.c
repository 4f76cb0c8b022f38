/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_file.h"

#include <string.h>

static void assert_words(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = ql_config_file_parse(text, &error);
    g_assert_no_error(error);
    g_autofree char *joined = g_strjoinv("|", words);
    g_assert_cmpstr(joined, ==, expected);
}

static void test_a_line_is_an_option(void)
{
    assert_words("url = https://a/\n", "--url|https://a/");
    assert_words("url https://a/\r\nsilent\n", "--url|https://a/|--silent");
    assert_words("  --output: x\n-s\n-o y", "--output|x|-s|-o|y");
    assert_words("# nothing\n\n  # either\n", "");
    assert_words("data =\n", "--data|");
}

static void test_quotes_keep_what_is_between_them(void)
{
    assert_words("user-agent = \"a # \\\"b\\\" \\\\ \\t\\n\" # why\n",
                 "--user-agent|a # \"b\" \\ \t\n");
    assert_words("data \"\"\n", "--data|");
}

static void test_a_bad_line_is_named(void)
{
    static const char *const bad[] = { "\nurl \"open\n", "\n= x\n", "\nurl \"a\" b\n" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ql_config_file_parse(bad[i], &error));
        g_assert_error(error, QL_CONFIG_FILE_ERROR, 0);
        g_assert_nonnull(strstr(error->message, "line 2 "));
    }
}

static void test_a_file_that_is_missing_is_told(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ql_config_file_read("/no/such/file", &error));
    g_assert_true(error->domain == G_FILE_ERROR);
    g_assert_nonnull(strstr(error->message, "/no/such/file"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config-file/a line is an option", test_a_line_is_an_option);
    g_test_add_func("/config-file/quotes keep what is between them",
                    test_quotes_keep_what_is_between_them);
    g_test_add_func("/config-file/a bad line is named", test_a_bad_line_is_named);
    g_test_add_func("/config-file/a file that is missing is told",
                    test_a_file_that_is_missing_is_told);
    return g_test_run();
}
