/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <string.h>

static const ql_option table[] = {
    { "flag", 'f', QL_OPTION_FLAG, 0, NULL, "one word after the other makes a sentence", NULL },
    { "with-a-long-name-indeed", '\0', QL_OPTION_STRING, 0, "VALUE", "what it is", NULL },
    { .name = NULL },
};

static char *help(unsigned width)
{
    const ql_option_group groups[] = { { "Things", table, NULL }, { NULL, NULL, NULL } };
    return ql_options_help(groups, "do", "FILE", "Does it.", width);
}

static void test_it_has_all_that_the_tables_have(void)
{
    g_autofree char *text = help(100);
    g_assert_cmpstr(text, ==,
                    "Usage: quiclens do [options] FILE\n\nDoes it.\n\nThings:\n"
                    "  -f, --flag              one word after the other makes a sentence\n"
                    "  --with-a-long-name-indeed VALUE\n"
                    "                          what it is\n"
                    "\nHelp:\n  -h, --help              this text\n");
}

static void test_lines_are_as_wide_as_wanted(void)
{
    g_autofree char *text = help(60);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        g_assert_cmpuint(strlen(*line), <=, 60);
    g_assert_nonnull(strstr(text, "other makes a\n                          sentence\n"));
}

static void test_a_narrow_terminal_still_gets_words(void)
{
    g_autofree char *narrow = help(1), *least = help(50);
    g_assert_cmpstr(narrow, ==, least);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options_help/all", test_it_has_all_that_the_tables_have);
    g_test_add_func("/options_help/width", test_lines_are_as_wide_as_wanted);
    g_test_add_func("/options_help/narrow", test_a_narrow_terminal_still_gets_words);
    return g_test_run();
}
