/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that the capture has no start of. */
#include "session_fixture.h"

static void add_others(fixture *f, unsigned from, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        quic_ends other;
        quic_ends_init(&other, from + i);
        other.suite = (ql_suite)(i % QL_SUITE_COUNT);
        quic_add_secrets(f->session, &other);
    }
}

/* The handshake happens, and is not recorded. */
static void begin_in_the_middle(fixture *f, uint64_t numbers)
{
    quic_tape *unseen = quic_tape_new();
    quic_send_handshake(unseen, &f->ends);
    quic_tape_free(unseen);
    f->ends.next_number[2][QL_CLIENT] += numbers;
    f->ends.next_number[2][QL_SERVER] += numbers;
}

static void exchange(fixture *f)
{
    quic_send_frames(f->tape, &f->ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 8, 0, "hello", true));
    quic_send_frames(f->tape, &f->ends, QL_SERVER,
                     quic_put_stream(quic_bytes(), 8, 0, "world!", true));
    quic_send_frames(f->tape, &f->ends, QL_CLIENT, quic_put_ack(quic_bytes(), 0, 0));
}

static void assert_adopted(fixture *f, uint64_t packets)
{
    play(f);
    ql_session_finish(f->session);
    assert_connections(f, 1);
    assert_opened(f, 0, packets);
    assert_findings(f, "capture.start-missing@1");
    const ql_connection_facts *facts = facts_of(f, 0);
    g_assert_true(facts->start_missing);
    g_assert_true(memcmp(facts->client_random, f->ends.client_random, 32) == 0);
    g_assert_cmpuint(facts->client.port, ==, 50001);
    g_assert_cmphex(facts->version, ==, f->ends.version); /* by the labels of its keys */
    g_assert_cmpuint(received(f, 8, QL_CLIENT), ==, 5);
    g_assert_cmpuint(received(f, 8, QL_SERVER), ==, 6);
}

static void test_plain(void)
{
    for (int suite = 0; suite < QL_SUITE_COUNT; suite++) {
        fixture f;
        set_up(&f);
        f.ends.suite = (ql_suite)suite;
        quic_add_secrets(f.session, &f.ends);
        begin_in_the_middle(&f, 700);
        exchange(&f);
        assert_adopted(&f, 3);
        g_assert_cmpint(facts_of(&f, 0)->suite, ==, suite);
        tear_down(&f);
    }
}

static void test_server_first(void)
{
    fixture f;
    set_up_with_secrets(&f);
    begin_in_the_middle(&f, 3);
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_ping(quic_bytes()));
    exchange(&f);
    assert_adopted(&f, 4);
    tear_down(&f);
}

static void test_version_2(void)
{
    fixture f;
    set_up(&f);
    f.ends.version = QL_VERSION_2;
    quic_add_secrets(f.session, &f.ends);
    begin_in_the_middle(&f, 100);
    exchange(&f);
    assert_adopted(&f, 3);
    tear_down(&f);
}

static void test_in_the_handshake(void)
{
    fixture f;
    set_up_with_secrets(&f);
    GByteArray *lost = quic_client_hello(&f.ends);
    g_byte_array_free(lost, TRUE);
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_handshake(&f.ends));
    f.ends.destination[QL_CLIENT] = f.ends.id[QL_SERVER];
    exchange(&f);
    assert_adopted(&f, 4);
    g_assert_cmpstr(facts_of(&f, 0)->alpn, ==, "hq-interop");
    tear_down(&f);
}

/* RFC 9287, and the first packets of a capture: those that were not tried are opened behind. */
static void test_without_the_fixed_bit(void)
{
    fixture f;
    set_up_with_secrets(&f);
    begin_in_the_middle(&f, 700);
    f.ends.clears_fixed_bit = true;
    exchange(&f);
    for (unsigned i = 0; i < 8; i++)
        quic_send_frames(f.tape, &f.ends, (ql_side)(i % 2), quic_put_ping(quic_bytes()));
    play(&f);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 11);
    g_assert_cmpuint(received(&f, 8, QL_CLIENT), ==, 5);
    g_assert_cmpuint(facts_of(&f, 0)->first.frame, ==, 1);
    tear_down(&f);
}

