/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_scenario.h"

#include <glib.h>
#include <string.h>

static void parse(ql_relay_scenario *scenario, const char *text)
{
    g_autoptr(GError) error = NULL;
    ql_relay_scenario_init(scenario, 1);
    ql_relay_scenario_parse(scenario, text, &error);
    g_assert_no_error(error);
}

static void assert_refused(const char *text, const char *because)
{
    g_autofree ql_relay_scenario *scenario = g_new0(ql_relay_scenario, 1);
    g_autofree ql_relay_scenario *before = g_new0(ql_relay_scenario, 1);
    g_autoptr(GError) error = NULL;
    g_assert_false(ql_relay_scenario_parse(scenario, text, &error));
    g_assert_error(error, QL_RELAY_ERROR, 0);
    g_assert_nonnull(strstr(error->message, because));
    g_assert_cmpint(memcmp(scenario, before, sizeof *scenario), ==, 0);
}

static void test_a_value_is_for_both_directions_or_for_one(void)
{
    ql_relay_scenario s;
    parse(&s, "delay=15ms drop-rate=client:2 drop-rate=server:3% drop-burst=3");
    g_assert_cmpuint(s.rules[QL_RELAY_CLIENT].delay_ns, ==, 15000000);
    g_assert_cmpuint(s.rules[QL_RELAY_SERVER].delay_ns, ==, 15000000);
    g_assert_cmpfloat(s.rules[QL_RELAY_CLIENT].drop.percent, ==, 2);
    g_assert_cmpfloat(s.rules[QL_RELAY_SERVER].drop.percent, ==, 3);
    g_assert_cmpuint(s.rules[QL_RELAY_SERVER].drop.burst, ==, 3);
}

static void test_nothing_is_impaired_unless_said(void)
{
    ql_relay_scenario s;
    parse(&s, " \n# only a comment\n");
    g_assert_cmpuint(s.rules[0].delay_ns, ==, 0);
    g_assert_cmpuint(s.rules[0].bandwidth, ==, 0);
    g_assert_cmpuint(s.rules[0].queue, ==, 25);
    g_assert_cmpuint(ql_relay_scenario_rebind_time(&s, 0), ==, UINT64_MAX);
}

static void test_lines_of_the_simulator_are_understood(void)
{
    ql_relay_scenario s;
    parse(&s, "drop-rate --delay=20ms --rate_to_server=30 --rate_to_client=20 --burst_to_client=3");
    g_assert_cmpuint(s.rules[0].delay_ns, ==, 20000000);
    g_assert_cmpuint(s.rules[0].bandwidth, ==, 10000000);
    g_assert_cmpfloat(s.rules[QL_RELAY_CLIENT].drop.percent, ==, 30);
    g_assert_cmpfloat(s.rules[QL_RELAY_SERVER].drop.percent, ==, 20);
    g_assert_cmpuint(s.rules[QL_RELAY_SERVER].drop.burst, ==, 3);
    g_assert_cmpuint(s.rules[QL_RELAY_CLIENT].drop.burst, ==, 0);
    parse(&s, "simple-p2p");
    g_assert_cmpuint(s.rules[1].delay_ns, ==, 15000000);
    parse(&s, "corrupt-rate --rate=2 --burst=4");
    g_assert_cmpfloat(s.rules[1].corrupt.percent, ==, 2);
    g_assert_cmpuint(s.rules[1].corrupt.burst, ==, 4);
    parse(&s, "droplist --drops_to_server=2,3,4");
    g_assert_cmpuint(s.rules[QL_RELAY_CLIENT].drops.count, ==, 3);
    g_assert_cmpuint(s.rules[QL_RELAY_SERVER].drops.count, ==, 0);
    parse(&s, "blackhole --on=5s --off=2s");
    g_assert_cmpuint(s.rules[0].blackhole_on_ns, ==, 5000000000);
    g_assert_cmpuint(s.rules[0].blackhole_off_ns, ==, 2000000000);
    g_assert_cmpuint(s.rules[0].blackhole_times, ==, 1);
    parse(&s, "rebind --first-rebind=1s --rebind-freq=5s");
    g_assert_cmpuint(ql_relay_scenario_rebind_time(&s, 0), ==, 1000000000);
    g_assert_cmpuint(ql_relay_scenario_rebind_time(&s, 2), ==, 11000000000);
}

