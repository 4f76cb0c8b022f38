/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of packets to a socket that only listens, with and without a bad network between. */
#include "packets.h"

#include "own_connection.h"

typedef struct stage {
    own_connection own;
    ql_relay_scenario scenario;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    own_connection_start(&s->own, &(ql_origin_options){ 0 });
    own_connection_go_nowhere(&s->own);
    ql_relay_scenario_init(&s->scenario, 1);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    own_connection_stop(&s->own);
}

/* How many datagrams of the first flight come through. */
static unsigned begin(stage *s, const char *network)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&s->own.connection, ql_connection_free);
    own_connection_count_heard(&s->own);
    if (network != NULL && !ql_relay_scenario_parse(&s->scenario, network, &error))
        g_error("%s", error->message);
    s->own.settings.scenario = network == NULL ? NULL : &s->scenario;
    own_connection_open(&s->own);
    g_assert_cmpint(ql_connection_step(s->own.connection), ==, QL_CONNECTION_OPEN);
    return own_connection_count_heard(&s->own);
}

static void test_without_a_network_nothing_waits(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_cmpuint(begin(s, NULL), >, 0);
    const ql_packets *packets = s->own.connection->packets;
    g_assert_cmpuint(ql_packets_expiry(packets), ==, UINT64_MAX);
    g_assert_cmpint(ql_packets_blocked_fd(packets), ==, -1);
}

static void test_what_the_network_loses_does_not_come(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned all = begin(s, NULL);
    g_assert_cmpuint(begin(s, "drop=client:1"), ==, all - 1);
}

static void test_what_is_under_way_comes_with_the_close(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned all = begin(s, NULL);
    g_assert_cmpuint(begin(s, "delay=3600s"), ==, 0);
    const ql_packets *packets = s->own.connection->packets;
    g_assert_cmpuint(ql_packets_expiry(packets), >, ql_clock_now());
    g_assert_cmpuint(ql_packets_expiry(packets), <, UINT64_MAX);
    ql_connection_close(s->own.connection);
    g_assert_cmpuint(own_connection_count_heard(&s->own), ==, all + 1);
}

static void test_what_comes_from_elsewhere_does_no_harm(stage *s, gconstpointer unused)
{
    (void)unused;
    static const char *const others[] = { "", "x", "\xff\xff\xff\xff\xff",
                                          "\x40no packet of ours" };
    g_assert_cmpuint(begin(s, NULL), >, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        own_connection_answer(&s->own, others[i], strlen(others[i]));
    g_assert_cmpint(ql_connection_step(s->own.connection), ==, QL_CONNECTION_OPEN);
    g_assert_cmpuint(own_connection_count_heard(&s->own), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/packets/" name, stage, NULL, set_up, test, tear_down)
    ADD("without a network nothing waits", test_without_a_network_nothing_waits);
    ADD("what the network loses does not come", test_what_the_network_loses_does_not_come);
    ADD("what is under way comes with the close", test_what_is_under_way_comes_with_the_close);
    ADD("what comes from elsewhere does no harm", test_what_comes_from_elsewhere_does_no_harm);
    return g_test_run();
}
