/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What breaks the rules of connection IDs and paths, and what does not. */
#include "session_fixture.h"

#define FRESH "7172737475767778"

static void set_up_connected(fixture *f)
{
    set_up_with_secrets(f);
    quic_send_handshake(f->tape, &f->ends);
}

static void set_up_empty(fixture *f, ql_side side)
{
    set_up_with_secrets(f);
    f->ends.id[side] = quic_cid("");
    if (side == QL_CLIENT)
        f->ends.destination[QL_SERVER] = quic_cid("");
    quic_send_handshake(f->tape, &f->ends);
}

static uint32_t ping(fixture *f, ql_side sender)
{
    return quic_send_frames(f->tape, &f->ends, sender, quic_put_ping(quic_bytes()));
}

static void issue(fixture *f, ql_side issuer)
{
    ql_cid cid = quic_cid(FRESH);
    quic_send_frames(f->tape, &f->ends, issuer, quic_put_new_cid(quic_bytes(), 1, 0, &cid));
}

/* At the end of the capture, and only once. */
static void assert_at_end(fixture *f, const char *expected)
{
    play(f);
    ql_session_finish(f->session);
    ql_session_finish(f->session);
    assert_findings(f, expected);
    tear_down(f);
}

static void test_unissued(void)
{
    fixture f;
    set_up_connected(&f);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    ping(&f, QL_CLIENT);
    ping(&f, QL_CLIENT);
    assert_at_end(&f, "cid.not-issued@5");
}

static void test_issued_in_time(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    ping(&f, QL_CLIENT);
    issue(&f, QL_SERVER); /* again, as after a loss */
    assert_at_end(&f, "");
}

static void test_empty_issues(void)
{
    fixture f;
    set_up_empty(&f, QL_CLIENT);
    issue(&f, QL_CLIENT);
    assert_at_end(&f, "cid.empty@5");
}

static void test_empty_retired(void)
{
    fixture f;
    set_up_empty(&f, QL_SERVER);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_retire_cid(quic_bytes(), 0));
    assert_at_end(&f, "cid.empty@5 cid.retired-in-use@5");
}

static void test_other_side_may_issue(void)
{
    fixture f;
    set_up_empty(&f, QL_CLIENT);
    issue(&f, QL_SERVER);
    assert_at_end(&f, "");
}

static void check_parameter(ql_side side, GByteArray *parameter, bool empty, const char *expected)
{
    fixture f;
    set_up_with_secrets(&f);
    f.ends.more_parameters[side] = quic_slice(parameter);
    if (empty)
        f.ends.id[QL_SERVER] = quic_cid("");
    quic_send_handshake(f.tape, &f.ends);
    assert_at_end(&f, expected);
    g_byte_array_unref(parameter);
}

static void test_parameter_of_servers(void)
{
    static const uint8_t token[16] = { 1 };
    check_parameter(QL_CLIENT,
                    quic_put_parameter(quic_bytes(), 0x02, (ql_slice){ token, sizeof token }),
                    false, "transport-parameter.invalid@1");
}

static void test_retry_that_was_none(void)
{
    ql_cid id = quic_cid(FRESH);
    check_parameter(QL_SERVER, quic_put_cid_parameter(quic_bytes(), 0x10, &id), false,
                    "transport-parameter.invalid@2");
}

static void test_preferred_address_without_ids(void)
{
    ql_cid id = quic_cid(FRESH);
    ql_endpoint other = quic_endpoint(9, 443);
    check_parameter(QL_SERVER, quic_put_preferred_address(quic_bytes(), &other, &id), true,
                    "transport-parameter.invalid@2");
}

static void test_mixed_probe(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                     quic_put_ping(quic_put_challenge(quic_bytes(), 0x1111)));
    assert_at_end(&f, "path.probe-mixed@6");
}

static void test_pure_probe(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_challenge(quic_bytes(), 0x1111));
    ping(&f, QL_CLIENT);
    assert_at_end(&f, "");
}

