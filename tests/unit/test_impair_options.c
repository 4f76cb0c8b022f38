/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "impair_options.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static bool parse(ql_impair_options *options, const char *line, GError **error)
{
    const ql_option_group groups[] = { { "A bad network", ql_impair_option_table, options },
                                       { NULL, NULL, NULL } };
    g_auto(GStrv) argv = g_strsplit(line, "|", -1);
    ql_impair_options_init(options);
    g_auto(GStrv) words =
        ql_options_parse(groups, (int)g_strv_length(argv), argv, "", "Gets.", error);
    return words != NULL;
}

static void test_without_them_there_is_none(void)
{
    ql_impair_options options;
    g_assert_true(parse(&options, "get", NULL));
    g_assert_null(ql_impair_options_scenario(&options));
}

static void test_several_add_up(void)
{
    ql_impair_options options;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("impair-XXXXXX", &path, NULL);
    g_assert_cmpint(write(fd, "delay=3ms # slow\nseed=9", 23), ==, 23);
    close(fd);
    g_autofree char *line =
        g_strdup_printf("get|--impair|drop=client:7|--impair-file|%s|--impair=drop-rate=2", path);
    g_assert_true(parse(&options, line, &error));
    g_assert_no_error(error);
    g_unlink(path);
    const ql_relay_scenario *scenario = ql_impair_options_scenario(&options);
    g_assert_nonnull(scenario);
    g_assert_cmpuint(scenario->rules[QL_RELAY_CLIENT].drops.count, ==, 1);
    g_assert_cmpuint(scenario->rules[QL_RELAY_SERVER].drops.count, ==, 0);
    g_assert_cmpuint(scenario->rules[QL_RELAY_SERVER].delay_ns, ==, 3000000);
    g_assert_cmpuint(scenario->seed, ==, 9);
}

static void assert_refused(const char *line, const char *word)
{
    ql_impair_options options;
    g_autoptr(GError) error = NULL;
    g_assert_false(parse(&options, line, &error));
    g_assert_nonnull(strstr(error->message, word));
}

static void test_bad_ones_are_refused(void)
{
    assert_refused("get|--impair|drop-rate=x", "drop-rate=x");
    assert_refused("get|--impair|rebind=1s", "quiclens relay");
    assert_refused("get|--impair-file|/nowhere", "cannot read the scenario /nowhere");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/impair_options/without them there is no bad network",
                    test_without_them_there_is_none);
    g_test_add_func("/impair_options/several add up", test_several_add_up);
    g_test_add_func("/impair_options/bad ones are refused", test_bad_ones_are_refused);
    return g_test_run();
}
