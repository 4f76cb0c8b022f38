/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/segments.h"

#include "quic_builder.h"

/* Whether the proposals include this length, and behind how many others. */
static bool proposes(ql_segments *segments, size_t wanted, unsigned *before)
{
    size_t length;
    *before = 0;
    while ((length = ql_segments_next(segments)) > 0) {
        if (length == wanted)
            return true;
        ++*before;
    }
    return false;
}

static void test_whole_first(void)
{
    unsigned budget = 1000;
    ql_segments segments;
    ql_segments_init(&segments, 0, false, 0, 9000, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 9000);
    g_assert_cmpuint(ql_segments_size(&segments), ==, 0);
    g_assert_cmpuint(budget, ==, 1000);
}

static void test_small_datagram_is_whole_only(void)
{
    unsigned budget = 1000;
    ql_segments segments;
    ql_segments_init(&segments, 1400, false, 0, 1200, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 1200);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 0);
    g_assert_cmpuint(budget, ==, 1000);
}

static void test_remembered(void)
{
    unsigned budget = 1000;
    ql_segments segments;
    ql_segments_init(&segments, 1333, false, 0, 9000, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 9000);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 1333);
    g_assert_cmpuint(ql_segments_size(&segments), ==, 1333);
    g_assert_cmpuint(budget, ==, 1000);
}

static void test_certain(void)
{
    unsigned budget = 1000;
    ql_segments segments;
    ql_segments_init(&segments, 1333, true, 1333, 5000, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 1333);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 5000);
    /* The last segment is what is left. */
    ql_segments_init(&segments, 1333, true, 2666, 700, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 700);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 0);
    g_assert_cmpuint(budget, ==, 1000);
}

static void test_within_a_segment(void)
{
    unsigned budget = 1000;
    ql_segments segments;
    ql_segments_init(&segments, 1300, true, 1350, 5000, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 1250);
}

static void test_each_size_is_found(void)
{
    for (size_t size = 1200; size <= 1500; size++) {
        unsigned budget = 1000, before;
        ql_segments segments;
        ql_segments_init(&segments, 0, false, 0, 10 * size, &budget);
        g_assert_true(proposes(&segments, size, &before));
        g_assert_cmpuint(ql_segments_size(&segments), ==, size);
        g_assert_cmpuint(before, <, 322);
    }
}

static void test_none_twice(void)
{
    unsigned budget = 1000;
    ql_segments segments;
    size_t length;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    ql_segments_init(&segments, 1350, false, 0, 20000, &budget);
    while ((length = ql_segments_next(&segments)) > 0)
        g_assert_true(g_hash_table_add(seen, GSIZE_TO_POINTER(length)));
    g_assert_cmpuint(g_hash_table_size(seen), ==, 302); /* the whole, and 1200 to 1500 */
}

static void test_budget(void)
{
    unsigned budget = 3, count = 0;
    ql_segments segments;
    ql_segments_init(&segments, 0, false, 0, 20000, &budget);
    while (ql_segments_next(&segments) > 0)
        count++;
    g_assert_cmpuint(count, ==, 4); /* the whole costs nothing */
    g_assert_cmpuint(budget, ==, 0);
    ql_segments_init(&segments, 1350, true, 0, 20000, &budget);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 1350);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 20000);
    g_assert_cmpuint(ql_segments_next(&segments), ==, 0);
}

static size_t datagram_size(GByteArray *bytes)
{
    ql_datagram datagram = { .payload = quic_slice(bytes), .wire_length = bytes->len };
    size_t size = ql_segments_datagram_size(&datagram);
    g_byte_array_free(bytes, TRUE);
    return size;
}

static GByteArray *packet(quic_ends *ends, ql_packet_type type, size_t size)
{
    return quic_packet_of_size(ends, QL_SERVER, type, size, quic_put_ping(quic_bytes()));
}

static void test_datagram_size(void)
{
    quic_ends ends;
    quic_ends_init(&ends, 1);
    g_assert_cmpuint(datagram_size(packet(&ends, QL_PACKET_ONE_RTT, 700)), ==, 700);
    g_assert_cmpuint(datagram_size(packet(&ends, QL_PACKET_INITIAL, 1200)), ==, 1200);
    GByteArray *flight =
        quic_join(packet(&ends, QL_PACKET_INITIAL, 200), packet(&ends, QL_PACKET_HANDSHAKE, 900));
    g_assert_cmpuint(datagram_size(quic_put_padding(quic_copy(flight), 100)), ==, 1200);
    /* A second of a type is of another datagram; behind a short header nothing tells. */
    quic_join(flight, packet(&ends, QL_PACKET_HANDSHAKE, 600));
    g_assert_cmpuint(datagram_size(flight), ==, 0);
    g_assert_cmpuint(datagram_size(quic_join(packet(&ends, QL_PACKET_HANDSHAKE, 600),
                                             packet(&ends, QL_PACKET_ONE_RTT, 600))),
                     ==, 0);
    g_assert_cmpuint(datagram_size(quic_put_hex(quic_bytes(), "c0000000")), ==, 0);
}

static void test_around(void)
{
    g_assert_cmpuint(ql_segments_around(1300, 0, 3000), ==, 1300);
    g_assert_cmpuint(ql_segments_around(1300, 1299, 3000), ==, 1300);
    g_assert_cmpuint(ql_segments_around(1300, 2600, 3000), ==, 400);
    g_assert_cmpuint(ql_segments_around(1300, 0, 900), ==, 900);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segments/the whole rest comes first", test_whole_first);
    g_test_add_func("/segments/a small datagram has no segments",
                    test_small_datagram_is_whole_only);
    g_test_add_func("/segments/the size of last time comes second", test_remembered);
    g_test_add_func("/segments/the size of this datagram comes first", test_certain);
    g_test_add_func("/segments/a packet within a segment ends with it", test_within_a_segment);
    g_test_add_func("/segments/each size of an Ethernet frame is found", test_each_size_is_found);
    g_test_add_func("/segments/no length is proposed twice", test_none_twice);
    g_test_add_func("/segments/guesses cost the budget", test_budget);
    g_test_add_func("/segments/headers tell whether it is one datagram", test_datagram_size);
    g_test_add_func("/segments/the last segment may be shorter", test_around);
    return g_test_run();
}
