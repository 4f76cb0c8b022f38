/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the client's first packets look like, to a socket that only listens. */
#include "own_connection.h"

#define V1      0x00000001u
#define V2      0x6b3343cfu
#define UNKNOWN 0x1a2a3a4au

/* The long header of the next datagram (RFC 8999, 5.1). */
typedef struct first_packet {
    size_t size; /* of the datagram */
    uint32_t version;
    ngtcp2_cid dcid, scid;
} first_packet;

static first_packet hear(own_connection *f)
{
    uint8_t data[2048];
    first_packet packet = { .size = own_connection_heard(f, data, sizeof data) };
    g_assert_cmpuint(packet.size, >, 0);
    g_assert_cmpuint(data[0] & 0x80, ==, 0x80);
    for (size_t i = 1; i <= 4; i++)
        packet.version = packet.version << 8 | data[i];
    ngtcp2_cid_init(&packet.dcid, data + 6, data[5]);
    ngtcp2_cid_init(&packet.scid, data + 7 + data[5], data[6 + data[5]]);
    return packet;
}

static first_packet begin(own_connection *f)
{
    own_connection_go_nowhere(f);
    own_connection_open(f);
    g_assert_cmpint(ql_connection_step(f->connection), ==, QL_CONNECTION_OPEN);
    return hear(f);
}

static void test_ids_are_those_that_were_chosen(own_connection *f, gconstpointer unused)
{
    (void)unused;
    ngtcp2_cid_init(&f->settings.quic.dcid, (const uint8_t *)"to the server", 13);
    ngtcp2_cid_init(&f->settings.quic.scid, (const uint8_t *)"own", 3);
    first_packet packet = begin(f);
    g_assert_true(ngtcp2_cid_eq(&packet.dcid, &f->settings.quic.dcid));
    g_assert_true(ngtcp2_cid_eq(&packet.scid, &f->settings.quic.scid));
    g_assert_cmpuint(packet.version, ==, V1);
}

static void test_chance_chooses_ids_for_each_connection(own_connection *f, gconstpointer unused)
{
    (void)unused;
    first_packet first = begin(f);
    g_assert_cmpuint(first.dcid.datalen, >=, 8); /* RFC 9000, 7.2 */
    g_assert_cmpuint(first.scid.datalen, ==, QL_QUIC_CID_BYTES);
    g_clear_pointer(&f->connection, ql_connection_free);
    close(f->mute);
    f->settings.quic.has_cid_length = true;
    f->settings.quic.cid_length = 4;
    first_packet second = begin(f);
    g_assert_cmpuint(second.scid.datalen, ==, 4);
    g_assert_false(ngtcp2_cid_eq(&first.dcid, &second.dcid));
}

static void test_datagrams_show_that_the_path_takes_1200_bytes(own_connection *f,
                                                               gconstpointer unused)
{
    (void)unused;
    f->settings.quic.version = V2;
    first_packet packet = begin(f);
    g_assert_cmpuint(packet.version, ==, V2);
    g_assert_cmpuint(packet.size, >=, 1200); /* RFC 9000, 14.1 */
}

static void answer_versions(const own_connection *f, const first_packet *to, const uint32_t *list,
                            size_t count)
{
    uint8_t data[256];
    ngtcp2_ssize length = ngtcp2_pkt_write_version_negotiation(
        data, sizeof data, 0x55, to->scid.data, to->scid.datalen, to->dcid.data, to->dcid.datalen,
        list, count);
    g_assert_cmpint(length, >, 0);
    own_connection_answer(f, data, (size_t)length);
}

static void test_a_common_version_begins_anew(own_connection *f, gconstpointer unused)
{
    (void)unused;
    const uint32_t offered[] = { 0x0a0a0a0a, V1 };
    f->settings.quic.version = UNKNOWN;
    first_packet first = begin(f);
    g_assert_cmpuint(first.version, ==, UNKNOWN);
    own_connection_count_heard(f);
    answer_versions(f, &first, offered, G_N_ELEMENTS(offered));
    g_assert_cmpint(ql_connection_step(f->connection), ==, QL_CONNECTION_OPEN);
    first_packet second = hear(f);
    g_assert_cmpuint(second.version, ==, V1);
    g_assert_false(ngtcp2_cid_eq(&first.dcid, &second.dcid));
    g_assert_cmpuint(f->waiting.length, ==, 1);
}

static void test_an_offer_of_what_was_sent_is_ignored(own_connection *f, gconstpointer unused)
{
    (void)unused;
    const uint32_t offered[] = { V1, V2 };
    first_packet first = begin(f);
    own_connection_count_heard(f);
    answer_versions(f, &first, offered, G_N_ELEMENTS(offered));
    g_assert_cmpint(ql_connection_step(f->connection), ==, QL_CONNECTION_OPEN);
    g_assert_cmpuint(own_connection_count_heard(f), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add("/connection_start/" name, own_connection, NULL, own_connection_set_up, test,       \
               own_connection_tear_down)
    ADD("IDs are those that were chosen", test_ids_are_those_that_were_chosen);
    ADD("chance chooses IDs for each connection", test_chance_chooses_ids_for_each_connection);
    ADD("datagrams show that the path takes 1200 bytes",
        test_datagrams_show_that_the_path_takes_1200_bytes);
    ADD("a common version begins anew", test_a_common_version_begins_anew);
    ADD("an offer of what was sent is ignored", test_an_offer_of_what_was_sent_is_ignored);
    return g_test_run();
}
