/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_impairment.h"

#include <glib.h>
#include <string.h>

#define PACKETS 20000u

static void begin(ql_relay_impairment *impairment, ql_relay_scenario *scenario, const char *text,
                  ql_relay_side side)
{
    g_autoptr(GError) error = NULL;
    ql_relay_scenario_init(scenario, 42);
    ql_relay_scenario_parse(scenario, text, &error);
    g_assert_no_error(error);
    ql_relay_impairment_init(impairment, scenario, side);
}

static const char everything[] = "drop-rate=30 drop-burst=3 corrupt-rate=10 duplicate-rate=5 "
                                 "reorder-rate=5 jitter=3ms";

static bool is_same(const ql_relay_decision *a, const ql_relay_decision *b)
{
    return a->number == b->number && a->drop == b->drop && a->corrupt == b->corrupt &&
           a->duplicate == b->duplicate && a->reorder == b->reorder &&
           a->jitter_ns == b->jitter_ns && a->corrupt_place == b->corrupt_place &&
           a->corrupt_mask == b->corrupt_mask;
}

static guint count_same(const char *one, const char *other, ql_relay_side other_side)
{
    ql_relay_impairment a, b;
    ql_relay_scenario first, second;
    guint same = 0;
    begin(&a, &first, one, QL_RELAY_CLIENT);
    begin(&b, &second, other, other_side);
    for (guint i = 0; i < PACKETS; i++) {
        ql_relay_decision x = ql_relay_impairment_next(&a), y = ql_relay_impairment_next(&b);
        same += is_same(&x, &y);
    }
    return same;
}

static void test_the_same_seed_decides_the_same(void)
{
    g_assert_cmpuint(count_same(everything, everything, QL_RELAY_CLIENT), ==, PACKETS);
}

static void test_another_seed_or_direction_decides_otherwise(void)
{
    g_autofree char *other = g_strconcat(everything, " seed=43", NULL);
    g_assert_cmpuint(count_same(everything, other, QL_RELAY_CLIENT), ==, 0);
    g_assert_cmpuint(count_same(everything, everything, QL_RELAY_SERVER), ==, 0);
}

static void test_one_rule_does_not_move_the_hits_of_another(void)
{
    ql_relay_impairment a, b;
    ql_relay_scenario first, second;
    begin(&a, &first, "drop-rate=30", QL_RELAY_CLIENT);
    begin(&b, &second, "drop-rate=30 corrupt-rate=50 jitter=1ms drop=1-50", QL_RELAY_CLIENT);
    for (guint i = 0; i < PACKETS; i++)
        g_assert_cmpint(ql_relay_impairment_next(&a).drop, ==, ql_relay_impairment_next(&b).drop);
}

static void test_the_rate_is_met_and_runs_end_at_the_burst(void)
{
    ql_relay_impairment impairment;
    ql_relay_scenario scenario;
    guint hits = 0, run = 0, longest = 0;
    begin(&impairment, &scenario, "drop-rate=2", QL_RELAY_SERVER);
    for (guint i = 0; i < PACKETS; i++)
        hits += ql_relay_impairment_next(&impairment).drop;
    g_assert_cmpuint(hits, >, PACKETS * 17 / 1000);
    g_assert_cmpuint(hits, <, PACKETS * 23 / 1000);
    begin(&impairment, &scenario, "drop-rate=100 drop-burst=3", QL_RELAY_SERVER);
    for (guint i = 1; i <= 12; i++)
        g_assert_cmpint(ql_relay_impairment_next(&impairment).drop, ==, i % 4 != 0);
    begin(&impairment, &scenario, "corrupt-rate=60 corrupt-burst=3", QL_RELAY_SERVER);
    for (guint i = 0; i < PACKETS; i++) {
        run = ql_relay_impairment_next(&impairment).corrupt ? run + 1 : 0;
        longest = MAX(longest, run);
    }
    g_assert_cmpuint(longest, ==, 3);
}

static void test_numbers_on_the_list_are_dropped(void)
{
    ql_relay_impairment impairment;
    ql_relay_scenario scenario;
    begin(&impairment, &scenario, "drop=client:2-7,9", QL_RELAY_CLIENT);
    for (guint i = 1; i <= 20; i++) {
        ql_relay_decision decision = ql_relay_impairment_next(&impairment);
        g_assert_cmpuint(decision.number, ==, i);
        g_assert_cmpint(decision.drop_listed, ==, (i >= 2 && i <= 7) || i == 9);
        g_assert_false(decision.drop);
    }
}

static void test_jitter_stays_within_its_limit(void)
{
    ql_relay_impairment impairment;
    ql_relay_scenario scenario;
    uint64_t most = 0;
    begin(&impairment, &scenario, "jitter=4ms", QL_RELAY_CLIENT);
    for (guint i = 0; i < PACKETS; i++)
        most = MAX(most, ql_relay_impairment_next(&impairment).jitter_ns);
    g_assert_cmpuint(most, <, 4000000);
    g_assert_cmpuint(most, >, 3900000);
}

