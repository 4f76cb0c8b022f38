/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets a datagram holds. */
#include "session_fixture.h"

static void test_coalesced(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    GByteArray *all = quic_server_flight(&f.ends);
    quic_join(all,
              quic_one_rtt(&f.ends, QL_SERVER, quic_put_stream(quic_bytes(), 3, 0, "fast", false)));
    uint32_t frame = quic_send(f.tape, &f.ends, QL_SERVER, all);
    play(&f);
    assert_opened(&f, 0, 4);
    g_assert_true(has_event(&f, frame, "packet(Initial server 0)"));
    g_assert_true(has_event(&f, frame, "packet(Handshake server 0)"));
    g_assert_true(has_event(&f, frame, "packet(1-RTT server 0) stream(3 0+4)"));
    tear_down(&f);
}

static void test_padding_behind_a_packet(void)
{
    fixture f;
    set_up_with_secrets(&f);
    GByteArray *hello = quic_client_hello(&f.ends);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_put_padding(hello, 52));
    uint32_t flight =
        quic_send(f.tape, &f.ends, QL_SERVER, quic_put_padding(quic_server_flight(&f.ends), 900));
    g_assert_cmpuint(play(&f), ==, 2);
    assert_opened(&f, 0, 3);
    assert_findings(&f, "");
    g_assert_true(has_event(&f, flight, "packet(Handshake server 0)"));
    tear_down(&f);
}

/* `count` segments of this size and a last one, as one datagram. */
static GByteArray *super_datagram(quic_ends *ends, size_t size, unsigned count, size_t last)
{
    GByteArray *all = quic_bytes();
    for (unsigned i = 0; i < count; i++)
        quic_join(all, quic_packet_of_size(ends, QL_SERVER, QL_PACKET_ONE_RTT, size, quic_bytes()));
    return quic_join(all, quic_packet_of_size(ends, QL_SERVER, QL_PACKET_ONE_RTT, last,
                                              quic_put_ping(quic_bytes())));
}

static void test_super_datagrams(void)
{
    static const struct {
        size_t size, last;
        unsigned count;
    } cases[] = { { 1200, 1200, 10 }, { 1252, 40, 5 },  { 1350, 1349, 2 }, { 1472, 700, 40 },
                  { 1337, 30, 7 },    { 1499, 500, 3 }, { 1201, 1201, 1 } };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up_with_secrets(&f);
        quic_send_handshake(f.tape, &f.ends);
        for (unsigned n = 0; n < 3; n++)
            quic_send(f.tape, &f.ends, QL_SERVER,
                      super_datagram(&f.ends, cases[i].size, cases[i].count, cases[i].last));
        play(&f);
        assert_opened(&f, 0, 6 + 3 * (cases[i].count + 1));
        assert_findings(&f, "");
        tear_down(&f);
    }
}

/* Segments change their size with the path; one datagram has one size. */
static void test_changing_segments(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint64_t packets = 6;
    for (size_t size = 1200; size < 1500; size += 29) {
        quic_send(f.tape, &f.ends, QL_SERVER, super_datagram(&f.ends, size, 4, 900));
        packets += 5;
        quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_padding(quic_bytes(), 1400));
        packets += 1;
    }
    play(&f);
    assert_opened(&f, 0, packets);
    tear_down(&f);
}

static void test_super_datagram_of_the_handshake(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    GByteArray *all = quic_server_initial(&f.ends);
    quic_join(all, quic_server_handshake(&f.ends));
    quic_put_padding(all, 1252 - all->len);
    quic_join(all, quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_HANDSHAKE, 1252,
                                       quic_put_ping(quic_bytes())));
    quic_join(all, quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_HANDSHAKE, 200,
                                       quic_put_ping(quic_bytes())));
    quic_join(all, quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_ONE_RTT, 1052, quic_bytes()));
    quic_join(all, quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_ONE_RTT, 1252, quic_bytes()));
    quic_join(all, quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_ONE_RTT, 99, quic_bytes()));
    quic_send(f.tape, &f.ends, QL_SERVER, all);
    play(&f);
    assert_opened(&f, 0, 8);
    tear_down(&f);
}

static void test_super_datagram_with_late_secrets(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t frame = quic_send(f.tape, &f.ends, QL_SERVER, super_datagram(&f.ends, 1280, 9, 100));
    play(&f);
    quic_add_secrets(f.session, &f.ends);
    assert_opened(&f, 0, 6 + 10);
    assert_findings(&f, "");
    g_assert_false(ql_session_waits_for_secrets(f.session));
    g_autofree char *events = session_events_text(f.session, frame);
    g_assert_true(g_str_has_prefix(events, "packet(1-RTT server 1)"));
    g_assert_true(g_str_has_suffix(events, "packet(1-RTT server 10)"));
    /* All of them were sent to the client's ID, each counted once. */
    g_assert_cmpuint(cid_of(&f, QL_CLIENT, &f.ends.id[QL_CLIENT])->packets, ==, 3 + 10);
    tear_down(&f);
}