/* Some begin with any number, and show the end of it alone; its acknowledgement shows the rest. */
static void test_number_from_an_acknowledgement(void)
{
    const uint64_t any = 0x51e2d3c4;
    fixture f;
    set_up_with_secrets(&f);
    begin_in_the_middle(&f, 700);
    f.ends.number_length = 1;
    f.ends.next_number[2][QL_CLIENT] = any;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 8, 0, "hello", true));
    f.ends.number_length = 2;
    quic_send_frames(f.tape, &f.ends, QL_SERVER,
                     quic_put_stream(quic_put_ack(quic_bytes(), any, any), 8, 0, "world!", true));
    f.ends.number_length = 1;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 3);
    g_assert_cmpuint(received(&f, 8, QL_CLIENT), ==, 5);
    g_assert_cmpuint(received(&f, 8, QL_SERVER), ==, 6);
    tear_down(&f);
}

static void test_empty_ids(void)
{
    for (int side = 0; side < 2; side++) {
        fixture f;
        set_up_with_secrets(&f);
        f.ends.id[side] = quic_cid("");
        f.ends.destination[QL_SERVER] = f.ends.id[QL_CLIENT];
        begin_in_the_middle(&f, 20);
        exchange(&f);
        assert_adopted(&f, 3);
        tear_down(&f);
    }
}

static void test_key_updates_before(void)
{
    for (unsigned updates = 1; updates <= 3; updates++) {
        fixture f;
        set_up_with_secrets(&f);
        begin_in_the_middle(&f, 5000);
        f.ends.updates[QL_CLIENT] = f.ends.updates[QL_SERVER] = updates;
        exchange(&f);
        f.ends.updates[QL_CLIENT]++;
        quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
        assert_adopted(&f, 4);
        tear_down(&f);
    }
}

static void test_long_log(void)
{
    /* The newest, one in the middle, the oldest. */
    for (unsigned before = 0; before <= 200; before += 100) {
        fixture f;
        set_up(&f);
        add_others(&f, 1000, before);
        quic_add_secrets(f.session, &f.ends);
        add_others(&f, 2000, 200 - before);
        begin_in_the_middle(&f, 300);
        f.ends.updates[QL_CLIENT] = 1;
        exchange(&f);
        assert_adopted(&f, 3);
        tear_down(&f);
    }
}

static void test_secrets_come_later(void)
{
    fixture f;
    set_up(&f);
    begin_in_the_middle(&f, 10);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    g_assert_cmpuint(play(&f), ==, 0);
    assert_connections(&f, 0);
    quic_add_secrets(f.session, &f.ends);
    exchange(&f);
    g_assert_cmpuint(play(&f), ==, 3);
    assert_findings(&f, "capture.start-missing@2");
    tear_down(&f);
}

static void test_migration_afterwards(void)
{
    fixture f;
    set_up_with_secrets(&f);
    begin_in_the_middle(&f, 10);
    exchange(&f);
    ql_cid next = quic_cid("7172737475767778");
    quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 5, 0, &next));
    f.ends.destination[QL_CLIENT] = next;
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_retire_cid(quic_bytes(), 3));
    assert_adopted(&f, 6); /* an ID that was issued before the start is no fault */
    g_assert_cmpuint(path_count(&f), ==, 2);
    g_assert_cmpint(path_of(&f, 1)->cause, ==, QL_PATH_CAUSE_MIGRATION);
    tear_down(&f);
}

/* Two connections share a socket on each side. */
static void test_two_on_one_pair(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_ends first = f.ends, second;
    quic_ends_init(&second, 2);
    quic_add_secrets(f.session, &second);
    second.at[QL_CLIENT] = first.at[QL_CLIENT];
    begin_in_the_middle(&f, 10);
    first = f.ends;
    f.ends = second;
    begin_in_the_middle(&f, 40);
    second = f.ends;
    for (unsigned i = 0; i < 4; i++) {
        quic_send_frames(f.tape, &first, (ql_side)(i % 2), quic_put_ping(quic_bytes()));
        quic_send_frames(f.tape, &second, (ql_side)(i % 2), quic_put_ping(quic_bytes()));
    }
    play(&f);
    assert_connections(&f, 2);
    assert_opened(&f, 0, 4);
    assert_opened(&f, 1, 4);
    assert_findings(&f, "capture.start-missing@1 capture.start-missing@2");
    tear_down(&f);
}

