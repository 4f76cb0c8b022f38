/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a connection goes: migration, rebinding, probes, relays. */
#include "session_fixture.h"

static void set_up_connected(fixture *f)
{
    set_up_with_secrets(f);
    quic_send_handshake(f->tape, &f->ends);
}

static uint32_t ping(fixture *f, ql_side sender)
{
    return quic_send_frames(f->tape, &f->ends, sender, quic_put_ping(quic_bytes()));
}

/* The server issues an ID, which the client's next packets go to. */
static void take_next_id(fixture *f)
{
    ql_cid next = quic_cid("7172737475767778");
    quic_send_frames(f->tape, &f->ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 1, 0, &next));
    f->ends.destination[QL_CLIENT] = next;
}

/* Both sides validate the path that they are on. */
static void validate(fixture *f)
{
    quic_send_frames(
        f->tape, &f->ends, QL_SERVER,
        quic_put_padding(quic_put_challenge(quic_put_response(quic_bytes(), 0x1111), 0x2222),
                         1200));
    quic_send_frames(f->tape, &f->ends, QL_CLIENT, quic_put_response(quic_bytes(), 0x2222));
}

static void test_migration(void)
{
    fixture f;
    set_up_connected(&f);
    take_next_id(&f);
    f.ends.at[QL_CLIENT].port = 61000;
    uint32_t moves = quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                                      quic_put_ping(quic_put_challenge(quic_bytes(), 0x1111)));
    validate(&f);
    play(&f);
    assert_connections(&f, 1);
    assert_findings(&f, "path.probe-mixed@6");
    g_assert_cmpuint(path_count(&f), ==, 2);
    const ql_path *left = path_of(&f, 0), *path = path_of(&f, 1);
    g_assert_cmpint(path->cause, ==, QL_PATH_CAUSE_MIGRATION);
    g_assert_true(path->validated && path->validated_for_server && path->used);
    g_assert_cmpuint(path->client.port, ==, 61000);
    g_assert_cmpuint(path->challenge_frame, ==, moves);
    g_assert_cmpuint(path->response_frame, ==, moves + 1);
    g_assert_cmpuint(path->validation_ns, ==, 1000000);
    g_assert_true(left->left && !path->left);
    g_assert_true(has_event(&f, moves, "path(migrated 1)"));
    g_assert_true(has_event(&f, moves, "path(abandoned 0)"));
    g_assert_true(has_event(&f, moves, "cid(switched: migration)"));
    g_assert_true(has_event(&f, moves + 1, "path(validated 1)"));
    tear_down(&f);
}

static void test_first_path(void)
{
    fixture f;
    set_up_connected(&f);
    play(&f);
    g_assert_true(has_event(&f, 1, "path(new 0)"));
    for (uint32_t frame = 2; frame <= quic_tape_length(f.tape); frame++)
        g_assert_false(has_event(&f, frame, "path("));
    g_assert_cmpuint(path_of(&f, 0)->first_frame, ==, 1);
    g_assert_cmpint(path_of(&f, 0)->cause, ==, QL_PATH_CAUSE_INITIAL);
    tear_down(&f);
}

static void test_probe_then_migration(void)
{
    fixture f;
    set_up_connected(&f);
    ql_cid used = f.ends.id[QL_SERVER];
    take_next_id(&f);
    f.ends.at[QL_CLIENT].port = 61000;
    uint32_t probe =
        quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                         quic_put_padding(quic_put_challenge(quic_bytes(), 0x1111), 1100));
    validate(&f);
    f.ends.at[QL_CLIENT].port = 50001;
    ql_cid fresh = f.ends.destination[QL_CLIENT];
    f.ends.destination[QL_CLIENT] = used;
    uint32_t stays = ping(&f, QL_CLIENT);
    play(&f);
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_PROBE);
    g_assert_false(path_of(&f, 1)->used);
    g_assert_false(path_of(&f, 0)->left);
    g_assert_true(has_event(&f, probe, "path(new 1)"));
    g_assert_false(has_event(&f, probe, "switched"));
    g_assert_false(has_event(&f, stays, "path"));
    f.ends.at[QL_CLIENT].port = 61000;
    f.ends.destination[QL_CLIENT] = fresh;
    uint32_t moves = ping(&f, QL_CLIENT);
    play(&f);
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_MIGRATION);
    g_assert_true(has_event(&f, moves, "path(migrated 1)"));
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_rebinding(void)
{
    fixture f;
    set_up_connected(&f);
    ping(&f, QL_CLIENT);
    f.ends.at[QL_CLIENT].port = 61000;
    uint32_t moves = ping(&f, QL_CLIENT);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_challenge(quic_bytes(), 0x2222));
    uint32_t answers =
        quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_response(quic_bytes(), 0x2222));
    play(&f);
    assert_findings(&f, "");
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_REBINDING);
    g_assert_true(path_of(&f, 1)->validated_for_server);
    g_assert_true(has_event(&f, moves, "path(rebound 1)"));
    g_assert_true(has_event(&f, answers, "path(validated 1)"));
    tear_down(&f);
}

