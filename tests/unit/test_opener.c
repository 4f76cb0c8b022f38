/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a packet is, and which key opens it. */
#include "session_fixture.h"

static void test_late_server_hello(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    GByteArray *hello = quic_server_initial(&f.ends);
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_handshake(&f.ends));
    quic_send_frames(f.tape, &f.ends, QL_SERVER,
                     quic_put_stream(quic_bytes(), 3, 0, "early", false));
    quic_send(f.tape, &f.ends, QL_SERVER, hello);
    g_assert_cmpuint(play(&f), ==, 4);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 4);
    assert_findings(&f, "");
    g_assert_cmpuint(received(&f, 3, QL_SERVER), ==, 5);
    tear_down(&f);
}

static void test_data_ahead_of_the_handshake(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    GByteArray *flight = quic_server_flight(&f.ends);
    GByteArray *finished = quic_client_finished(&f.ends);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    quic_send_frames(f.tape, &f.ends, QL_SERVER,
                     quic_put_stream(quic_bytes(), 0, 0, "world!", true));
    quic_send(f.tape, &f.ends, QL_CLIENT, finished);
    quic_send(f.tape, &f.ends, QL_SERVER, flight);
    g_assert_cmpuint(play(&f), ==, 5);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 7);
    assert_findings(&f, "");
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    g_assert_cmpuint(received(&f, 0, QL_SERVER), ==, 6);
    tear_down(&f);
}

static void exchange_pings(fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        quic_send_frames(f->tape, &f->ends, (ql_side)(i % 2), quic_put_ping(quic_bytes()));
}

static void test_empty_ids(void)
{
    static const struct {
        const char *client, *server;
    } cases[] = { { "", "50510000019d0e50" }, { "c0510000019d0ec0", "" }, { "", "" } };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up_with_secrets(&f);
        f.ends.id[QL_CLIENT] = f.ends.destination[QL_SERVER] = quic_cid(cases[i].client);
        f.ends.id[QL_SERVER] = quic_cid(cases[i].server);
        quic_send_handshake(f.tape, &f.ends);
        exchange_pings(&f, 10);
        play(&f);
        assert_connections(&f, 1);
        assert_opened(&f, 0, 16);
        assert_findings(&f, "");
        g_assert_nonnull(cid_of(&f, QL_CLIENT, &f.ends.id[QL_CLIENT]));
        g_assert_nonnull(cid_of(&f, QL_SERVER, &f.ends.id[QL_SERVER]));
        tear_down(&f);
    }
}

static void test_lengths_of_ids(void)
{
    for (size_t length = 1; length <= QL_CID_MAX; length++) {
        fixture f;
        uint8_t bytes[QL_CID_MAX] = "abcdefghijklmnopqrs";
        set_up_with_secrets(&f);
        f.ends.id[QL_SERVER] = ql_cid_of((ql_slice){ bytes, length });
        quic_send_handshake(f.tape, &f.ends);
        exchange_pings(&f, 4);
        play(&f);
        assert_opened(&f, 0, 10);
        assert_findings(&f, "");
        tear_down(&f);
    }
}

