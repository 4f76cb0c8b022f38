/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_datagrams.h"

#include <glib.h>

/* ngtcp2 is not asked where nothing waits. */
static void test_without_datagrams_streams_have_the_packet(void)
{
    ql_origin_datagrams *datagrams = ql_origin_datagrams_new();
    uint8_t packet[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    g_assert_cmpint(
        ql_origin_datagrams_write(datagrams, NULL, NULL, NULL, packet, sizeof packet, 0), ==,
        NGTCP2_ERR_NOBUF);
    ql_origin_datagrams_free(datagrams);
}

static void test_more_than_may_wait_are_lost(void)
{
    ql_origin_datagrams *datagrams = ql_origin_datagrams_new();
    const uint8_t content[] = { 0, 'x' };
    for (unsigned i = 0; i < 2 * QL_ORIGIN_DATAGRAMS_WAITING; i++)
        ql_origin_datagrams_receive(datagrams, content, sizeof content);
    g_assert_cmpuint(ql_origin_datagrams_waiting(datagrams), ==, QL_ORIGIN_DATAGRAMS_WAITING);
    ql_origin_datagrams_free(datagrams);
    ql_origin_datagrams_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-datagrams/none", test_without_datagrams_streams_have_the_packet);
    g_test_add_func("/origin-datagrams/many", test_more_than_may_wait_are_lost);
    return g_test_run();
}
