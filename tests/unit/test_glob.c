/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "glob.h"

#include <string.h>

/* All URLs of a pattern, joined by blanks. */
static void assert_urls(const char *pattern, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ql_glob) glob = ql_glob_new(pattern, &error);
    g_assert_no_error(error);
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; i < ql_glob_count(glob); i++) {
        g_autofree char *url = ql_glob_url(glob, i);
        g_string_append_printf(all, "%s%s", i > 0 ? " " : "", url);
    }
    g_assert_cmpstr(all->str, ==, expected);
}

static void test_ranges_and_sets_are_spelled_out(void)
{
    assert_urls("a", "a");
    assert_urls("a{b,c}d", "abd acd");
    assert_urls("{a,,b}", "a  b");
    assert_urls("[8-11]", "8 9 10 11");
    assert_urls("[098-101]", "098 099 100 101");
    assert_urls("[0-10:5]x", "0x 5x 10x");
    assert_urls("[a-e:2]", "a c e");
    assert_urls("{x,y}[1-2]", "x1 x2 y1 y2");
}

static void test_what_only_looks_like_a_range_stays(void)
{
    assert_urls("https://[::1]:8443/[1-2]", "https://[::1]:8443/1 https://[::1]:8443/2");
    assert_urls("a\\[1-2\\]\\{b\\}", "a[1-2]{b}");
}

static void test_what_is_no_pattern_is_refused(void)
{
    static const char *const bad[] = { "{}",
                                       "[",
                                       "{a",
                                       "[]",
                                       "[1-]",
                                       "[2-1]",
                                       "[b-a]",
                                       "[a-B]",
                                       "[1-2:0]",
                                       "[1-2:]",
                                       "[x]",
                                       "[1-100001]",
                                       "[1-1000][1-1000]",
                                       "[0-99999999999999999999]" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        if (ql_glob_new(bad[i], &error) != NULL)
            g_error("%s was taken", bad[i]);
        g_assert_error(error, QL_GLOB_ERROR, 0);
    }
}

static void test_names_take_what_varies(void)
{
    g_autoptr(ql_glob) glob = ql_glob_new("https://h/{a,b}/[1-3]", NULL);
    g_autofree char *name = ql_glob_name(glob, 4, "#1_#2.#3#0#");
    g_assert_cmpstr(name, ==, "b_2.#3#0#");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/glob/ranges and sets are spelled out", test_ranges_and_sets_are_spelled_out);
    g_test_add_func("/glob/what only looks like a range stays",
                    test_what_only_looks_like_a_range_stays);
    g_test_add_func("/glob/what is no pattern is refused", test_what_is_no_pattern_is_refused);
    g_test_add_func("/glob/names take what varies", test_names_take_what_varies);
    return g_test_run();
}
