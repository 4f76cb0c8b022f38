/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command_line.h"

#include <glib.h>

static void assert_shown(const char *typed, const char *shown)
{
    g_auto(GStrv) words = NULL;
    gint count = 0;
    g_assert_true(g_shell_parse_argv(typed, &count, &words, NULL));
    g_autofree char *text = ql_command_line_show(count, words);
    g_assert_cmpstr(text, ==, shown);
}

static void test_plain_words_stay(void)
{
    assert_shown("get -k --qlog a.sqlog -o 'a b' https://localhost:4433/a",
                 "quiclens get -k --qlog a.sqlog -o 'a b' https://localhost:4433/a");
    assert_shown("get --impair 'drop=client:2-3 seed=1' -A me --max-data 5 https://a/",
                 "quiclens get --impair 'drop=client:2-3 seed=1' -A me --max-data 5 https://a/");
}

static void test_values_that_can_be_secrets_are_left_out(void)
{
    assert_shown("get -H 'cookie: a=b' -sHx:y --header=z:1 --header w:2 https://a/",
                 "quiclens get -H ... -sH... --header=... --header ... https://a/");
    assert_shown("get -d secret --data-binary @file -u me:pw --json '{}' --user=me:pw https://a/",
                 "quiclens get -d ... --data-binary ... -u ... --json ... --user=... https://a/");
}

static void test_a_url_loses_user_and_query(void)
{
    assert_shown("get https://me:pw@host:1/p/q?token=1#x 'https://[::1]/@a?b'",
                 "quiclens get https://...@host:1/p/q?... https://[::1]/@a?...");
    assert_shown("get https://host?x=1", "quiclens get https://host?...");
}

static void test_text_is_valid(void)
{
    char *words[] = { "get", "\xff" };
    g_autofree char *text = ql_command_line_show(2, words);
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/command_line/plain words stay", test_plain_words_stay);
    g_test_add_func("/command_line/values that can be secrets are left out",
                    test_values_that_can_be_secrets_are_left_out);
    g_test_add_func("/command_line/a URL loses user and query", test_a_url_loses_user_and_query);
    g_test_add_func("/command_line/what is no text becomes text", test_text_is_valid);
    return g_test_run();
}
