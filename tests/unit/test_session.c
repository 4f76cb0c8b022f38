/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/session.h"

#include "session_fixture.h"

/* A handshake, a request of five bytes and a response of six: 6 frames, 8 packets. */
static void record_plain(fixture *f)
{
    quic_send_handshake(f->tape, &f->ends);
    quic_send_frames(f->tape, &f->ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    quic_send_frames(f->tape, &f->ends, QL_SERVER,
                     quic_put_stream(quic_bytes(), 0, 0, "world!", true));
}

static void test_plain(void)
{
    fixture f;
    set_up_with_secrets(&f);
    record_plain(&f);
    g_assert_cmpuint(play(&f), ==, 6);
    ql_session_finish(f.session);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 8);
    assert_findings(&f, "");
    assert_events(&f, 5, "packet(1-RTT client 0) stream(0 0+5)");

    const ql_connection_facts *facts = facts_of(&f, 0);
    g_assert_cmpint(facts->secrets, ==, QL_SECRETS_AVAILABLE);
    g_assert_cmpuint(facts->version, ==, QL_VERSION_1);
    g_assert_cmpstr(facts->server_name, ==, "example.org");
    g_assert_cmpstr(facts->alpn, ==, "hq-interop");
    g_assert_true(facts->has_client_random);
    g_assert_true(ql_endpoint_equal(&facts->client, &f.ends.at[QL_CLIENT]));
    g_assert_cmpuint(facts->datagrams, ==, 6);
    g_assert_cmpuint(facts->first.frame, ==, 1);
    g_assert_cmpuint(facts->last.frame, ==, 6);
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    g_assert_cmpuint(received(&f, 0, QL_SERVER), ==, 6);
    tear_down(&f);
}

static void test_suites_and_versions(void)
{
    static const uint32_t versions[] = { QL_VERSION_1, QL_VERSION_2, 0xff00001d, 0xff000022 };
    for (unsigned v = 0; v < G_N_ELEMENTS(versions); v++) {
        for (int suite = 0; suite < QL_SUITE_COUNT; suite++) {
            fixture f;
            set_up(&f);
            f.ends.suite = (ql_suite)suite;
            f.ends.version = versions[v];
            quic_add_secrets(f.session, &f.ends);
            record_plain(&f);
            play(&f);
            assert_opened(&f, 0, 8);
            assert_findings(&f, "");
            g_assert_cmpint(facts_of(&f, 0)->suite, ==, suite);
            g_assert_cmphex(facts_of(&f, 0)->version, ==, versions[v]);
            tear_down(&f);
        }
    }
}

/* RFC 9368, 2.3: the server answers a client of version 1 with version 2. */
static void test_compatible_negotiation(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    f.ends.version = QL_VERSION_2;
    uint32_t answer = quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 6);
    assert_findings(&f, "");
    g_assert_cmphex(facts_of(&f, 0)->version, ==, QL_VERSION_2);
    g_assert_true(has_event(&f, answer, "instead of 0x00000001"));
    tear_down(&f);
}

static void test_early_data(void)
{
    fixture f;
    set_up(&f);
    f.ends.offers_early_data = f.ends.accepts_early_data = true;
    quic_add_secrets(f.session, &f.ends);
    GByteArray *first = quic_client_hello(&f.ends);
    quic_send(f.tape, &f.ends, QL_CLIENT, first);
    uint32_t early = quic_send(f.tape, &f.ends, QL_CLIENT,
                               quic_packet(&f.ends, QL_CLIENT, QL_PACKET_ZERO_RTT,
                                           quic_put_stream(quic_bytes(), 0, 0, "early", true)));
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_opened(&f, 0, 7);
    assert_findings(&f, "");
    assert_events(&f, early, "packet(0-RTT client 0) stream(0 0+5)");
    g_assert_true(facts_of(&f, 0)->early_data_accepted);
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    tear_down(&f);
}

