/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "datagram_queue.h"

#include <glib.h>

/* ngtcp2 is not asked where nothing waits. */
static void test_without_datagrams_streams_have_the_packet(void)
{
    ql_datagram_queue *datagrams = ql_datagram_queue_new();
    uint8_t packet[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    g_assert_cmpint(ql_datagram_queue_write(datagrams, NULL, NULL, NULL, packet, sizeof packet, 0),
                    ==, NGTCP2_ERR_NOBUF);
    ql_datagram_queue_free(datagrams);
}

static void test_more_than_may_wait_are_lost(void)
{
    ql_datagram_queue *datagrams = ql_datagram_queue_new();
    const uint8_t content[] = { 0, 'x' };
    for (unsigned i = 0; i < 2 * QL_DATAGRAM_QUEUE_MAX; i++)
        ql_datagram_queue_add(datagrams, content, sizeof content);
    g_assert_cmpuint(ql_datagram_queue_waiting(datagrams), ==, QL_DATAGRAM_QUEUE_MAX);
    ql_datagram_queue_free(datagrams);
    ql_datagram_queue_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datagram-queue/none", test_without_datagrams_streams_have_the_packet);
    g_test_add_func("/datagram-queue/many", test_more_than_may_wait_are_lost);
    return g_test_run();
}