static void test_empty_client_id(void)
{
    fixture f;
    set_up_with_secrets(&f);
    f.ends.id[QL_CLIENT] = f.ends.destination[QL_SERVER] = quic_cid("");
    quic_send_handshake(f.tape, &f.ends);
    take_next_id(&f);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                     quic_put_ping(quic_put_challenge(quic_bytes(), 0x1111)));
    validate(&f);
    g_assert_cmpuint(play(&f), ==, 8);
    assert_findings(&f, "path.probe-mixed@6");
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_MIGRATION);
    g_assert_cmpuint(path_of(&f, 1)->packets[QL_SERVER], ==, 1);
    g_assert_true(path_of(&f, 1)->validated);
    tear_down(&f);
}

/* The client's packet to the new pair was not captured, or comes later. */
static void test_server_first_on_a_new_pair(void)
{
    for (unsigned empty = 0; empty < 2; empty++) {
        fixture f;
        set_up_with_secrets(&f);
        if (empty)
            f.ends.id[QL_CLIENT] = f.ends.destination[QL_SERVER] = quic_cid("");
        quic_send_handshake(f.tape, &f.ends);
        take_next_id(&f);
        f.ends.at[QL_CLIENT].port = 61000;
        GByteArray *late = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
        quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_challenge(quic_bytes(), 0x2222));
        quic_send(f.tape, &f.ends, QL_CLIENT, late);
        g_assert_cmpuint(play(&f), ==, 7);
        assert_connections(&f, 1);
        assert_findings(&f, "");
        g_assert_cmpuint(path_count(&f), ==, 2);
        g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_MIGRATION);
        tear_down(&f);
    }
}

static void test_back_to_the_old_path(void)
{
    fixture f;
    set_up_connected(&f);
    ping(&f, QL_CLIENT);
    f.ends.at[QL_CLIENT].port = 61000;
    ping(&f, QL_CLIENT);
    f.ends.at[QL_CLIENT].port = 50001;
    uint32_t back = ping(&f, QL_CLIENT);
    play(&f);
    g_assert_cmpuint(path_count(&f), ==, 2);
    g_assert_true(has_event(&f, back, "path(rebound 0)"));
    g_assert_true(has_event(&f, back, "path(abandoned 1)"));
    g_assert_false(path_of(&f, 0)->left);
    g_assert_true(path_of(&f, 1)->left);
    g_assert_cmpint(path_of(&f, 0)->cause, ==, QL_PATH_CAUSE_INITIAL);
    tear_down(&f);
}

/* An older packet from the old address comes late: nobody has moved back. */
static void test_reordered_migration(void)
{
    fixture f;
    set_up_connected(&f);
    ql_endpoint before = f.ends.at[QL_CLIENT];
    GByteArray *older = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    f.ends.at[QL_CLIENT].port = 61000;
    ping(&f, QL_CLIENT);
    uint32_t late = quic_tape_add(f.tape, &before, &f.ends.at[QL_SERVER], older);
    play(&f);
    assert_events(&f, late, "packet(1-RTT client 0)");
    g_assert_true(path_of(&f, 0)->left);
    g_assert_false(path_of(&f, 1)->left);
    tear_down(&f);
}

