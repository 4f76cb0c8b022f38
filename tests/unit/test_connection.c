/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/connection.h"

#include "connection_fixture.h"

static void test_begin(void)
{
    fixture f;
    set_up(&f);
    const ql_connection_facts *facts = facts_of(&f);
    g_assert_cmphex(facts->version, ==, QL_VERSION_1);
    g_assert_cmpuint(facts->packets, ==, 0);
    g_assert_cmpint(facts->secrets, ==, QL_SECRETS_NOT_NEEDED);
    g_assert_true(ql_endpoint_equal(&facts->client, &f.at[QL_CLIENT]));
    g_assert_true(ql_endpoint_equal(&facts->server, &f.at[QL_SERVER]));
    g_assert_cmpuint(ql_connection_paths(f.connection)->len, ==, 1);
    g_assert_cmpuint(ql_connection_cids(f.connection, QL_SERVER)->len, ==, 1);
    g_assert_true(
        ql_keyring_has(ql_connection_keyring(f.connection), QL_CLIENT, QL_PACKET_INITIAL));
    ql_candidate out[QL_CANDIDATES_MAX];
    g_assert_cmpuint(ql_router_propose_by_cid(f.router, &f.destination[QL_CLIENT], out), ==, 1);
    tear_down(&f);
}

static void test_spaces(void)
{
    fixture f;
    set_up(&f);
    static const ql_packet_type types[] = { QL_PACKET_INITIAL, QL_PACKET_HANDSHAKE,
                                            QL_PACKET_ONE_RTT };
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
        for (int side = 0; side < 2; side++)
            deliver(&f, (ql_side)side, types[i], quic_put_ping(quic_bytes()));
    g_assert_cmpuint(facts_of(&f)->closed[QL_OPENED], ==, 6);
    for (uint32_t frame = 1; frame <= 6; frame++) {
        const ql_event *event = ql_journal_first(f.journal, frame);
        while (event->kind != QL_EVENT_PACKET)
            event = event->next;
        g_assert_cmpuint(event->packet.packet_number, ==, 0);
        g_assert_false(event->packet.duplicate);
    }
    /* 0-RTT and 1-RTT share one (RFC 9000, 12.3). */
    g_assert_true(ql_connection_numbers(f.connection, QL_CLIENT, QL_PACKET_ZERO_RTT) ==
                  ql_connection_numbers(f.connection, QL_CLIENT, QL_PACKET_ONE_RTT));
    tear_down(&f);
}

static void test_duplicate(void)
{
    fixture f;
    set_up(&f);
    g_autoptr(GByteArray) frames = quic_put_hex(quic_bytes(), "0200000000ff");
    deliver_as(&f, QL_CLIENT, QL_PACKET_ONE_RTT, 3, quic_slice(frames));
    deliver_as(&f, QL_CLIENT, QL_PACKET_ONE_RTT, 3, quic_slice(frames));
    g_assert_true(ql_journal_first(f.journal, 2)->packet.duplicate);
    g_assert_cmpuint(facts_of(&f)->packets, ==, 2);
    assert_findings(&f, "frame.malformed@1");
    tear_down(&f);
}

static void test_reserved_bits(void)
{
    fixture f;
    set_up(&f);
    f.first = 0x0c;
    deliver(&f, QL_CLIENT, QL_PACKET_HANDSHAKE, quic_put_ping(quic_bytes()));
    f.first = 0x04; /* which is the key phase in a short header */
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_ping(quic_bytes()));
    f.first = 0x18;
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_ping(quic_bytes()));
    assert_findings(&f, "packet.reserved-bits@1 packet.reserved-bits@3");
    tear_down(&f);
}

static void test_no_frames(void)
{
    fixture f;
    set_up(&f);
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_bytes());
    assert_findings(&f, "packet.malformed@1");
    tear_down(&f);
}