static void test_early_move(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    issue(&f, QL_SERVER);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    f.ends.at[QL_CLIENT].port = 61000;
    ping(&f, QL_CLIENT);
    assert_at_end(&f, "path.migration-early@5");
}

/* HANDSHAKE_DONE was sent ahead of the move, and captured behind it. */
static void test_move_captured_early(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    issue(&f, QL_SERVER);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_handshake_done(quic_bytes()));
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    f.ends.at[QL_CLIENT].port = 61000;
    ping(&f, QL_CLIENT);
    quic_play(f.tape, f.session, 1, 4);
    quic_play(f.tape, f.session, 6, 6);
    assert_findings(&f, "path.migration-early@6");
    quic_play(f.tape, f.session, 5, 5);
    assert_findings(&f, "");
    tear_down(&f);
}

/* What a side says can be held against the other only where nothing of the other is missing. */
static void test_one_direction(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t from = quic_tape_length(f.tape);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_retire_cid(quic_bytes(), 0));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_response(quic_bytes(), 0x1111));
    quic_play(f.tape, f.session, 1, 1);
    quic_play(f.tape, f.session, 3, 3);
    quic_play(f.tape, f.session, from + 1, quic_tape_length(f.tape));
    ql_session_finish(f.session);
    ql_session_finish(f.session);
    assert_findings(&f, "capture.one-direction@1");
    tear_down(&f);
}

static void test_response_elsewhere(void)
{
    fixture f;
    set_up_connected(&f);
    quic_send_frames(f.tape, &f.ends, QL_SERVER,
                     quic_put_padding(quic_put_challenge(quic_bytes(), 0x2222), 1200));
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_response(quic_bytes(), 0x2222));
    assert_at_end(&f, "path.response-elsewhere@6");
}

/* A challenge in a datagram of this size, when so much came on the new path before. */
static void check_size(ql_side sender, size_t size, size_t got, const char *expected)
{
    fixture f;
    set_up_connected(&f);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send(f.tape, &f.ends, QL_CLIENT,
              quic_packet_of_size(&f.ends, QL_CLIENT, QL_PACKET_ONE_RTT, got,
                                  quic_put_ping(quic_bytes())));
    quic_send(f.tape, &f.ends, sender,
              quic_packet_of_size(&f.ends, sender, QL_PACKET_ONE_RTT, size,
                                  quic_put_challenge(quic_bytes(), 0x2222)));
    assert_at_end(&f, expected);
}

static void test_expansion(void)
{
    check_size(QL_CLIENT, 1200, 500, "");
    check_size(QL_CLIENT, 1199, 500, "path.not-expanded@6");
    check_size(QL_SERVER, 1199, 400, "path.not-expanded@6");
    check_size(QL_SERVER, 1200, 400, "");
    check_size(QL_SERVER, 1199, 399, ""); /* it must not send more than 1,197 bytes */
}

/* The server asks for its first ID back, and the client says that it knows. */
static void ask_to_retire(fixture *f)
{
    uint64_t number = f->ends.next_number[2][QL_SERVER];
    ql_cid fresh = quic_cid(FRESH);
    quic_send_frames(f->tape, &f->ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 1, 1, &fresh));
    quic_send_frames(f->tape, &f->ends, QL_CLIENT, quic_put_ack(quic_bytes(), number, number));
}

static void test_old_id_in_use(void)
{
    fixture f;
    set_up_connected(&f);
    ask_to_retire(&f);
    ping(&f, QL_CLIENT);
    ping(&f, QL_CLIENT);
    assert_at_end(&f, "cid.not-retired@7");
}

static void test_old_id_until_acknowledged(void)
{
    fixture f;
    set_up_connected(&f);
    ql_cid fresh = quic_cid(FRESH);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 1, 1, &fresh));
    ping(&f, QL_CLIENT);
    assert_at_end(&f, "");
}

static void check_not_given_back(bool gives_back, bool with_gap, const char *expected)
{
    fixture f;
    set_up_connected(&f);
    ask_to_retire(&f);
    f.ends.destination[QL_CLIENT] = quic_cid(FRESH);
    for (unsigned i = 0; i < 1001; i++) /* a second */
        ping(&f, QL_CLIENT);
    f.ends.next_number[2][QL_CLIENT] += with_gap;
    if (gives_back)
        quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_retire_cid(quic_bytes(), 0));
    ping(&f, QL_CLIENT);
    assert_at_end(&f, expected);
}

