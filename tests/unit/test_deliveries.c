/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/deliveries.h"

static ql_frame ack_of(uint64_t first, uint64_t last)
{
    ql_frame frame = { .kind = QL_FRAME_ACK };
    frame.ack.largest = last;
    frame.ack.first_range = last - first;
    return frame;
}

static void acknowledge(ql_deliveries *d, unsigned space, uint64_t first, uint64_t last)
{
    ql_frame frame = ack_of(first, last);
    ql_deliveries_on_ack(d, space, &frame);
}

static void test_acknowledged(void)
{
    ql_deliveries d = { 0 };
    ql_path path = { 0 };
    ql_deliveries_on_packet(&d, 2, 5, QL_CLIENT, 1200, &path);
    ql_deliveries_on_packet(&d, 2, 6, QL_CLIENT, 1452, &path);
    ql_deliveries_on_packet(&d, 2, 7, QL_CLIENT, 1300, &path);
    g_assert_cmpuint(path.delivered[QL_CLIENT], ==, 0);
    acknowledge(&d, 2, 5, 5);
    g_assert_cmpuint(path.delivered[QL_CLIENT], ==, 1200);
    acknowledge(&d, 2, 7, 7);
    g_assert_cmpuint(path.delivered[QL_CLIENT], ==, 1300);
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 0);
    acknowledge(&d, 2, 5, 7);
    g_assert_cmpuint(path.delivered[QL_CLIENT], ==, 1452);
    ql_deliveries_clear(&d);
}

static void test_spaces(void)
{
    ql_deliveries d = { 0 };
    ql_path path = { 0 };
    ql_deliveries_on_packet(&d, 0, 1, QL_SERVER, 1200, &path);
    acknowledge(&d, 1, 0, 9);
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 0);
    acknowledge(&d, 0, 0, 9);
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 1200);
    ql_deliveries_clear(&d);
}

static void test_paths(void)
{
    ql_deliveries d = { 0 };
    ql_path one = { .id = 0 }, other = { .id = 1 };
    ql_deliveries_on_packet(&d, 2, 1, QL_CLIENT, 1400, &one);
    ql_deliveries_on_packet(&d, 2, 2, QL_CLIENT, 1200, &other);
    acknowledge(&d, 2, 2, 2);
    g_assert_cmpuint(one.delivered[QL_CLIENT], ==, 0);
    g_assert_cmpuint(other.delivered[QL_CLIENT], ==, 1200);
    ql_deliveries_clear(&d);
}

/* What is unknown says nothing. */
static void test_unknown_size(void)
{
    ql_deliveries d = { 0 };
    ql_path path = { 0 };
    ql_deliveries_on_packet(&d, 2, 1, QL_CLIENT, 0, &path);
    acknowledge(&d, 2, 0, 1);
    g_assert_cmpuint(path.delivered[QL_CLIENT], ==, 0);
    ql_deliveries_clear(&d);
}

/* An acknowledgement comes long after the packet: the first of a flight are the ones that wait. */
static void test_long_flight(void)
{
    ql_deliveries d = { 0 };
    ql_path path = { 0 };
    for (uint64_t number = 0; number < 10 * QL_DELIVERIES_MAX; number++)
        ql_deliveries_on_packet(&d, 2, number, QL_SERVER, 1200, &path);
    acknowledge(&d, 2, 0, 3);
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 1200);
    ql_deliveries_clear(&d);
}

/* Packets that were lost give way; those that may still arrive do not. */
static void test_lost_give_way(void)
{
    ql_deliveries d = { 0 };
    ql_path path = { 0 };
    for (uint64_t number = 0; number < QL_DELIVERIES_MAX; number++)
        ql_deliveries_on_packet(&d, 2, number, QL_SERVER, 9000, &path);
    ql_deliveries_on_packet(&d, 2, 100, QL_SERVER, 1200, &path);
    acknowledge(&d, 2, 100, 100);
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 0); /* there was no room for it */
    ql_deliveries_on_packet(&d, 2, 101, QL_SERVER, 1200, &path);
    acknowledge(&d, 2, 100, 101);
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 1200);
    acknowledge(&d, 2, QL_DELIVERIES_MAX - 1, 101); /* a late one after all */
    g_assert_cmpuint(path.delivered[QL_SERVER], ==, 9000);
    ql_deliveries_clear(&d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deliveries/the largest acknowledged datagram counts", test_acknowledged);
    g_test_add_func("/deliveries/packet number spaces are apart", test_spaces);
    g_test_add_func("/deliveries/each path has its own", test_paths);
    g_test_add_func("/deliveries/a size that is not known says nothing", test_unknown_size);
    g_test_add_func("/deliveries/the first of a long flight wait", test_long_flight);
    g_test_add_func("/deliveries/lost packets give way", test_lost_give_way);
    return g_test_run();
}
