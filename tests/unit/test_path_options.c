/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_options.h"

#include <string.h>

static bool parse(const char *line, ql_path_plan *plan, GError **error)
{
    const ql_option_group groups[] = { { "Paths", ql_path_option_table, plan },
                                       { NULL, NULL, NULL } };
    g_autofree char *whole = g_strconcat("get ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    *plan = (ql_path_plan){ 0 };
    g_auto(GStrv) rest = ql_options_parse(groups, (int)g_strv_length(words), words, "", "", error);
    return rest != NULL;
}

static void assert_refused(const char *line, const char *words)
{
    ql_path_plan plan;
    g_autoptr(GError) error = NULL;
    g_assert_false(parse(line, &plan, &error));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_each_action_has_its_own_time(void)
{
    ql_path_plan plan;
    g_assert_true(parse("--migrate-after 1k --rebind-after 2k --probe-path 3ms "
                        "--rotate-cid-after 4k --migrate-to 127.0.0.2 --preferred-address no",
                        &plan, NULL));
    g_assert_cmpuint(plan.move.bytes, ==, 1000);
    g_assert_cmpuint(plan.rebind.bytes, ==, 2000);
    g_assert_cmpuint(plan.probe.duration, ==, 3 * NGTCP2_MILLISECONDS);
    g_assert_cmpuint(plan.rotate.bytes, ==, 4000);
    g_autofree char *other = ql_address_to_string(&plan.other.address);
    g_assert_cmpstr(other, ==, "127.0.0.2:0");
    g_assert_true(plan.stay);
}

static void test_later_connections_do_nothing_again(void)
{
    const ql_path_plan plan = {
        .move = { .bytes = 1 }, .rebind = { .bytes = 1 }, .stay = true, .no_gso = true
    };
    ql_path_plan later = ql_path_plan_of_later(&plan);
    g_assert_false(ql_trigger_is_set(&later.move) || ql_trigger_is_set(&later.rebind));
    g_assert_true(later.stay && later.no_gso);
}

static void test_what_is_out_of_bounds_is_refused_by_name(void)
{
    assert_refused("--migrate-to localhost", "--migrate-to");
    assert_refused("--preferred-address maybe", "--preferred-address: yes or no");
    assert_refused("--rebind-after never", "--rebind-after");
    assert_refused("--probe-path 0", "--probe-path");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/path-options/actions", test_each_action_has_its_own_time);
    g_test_add_func("/path-options/later", test_later_connections_do_nothing_again);
    g_test_add_func("/path-options/refused", test_what_is_out_of_bounds_is_refused_by_name);
    return g_test_run();
}