static void test_old_id_not_given_back(void)
{
    check_not_given_back(false, false, "cid.not-retired@6");
    check_not_given_back(true, false, "");
    check_not_given_back(false, true, ""); /* the missing packet may have brought it */
}

/* A server's small challenge so many milliseconds behind what validates the client's address. */
static void check_expansion_later(unsigned milliseconds, const char *expected)
{
    fixture f;
    set_up_connected(&f);
    for (unsigned i = 0; i < milliseconds; i++)
        ping(&f, QL_CLIENT);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_challenge(quic_bytes(), 0x2222));
    assert_at_end(&f, expected);
}

static void test_expansion_once_validated(void)
{
    check_expansion_later(10, ""); /* it may not have had the client's packet yet */
    check_expansion_later(60, "path.not-expanded@65");
}

/* A DATAGRAM frame of `size` bytes, which the server takes up to a limit. */
static void check_datagram(uint64_t limit, size_t size, const char *expected)
{
    fixture f;
    set_up_with_secrets(&f);
    g_autoptr(GByteArray) parameter = quic_put_number_parameter(quic_bytes(), 0x20, limit);
    if (limit > 0)
        f.ends.more_parameters[QL_SERVER] = quic_slice(parameter);
    quic_send_handshake(f.tape, &f.ends);
    GByteArray *frame = quic_put_hex(quic_bytes(), "30");
    for (size_t i = 1; i < size; i++)
        quic_put_hex(frame, "61");
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, frame);
    assert_at_end(&f, expected);
}

static void test_datagrams(void)
{
    check_datagram(100, 100, "");
    check_datagram(100, 101, "frame.not-allowed@5");
    check_datagram(0, 30, "frame.not-allowed@5");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection_rules/an ID that nobody issued is told at the end", test_unissued);
    g_test_add_func("/connection_rules/an ID may be issued again", test_issued_in_time);
    g_test_add_func("/connection_rules/who was asked to retire an ID does not use it",
                    test_old_id_in_use);
    g_test_add_func("/connection_rules/the request has to have arrived",
                    test_old_id_until_acknowledged);
    g_test_add_func("/connection_rules/who was asked to retire an ID gives it back",
                    test_old_id_not_given_back);
    g_test_add_func("/connection_rules/challenges come in datagrams of full size", test_expansion);
    g_test_add_func("/connection_rules/a server knows of a validation a little later",
                    test_expansion_once_validated);
    g_test_add_func("/connection_rules/who does without IDs issues none", test_empty_issues);
    g_test_add_func("/connection_rules/an empty ID is not given back", test_empty_retired);
    g_test_add_func("/connection_rules/the other side may issue IDs", test_other_side_may_issue);
    g_test_add_func("/connection_rules/a client says nothing of a server's",
                    test_parameter_of_servers);
    g_test_add_func("/connection_rules/without Retry there is no ID of it",
                    test_retry_that_was_none);
    g_test_add_func("/connection_rules/a preferred address needs IDs",
                    test_preferred_address_without_ids);
    g_test_add_func("/connection_rules/a probe with other frames moves the connection",
                    test_mixed_probe);
    g_test_add_func("/connection_rules/a probe of its own is in order", test_pure_probe);
    g_test_add_func("/connection_rules/a move ahead of the handshake's end is told",
                    test_early_move);
    g_test_add_func("/connection_rules/a move may be captured ahead of the confirmation",
                    test_move_captured_early);
    g_test_add_func("/connection_rules/one direction alone is held against nobody",
                    test_one_direction);
    g_test_add_func("/connection_rules/a response belongs on the path of its challenge",
                    test_response_elsewhere);
    g_test_add_func("/connection_rules/datagrams are not larger than the peer takes",
                    test_datagrams);
    return g_test_run();
}
