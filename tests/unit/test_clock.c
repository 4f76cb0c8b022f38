/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"

#include <glib.h>

static void test_it_is_the_monotonic_clock_in_nanoseconds(void)
{
    uint64_t before = (uint64_t)g_get_monotonic_time();
    uint64_t now = ql_clock_now();
    uint64_t after = (uint64_t)g_get_monotonic_time();
    g_assert_cmpuint(now / 1000, >=, before);
    g_assert_cmpuint(now / 1000, <=, after);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/monotonic", test_it_is_the_monotonic_clock_in_nanoseconds);
    return g_test_run();
}