/* RFC 9001, 4.6.2: the client sends it again, perhaps as something else. */
static void test_rejected_early_data(void)
{
    fixture f;
    set_up(&f);
    f.ends.offers_early_data = true;
    quic_add_secrets(f.session, &f.ends);
    GByteArray *first = quic_client_hello(&f.ends);
    quic_send(f.tape, &f.ends, QL_CLIENT, first);
    GByteArray *late = quic_packet(&f.ends, QL_CLIENT, QL_PACKET_ZERO_RTT,
                                   quic_put_stream(quic_bytes(), 0, 5, "never read", true));
    quic_send(f.tape, &f.ends, QL_CLIENT,
              quic_packet(&f.ends, QL_CLIENT, QL_PACKET_ZERO_RTT,
                          quic_put_stream(quic_bytes(), 0, 0, "early", false)));
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    quic_send(f.tape, &f.ends, QL_CLIENT, late);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_finished(&f.ends));
    quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 0, 0, "again", true));
    play(&f);
    assert_opened(&f, 0, 8);
    assert_findings(&f, "");
    g_assert_true(facts_of(&f, 0)->early_data_rejected);
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    tear_down(&f);
}

/* Everything that may depend on when secrets come: other IDs, another path, coalesced packets. */
static void record_with_migration(fixture *f)
{
    quic_ends *ends = &f->ends;
    ql_cid next = quic_cid("7172737475767778"), client_next = quic_cid("8182838485868788");
    record_plain(f);
    quic_send_frames(f->tape, ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 1, 0, &next));
    quic_send_frames(f->tape, ends, QL_CLIENT, quic_put_new_cid(quic_bytes(), 1, 0, &client_next));
    ends->destination[QL_CLIENT] = next;
    ends->at[QL_CLIENT].port = 61000;
    quic_send_frames(f->tape, ends, QL_CLIENT,
                     quic_put_ping(quic_put_challenge(quic_bytes(), 0x1111)));
    ends->destination[QL_SERVER] = client_next;
    quic_send_frames(
        f->tape, ends, QL_SERVER,
        quic_put_padding(quic_put_challenge(quic_put_response(quic_bytes(), 0x1111), 0x2222),
                         1200));
    quic_send_frames(f->tape, ends, QL_CLIENT, quic_put_response(quic_bytes(), 0x2222));
    quic_send_frames(f->tape, ends, QL_CLIENT,
                     quic_put_retire_cid(quic_put_stream(quic_bytes(), 4, 0, "more", true), 0));
    ends->updates[QL_CLIENT] = ends->updates[QL_SERVER] = 1;
    quic_send_frames(f->tape, ends, QL_SERVER, quic_put_ack(quic_bytes(), 0, 5));
    quic_send_frames(f->tape, ends, QL_CLIENT, quic_put_ping(quic_bytes()));
}

static void test_late_secrets_tell_the_same(void)
{
    for (uint32_t split = 0;; split++) {
        fixture early, late;
        set_up_with_secrets(&early);
        set_up(&late);
        record_with_migration(&early);
        record_with_migration(&late);
        uint32_t length = quic_tape_length(late.tape);
        if (split > length) {
            tear_down(&early);
            tear_down(&late);
            break;
        }
        play(&early);
        quic_play(late.tape, late.session, 1, split);
        quic_add_secrets(late.session, &late.ends);
        g_assert_false(ql_session_waits_for_secrets(late.session));
        quic_play(late.tape, late.session, split + 1, length);
        g_autofree char *expected = session_facts_text(early.session);
        g_autofree char *found = session_facts_text(late.session);
        g_assert_cmpstr(found, ==, expected);
        assert_findings(&early, "path.probe-mixed@9");
        assert_findings(&late, "path.probe-mixed@9");
        for (uint32_t frame = 1; frame <= length; frame++)
            g_assert_false(has_event(&late, frame, "secrets"));
        tear_down(&early);
        tear_down(&late);
    }
}

