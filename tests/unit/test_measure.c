/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure.h"

#include <glib.h>

static void test_durations_have_units(void)
{
    uint64_t value = 0;
    g_assert_true(ql_measure_duration("15ms", &value));
    g_assert_cmpuint(value, ==, 15000000);
    g_assert_true(ql_measure_duration("1.5s", &value));
    g_assert_cmpuint(value, ==, 1500000000);
    g_assert_true(ql_measure_duration("200us", &value));
    g_assert_cmpuint(value, ==, 200000);
}

static void test_bytes_go_by_thousands(void)
{
    uint64_t value = 0;
    g_assert_true(ql_measure_bytes("64k", &value));
    g_assert_cmpuint(value, ==, 64000);
    g_assert_true(ql_measure_bytes("0", &value));
    g_assert_cmpuint(value, ==, 0);
    g_assert_true(ql_measure_bytes("1G", &value));
    g_assert_cmpuint(value, ==, 1000000000);
}

static void test_what_is_no_such_value_leaves_the_result_alone(void)
{
    static const char *const bad[] = {
        "", "k", "-1", "+1", " 1", "1 k", "inf", "nan", "1kk", "2e15"
    };
    uint64_t value = 7;
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ql_measure_bytes(bad[i], &value));
    g_assert_false(ql_measure_duration("5", &value));
    g_assert_false(ql_measure_duration("86401s", &value));
    g_assert_cmpuint(value, ==, 7);
}

static void test_the_limits_are_of_the_product(void)
{
    static const ql_unit units[] = { { "x", 10 }, { 0 } };
    uint64_t value = 0;
    g_assert_true(ql_measure_take("5x", units, 50, 60, &value));
    g_assert_cmpuint(value, ==, 50);
    g_assert_false(ql_measure_take("7x", units, 50, 60, &value));
    g_assert_false(ql_measure_take("5", units, 0, 60, &value));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/measure/duration", test_durations_have_units);
    g_test_add_func("/measure/bytes", test_bytes_go_by_thousands);
    g_test_add_func("/measure/bad", test_what_is_no_such_value_leaves_the_result_alone);
    g_test_add_func("/measure/limits", test_the_limits_are_of_the_product);
    return g_test_run();
}
