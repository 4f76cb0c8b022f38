/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/lobby.h"

#include "quic_builder.h"

/* A datagram with a short header, whose bytes tell its frame. */
static void add(ql_lobby *lobby, uint32_t frame, uint16_t from, uint16_t to)
{
    uint8_t bytes[30] = { 0x40, (uint8_t)frame };
    ql_datagram datagram = { .where = { .frame = frame },
                             .source = quic_endpoint(1, from),
                             .destination = quic_endpoint(2, to),
                             .payload = { bytes, sizeof bytes },
                             .wire_length = sizeof bytes };
    ql_lobby_add(lobby, &datagram);
}

/* "1 2 3": the frames of what is taken; "" for nothing. */
static void assert_taken(ql_lobby *lobby, uint8_t source, uint16_t from, uint8_t destination,
                         uint16_t to, const char *expected)
{
    ql_datagram like = { .source = quic_endpoint(source, from),
                         .destination = quic_endpoint(destination, to) };
    g_autoptr(GString) text = g_string_new(NULL);
    GQueue *packets = ql_lobby_take(lobby, &like);
    ql_waiting_packet *packet;
    while (packets != NULL && (packet = g_queue_pop_head(packets)) != NULL) {
        g_assert_cmpuint(packet->datagram.payload.data[1], ==,
                         (uint8_t)packet->datagram.where.frame);
        g_string_append_printf(text, "%s%u", text->len > 0 ? " " : "",
                               packet->datagram.where.frame);
        ql_waiting_packet_free(packet);
    }
    if (packets != NULL)
        g_queue_free(packets);
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_pairs(void)
{
    ql_lobby *lobby = ql_lobby_new();
    add(lobby, 1, 1000, 443);
    add(lobby, 2, 1001, 443);
    add(lobby, 3, 1000, 443);
    assert_taken(lobby, 2, 443, 1, 1000, "1 3"); /* in the other direction, too */
    assert_taken(lobby, 1, 1000, 2, 443, "");
    assert_taken(lobby, 1, 1001, 2, 443, "2");
    ql_lobby_free(lobby);
    ql_lobby_free(NULL);
}

static void test_cap(void)
{
    ql_lobby *lobby = ql_lobby_new();
    add(lobby, 1, 1000, 443);
    add(lobby, 2, 1001, 443);
    assert_taken(lobby, 1, 1000, 2, 443, "1");
    for (uint32_t frame = 3; frame < 3 + QL_LOBBY_MAX - 1; frame++)
        add(lobby, frame, (uint16_t)(2000 + frame / 100), 443);
    add(lobby, 5000, 1002, 443); /* takes the room of frame 2 */
    assert_taken(lobby, 1, 1001, 2, 443, "");
    assert_taken(lobby, 1, 1002, 2, 443, "5000");
    ql_lobby_free(lobby);
}

/* Traffic that is not QUIC is not copied for ever. */
static void test_cap_of_a_pair(void)
{
    ql_lobby *lobby = ql_lobby_new();
    for (uint32_t frame = 1; frame <= QL_LOBBY_PAIR_MAX + 10; frame++)
        add(lobby, frame, 1000, 443);
    ql_datagram like = { .source = quic_endpoint(1, 1000), .destination = quic_endpoint(2, 443) };
    GQueue *packets = ql_lobby_take(lobby, &like);
    g_assert_cmpuint(g_queue_get_length(packets), ==, QL_LOBBY_PAIR_MAX);
    ql_waiting_packet *packet;
    while ((packet = g_queue_pop_head(packets)) != NULL)
        ql_waiting_packet_free(packet);
    g_queue_free(packets);
    add(lobby, 1, 1000, 443); /* there is room again */
    assert_taken(lobby, 1, 1000, 2, 443, "1");
    ql_lobby_free(lobby);
}

static void test_others(void)
{
    static const uint8_t unknown[40] = { 0xc0, 0x12, 0x34, 0x56, 0x78 };
    ql_lobby *lobby = ql_lobby_new();
    ql_datagram datagram = { .source = quic_endpoint(1, 1000),
                             .destination = quic_endpoint(2, 443),
                             .payload = { unknown, sizeof unknown } };
    ql_lobby_add(lobby, &datagram);
    static const uint8_t small[20] = { 0x40 };
    datagram.payload = (ql_slice){ small, sizeof small };
    ql_lobby_add(lobby, &datagram);
    assert_taken(lobby, 1, 1000, 2, 443, "");
    ql_lobby_free(lobby);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lobby/datagrams wait by their address pair", test_pairs);
    g_test_add_func("/lobby/the oldest give way", test_cap);
    g_test_add_func("/lobby/an address pair has its share", test_cap_of_a_pair);
    g_test_add_func("/lobby/what cannot be opened does not wait", test_others);
    return g_test_run();
}
