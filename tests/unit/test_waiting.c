/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/waiting.h"

#include <string.h>

#define A ((struct ql_connection *)0x100)
#define B ((struct ql_connection *)0x200)

static bool add(ql_waiting *waiting, const struct ql_connection *connection, uint32_t frame,
                size_t length)
{
    g_autofree uint8_t *bytes = g_malloc0(length);
    ql_waiting_packet packet = {
        .datagram = { .where = { .frame = frame }, .payload = { bytes, length } }, .origin = 7
    };
    bytes[0] = (uint8_t)frame;
    return ql_waiting_add(waiting, connection, &packet);
}

static void drop(GQueue *packets)
{
    ql_waiting_packet *packet;
    while ((packet = g_queue_pop_head(packets)) != NULL)
        ql_waiting_packet_free(packet);
    g_queue_free(packets);
}

static void test_order(void)
{
    ql_waiting *waiting = ql_waiting_new();
    unsigned passed_over;
    g_assert_false(ql_waiting_any(waiting));
    for (uint32_t frame = 1; frame <= 3; frame++)
        g_assert_true(add(waiting, A, frame, 100));
    g_assert_true(ql_waiting_any(waiting));
    g_assert_true(ql_waiting_has(waiting, A));
    g_assert_false(ql_waiting_has(waiting, B));

    GQueue *packets = ql_waiting_take(waiting, A, &passed_over);
    g_assert_cmpuint(passed_over, ==, 0);
    g_assert_cmpuint(packets->length, ==, 3);
    for (guint i = 0; i < 3; i++) {
        const ql_waiting_packet *packet = g_queue_peek_nth(packets, i);
        g_assert_cmpuint(packet->datagram.where.frame, ==, i + 1);
        g_assert_cmpuint(packet->datagram.payload.data[0], ==, i + 1);
        g_assert_cmpuint(packet->origin, ==, 7);
    }
    g_assert_false(ql_waiting_any(waiting));
    g_assert_null(ql_waiting_take(waiting, A, &passed_over));
    drop(packets);
    ql_waiting_free(waiting);
}

static void test_put_back(void)
{
    ql_waiting *waiting = ql_waiting_new();
    unsigned passed_over;
    add(waiting, A, 1, 100);
    add(waiting, A, 2, 100);
    GQueue *packets = ql_waiting_take(waiting, A, &passed_over);
    ql_waiting_put_back(waiting, A, packets);
    g_assert_cmpuint(packets->length, ==, 0);
    g_queue_free(packets);
    packets = ql_waiting_take(waiting, A, &passed_over);
    g_assert_cmpuint(packets->length, ==, 2);
    g_assert_cmpuint(((ql_waiting_packet *)packets->head->data)->datagram.where.frame, ==, 1);
    ql_waiting_put_back(waiting, A, packets);
    g_queue_free(packets);
    ql_waiting_free(waiting); /* frees what still waits */
}

static void test_connection_cap(void)
{
    ql_waiting *waiting = ql_waiting_new();
    unsigned passed_over, kept = 0;
    const size_t size = 60000;
    for (uint32_t frame = 1; frame <= 40; frame++)
        kept += add(waiting, A, frame, size);
    g_assert_cmpuint(kept, ==, QL_WAITING_CONNECTION_MAX / size);
    g_assert_true(add(waiting, B, 100, size)); /* another's cap is its own */
    GQueue *packets = ql_waiting_take(waiting, A, &passed_over);
    g_assert_cmpuint(packets->length, ==, kept);
    g_assert_cmpuint(passed_over, ==, 40 - kept);
    drop(packets);
    g_assert_true(add(waiting, A, 101, size)); /* there is room again */
    ql_waiting_free(waiting);
}

static void test_total_cap(void)
{
    ql_waiting *waiting = ql_waiting_new();
    const size_t size = 65000;
    unsigned kept = 0;
    for (uintptr_t i = 1; i <= 40; i++)
        for (uint32_t frame = 1; frame <= 32; frame++)
            kept += add(waiting, (struct ql_connection *)(i << 8), frame, size);
    g_assert_cmpuint(kept, ==, QL_WAITING_TOTAL_MAX / size);

    /* Who was wholly passed over says so as well. */
    unsigned passed_over = 0;
    GQueue *packets = ql_waiting_take(waiting, (struct ql_connection *)(40 << 8), &passed_over);
    g_assert_nonnull(packets);
    g_assert_cmpuint(packets->length, ==, 0);
    g_assert_cmpuint(passed_over, ==, 32);
    drop(packets);
    ql_waiting_free(waiting);
}

static void test_connections(void)
{
    ql_waiting *waiting = ql_waiting_new();
    add(waiting, A, 1, 10);
    add(waiting, B, 2, 10);
    GList *connections = ql_waiting_connections(waiting);
    g_assert_cmpuint(g_list_length(connections), ==, 2);
    g_assert_nonnull(g_list_find(connections, A));
    g_assert_nonnull(g_list_find(connections, B));
    g_list_free(connections);
    ql_waiting_free(waiting);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/waiting/packets come out as they went in", test_order);
    g_test_add_func("/waiting/what stays closed goes back", test_put_back);
    g_test_add_func("/waiting/a connection has a cap of its own", test_connection_cap);
    g_test_add_func("/waiting/all connections share a cap", test_total_cap);
    g_test_add_func("/waiting/connections that wait are listed", test_connections);
    return g_test_run();
}
