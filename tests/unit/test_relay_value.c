/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_value.h"

#include <glib.h>

static void test_durations_need_a_unit(void)
{
    uint64_t ns = 1;
    g_assert_true(ql_relay_value_duration("15ms", &ns));
    g_assert_cmpuint(ns, ==, 15000000);
    g_assert_true(ql_relay_value_duration("1.5s", &ns));
    g_assert_cmpuint(ns, ==, 1500000000);
    g_assert_true(ql_relay_value_duration("0s", &ns));
    g_assert_cmpuint(ns, ==, 0);
    ns = 77;
    static const char *const bad[] = { "15",  "ms",   "-1s",  " 1s", "1 s",    "1e99s",
                                       "nan", "infs", "1sms", "",    "86401s", "1s " };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ql_relay_value_duration(bad[i], &ns));
    g_assert_cmpuint(ns, ==, 77);
}

static void test_bandwidths(void)
{
    uint64_t bits;
    g_assert_true(ql_relay_value_bandwidth("10Mbps", &bits));
    g_assert_cmpuint(bits, ==, 10000000);
    g_assert_true(ql_relay_value_bandwidth("500kbit", &bits));
    g_assert_cmpuint(bits, ==, 500000);
    g_assert_true(ql_relay_value_bandwidth("1.5Gbit/s", &bits));
    g_assert_cmpuint(bits, ==, 1500000000);
    g_assert_false(ql_relay_value_bandwidth("0Mbit", &bits));
    g_assert_false(ql_relay_value_bandwidth("10", &bits));
    g_assert_false(ql_relay_value_bandwidth("9999Gbit", &bits));
}

static void test_percents_end_at_100(void)
{
    double percent = 0;
    g_assert_true(ql_relay_value_percent("0.5%", &percent));
    g_assert_cmpfloat(percent, ==, 0.5);
    g_assert_true(ql_relay_value_percent("100", &percent));
    g_assert_false(ql_relay_value_percent("100.1", &percent));
    g_assert_false(ql_relay_value_percent("-1", &percent));
    g_assert_false(ql_relay_value_percent("%", &percent));
    g_assert_cmpfloat(percent, ==, 100);
}

static void test_ranges_count_from_1(void)
{
    ql_relay_range range;
    g_assert_true(ql_relay_value_range("2-7", &range));
    g_assert_cmpuint(range.first, ==, 2);
    g_assert_cmpuint(range.last, ==, 7);
    g_assert_true(ql_relay_value_range("9", &range));
    g_assert_cmpuint(range.last, ==, 9);
    g_assert_true(ql_relay_value_range("12-", &range));
    g_assert_cmpuint(range.last, ==, UINT64_MAX);
    static const char *const bad[] = { "0", "7-2", "-7", "", "-", "1-2-3", "99999999999999999999" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(ql_relay_value_range(bad[i], &range));
}

static void test_addresses_have_no_port(void)
{
    ql_address address;
    g_assert_true(ql_relay_value_address("127.0.0.2", &address));
    g_assert_true(ql_relay_value_address("::1", &address));
    g_assert_false(ql_relay_value_address("127.0.0.2:1", &address));
    g_assert_false(ql_relay_value_address("localhost", &address));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_value/durations_need_a_unit", test_durations_need_a_unit);
    g_test_add_func("/relay_value/bandwidths", test_bandwidths);
    g_test_add_func("/relay_value/percents_end_at_100", test_percents_end_at_100);
    g_test_add_func("/relay_value/ranges_count_from_1", test_ranges_count_from_1);
    g_test_add_func("/relay_value/addresses_have_no_port", test_addresses_have_no_port);
    return g_test_run();
}