static void test_secrets_in_pieces(void)
{
    fixture f, whole;
    set_up(&f);
    set_up_with_secrets(&whole);
    record_plain(&f);
    record_plain(&whole);
    play(&f);
    play(&whole);
    assert_findings(&f, "secrets.missing@2");
    add_secret(&f, QL_SECRET_SERVER_HANDSHAKE);
    add_secret(&f, QL_SECRET_CLIENT_HANDSHAKE);
    g_assert_cmpint(facts_of(&f, 0)->secrets, ==, QL_SECRETS_PARTIAL);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_NO_SECRET], ==, 0);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_NO_LEVEL], ==, 3);
    assert_findings(&f, "secrets.partial@4");
    assert_events(&f, 5, "packet(1-RTT client: the log has no secret for this encryption level)");
    add_secret(&f, QL_SECRET_CLIENT_TRAFFIC);
    assert_findings(&f, "secrets.partial@4");
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    g_assert_true(ql_session_waits_for_secrets(f.session));
    add_secret(&f, QL_SECRET_SERVER_TRAFFIC);
    assert_findings(&f, "");
    g_assert_false(ql_session_waits_for_secrets(f.session));
    g_autofree char *expected = session_facts_text(whole.session);
    g_autofree char *found = session_facts_text(f.session);
    g_assert_cmpstr(found, ==, expected);
    tear_down(&f);
    tear_down(&whole);
}

/* A ClientHello in two Initial packets, of which the second is captured behind the server's flight,
 * the last frame on the tape. */
static void record_split_hello(fixture *f)
{
    quic_ends *ends = &f->ends;
    g_autoptr(GByteArray) id = quic_put_cid_parameter(quic_bytes(), 0x0f, &ends->id[QL_CLIENT]);
    g_autoptr(GByteArray) hello = quic_put_client_hello(
        quic_bytes(), ends->client_random, "example.org", "hq-interop", false, quic_slice(id));
    ql_slice front = { hello->data, 20 }, back = { hello->data + 20, hello->len - 20 };
    quic_send(f->tape, ends, QL_CLIENT,
              quic_packet_of_size(ends, QL_CLIENT, QL_PACKET_INITIAL, 1200,
                                  quic_put_crypto(quic_bytes(), 0, front)));
    GByteArray *second = quic_packet_of_size(ends, QL_CLIENT, QL_PACKET_INITIAL, 1200,
                                             quic_put_crypto(quic_bytes(), 20, back));
    quic_send(f->tape, ends, QL_SERVER, quic_server_flight(ends));
    quic_send(f->tape, ends, QL_CLIENT, second);
}

static void test_split_hello(void)
{
    fixture f;
    set_up(&f);
    record_split_hello(&f);
    quic_play(f.tape, f.session, 1, 2);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_WAITING], ==, 1);
    g_assert_true(ql_session_waits_for_secrets(f.session));
    ql_session_finish(f.session);
    assert_findings(&f, "capture.start-missing@1");
    quic_play(f.tape, f.session, 3, 3);
    assert_findings(&f, "secrets.missing@2");
    quic_add_secrets(f.session, &f.ends);
    assert_findings(&f, "");
    assert_connections(&f, 1);
    assert_opened(&f, 0, 4);
    tear_down(&f);
}

/* What the lost half of a ClientHello does not tell, the log does. */
static void test_half_a_hello(void)
{
    fixture f;
    set_up(&f);
    for (unsigned i = 0; i < 50; i++) {
        quic_ends other;
        quic_ends_init(&other, 1000 + i);
        quic_add_secrets(f.session, &other);
    }
    quic_add_secrets(f.session, &f.ends);
    record_split_hello(&f);
    quic_play(f.tape, f.session, 1, 2);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 3);
    assert_findings(&f, "");
    g_assert_true(facts_of(&f, 0)->has_client_random);
    quic_play(f.tape, f.session, 3, 3);
    assert_opened(&f, 0, 4);
    assert_findings(&f, "");
    g_assert_cmpstr(facts_of(&f, 0)->server_name, ==, "example.org");
    tear_down(&f);
}

/* What came between addresses of its own is not the connection's that waits: it is tried once. */
static void test_strays_of_others(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    ql_endpoint foreign = quic_endpoint(99, 4000);
    for (unsigned i = 0; i < 5; i++) {
        GByteArray *bytes = quic_put_number(quic_bytes(), 0x40 + i, 1);
        quic_tape_add(f.tape, &foreign, &f.ends.at[QL_SERVER], quic_put_padding(bytes, 60));
    }
    g_assert_cmpuint(play(&f), ==, 4);
    quic_add_secrets(f.session, &f.ends);
    g_assert_false(ql_session_waits_for_secrets(f.session));
    assert_connections(&f, 1);
    assert_opened(&f, 0, 6);
    g_assert_cmpuint(path_count(&f), ==, 1);
    tear_down(&f);
}

