/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trigger.h"

#include <string.h>

#define NEVER UINT64_MAX

static void assert_parsed(const char *text, uint64_t bytes, ngtcp2_duration duration)
{
    ql_trigger trigger = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_true(ql_trigger_parse("--migrate-after", text, &trigger, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(trigger.bytes, ==, bytes);
    g_assert_cmpuint(trigger.duration, ==, duration);
    g_assert_true(ql_trigger_is_set(&trigger));
}

static void test_bytes_or_a_time_are_understood(void)
{
    assert_parsed("200k", 200000, 0);
    assert_parsed("1", 1, 0);
    assert_parsed("1.5M", 1500000, 0);
    assert_parsed("300ms", 0, 300 * NGTCP2_MILLISECONDS);
    assert_parsed("1.5s", 0, 1500 * NGTCP2_MILLISECONDS);
}

static void test_what_is_neither_is_refused_by_the_name_of_its_option(void)
{
    static const char *const bad[] = { "", "k", "0", "-5", "5x", "0.1", "1e99", "nan", "5 s" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ql_trigger trigger;
        g_autoptr(GError) error = NULL;
        g_assert_false(ql_trigger_parse("--key-update-after", bad[i], &trigger, &error));
        g_assert_nonnull(strstr(error->message, "--key-update-after"));
    }
}

static void test_bytes_count_from_the_beginning(void)
{
    const ql_trigger trigger = { .bytes = 100 };
    g_assert_false(ql_trigger_is_due(&trigger, 99, 5, 1000));
    g_assert_true(ql_trigger_is_due(&trigger, 100, 5, 1000));
    g_assert_cmpuint(ql_trigger_expiry(&trigger, 5), ==, NEVER);
}

static void test_time_counts_from_the_handshake(void)
{
    const ql_trigger trigger = { .duration = 30 };
    g_assert_false(ql_trigger_is_due(&trigger, 1000, NEVER, 1000));
    g_assert_false(ql_trigger_is_due(&trigger, 1000, 5, 34));
    g_assert_true(ql_trigger_is_due(&trigger, 0, 5, 35));
    g_assert_cmpuint(ql_trigger_expiry(&trigger, 5), ==, 35);
    g_assert_cmpuint(ql_trigger_expiry(&trigger, NEVER), ==, NEVER);
}

static void test_an_unset_one_is_never_due(void)
{
    const ql_trigger trigger = { 0 };
    g_assert_false(ql_trigger_is_set(&trigger));
    g_assert_false(ql_trigger_is_due(&trigger, 1000, 5, 1000));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trigger/parse", test_bytes_or_a_time_are_understood);
    g_test_add_func("/trigger/refused", test_what_is_neither_is_refused_by_the_name_of_its_option);
    g_test_add_func("/trigger/bytes", test_bytes_count_from_the_beginning);
    g_test_add_func("/trigger/time", test_time_counts_from_the_handshake);
    g_test_add_func("/trigger/unset", test_an_unset_one_is_never_due);
    return g_test_run();
}