static void test_preferred_address(void)
{
    fixture f;
    ql_endpoint preferred = quic_endpoint(77, 4443);
    ql_cid id = quic_cid("9192939495969798");
    g_autoptr(GByteArray) parameter = quic_put_preferred_address(quic_bytes(), &preferred, &id);
    set_up_with_secrets(&f);
    f.ends.more_parameters[QL_SERVER] = quic_slice(parameter);
    quic_send_handshake(f.tape, &f.ends);
    ping(&f, QL_CLIENT);
    f.ends.at[QL_SERVER] = preferred;
    f.ends.destination[QL_CLIENT] = id;
    uint32_t moves = quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                                      quic_put_ping(quic_put_challenge(quic_bytes(), 0x1111)));
    validate(&f);
    play(&f);
    assert_connections(&f, 1);
    assert_findings(&f, "path.probe-mixed@6");
    g_assert_true(has_event(&f, 2, "cid(preferred-address)"));
    g_assert_true(has_event(&f, moves, "cid(switched: preferred address)"));
    g_assert_true(has_event(&f, moves, "path(migrated 1)"));
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_PREFERRED_ADDRESS);
    const ql_cid_entry *entry = cid_of(&f, QL_SERVER, &id);
    g_assert_cmpint(entry->origin, ==, QL_ORIGIN_PREFERRED_ADDRESS);
    g_assert_cmpuint(entry->sequence, ==, 1);
    tear_down(&f);
}

static void test_migration_that_is_ruled_out(void)
{
    fixture f;
    g_autoptr(GByteArray) parameter = quic_put_parameter(quic_bytes(), 0x0c, (ql_slice){ NULL, 0 });
    set_up_with_secrets(&f);
    f.ends.more_parameters[QL_SERVER] = quic_slice(parameter);
    quic_send_handshake(f.tape, &f.ends);
    take_next_id(&f);
    f.ends.at[QL_CLIENT].port = 61000;
    uint32_t moves = ping(&f, QL_CLIENT);
    play(&f);
    g_autofree char *expected = g_strdup_printf("path.migration-disabled@%u", moves);
    assert_findings(&f, expected);
    tear_down(&f);
}

/* A request on HTTP/3, of which each datagram is captured twice: ahead of a relay and behind it. */
static void record_http3(quic_tape *tape, quic_ends *ends)
{
    GByteArray *ask = quic_put_hex(quic_bytes(), "0a00"
                                                 "0108"
                                                 "0000d1d7c1500161");
    GByteArray *answer = quic_put_hex(quic_bytes(), "0a00"
                                                    "01030000d9"
                                                    "000568656c6c6f");
    ask->data[0] = answer->data[0] = 0x09; /* STREAM with FIN, to the end of the packet */
    quic_send_handshake(tape, ends);
    quic_send_frames(tape, ends, QL_CLIENT, ask);
    quic_send_frames(tape, ends, QL_SERVER, answer);
    for (unsigned i = 0; i < 5; i++)
        quic_send_frames(tape, ends, QL_SERVER, quic_put_padding(quic_bytes(), 1150));
    quic_send_frames(tape, ends, QL_CLIENT, quic_put_ping(quic_bytes()));
}

static void test_relay(void)
{
    fixture f;
    set_up_with_secrets(&f);
    f.ends.alpn = "h3";
    ql_endpoint front = quic_endpoint(50, 4433), back = quic_endpoint(50, 33333);
    quic_tape *once = quic_tape_new();
    record_http3(once, &f.ends);
    for (uint32_t frame = 1; frame <= quic_tape_length(once); frame++) {
        const ql_datagram *d = quic_tape_frame(once, frame);
        bool forth = ql_endpoint_equal(&d->source, &f.ends.at[QL_CLIENT]);
        GByteArray *bytes = quic_put(quic_bytes(), d->payload.data, d->payload.length);
        GByteArray *copy = quic_copy(bytes);
        quic_tape_add(f.tape, &d->source, forth ? &front : &back, bytes);
        quic_tape_add(f.tape, forth ? &back : &front, &d->destination, copy);
    }
    uint32_t count = 2 * quic_tape_length(once);
    g_assert_cmpuint(play(&f), ==, count);
    ql_session_finish(f.session);
    assert_connections(&f, 1);
    assert_findings(&f, "");
    const GPtrArray *exchanges =
        ql_streams_exchanges(ql_connection_streams(ql_session_connection(f.session, 0)));
    g_assert_cmpuint(exchanges->len, ==, 1);
    const ql_exchange *exchange = g_ptr_array_index(exchanges, 0);
    g_assert_cmpuint(exchange->status, ==, 200);
    g_assert_cmpuint(exchange->response.body_size, ==, 5);
    for (uint32_t frame = 1; frame <= count; frame++) {
        g_assert_false(has_event(&f, frame, "migrated"));
        g_assert_false(has_event(&f, frame, "rebound"));
    }
    g_assert_cmpuint(path_count(&f), ==, 2);
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_INITIAL);
    quic_tape_free(once);
    tear_down(&f);
}