static void test_corruption_strikes_the_first_50_bytes_and_changes_them(void)
{
    ql_relay_impairment impairment;
    ql_relay_scenario scenario;
    uint8_t data[1200] = { 0x40 };
    bool struck[QL_RELAY_CORRUPT_WITHIN] = { false };
    begin(&impairment, &scenario, "corrupt-rate=100", QL_RELAY_CLIENT);
    for (guint i = 0; i < PACKETS; i++) {
        ql_relay_decision decision = ql_relay_impairment_next(&impairment);
        int offset = ql_relay_impairment_corrupt_offset(&decision, data, sizeof data);
        g_assert_cmpint(offset, >=, 0);
        g_assert_cmpint(offset, <, QL_RELAY_CORRUPT_WITHIN);
        g_assert_cmpuint(decision.corrupt_mask, !=, 0);
        struck[offset] = true;
        g_assert_cmpint(ql_relay_impairment_corrupt_offset(&decision, data, 3), <, 3);
        g_assert_cmpint(ql_relay_impairment_corrupt_offset(&decision, data, 0), ==, -1);
    }
    for (guint i = 0; i < QL_RELAY_CORRUPT_WITHIN; i++)
        g_assert_true(struck[i]);
}

static void test_version_negotiation_is_left_alone(void)
{
    ql_relay_decision decision = { .corrupt = true, .corrupt_mask = 1 };
    uint8_t data[40] = { 0xc0 };
    g_assert_cmpint(ql_relay_impairment_corrupt_offset(&decision, data, sizeof data), ==, -1);
    data[4] = 1; /* a long header of version 1 */
    g_assert_cmpint(ql_relay_impairment_corrupt_offset(&decision, data, sizeof data), ==, 0);
}

static void assert_black(const char *text, const char *pattern)
{
    ql_relay_impairment unused;
    ql_relay_scenario scenario;
    begin(&unused, &scenario, text, QL_RELAY_CLIENT);
    for (size_t second = 0; pattern[second] != '\0'; second++)
        g_assert_cmpint(ql_relay_impairment_is_black(&scenario.rules[0], second * 1000000000u), ==,
                        pattern[second] == '#');
}

static void test_a_black_hole_comes_once_often_or_always(void)
{
    assert_black("blackhole=5s,2s", ".....##.............");
    assert_black("blackhole=3s,1s,2", "...#...#............");
    assert_black("blackhole=3s,1s,0", "...#...#...#...#...#");
    assert_black("blackhole=0s,2s", "##......");
    assert_black("blackhole=server:0s,2s", "........");
}

static void test_each_has_a_list_of_numbers(void)
{
    ql_relay_scenario scenario;
    ql_relay_impairment impairment;
    begin(&impairment, &scenario, "corrupt=client:2 duplicate=3-4 reorder=5,7-", QL_RELAY_CLIENT);
    for (uint64_t i = 1; i <= 9; i++) {
        ql_relay_decision decision = ql_relay_impairment_next(&impairment);
        g_assert_cmpint(decision.corrupt, ==, i == 2);
        g_assert_cmpint(decision.duplicate, ==, i == 3 || i == 4);
        g_assert_cmpint(decision.reorder, ==, i == 5 || i >= 7);
        g_assert_false(decision.drop_listed);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_impairment/the_same_seed_decides_the_same",
                    test_the_same_seed_decides_the_same);
    g_test_add_func("/relay_impairment/another_seed_or_direction_decides_otherwise",
                    test_another_seed_or_direction_decides_otherwise);
    g_test_add_func("/relay_impairment/one_rule_does_not_move_the_hits_of_another",
                    test_one_rule_does_not_move_the_hits_of_another);
    g_test_add_func("/relay_impairment/the_rate_is_met_and_runs_end_at_the_burst",
                    test_the_rate_is_met_and_runs_end_at_the_burst);
    g_test_add_func("/relay_impairment/numbers_on_the_list_are_dropped",
                    test_numbers_on_the_list_are_dropped);
    g_test_add_func("/relay_impairment/jitter_stays_within_its_limit",
                    test_jitter_stays_within_its_limit);
    g_test_add_func("/relay_impairment/corruption_strikes_the_first_50_bytes_and_changes_them",
                    test_corruption_strikes_the_first_50_bytes_and_changes_them);
    g_test_add_func("/relay_impairment/version_negotiation_is_left_alone",
                    test_version_negotiation_is_left_alone);
    g_test_add_func("/relay_impairment/a_black_hole_comes_once_often_or_always",
                    test_a_black_hole_comes_once_often_or_always);
    g_test_add_func("/relay_impairment/each has a list of numbers",
                    test_each_has_a_list_of_numbers);
    return g_test_run();
}