static void test_spin(void)
{
    fixture f;
    set_up(&f);
    for (unsigned i = 0; i < 40; i++) {
        f.first = i / 10 % 2 == 1 ? 0x20 : 0;
        deliver(&f, QL_SERVER, QL_PACKET_ONE_RTT, quic_put_ping(quic_bytes()));
    }
    const ql_path *path = g_ptr_array_index(ql_connection_paths(f.connection), 0);
    g_assert_cmpuint(path->spin_rtt_ns, ==, 10 * UINT64_C(1000000));
    g_assert_cmpuint(ql_journal_first(f.journal, 11)->packet.spin_rtt_us, ==,
                     0); /* the first turn */
    g_assert_cmpuint(ql_journal_first(f.journal, 21)->packet.spin_rtt_us, ==, 10000);
    g_assert_cmpuint(ql_journal_first(f.journal, 22)->packet.spin_rtt_us, ==, 0);
    tear_down(&f);
}

static void close_packet(fixture *f, ql_packet_event *event, ql_closed_cause cause)
{
    ql_datagram datagram = datagram_of(f, QL_SERVER, 100);
    ql_packet_header header = header_of(f, QL_SERVER, QL_PACKET_ONE_RTT, 100);
    *event = (ql_packet_event){ .connection = f->connection,
                                .type = QL_PACKET_ONE_RTT,
                                .sender = QL_SERVER,
                                .closed = (uint8_t)cause };
    ql_packet_input in = {
        .datagram = &datagram, .header = &header, .sender = QL_SERVER, .event = event
    };
    ql_connection_on_closed(f->connection, &in);
}

static void test_closed(void)
{
    fixture f;
    ql_packet_event event;
    set_up(&f);
    close_packet(&f, &event, QL_CLOSED_WAITING);
    g_assert_null(event.dcid); /* nobody knows yet that it is an ID */
    ql_connection_uncount(f.connection, QL_CLOSED_WAITING);
    deliver(&f, QL_CLIENT, QL_PACKET_INITIAL, quic_put_ping(quic_bytes()));
    f.frame = 7;
    close_packet(&f, &event, QL_CLOSED_NO_SECRET);
    close_packet(&f, &event, QL_CLOSED_NO_SECRET);
    close_packet(&f, &event, QL_CLOSED_NO_LEVEL);
    assert_findings(&f, "secrets.missing@7 secrets.partial@7");
    g_assert_cmpuint(facts_of(&f)->packets, ==, 4);
    g_assert_cmpint(facts_of(&f)->secrets, ==, QL_SECRETS_MISSING);
    g_assert_nonnull(event.dcid);
    g_assert_cmpuint(event.dcid->packets, ==, 3);

    ql_connection_retell_causes(f.connection);
    assert_findings(&f, "");
    ql_connection_uncount(f.connection, QL_CLOSED_NO_SECRET);
    ql_connection_uncount(f.connection, QL_CLOSED_NO_SECRET);
    ql_connection_uncount(f.connection, QL_CLOSED_NO_LEVEL);
    g_assert_cmpuint(facts_of(&f)->packets, ==, 1);
    deliver(&f, QL_SERVER, QL_PACKET_ONE_RTT, quic_put_ping(quic_bytes()));
    g_assert_cmpint(facts_of(&f)->secrets, ==, QL_SECRETS_AVAILABLE);
    close_packet(&f, &event, QL_CLOSED_NO_LEVEL);
    g_assert_cmpint(facts_of(&f)->secrets, ==, QL_SECRETS_PARTIAL);
    tear_down(&f);
}

static void test_damage(void)
{
    fixture f;
    ql_packet_event event;
    set_up(&f);
    for (unsigned i = 0; i < 7; i++)
        close_packet(&f, &event, QL_CLOSED_NOT_AUTHENTIC);
    assert_findings(&f, "");
    g_assert_null(event.dcid);
    g_assert_cmpint(facts_of(&f)->secrets, ==, QL_SECRETS_MISSING);
    close_packet(&f, &event, QL_CLOSED_NOT_AUTHENTIC);
    close_packet(&f, &event, QL_CLOSED_NOT_AUTHENTIC);
    assert_findings(&f, "secrets.wrong@0");
    tear_down(&f);
}