static void send_unvalidated(fixture *f, unsigned packets)
{
    set_up_with_secrets(f);
    quic_send(f->tape, &f->ends, QL_CLIENT, quic_client_hello(&f->ends));
    for (unsigned i = 0; i < packets; i++)
        quic_send(
            f->tape, &f->ends, QL_SERVER,
            quic_packet_of_size(&f->ends, QL_SERVER, QL_PACKET_HANDSHAKE, 1200, quic_bytes()));
    play(f);
}

/* 1,200 bytes came; the client's next datagram may be captured too late, so twice that counts. */
static void test_amplification(void)
{
    fixture f;
    send_unvalidated(&f, 6);
    assert_findings(&f, "");
    tear_down(&f);
    send_unvalidated(&f, 8);
    assert_findings(&f, "path.amplification@8");
    tear_down(&f);
}

/* What is missing is no fault of the server's. */
static void test_amplification_where_packets_are_missing(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_SERVER,
              quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_HANDSHAKE, 1200,
                                  quic_put_hex(quic_bytes(), "0200000000"))); /* ACK of number 0 */
    for (unsigned i = 0; i < 8; i++)
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_HANDSHAKE, 1200, quic_bytes()));
    play(&f);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_amplification_of_a_later_path_where_packets_are_missing(void)
{
    fixture f;
    set_up_connected(&f);
    ping(&f, QL_CLIENT);
    f.ends.at[QL_CLIENT].port = 61000;
    GByteArray *missing = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_hex(quic_bytes(), "01"));
    ping(&f, QL_CLIENT);
    for (unsigned i = 0; i < 8; i++)
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_ONE_RTT, 1200, quic_bytes()));
    play(&f);
    assert_findings(&f, "");
    g_byte_array_free(missing, TRUE);
    tear_down(&f);
}

static void test_amplification_is_taken_back(void)
{
    fixture f;
    set_up_connected(&f);
    ping(&f, QL_CLIENT);
    f.ends.at[QL_CLIENT].port = 61000;
    ping(&f, QL_CLIENT);
    for (unsigned i = 0; i < 8; i++)
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_packet_of_size(&f.ends, QL_SERVER, QL_PACKET_ONE_RTT, 1200, quic_bytes()));
    GByteArray *missing = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_hex(quic_bytes(), "01"));
    uint32_t later = ping(&f, QL_CLIENT);
    quic_play(f.tape, f.session, 1, later - 1);
    assert_findings(&f, "path.amplification@7");
    ql_session_add_datagram(f.session, quic_tape_frame(f.tape, later));
    assert_findings(&f, "");
    g_byte_array_free(missing, TRUE);
    tear_down(&f);
}

static void test_unmatched_response(void)
{
    fixture f;
    set_up_connected(&f);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_response(quic_bytes(), 0x77));
    play(&f);
    assert_findings(&f, "path.response-unmatched@5");
    tear_down(&f);
}

static void test_one_id_on_two_paths(void)
{
    fixture f;
    set_up_connected(&f);
    ping(&f, QL_CLIENT);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_challenge(quic_bytes(), 0x77));
    play(&f);
    assert_findings(&f, "cid.on-two-paths@6");
    tear_down(&f);
}

/* A client that hops without end: what it sends is still read. */
static void check_probe_without_answer(uint32_t pings, bool given_up)
{
    fixture f;
    set_up_connected(&f);
    ql_cid used = f.ends.id[QL_SERVER];
    take_next_id(&f);
    f.ends.at[QL_CLIENT].port = 61000;
    uint32_t probe = quic_send_frames(
        f.tape, &f.ends, QL_CLIENT, quic_put_padding(quic_put_challenge(quic_bytes(), 0x11), 1100));
    f.ends.at[QL_CLIENT].port = 50001;
    f.ends.destination[QL_CLIENT] = used;
    for (uint32_t i = 0; i < pings; i++)
        ping(&f, QL_CLIENT); /* one a millisecond */
    play(&f);
    ql_session_finish(f.session);
    g_assert_false(path_of(&f, 1)->validated);
    g_assert_true(path_of(&f, 1)->left == given_up);
    g_assert_true(has_event(&f, probe, "path(abandoned 1)") == given_up);
    tear_down(&f);
}