static void test_duplicates(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    GByteArray *packet =
        quic_one_rtt(&f.ends, QL_CLIENT, quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_copy(packet));
    uint32_t again = quic_send(f.tape, &f.ends, QL_CLIENT, packet);
    play(&f);
    assert_events(&f, again, "packet(1-RTT client 0 duplicate)");
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_connections_of_one_pair(void)
{
    /* With IDs, and told apart by keys alone. */
    for (unsigned empty = 0; empty < 2; empty++) {
        fixture f;
        quic_ends ends[3];
        set_up(&f);
        for (unsigned i = 0; i < 3; i++) {
            quic_ends_init(&ends[i], 10 + i);
            ends[i].at[QL_CLIENT] = f.ends.at[QL_CLIENT];
            if (empty)
                ends[i].id[QL_CLIENT] = ends[i].destination[QL_SERVER] = quic_cid("");
            quic_add_secrets(f.session, &ends[i]);
            quic_send_handshake(f.tape, &ends[i]);
        }
        for (unsigned i = 0; i < 30; i++)
            quic_send_frames(f.tape, &ends[i % 3], (ql_side)(i % 2), quic_put_ping(quic_bytes()));
        play(&f);
        assert_connections(&f, 3);
        for (unsigned i = 0; i < 3; i++)
            assert_opened(&f, i, 16);
        assert_findings(&f, "");
        tear_down(&f);
    }
}

static void test_key_updates(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    exchange_pings(&f, 4);
    f.ends.updates[QL_SERVER] = 1;
    uint32_t by_server = quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_ping(quic_bytes()));
    f.ends.updates[QL_CLIENT] = 1;
    uint32_t by_client = quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    exchange_pings(&f, 4);
    f.ends.updates[QL_SERVER] = f.ends.updates[QL_CLIENT] = 2;
    exchange_pings(&f, 4);
    play(&f);
    assert_opened(&f, 0, 6 + 14);
    assert_findings(&f, "");
    assert_events(&f, by_server, "packet(1-RTT server 3 key-update)");
    assert_events(&f, by_client, "packet(1-RTT client 2 key-update)");
    tear_down(&f);
}

/* The capture lost so many packets that a number of one byte does not follow on. */
static void test_gap_of_many_packets(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    f.ends.number_length = 1;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    f.ends.next_number[2][QL_CLIENT] += 5000;
    for (unsigned i = 0; i < 5; i++)
        quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_opened(&f, 0, 6 + 6);
    tear_down(&f);
}

static void test_reordered_key_update(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    GByteArray *older = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    f.ends.updates[QL_CLIENT] = 1;
    GByteArray *newer = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    uint32_t late = quic_send(f.tape, &f.ends, QL_CLIENT, older);
    quic_send(f.tape, &f.ends, QL_CLIENT, newer);
    exchange_pings(&f, 2);
    play(&f);
    assert_opened(&f, 0, 6 + 6);
    assert_events(&f, late, "packet(1-RTT client 0)");
    tear_down(&f);
}

static void test_forged_phase(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    exchange_pings(&f, 2);
    GByteArray *forged = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    forged->data[0] ^= 0x04;
    quic_send(f.tape, &f.ends, QL_CLIENT, forged);
    exchange_pings(&f, 4);
    play(&f);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_NOT_AUTHENTIC], ==, 1);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_OPENED], ==, 6 + 6);
    tear_down(&f);
}

static void test_unknown_version(void)
{
    fixture f;
    set_up(&f);
    g_autoptr(GByteArray) start = quic_put_hex(quic_bytes(), "c0babababa04010203040405060708");
    quic_put_padding(start, 1200 - start->len);
    for (unsigned i = 0; i < 3; i++)
        quic_send(f.tape, &f.ends, QL_CLIENT, quic_copy(start));
    g_assert_cmpuint(play(&f), ==, 0);
    ql_session_finish(f.session);
    assert_connections(&f, 0);
    assert_findings(&f, "capture.unknown-version@1");
    tear_down(&f);
}

static void test_unknown_version_of_a_known_connection(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    GByteArray *odd = quic_put_number(quic_bytes(), 0xc0, 1);
    quic_put_number(odd, 0xbabababa, 4);
    quic_put_cid(odd, &f.ends.id[QL_SERVER]);
    quic_put_cid(odd, &f.ends.id[QL_CLIENT]);
    uint32_t frame = quic_send(f.tape, &f.ends, QL_CLIENT, quic_put_padding(odd, 100));
    g_assert_cmpuint(play(&f), ==, 5);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_UNKNOWN_VERSION], ==, 1);
    g_assert_true(has_event(&f, frame, "unknown QUIC version"));
    tear_down(&f);
}