static void test_unknown_session(void)
{
    fixture f;
    set_up(&f);
    add_others(&f, 1000, 3);
    begin_in_the_middle(&f, 10);
    for (unsigned i = 0; i < 10; i++)
        exchange(&f);
    g_assert_cmpuint(play(&f), ==, 0);
    assert_connections(&f, 0);
    ql_session_finish(f.session);
    assert_findings(&f, "capture.start-missing@1");
    const ql_finding *finding = g_ptr_array_index(ql_session_findings(f.session), 0);
    g_assert_cmpuint(finding->connection, ==, QL_NO_CONNECTION);
    g_assert_nonnull(strstr(finding->text, "30 datagrams"));
    g_assert_nonnull(strstr(finding->text, "3 sessions"));
    tear_down(&f);
}

/* Many strangers, and many sessions that they might be: the search ends, and says so. */
static void test_search_is_bounded(void)
{
    fixture f;
    set_up(&f);
    add_others(&f, 1000, 60);
    for (unsigned i = 0; i < 300; i++) {
        quic_ends_init(&f.ends, 5000 + i);
        begin_in_the_middle(&f, 10);
        exchange(&f);
    }
    play(&f);
    assert_connections(&f, 0);
    g_autofree char *found = session_findings_text(f.session);
    g_assert_true(g_str_has_prefix(found, "limit.reached@"));
    g_assert_null(strchr(found, ' '));
    tear_down(&f);
}

/* The reply is captured ahead of what it replies to, as on a host that captures on several queues.
 */
static void test_reply_first(void)
{
    fixture f;
    set_up_with_secrets(&f);
    GByteArray *hello = quic_client_hello(&f.ends);
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, hello);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    exchange(&f);
    play(&f);
    ql_session_finish(f.session);
    assert_connections(&f, 1);
    assert_findings(&f, "");
    g_assert_false(facts_of(&f, 0)->start_missing);
    g_assert_cmpstr(facts_of(&f, 0)->server_name, ==, "example.org");
    tear_down(&f);
}

static void test_early_data_first(void)
{
    fixture f;
    set_up(&f);
    f.ends.offers_early_data = f.ends.accepts_early_data = true;
    quic_add_secrets(f.session, &f.ends);
    GByteArray *hello = quic_client_hello(&f.ends);
    quic_send(f.tape, &f.ends, QL_CLIENT,
              quic_packet(&f.ends, QL_CLIENT, QL_PACKET_ZERO_RTT,
                          quic_put_stream(quic_bytes(), 0, 0, "early", true)));
    quic_send(f.tape, &f.ends, QL_CLIENT, hello);
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    play(&f);
    ql_session_finish(f.session);
    assert_connections(&f, 1);
    assert_findings(&f, "");
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    g_assert_true(facts_of(&f, 0)->early_data_accepted);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/adoption/a connection is known by a session of the log", test_plain);
    g_test_add_func("/adoption/the server may be heard first", test_server_first);
    g_test_add_func("/adoption/version 2 is known as well", test_version_2);
    g_test_add_func("/adoption/a capture may begin in the handshake", test_in_the_handshake);
    g_test_add_func("/adoption/the fixed bit need not be set", test_without_the_fixed_bit);
    g_test_add_func("/adoption/an acknowledgement tells a number",
                    test_number_from_an_acknowledgement);
    g_test_add_func("/adoption/one side may have empty IDs", test_empty_ids);
    g_test_add_func("/adoption/keys may have been updated before", test_key_updates_before);
    g_test_add_func("/adoption/one of many sessions is found", test_long_log);
    g_test_add_func("/adoption/secrets may come after the first packets", test_secrets_come_later);
    g_test_add_func("/adoption/what follows is followed", test_migration_afterwards);
    g_test_add_func("/adoption/connections of one address pair are told apart",
                    test_two_on_one_pair);
    g_test_add_func("/adoption/a reply ahead of its ClientHello is of one connection",
                    test_reply_first);
    g_test_add_func("/adoption/0-RTT ahead of its ClientHello is of one connection",
                    test_early_data_first);
    g_test_add_func("/adoption/an unknown session is one finding", test_unknown_session);
    g_test_add_func("/adoption/the search is bounded", test_search_is_bounded);
    return g_test_run();
}