static void test_probe_without_answer(void)
{
    check_probe_without_answer(1100, true);
    check_probe_without_answer(100, false); /* an answer may still come */
}

/* RFC 9000, 14.3: a probe of the path's size that is lost says nothing. */
static void test_size_that_got_through(void)
{
    fixture f;
    set_up_connected(&f);
    uint64_t number = f.ends.next_number[2][QL_CLIENT];
    quic_send(f.tape, &f.ends, QL_CLIENT,
              quic_packet_of_size(&f.ends, QL_CLIENT, QL_PACKET_ONE_RTT, 1300, quic_bytes()));
    quic_send(f.tape, &f.ends, QL_CLIENT,
              quic_packet_of_size(&f.ends, QL_CLIENT, QL_PACKET_ONE_RTT, 1400, quic_bytes()));
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_ack(quic_bytes(), number, number));
    play(&f);
    g_assert_cmpuint(path_of(&f, 0)->largest[QL_CLIENT], ==, 1400);
    g_assert_cmpuint(path_of(&f, 0)->delivered[QL_CLIENT], ==, 1300);
    tear_down(&f);
}

static void test_many_paths(void)
{
    fixture f;
    set_up_connected(&f);
    for (unsigned i = 0; i < QL_PATHS_MAX + 100; i++) {
        f.ends.at[QL_CLIENT].port = (uint16_t)(1000 + i);
        ping(&f, QL_CLIENT);
    }
    uint32_t last = quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                                     quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    play(&f);
    g_assert_cmpuint(path_count(&f), ==, QL_PATHS_MAX);
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    assert_opened(&f, 0, 6 + QL_PATHS_MAX + 101);
    g_autofree char *expected = g_strdup_printf("limit.reached@%u", 4 + QL_PATHS_MAX);
    assert_findings(&f, expected);
    g_assert_true(has_event(&f, last, "stream(0 0+5)"));
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection_paths/the first path is told like others", test_first_path);
    g_test_add_func("/connection_paths/a client moves to a new path", test_migration);
    g_test_add_func("/connection_paths/a probe is no migration yet", test_probe_then_migration);
    g_test_add_func("/connection_paths/a NAT rebinds", test_rebinding);
    g_test_add_func("/connection_paths/a client with an empty ID moves", test_empty_client_id);
    g_test_add_func("/connection_paths/the server may be first on a new pair",
                    test_server_first_on_a_new_pair);
    g_test_add_func("/connection_paths/a client may return", test_back_to_the_old_path);
    g_test_add_func("/connection_paths/a late packet moves nobody", test_reordered_migration);
    g_test_add_func("/connection_paths/a server may prefer another address",
                    test_preferred_address);
    g_test_add_func("/connection_paths/a migration may be ruled out",
                    test_migration_that_is_ruled_out);
    g_test_add_func("/connection_paths/both legs of a relay are one exchange", test_relay);
    g_test_add_func("/connection_paths/amplification is told", test_amplification);
    g_test_add_func("/connection_paths/amplification is not told where packets are missing",
                    test_amplification_where_packets_are_missing);
    g_test_add_func("/connection_paths/nor on a later path",
                    test_amplification_of_a_later_path_where_packets_are_missing);
    g_test_add_func("/connection_paths/amplification is taken back when a number was passed over",
                    test_amplification_is_taken_back);
    g_test_add_func("/connection_paths/a response without a challenge is told",
                    test_unmatched_response);
    g_test_add_func("/connection_paths/a probe with an ID in use is told",
                    test_one_id_on_two_paths);
    g_test_add_func("/connection_paths/a probe that nobody answers is given up",
                    test_probe_without_answer);
    g_test_add_func("/connection_paths/the largest datagram that was acknowledged is known",
                    test_size_that_got_through);
    g_test_add_func("/connection_paths/too many paths lose nothing else", test_many_paths);
    return g_test_run();
}