/* From a port of its own each, back and forth; many of them random. */
static void send_foreign(fixture *f, uint16_t port, const char *hex, size_t size)
{
    ql_endpoint here = quic_endpoint(1, port), there = quic_endpoint(3, 5000);
    for (unsigned i = 0; i < 20; i++) {
        GByteArray *bytes = quic_put_hex(quic_bytes(), hex);
        while (bytes->len < size)
            quic_put_number(bytes, g_random_int(), 1);
        quic_tape_add(f->tape, i % 2 == 0 ? &here : &there, i % 2 == 0 ? &there : &here, bytes);
    }
}

static void test_other_protocols(void)
{
    fixture f;
    set_up_with_secrets(&f);
    send_foreign(&f, 1, "41c701000001000000000000076578616d706c65036f72670000010001", 29); /* DNS */
    send_foreign(&f, 2, "41c781800001000100000000076578616d706c65036f72670000010001", 60);
    send_foreign(&f, 3, "000100002112a442", 20);             /* STUN */
    send_foreign(&f, 4, "16fefd0000000000000000", 200);      /* DTLS handshake */
    send_foreign(&f, 5, "17fefd0001000000000001", 1200);     /* DTLS data */
    send_foreign(&f, 6, "80600001000000010badcafe", 180);    /* RTP */
    send_foreign(&f, 7, "e30006ec00000000000000004e49", 48); /* NTP */
    send_foreign(&f, 8, "4800000100000000", 1300);           /* OpenVPN data */
    send_foreign(&f, 9, "0400000012345678", 148);            /* WireGuard */
    /* Random, but for a start that could be a long header of an unknown version. */
    send_foreign(&f, 10, "4b", 1200);
    send_foreign(&f, 12, "8b", 1200);
    send_foreign(&f, 11, "", 25);
    g_assert_cmpuint(play(&f), ==, 0);
    ql_session_finish(f.session);
    assert_connections(&f, 0);
    assert_findings(&f, "");
    g_assert_false(ql_session_waits_for_secrets(f.session));
    for (uint32_t frame = 1; frame <= quic_tape_length(f.tape); frame++)
        g_assert_null(ql_session_events(f.session, frame));
    tear_down(&f);
}

static void test_garbage_among_packets(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    for (unsigned i = 0; i < 200; i++) {
        GByteArray *bytes = quic_bytes();
        while (bytes->len <= i)
            quic_put_number(bytes, g_random_int(), 1);
        quic_send(f.tape, &f.ends, (ql_side)(i % 2), bytes);
    }
    exchange_pings(&f, 4);
    play(&f);
    assert_connections(&f, 1);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_OPENED], ==, 6 + 4);
    g_assert_cmpuint(path_count(&f), ==, 1);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/opener/a ServerHello may be captured late", test_late_server_hello);
    g_test_add_func("/opener/data may be ahead of the handshake", test_data_ahead_of_the_handshake);
    g_test_add_func("/opener/either side may have empty IDs", test_empty_ids);
    g_test_add_func("/opener/IDs have all lengths", test_lengths_of_ids);
    g_test_add_func("/opener/a packet that comes twice counts once", test_duplicates);
    g_test_add_func("/opener/connections may share an address pair", test_connections_of_one_pair);
    g_test_add_func("/opener/either side may update keys", test_key_updates);
    g_test_add_func("/opener/numbers go on behind a gap", test_gap_of_many_packets);
    g_test_add_func("/opener/packets around a key update are reordered", test_reordered_key_update);
    g_test_add_func("/opener/a forged phase bit changes nothing", test_forged_phase);
    g_test_add_func("/opener/an unknown version is told once", test_unknown_version);
    g_test_add_func("/opener/an unknown version of a known connection is counted",
                    test_unknown_version_of_a_known_connection);
    g_test_add_func("/opener/other protocols are passed over", test_other_protocols);
    g_test_add_func("/opener/garbage among packets changes nothing", test_garbage_among_packets);
    return g_test_run();
}
