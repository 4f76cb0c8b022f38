/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network.h"

#include "assert_bytes.h"

#include <string.h>

#define MS 1000000u

typedef struct fixture {
    ql_relay_scenario scenario;
    ql_network *network;
} fixture;

static void begin(fixture *f, const char *scenario)
{
    g_autoptr(GError) error = NULL;
    ql_relay_scenario_init(&f->scenario, 1);
    ql_relay_scenario_parse(&f->scenario, scenario, &error);
    g_assert_no_error(error);
    f->network = ql_network_new(&f->scenario, false);
}

/* Returns whether it is lost. */
static bool put(fixture *f, ql_relay_side sender, const char *content, uint64_t now_ns,
                const char *expected)
{
    const ql_udp_datagram datagram = { .data = (const uint8_t *)content,
                                       .length = strlen(content) };
    bool lost;
    g_autofree char *comment = ql_network_put(f->network, sender, &datagram, now_ns, &lost);
    g_assert_cmpstr(comment, ==, expected);
    return lost;
}

static void assert_taken(fixture *f, ql_relay_side sender, uint64_t now_ns, const char *content,
                         const char *comment)
{
    ql_relay_packet *packet = ql_network_take(f->network, sender, now_ns);
    g_assert_nonnull(packet);
    assert_bytes(packet->datagram.data, packet->datagram.length, content, strlen(content));
    g_assert_cmpstr(packet->comment, ==, comment);
    ql_network_packet_free(f->network, sender, packet);
}

static void test_a_perfect_one_says_nothing(void)
{
    fixture f;
    begin(&f, "seed=1");
    g_assert_cmpuint(ql_network_due(f.network), ==, UINT64_MAX);
    g_assert_false(put(&f, QL_RELAY_CLIENT, "a", MS, NULL));
    assert_taken(&f, QL_RELAY_CLIENT, MS, "a", NULL);
    ql_network_free(f.network);
}

static void test_directions_have_their_own_numbers_and_rules(void)
{
    fixture f;
    begin(&f, "drop=client:1 delay=server:3ms duplicate-rate=server:100");
    g_assert_true(
        put(&f, QL_RELAY_CLIENT, "a", MS, "client packet 1: dropped (its number is on the list)"));
    g_assert_false(
        put(&f, QL_RELAY_SERVER, "b", MS, "server packet 1: duplicated; delayed for 3.000 ms"));
    g_assert_cmpuint(ql_network_due(f.network), ==, 4 * MS);
    g_assert_null(ql_network_take(f.network, QL_RELAY_CLIENT, 10 * MS));
    assert_taken(&f, QL_RELAY_SERVER, 4 * MS, "b",
                 "server packet 1: duplicated; delayed for 3.000 ms");
    assert_taken(&f, QL_RELAY_SERVER, 5 * MS, "b",
                 "server packet 1: duplicated; delayed for 4.000 ms");
    ql_network_free(f.network);
}

static void test_the_black_hole_counts_from_the_first_datagram(void)
{
    fixture f;
    begin(&f, "blackhole=2ms,2ms");
    g_assert_false(put(&f, QL_RELAY_CLIENT, "a", 100 * MS, NULL));
    g_assert_true(put(&f, QL_RELAY_SERVER, "b", 102 * MS, "server packet 1: dropped (black hole)"));
    g_assert_false(put(&f, QL_RELAY_SERVER, "c", 104 * MS, NULL));
    ql_network_free(f.network);
    ql_network_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/a perfect one says nothing", test_a_perfect_one_says_nothing);
    g_test_add_func("/network/directions have their own numbers and rules",
                    test_directions_have_their_own_numbers_and_rules);
    g_test_add_func("/network/the black hole counts from the first datagram",
                    test_the_black_hole_counts_from_the_first_datagram);
    return g_test_run();
}
