/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_options.h"

static bool parse(ql_capture_options *options, char **argv)
{
    const ql_option_group groups[] = { ql_capture_options_group(options), { NULL, NULL, NULL } };
    *options = (ql_capture_options){ 0 };
    g_auto(GStrv) words =
        ql_options_parse(groups, (int)g_strv_length(argv), argv, "", "Gets.", NULL);
    return words != NULL;
}

static void test_values(void)
{
    ql_capture_options options;
    char *argv[] = { "get", "--capture", "-", "--keys=k", "--qlog", "q", NULL };
    g_assert_true(parse(&options, argv));
    g_assert_cmpstr(options.keys, ==, "k");
    g_assert_cmpstr(options.qlog, ==, "q");
    g_assert_true(ql_capture_options_take_stdout(&options));
    ql_capture_options_clear(&options);
}

static void test_a_file_leaves_standard_output(void)
{
    ql_capture_options options;
    char *none[] = { "get", NULL }, *file[] = { "get", "--capture", "c", NULL };
    g_assert_true(parse(&options, none));
    g_assert_false(ql_capture_options_take_stdout(&options));
    g_assert_true(parse(&options, file));
    g_assert_false(ql_capture_options_take_stdout(&options));
    ql_capture_options_clear(&options);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture_options/values reach the record", test_values);
    g_test_add_func("/capture_options/a capture in a file leaves standard output to content",
                    test_a_file_leaves_standard_output);
    return g_test_run();
}
