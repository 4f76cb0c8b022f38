/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Retry, Version Negotiation, stateless reset. */
#include "session_fixture.h"

static const uint8_t token[] = "a token of the server's";

/* The client's answer to Retry goes to its ID, and carries the token. */
static void take_retry(quic_ends *ends, const ql_cid *id)
{
    ends->retried = true;
    ends->retry_id = ends->initial_dcid = ends->destination[QL_CLIENT] = *id;
    ends->token = (ql_slice){ token, sizeof token };
}

/* What follows on the client's first Initial, numbered on (RFC 9000, 17.2.5.3). */
static void finish_handshake(fixture *f)
{
    quic_send_handshake(f->tape, &f->ends);
    quic_send_frames(f->tape, &f->ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 0, 0, "hello", true));
}

static void test_retry(void)
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    uint32_t retry =
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
    take_retry(&f.ends, &id);
    finish_handshake(&f);
    g_assert_cmpuint(play(&f), ==, 7);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 2 + 7);
    assert_findings(&f, "");
    g_assert_true(facts_of(&f, 0)->retried);
    g_assert_cmpint(cid_of(&f, QL_SERVER, &id)->origin, ==, QL_ORIGIN_RETRY);
    g_assert_true(has_event(&f, retry, "cid(retry)"));
    g_assert_true(has_event(&f, retry + 1, "cid(switched: Retry)"));
    tear_down(&f);
}

/* ClientHello, Retry, ClientHello with the token, the server's flight, in any order of the first
 * four. */
static void check_retry_in_order(const uint32_t order[4])
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_SERVER,
              quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
    take_retry(&f.ends, &id);
    finish_handshake(&f);
    for (unsigned i = 0; i < 4; i++)
        quic_play(f.tape, f.session, order[i], order[i]);
    quic_play(f.tape, f.session, 5, quic_tape_length(f.tape));
    assert_connections(&f, 1);
    assert_opened(&f, 0, 2 + 7);
    assert_findings(&f, "");
    g_assert_cmpint(cid_of(&f, QL_SERVER, &id)->origin, ==, QL_ORIGIN_RETRY);
    tear_down(&f);
}

static void test_retry_in_any_order(void)
{
    check_retry_in_order((const uint32_t[]){ 2, 1, 3, 4 }); /* Retry ahead of everything */
    check_retry_in_order((const uint32_t[]){ 1, 3, 2, 4 }); /* its answer ahead of it */
    check_retry_in_order((const uint32_t[]){ 1, 3, 4, 2 });
    check_retry_in_order((const uint32_t[]){ 2, 3, 1, 4 }); /* the answer ahead of the first try */
    check_retry_in_order((const uint32_t[]){ 3, 2, 1, 4 });
}

/* What was not captured of it is not held against the server. */
static void test_capture_begins_behind_the_first_initial(void)
{
    for (uint32_t first = 2; first <= 3; first++) {
        fixture f;
        ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
        set_up_with_secrets(&f);
        quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
        take_retry(&f.ends, &id);
        finish_handshake(&f);
        quic_play(f.tape, f.session, first, quic_tape_length(f.tape));
        ql_session_finish(f.session);
        assert_connections(&f, 1);
        assert_findings(&f, "");
        g_assert_true(facts_of(&f, 0)->retried);
        g_assert_cmpint(cid_of(&f, QL_SERVER, &id)->origin, ==, QL_ORIGIN_RETRY);
        tear_down(&f);
    }
}

/* A token alone does not excuse: it may be one of NEW_TOKEN (RFC 9000, 8.1.3). */
static void test_retry_id_that_was_never_used(void)
{
    fixture f;
    set_up_with_secrets(&f);
    f.ends.token = (ql_slice){ token, sizeof token };
    f.ends.retried = true;
    f.ends.retry_id = quic_cid("e1e2e3e4e5e6e7e8");
    quic_send_handshake(f.tape, &f.ends);
    play(&f);
    assert_findings(&f, "transport-parameter.invalid@2");
    tear_down(&f);
}

/* The server answers twice, and the capture has the Retry that the client passed over. */
static void test_other_retry_captured(void)
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8"), passed_over = quic_cid("d1d2d3d4d5d6d7d8");
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(
        f.tape, &f.ends, QL_SERVER,
        quic_put_retry(quic_bytes(), &f.ends, &passed_over, (ql_slice){ token, sizeof token }));
    take_retry(&f.ends, &id);
    finish_handshake(&f);
    play(&f);
    assert_connections(&f, 1);
    assert_findings(&f, "");
    tear_down(&f);
}