static void test_several_lines_make_one_scenario(void)
{
    ql_relay_scenario s;
    parse(&s, "drop=client:2-7,9 # the ClientHello's\n\n  drop=20-\r\n\trebind=1s,6s\nseed=99");
    g_assert_cmpuint(s.rules[QL_RELAY_CLIENT].drops.count, ==, 3);
    g_assert_cmpuint(s.rules[QL_RELAY_CLIENT].drops.ranges[0].last, ==, 7);
    g_assert_cmpuint(s.rules[QL_RELAY_SERVER].drops.count, ==, 1);
    g_assert_cmpuint(s.rules[QL_RELAY_SERVER].drops.ranges[0].first, ==, 20);
    g_assert_cmpuint(ql_relay_scenario_rebind_time(&s, 1), ==, 6000000000);
    g_assert_cmpuint(ql_relay_scenario_rebind_time(&s, 2), ==, UINT64_MAX);
    g_assert_cmpuint(s.seed, ==, 99);
}

static void test_bad_words_change_nothing_and_are_named(void)
{
    assert_refused("delay=15ms loss=2", "no \"loss\"");
    assert_refused("delay=15ms dropp", "\"dropp\"");
    assert_refused("delay=15", "delay=15");
    assert_refused("drop=client:0", "drop=client:0");
    assert_refused("drop=,", "drop=");
    assert_refused("queue=1000001", "queue=1000001");
    assert_refused("blackhole=5s", "ON,OFF");
    assert_refused("blackhole=5s,0s", "OFF above 0");
    assert_refused("rebind=6s,1s", "grow");
    assert_refused("rebind=client:1s", "grow");
    assert_refused("rebind-address=client", "127.0.0.2");
    assert_refused("rate=2", "no \"rate\"");
    assert_refused("delay=15ms simple-p2p", "first of all");
    assert_refused("=", "no \"\"");
    assert_refused("delay=\x1b[2J", "\\x1b");
}

static void test_lists_have_an_end(void)
{
    g_autoptr(GString) many = g_string_new("drop=1");
    for (int i = 2; i <= 64; i++)
        g_string_append_printf(many, ",%d", i);
    ql_relay_scenario s;
    parse(&s, many->str);
    g_assert_cmpuint(s.rules[0].drops.count, ==, 64);
    g_string_append(many, ",65");
    assert_refused(many->str, "64 ranges");
    g_autoptr(GString) times = g_string_new("rebind=1s");
    for (int i = 2; i <= 65; i++)
        g_string_append_printf(times, ",%ds", i);
    assert_refused(times->str, "64 times");
    g_autofree char *addresses = g_strnfill(17 * 4, ':');
    for (size_t i = 3; i < 16 * 4; i += 4) /* "::1,::1,..." */
        addresses[i] = ',';
    for (size_t i = 2; i < 17 * 4; i += 4)
        addresses[i] = '1';
    addresses[17 * 4 - 1] = '\0';
    g_autofree char *text = g_strconcat("rebind-address=", addresses, NULL);
    assert_refused(text, "16 addresses");
    g_autofree char *endless = g_strnfill(QL_RELAY_TEXT_MAX + 1, ' ');
    assert_refused(endless, "longer than");
}

static void test_the_description_has_the_seed(void)
{
    ql_relay_scenario s;
    ql_relay_scenario_init(&s, 77);
    g_autofree char *text = ql_relay_scenario_describe(&s, "quiclens relay");
    g_assert_cmpstr(text, ==, "quiclens relay\nseed of the bad network: 77");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_scenario/a_value_is_for_both_directions_or_for_one",
                    test_a_value_is_for_both_directions_or_for_one);
    g_test_add_func("/relay_scenario/nothing_is_impaired_unless_said",
                    test_nothing_is_impaired_unless_said);
    g_test_add_func("/relay_scenario/lines_of_the_simulator_are_understood",
                    test_lines_of_the_simulator_are_understood);
    g_test_add_func("/relay_scenario/several_lines_make_one_scenario",
                    test_several_lines_make_one_scenario);
    g_test_add_func("/relay_scenario/bad_words_change_nothing_and_are_named",
                    test_bad_words_change_nothing_and_are_named);
    g_test_add_func("/relay_scenario/lists_have_an_end", test_lists_have_an_end);
    g_test_add_func("/relay_scenario/the description has the seed",
                    test_the_description_has_the_seed);
    return g_test_run();
}