/* Two megabytes of a connection are kept; what comes behind them is counted. */
static void test_more_than_can_wait(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    for (unsigned i = 0; i < 40; i++)
        quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_padding(quic_bytes(), 60000));
    play(&f);
    quic_add_secrets(f.session, &f.ends);
    assert_findings(&f, "limit.reached@44");
    const ql_connection_facts *facts = facts_of(&f, 0);
    g_assert_cmpuint(facts->packets, ==, 6 + 40);
    g_assert_cmpuint(facts->closed[QL_OPENED], ==, 6 + 34);
    g_assert_cmpuint(facts->closed[QL_CLOSED_NO_SECRET], ==, 6);
    g_assert_cmpint(facts->secrets, ==, QL_SECRETS_PARTIAL);
    quic_send_frames(f.tape, &f.ends, QL_SERVER,
                     quic_put_stream(quic_bytes(), 3, 0, "hello", false));
    play(&f);
    g_assert_cmpuint(received(&f, 3, QL_SERVER), ==, 5);
    tear_down(&f);
}

static void test_no_secrets(void)
{
    fixture f;
    quic_ends other;
    set_up(&f);
    quic_ends_init(&other, 2);
    quic_add_secrets(f.session, &other);
    record_with_migration(&f);
    play(&f);
    ql_session_finish(f.session);
    assert_findings(&f, "secrets.missing@2");
    const ql_finding *finding = g_ptr_array_index(ql_session_findings(f.session), 0);
    g_assert_nonnull(strstr(finding->text, "the log has 1 other session"));
    g_assert_nonnull(strstr(finding->text, "client random 01001b"));
    const ql_connection_facts *facts = facts_of(&f, 0);
    g_assert_cmpint(facts->secrets, ==, QL_SECRETS_MISSING);
    g_assert_cmpuint(facts->closed[QL_OPENED], ==, 3); /* the Initial packets */
    g_assert_cmpuint(facts->closed[QL_CLOSED_NO_SECRET], ==, facts->packets - 3);
    g_assert_true(ql_session_waits_for_secrets(f.session));
    g_assert_cmpuint(path_count(&f), ==, 1); /* the new ID was issued in secret */
    tear_down(&f);
}

/* What has no secrets costs no more for a log that is full of others. */
static void test_no_secrets_and_a_long_log(void)
{
    fixture f;
    set_up(&f);
    for (unsigned i = 0; i < 200; i++) {
        quic_ends other;
        quic_ends_init(&other, 1000 + i);
        quic_add_secrets(f.session, &other);
    }
    record_plain(&f);
    for (unsigned i = 0; i < 300; i++)
        quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_padding(quic_bytes(), 1000));
    gint64 start = g_get_monotonic_time();
    play(&f);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
    ql_session_finish(f.session);
    assert_findings(&f, "secrets.missing@2");
    tear_down(&f);
}

static void test_partial_secrets(void)
{
    fixture f;
    set_up(&f);
    add_secret(&f, QL_SECRET_SERVER_HANDSHAKE);
    add_secret(&f, QL_SECRET_CLIENT_HANDSHAKE);
    add_secret(&f, QL_SECRET_CLIENT_TRAFFIC);
    record_plain(&f);
    play(&f);
    ql_session_finish(f.session);
    assert_findings(&f, "secrets.partial@4");
    g_assert_cmpint(facts_of(&f, 0)->secrets, ==, QL_SECRETS_PARTIAL);
    g_assert_cmpuint(facts_of(&f, 0)->closed[QL_CLOSED_NO_LEVEL], ==, 2);
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    g_assert_cmpuint(received(&f, 0, QL_SERVER), ==, 0);
    tear_down(&f);
}

/* The random is right, the secrets are another session's. */
static void test_wrong_secrets(void)
{
    fixture f;
    set_up(&f);
    quic_ends liar = f.ends;
    liar.suite = QL_SUITE_AES_256_GCM; /* another length: other bytes */
    quic_add_secrets(f.session, &liar);
    record_plain(&f);
    for (unsigned i = 0; i < 20; i++)
        quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    ql_session_finish(f.session);
    g_autofree char *found = session_findings_text(f.session);
    g_assert_true(g_str_has_prefix(found, "secrets.wrong@"));
    g_assert_null(strchr(found, ' '));
    g_assert_cmpint(facts_of(&f, 0)->secrets, ==, QL_SECRETS_MISSING);
    tear_down(&f);
}