/* The client may make a new ClientHello for it, with another random. */
static void test_retry_with_another_random(void)
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
    set_up(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_SERVER,
              quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
    take_retry(&f.ends, &id);
    f.ends.client_random[31] ^= 0xff;
    quic_add_secrets(f.session, &f.ends);
    finish_handshake(&f);
    play(&f);
    assert_opened(&f, 0, 2 + 7);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_forged_retry(void)
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    uint32_t forged =
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
    quic_tape_damage(f.tape, forged, -1);
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    g_assert_cmpuint(play(&f), ==, 4);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 6);
    assert_findings(&f, "retry.integrity@2");
    g_assert_false(facts_of(&f, 0)->retried);
    g_assert_null(cid_of(&f, QL_SERVER, &id));
    tear_down(&f);
}

static void test_late_retry(void)
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    quic_send(f.tape, &f.ends, QL_SERVER,
              quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_opened(&f, 0, 6 + 2);
    g_assert_false(facts_of(&f, 0)->retried);
    tear_down(&f);
}

static void test_retry_not_captured(void)
{
    fixture f;
    ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    take_retry(&f.ends, &id);
    finish_handshake(&f);
    g_assert_cmpuint(play(&f), ==, 6);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 1 + 7);
    assert_findings(&f, "");
    tear_down(&f);
}

/* A client with an empty ID is known again by its addresses. */
static void test_retry_with_an_empty_id(void)
{
    for (unsigned captured = 0; captured < 2; captured++) {
        fixture f;
        ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
        set_up_with_secrets(&f);
        f.ends.id[QL_CLIENT] = f.ends.destination[QL_SERVER] = quic_cid("");
        quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
        GByteArray *retry =
            quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token });
        if (captured)
            quic_send(f.tape, &f.ends, QL_SERVER, retry);
        else
            g_byte_array_free(retry, TRUE);
        take_retry(&f.ends, &id);
        finish_handshake(&f);
        play(&f);
        assert_connections(&f, 1);
        assert_opened(&f, 0, 8 + captured);
        assert_findings(&f, "");
        tear_down(&f);
    }
}

static void test_version_negotiation(void)
{
    /* The client begins again: with another ID and numbers from 0, with the same ones. */
    for (unsigned same = 0; same < 2; same++) {
        fixture f;
        set_up(&f);
        f.ends.version = 0xff00001d;
        quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
        uint32_t no = quic_send(f.tape, &f.ends, QL_SERVER,
                                quic_put_version_negotiation(quic_bytes(), &f.ends, QL_VERSION_1));
        f.ends.version = QL_VERSION_1;
        f.ends.client_random[31] ^= 0xff;
        if (!same) {
            f.ends.original_dcid = f.ends.initial_dcid = f.ends.destination[QL_CLIENT] =
                quic_cid("b1b2b3b4b5b6b7b8");
            f.ends.id[QL_CLIENT] = f.ends.destination[QL_SERVER] = quic_cid("a1a2a3a4");
            f.ends.next_number[0][QL_CLIENT] = 0;
        }
        quic_add_secrets(f.session, &f.ends);
        finish_handshake(&f);
        g_assert_cmpuint(play(&f), ==, 7);
        assert_connections(&f, 1);
        assert_opened(&f, 0, 2 + 7);
        assert_findings(&f, "");
        g_assert_cmphex(facts_of(&f, 0)->version, ==, QL_VERSION_1);
        g_assert_true(has_event(&f, no, "it offers 0x00000001"));
        g_assert_false(has_event(&f, no + 2, "goes on with version"));
        tear_down(&f);
    }
}

/* RFC 9000, 6.2: a client that has an answer passes it over. */
static void test_late_version_negotiation(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    quic_send(f.tape, &f.ends, QL_SERVER,
              quic_put_version_negotiation(quic_bytes(), &f.ends, 0x1a2a3a4a));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 6 + 2);
    assert_findings(&f, "");
    g_assert_cmphex(facts_of(&f, 0)->version, ==, QL_VERSION_1);
    tear_down(&f);
}

static void test_hello_sent_again(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    finish_handshake(&f);
    play(&f);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 2 + 7);
    assert_findings(&f, "");
    tear_down(&f);
}

/* Another connection from the same socket, while the first one has no answer yet. */
static void test_second_connection_is_no_restart(void)
{
    fixture f;
    quic_ends second;
    set_up_with_secrets(&f);
    quic_ends_init(&second, 2);
    second.at[QL_CLIENT] = f.ends.at[QL_CLIENT];
    quic_add_secrets(f.session, &second);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &second, QL_CLIENT, quic_client_hello(&second));
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &second, QL_SERVER, quic_server_flight(&second));
    play(&f);
    assert_connections(&f, 2);
    assert_opened(&f, 0, 3);
    assert_opened(&f, 1, 3);
    assert_findings(&f, "");
    tear_down(&f);
}