static void test_damaged(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t bad = quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                                    quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    quic_tape_damage(f.tape, bad, -1);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    g_assert_cmpuint(play(&f), ==, 6);
    const ql_connection_facts *facts = facts_of(&f, 0);
    g_assert_cmpuint(facts->packets, ==, 8);
    g_assert_cmpuint(facts->closed[QL_CLOSED_NOT_AUTHENTIC], ==, 1);
    g_assert_cmpint(facts->secrets, ==, QL_SECRETS_AVAILABLE);
    assert_events(&f, bad, "packet(1-RTT client: damaged, or protected with other secrets)");
    assert_findings(&f, "");
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 0);
    tear_down(&f);
}

static void test_damaged_hello(void)
{
    fixture f;
    set_up_with_secrets(&f);
    uint32_t bad = quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_tape_damage(f.tape, bad, 100);
    g_assert_cmpuint(play(&f), ==, 0);
    assert_connections(&f, 0);
    f.ends.next_number[0][QL_CLIENT] = 0;
    quic_send_handshake(f.tape, &f.ends);
    g_assert_cmpuint(play(&f), ==, 4);
    assert_connections(&f, 1);
    /* The damaged one was sent to the same ID. */
    g_assert_cmpuint(facts_of(&f, 0)->packets, ==, 7);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_NOT_AUTHENTIC], ==, 1);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_cut(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t cut =
        quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_padding(quic_bytes(), 900));
    uint32_t again =
        quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_padding(quic_bytes(), 900));
    quic_tape_cut(f.tape, cut, 200);
    quic_tape_cut(f.tape, again, 60);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_ping(quic_bytes()));
    g_assert_cmpuint(play(&f), ==, 7);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_CUT], ==, 2);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_OPENED], ==, 7);
    assert_findings(&f, "capture.cut@5");
    assert_events(&f, again, "packet(1-RTT server: the capture holds only a part of it)");
    tear_down(&f);
}

/* What is whole in a cut datagram opens. */
static void test_cut_behind_a_packet(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    GByteArray *flight = quic_server_initial(&f.ends);
    guint whole = flight->len;
    quic_join(flight, quic_server_handshake(&f.ends));
    uint32_t frame = quic_send(f.tape, &f.ends, QL_SERVER, flight);
    quic_tape_cut(f.tape, frame, whole + 60);
    play(&f);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_OPENED], ==, 2);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_CUT], ==, 1);
    assert_findings(&f, "capture.cut@2");
    tear_down(&f);
}

static void test_cut_start(void)
{
    fixture f;
    set_up(&f);
    for (unsigned i = 1; i <= 3; i++) {
        quic_ends_init(&f.ends, i);
        quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
        quic_tape_cut(f.tape, i, 96);
    }
    g_assert_cmpuint(play(&f), ==, 0);
    ql_session_finish(f.session);
    assert_findings(&f, "capture.cut@1");
    tear_down(&f);
}

/* The sizes of its segments count, not what the capture shows. */
static void test_delivered_segments(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint64_t first = f.ends.next_number[2][QL_SERVER];
    quic_send(f.tape, &f.ends, QL_SERVER, super_datagram(&f.ends, 1280, 9, 700));
    play(&f);
    g_assert_cmpuint(path_of(&f, 0)->largest[QL_SERVER], ==, 9 * 1280 + 700);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ack(quic_bytes(), first + 9, first + 9));
    play(&f);
    g_assert_cmpuint(path_of(&f, 0)->delivered[QL_SERVER], ==, 700);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ack(quic_bytes(), first, first + 9));
    play(&f);
    g_assert_cmpuint(path_of(&f, 0)->delivered[QL_SERVER], ==, 1280);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/opener_datagrams/packets share a datagram", test_coalesced);
    g_test_add_func("/opener_datagrams/zeros behind a packet pad", test_padding_behind_a_packet);
    g_test_add_func("/opener_datagrams/super-datagrams are taken apart", test_super_datagrams);
    g_test_add_func("/opener_datagrams/segments change their size", test_changing_segments);
    g_test_add_func("/opener_datagrams/a super-datagram may hold the handshake",
                    test_super_datagram_of_the_handshake);
    g_test_add_func("/opener_datagrams/a super-datagram may wait for its secrets",
                    test_super_datagram_with_late_secrets);
    g_test_add_func("/opener_datagrams/a damaged packet stays closed", test_damaged);
    g_test_add_func("/opener_datagrams/a damaged ClientHello begins nothing", test_damaged_hello);
    g_test_add_func("/opener_datagrams/cut packets are told once", test_cut);
    g_test_add_func("/opener_datagrams/what is whole in a cut datagram opens",
                    test_cut_behind_a_packet);
    g_test_add_func("/opener_datagrams/a cut start is told once", test_cut_start);
    g_test_add_func("/opener_datagrams/acknowledged segments have their own size",
                    test_delivered_segments);
    return g_test_run();
}