static void test_only_initials(void)
{
    fixture f;
    set_up(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_initial(&f.ends));
    play(&f);
    ql_session_finish(f.session);
    assert_findings(&f, "");
    g_assert_cmpint(facts_of(&f, 0)->secrets, ==, QL_SECRETS_NOT_NEEDED);
    g_assert_false(ql_session_waits_for_secrets(f.session));
    tear_down(&f);
}

static void test_finish_twice(void)
{
    fixture f;
    set_up(&f);
    record_plain(&f);
    play(&f);
    ql_session_finish(f.session);
    ql_session_finish(f.session);
    assert_findings(&f, "secrets.missing@2");
    tear_down(&f);
}

static void test_empty_and_large(void)
{
    fixture f;
    set_up(&f);
    g_autofree uint8_t *bytes = g_malloc0(65537);
    ql_datagram datagram = { .where = { 1, 1 }, .payload = { bytes, 0 } };
    g_assert_false(ql_session_add_datagram(f.session, &datagram));
    datagram.payload.length = datagram.wire_length = 65537;
    g_assert_false(ql_session_add_datagram(f.session, &datagram));
    g_assert_null(ql_session_events(f.session, 1));
    assert_connections(&f, 0);
    tear_down(&f);
}

static void test_several_connections(void)
{
    fixture f;
    quic_ends ends[5];
    set_up(&f);
    for (unsigned i = 0; i < 5; i++) {
        quic_ends_init(&ends[i], 10 + i);
        if (i != 3)
            quic_add_secrets(f.session, &ends[i]);
    }
    for (unsigned i = 0; i < 5; i++)
        quic_send_handshake(f.tape, &ends[i]);
    for (unsigned i = 0; i < 50; i++)
        quic_send_frames(f.tape, &ends[i % 5], (ql_side)(i % 2), quic_put_ping(quic_bytes()));
    play(&f);
    assert_connections(&f, 5);
    for (unsigned i = 0; i < 5; i++) {
        if (i != 3)
            assert_opened(&f, i, 16);
        g_assert_cmpuint(facts_of(&f, i)->number, ==, i);
        g_assert_cmpuint(facts_of(&f, i)->packets, ==, 16);
        g_assert_true(memcmp(facts_of(&f, i)->client_random, ends[i].client_random, 32) == 0);
    }
    assert_findings(&f, "secrets.missing@14");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/a handshake and a request are opened", test_plain);
    g_test_add_func("/session/all suites and versions are opened", test_suites_and_versions);
    g_test_add_func("/session/a server may go on with version 2", test_compatible_negotiation);
    g_test_add_func("/session/early data is read", test_early_data);
    g_test_add_func("/session/rejected early data does not count", test_rejected_early_data);
    g_test_add_func("/session/late secrets tell the same as early ones",
                    test_late_secrets_tell_the_same);
    g_test_add_func("/session/secrets may come in pieces", test_secrets_in_pieces);
    g_test_add_func("/session/a ClientHello may come in two datagrams", test_split_hello);
    g_test_add_func("/session/half a ClientHello is enough", test_half_a_hello);
    g_test_add_func("/session/strays of others are given up", test_strays_of_others);
    g_test_add_func("/session/more than can wait is told", test_more_than_can_wait);
    g_test_add_func("/session/without secrets there is one finding", test_no_secrets);
    g_test_add_func("/session/a log of other sessions changes nothing",
                    test_no_secrets_and_a_long_log);
    g_test_add_func("/session/a level without a secret is told", test_partial_secrets);
    g_test_add_func("/session/secrets of another session are told", test_wrong_secrets);
    g_test_add_func("/session/Initial packets need no secrets", test_only_initials);
    g_test_add_func("/session/finishing twice says nothing twice", test_finish_twice);
    g_test_add_func("/session/no bytes and too many are passed over", test_empty_and_large);
    g_test_add_func("/session/connections do not mix", test_several_connections);
    return g_test_run();
}