/* The same with a Retry for the first, and with empty IDs, which are the same for both. */
static void test_second_connection_behind_a_retry(void)
{
    for (unsigned empty = 0; empty < 2; empty++) {
        fixture f;
        quic_ends second;
        ql_cid id = quic_cid("e1e2e3e4e5e6e7e8");
        set_up_with_secrets(&f);
        quic_ends_init(&second, 2);
        second.at[QL_CLIENT] = f.ends.at[QL_CLIENT];
        if (empty)
            f.ends.id[QL_CLIENT] = f.ends.destination[QL_SERVER] = second.id[QL_CLIENT] =
                second.destination[QL_SERVER] = quic_cid("");
        quic_add_secrets(f.session, &second);
        quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
        quic_send(f.tape, &f.ends, QL_SERVER,
                  quic_put_retry(quic_bytes(), &f.ends, &id, (ql_slice){ token, sizeof token }));
        take_retry(&f.ends, &id);
        quic_send(f.tape, &second, QL_CLIENT, quic_client_hello(&second));
        quic_send(f.tape, &second, QL_SERVER, quic_server_flight(&second));
        finish_handshake(&f);
        play(&f);
        assert_connections(&f, 2);
        assert_opened(&f, 0, 2 + 7);
        assert_opened(&f, 1, 3);
        assert_findings(&f, "");
        tear_down(&f);
    }
}

static GByteArray *reset_of(const ql_cid *cid, size_t length)
{
    uint8_t reset_token[16];
    GByteArray *bytes = quic_put_number(quic_bytes(), 0x55, 1);
    while (bytes->len + sizeof reset_token < length)
        quic_put_number(bytes, 0x3c * bytes->len, 1);
    quic_reset_token(cid, reset_token);
    return quic_put(bytes, reset_token, sizeof reset_token);
}

static void test_stateless_reset(void)
{
    fixture f;
    ql_cid next = quic_cid("7172737475767778");
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 1, 0, &next));
    f.ends.destination[QL_CLIENT] = next;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    uint32_t reset = quic_send(f.tape, &f.ends, QL_SERVER, reset_of(&next, 43));
    play(&f);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 6 + 3);
    assert_findings(&f, "");
    g_assert_true(has_event(&f, reset, "packet(1-RTT server"));
    g_assert_true(has_event(&f, reset, "cid(stateless-reset)"));
    tear_down(&f);
}

static void test_reset_with_the_parameter(void)
{
    fixture f;
    uint8_t reset_token[16];
    set_up_with_secrets(&f);
    quic_reset_token(&f.ends.id[QL_SERVER], reset_token);
    g_autoptr(GByteArray) parameter =
        quic_put_parameter(quic_bytes(), 0x02, (ql_slice){ reset_token, sizeof reset_token });
    f.ends.more_parameters[QL_SERVER] = quic_slice(parameter);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t reset = quic_send(f.tape, &f.ends, QL_SERVER, reset_of(&f.ends.id[QL_SERVER], 21));
    play(&f);
    g_assert_true(has_event(&f, reset, "cid(stateless-reset)"));
    assert_findings(&f, "");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection_restart/an authentic Retry is followed", test_retry);
    g_test_add_func("/connection_restart/Retry may come in any order", test_retry_in_any_order);
    g_test_add_func("/connection_restart/the capture may begin behind the first Initial",
                    test_capture_begins_behind_the_first_initial);
    g_test_add_func("/connection_restart/the ID of a Retry has to be one that was used",
                    test_retry_id_that_was_never_used);
    g_test_add_func("/connection_restart/the random may change with Retry",
                    test_retry_with_another_random);
    g_test_add_func("/connection_restart/a forged Retry is told and changes nothing",
                    test_forged_retry);
    g_test_add_func("/connection_restart/a late Retry changes nothing", test_late_retry);
    g_test_add_func("/connection_restart/another Retry may have been captured",
                    test_other_retry_captured);
    g_test_add_func("/connection_restart/a Retry need not be captured", test_retry_not_captured);
    g_test_add_func("/connection_restart/a client with an empty ID is sent away, too",
                    test_retry_with_an_empty_id);
    g_test_add_func("/connection_restart/Version Negotiation begins again",
                    test_version_negotiation);
    g_test_add_func("/connection_restart/late Version Negotiation changes nothing",
                    test_late_version_negotiation);
    g_test_add_func("/connection_restart/a ClientHello may be sent again", test_hello_sent_again);
    g_test_add_func("/connection_restart/another connection is no restart",
                    test_second_connection_is_no_restart);
    g_test_add_func("/connection_restart/nor is it one behind a Retry",
                    test_second_connection_behind_a_retry);
    g_test_add_func("/connection_restart/a stateless reset is known by its token",
                    test_stateless_reset);
    g_test_add_func("/connection_restart/the token may come with the handshake",
                    test_reset_with_the_parameter);
    return g_test_run();
}