static void give_hello(fixture *f, const uint8_t random[32])
{
    g_autoptr(GByteArray) id = quic_put_cid_parameter(quic_bytes(), 0x0f, &f->id[QL_CLIENT]);
    g_autoptr(GByteArray) hello = quic_put_client_hello(quic_bytes(), random, "example.org",
                                                        "hq-interop", false, quic_slice(id));
    deliver(f, QL_CLIENT, QL_PACKET_INITIAL, quic_put_crypto(quic_bytes(), 0, quic_slice(hello)));
}

static void test_learn_secrets(void)
{
    fixture f;
    uint8_t random[32] = { 0x42 };
    static const char line[] = "CLIENT_TRAFFIC_SECRET_0 "
                               "42000000000000000000000000000000"
                               "00000000000000000000000000000000 "
                               "000102030405060708090a0b0c0d0e0f"
                               "101112131415161718191a1b1c1d1e1f\n";
    set_up(&f);
    g_assert_false(ql_connection_learn_secrets(f.connection));
    give_hello(&f, random);
    g_assert_false(ql_connection_learn_secrets(f.connection));
    g_assert_true(ql_connection_take_news(f.connection));
    g_assert_false(ql_connection_take_news(f.connection));
    ql_secrets_log_add(f.log, (ql_slice){ (const uint8_t *)line, strlen(line) });
    g_assert_true(ql_connection_learn_secrets(f.connection));
    g_assert_true(ql_connection_take_news(f.connection));
    g_assert_false(ql_connection_learn_secrets(f.connection));
    g_assert_true(
        ql_keyring_has(ql_connection_keyring(f.connection), QL_CLIENT, QL_PACKET_ONE_RTT));
    g_assert_false(
        ql_keyring_has(ql_connection_keyring(f.connection), QL_SERVER, QL_PACKET_ONE_RTT));
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_may_begin_again(void)
{
    fixture f;
    set_up(&f);
    ql_packet_header same = { .version = QL_VERSION_1, .scid = f.id[QL_CLIENT] };
    ql_packet_header other = { .version = QL_VERSION_1, .scid = quic_cid("0909") };
    g_assert_false(ql_connection_may_begin_again(f.connection, &same, NULL));
    deliver(&f, QL_CLIENT, QL_PACKET_INITIAL, quic_put_ping(quic_bytes()));
    g_assert_true(ql_connection_may_begin_again(f.connection, &same, NULL));
    g_assert_false(ql_connection_may_begin_again(f.connection, &other, NULL));
    deliver(&f, QL_SERVER, QL_PACKET_INITIAL, quic_put_ping(quic_bytes()));
    g_assert_false(ql_connection_may_begin_again(f.connection, &same, NULL));
    tear_down(&f);
}

static void test_names(void)
{
    g_assert_cmpstr(ql_secrets_state_name(QL_SECRETS_NOT_NEEDED), ==, "not-needed");
    g_assert_cmpstr(ql_secrets_state_name(QL_SECRETS_AVAILABLE), ==, "available");
    g_assert_cmpstr(ql_secrets_state_name(QL_SECRETS_PARTIAL), ==, "partial");
    g_assert_cmpstr(ql_secrets_state_name(QL_SECRETS_MISSING), ==, "missing");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection/it begins with the client's first ID", test_begin);
    g_test_add_func("/connection/each space has numbers of its own", test_spaces);
    g_test_add_func("/connection/frames of a copy do not count again", test_duplicate);
    g_test_add_func("/connection/reserved bits are told", test_reserved_bits);
    g_test_add_func("/connection/a packet without frames is told", test_no_frames);
    g_test_add_func("/connection/the spin bit gives a round trip", test_spin);
    g_test_add_func("/connection/closed packets are counted, told and taken back", test_closed);
    g_test_add_func("/connection/much damage is another session's secret", test_damage);
    g_test_add_func("/connection/secrets are news once", test_learn_secrets);
    g_test_add_func("/connection/it may begin again until the server answers",
                    test_may_begin_again);
    g_test_add_func("/connection/states have names", test_names);
    return g_test_run();
}
