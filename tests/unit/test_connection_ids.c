/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lives of connection IDs, as the packets of a session tell them. */
#include "session_fixture.h"

#define FIRST  "7172737475767778"
#define SECOND "8182838485868788"

static void set_up_connected(fixture *f)
{
    set_up_with_secrets(f);
    quic_send_handshake(f->tape, &f->ends);
}

static uint32_t issue(fixture *f, ql_side issuer, uint64_t sequence, uint64_t retire_prior_to,
                      const char *hex)
{
    ql_cid cid = quic_cid(hex);
    return quic_send_frames(f->tape, &f->ends, issuer,
                            quic_put_new_cid(quic_bytes(), sequence, retire_prior_to, &cid));
}

static uint32_t ping_to(fixture *f, ql_side sender, const char *hex)
{
    f->ends.destination[sender] = quic_cid(hex);
    return quic_send_frames(f->tape, &f->ends, sender, quic_put_ping(quic_bytes()));
}

static uint32_t retire(fixture *f, ql_side sender, uint64_t sequence)
{
    return quic_send_frames(f->tape, &f->ends, sender, quic_put_retire_cid(quic_bytes(), sequence));
}

static const ql_cid_entry *entry_of(const fixture *f, ql_side issuer, const char *hex)
{
    ql_cid cid = quic_cid(hex);
    const ql_cid_entry *entry = cid_of(f, issuer, &cid);
    g_assert_nonnull(entry);
    return entry;
}

static void test_handshake(void)
{
    fixture f;
    set_up_connected(&f);
    play(&f);
    const ql_cid_entry *random = cid_of(&f, QL_SERVER, &f.ends.original_dcid);
    const ql_cid_entry *server = cid_of(&f, QL_SERVER, &f.ends.id[QL_SERVER]);
    const ql_cid_entry *client = cid_of(&f, QL_CLIENT, &f.ends.id[QL_CLIENT]);
    g_assert_cmpint(random->origin, ==, QL_ORIGIN_CLIENT_RANDOM);
    g_assert_false(random->has_sequence);
    g_assert_cmpint(server->origin, ==, QL_ORIGIN_HANDSHAKE);
    g_assert_cmpint(client->origin, ==, QL_ORIGIN_INITIAL);
    g_assert_true(server->has_sequence && server->sequence == 0);
    g_assert_true(client->has_sequence && client->sequence == 0);
    g_assert_cmpuint(server->issued_frame, ==, 2);
    g_assert_cmpuint(server->first_used_frame, ==, 3);
    g_assert_cmpuint(random->packets, ==, 1);
    g_assert_true(has_event(&f, 1, "cid(initial)"));
    g_assert_true(has_event(&f, 3, "cid(switched: handshake)"));
    tear_down(&f);
}

static void test_life(void)
{
    fixture f;
    set_up_connected(&f);
    uint32_t issued = issue(&f, QL_SERVER, 1, 0, FIRST);
    uint32_t used = ping_to(&f, QL_CLIENT, FIRST);
    uint32_t retired = retire(&f, QL_CLIENT, 0);
    uint32_t acked = quic_send_frames(f.tape, &f.ends, QL_SERVER, quic_put_ack(quic_bytes(), 0, 1));
    play(&f);
    const ql_cid_entry *next = entry_of(&f, QL_SERVER, FIRST);
    const ql_cid_entry *before = cid_of(&f, QL_SERVER, &f.ends.id[QL_SERVER]);
    g_assert_cmpint(next->origin, ==, QL_ORIGIN_NEW_CONNECTION_ID);
    g_assert_cmpuint(next->issued_frame, ==, issued);
    g_assert_cmpuint(next->first_used_frame, ==, used);
    g_assert_cmpuint(next->last_used_frame, ==, retired);
    g_assert_cmpuint(next->packets, ==, 2);
    g_assert_true(next->has_reset_token);
    g_assert_cmpuint(before->retired_frame, ==, retired);
    g_assert_cmpuint(before->retirement_acked_frame, ==, acked);
    g_assert_true(has_event(&f, issued, "cid(issued)"));
    g_assert_true(has_event(&f, used, "cid(first-used) cid(switched: voluntary rotation)"));
    g_assert_true(has_event(&f, retired, "cid(retired)"));
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_retire_prior_to(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 1, FIRST);
    uint32_t used = ping_to(&f, QL_CLIENT, FIRST);
    play(&f);
    g_assert_true(has_event(&f, used, "cid(switched: Retire Prior To)"));
    tear_down(&f);
}

static void test_used_before_it_is_seen_issued(void)
{
    fixture f;
    set_up_connected(&f);
    ql_cid cid = quic_cid(FIRST);
    GByteArray *late = quic_one_rtt(&f.ends, QL_SERVER, quic_put_new_cid(quic_bytes(), 1, 0, &cid));
    uint32_t used = ping_to(&f, QL_CLIENT, FIRST);
    uint32_t issued = quic_send(f.tape, &f.ends, QL_SERVER, late);
    play(&f);
    const ql_cid_entry *entry = entry_of(&f, QL_SERVER, FIRST);
    g_assert_cmpuint(entry->first_used_frame, ==, used);
    g_assert_cmpuint(entry->issued_frame, ==, issued);
    g_assert_true(entry->has_sequence);
    assert_findings(&f, "cid.not-issued@6");
    tear_down(&f);
}

static void test_conflicts(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 0, FIRST);
    issue(&f, QL_SERVER, 1, 0, FIRST); /* a retransmission */
    issue(&f, QL_SERVER, 1, 0, SECOND);
    issue(&f, QL_SERVER, 2, 0, FIRST);
    ql_cid first = quic_cid(FIRST);
    GByteArray *frames = quic_put_new_cid(quic_bytes(), 1, 0, &first);
    frames->data[frames->len - 1] ^= 1; /* of the reset token */
    quic_send_frames(f.tape, &f.ends, QL_SERVER, frames);
    play(&f);
    assert_findings(&f, "cid.conflict@7 cid.conflict@8 cid.conflict@9");
    g_assert_cmpuint(entry_of(&f, QL_SERVER, FIRST)->issues, ==, 2);
    const ql_finding *finding = g_ptr_array_index(ql_session_findings(f.session), 0);
    g_assert_cmpstr(finding->text, ==, "server's connection ID 1: " SECOND ", was " FIRST);
    tear_down(&f);
}

static void test_limit(void)
{
    fixture f;
    set_up_connected(&f); /* the limit is 2 where nothing else is said (RFC 9000, 18.2) */
    issue(&f, QL_SERVER, 1, 0, FIRST);
    issue(&f, QL_SERVER, 2, 1, SECOND); /* replaces number 0 */
    issue(&f, QL_SERVER, 3, 1, "9192939495969798");
    play(&f);
    assert_findings(&f, "cid.limit@7");
    tear_down(&f);
}

/* The frames of the tape, of which the last one has this time. */
static void play_last_at(fixture *f, uint64_t time_ns)
{
    uint32_t last = quic_tape_length(f->tape);
    quic_play(f->tape, f->session, 1, last - 1);
    ql_datagram datagram = *quic_tape_frame(f->tape, last);
    datagram.where.time_ns = time_ns;
    ql_session_add_datagram(f->session, &datagram);
}

static void test_limit_beside_a_late_reader(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 0, FIRST);
    issue(&f, QL_SERVER, 2, 0, SECOND);
    uint32_t ping = ping_to(&f, QL_CLIENT, FIRST);
    /* Written behind what the server sent afterwards, as by a server that captures itself. */
    play_last_at(&f, quic_tape_frame(f.tape, ping - 1)->where.time_ns - 1);
    assert_findings(&f, "cid.limit@6");
    tear_down(&f);
}

static void test_limit_out_of_order(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 0, FIRST);
    issue(&f, QL_SERVER, 2, 0, SECOND);
    uint32_t other = issue(&f, QL_SERVER, 3, 1, "9192939495969798");
    play_last_at(&f, quic_tape_frame(f.tape, other - 1)->where.time_ns - 1);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_limit_where_a_packet_is_missing(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 0, FIRST);
    GByteArray *missing = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_retire_cid(quic_bytes(), 0));
    ping_to(&f, QL_CLIENT, FIRST);
    issue(&f, QL_SERVER, 2, 0, SECOND);
    play(&f);
    assert_findings(&f, "");
    g_byte_array_free(missing, TRUE);
    tear_down(&f);
}

static void test_retire_unknown(void)
{
    fixture f;
    set_up_connected(&f);
    retire(&f, QL_CLIENT, 9);
    play(&f);
    assert_findings(&f, "cid.retired-unknown@5");
    tear_down(&f);
}

static void test_retire_in_use(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 0, FIRST);
    retire(&f, QL_CLIENT, 0);
    play(&f);
    assert_findings(&f, "cid.retired-in-use@6");
    tear_down(&f);
}

static void test_use_after_retirement(void)
{
    fixture f;
    set_up_connected(&f);
    issue(&f, QL_SERVER, 1, 0, FIRST);
    GByteArray *older = quic_one_rtt(&f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    ping_to(&f, QL_CLIENT, FIRST);
    retire(&f, QL_CLIENT, 0);
    quic_send(f.tape, &f.ends, QL_CLIENT, older); /* was sent before */
    play(&f);
    assert_findings(&f, "");
    f.ends.destination[QL_CLIENT] = f.ends.id[QL_SERVER];
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    assert_findings(&f, "cid.used-after-retirement@9");
    tear_down(&f);
}

static void test_client_issues(void)
{
    fixture f;
    set_up_connected(&f);
    uint32_t issued = issue(&f, QL_CLIENT, 1, 0, FIRST);
    uint32_t used = ping_to(&f, QL_SERVER, FIRST);
    uint32_t retired = retire(&f, QL_SERVER, 0);
    play(&f);
    const ql_cid_entry *entry = entry_of(&f, QL_CLIENT, FIRST);
    g_assert_cmpuint(entry->issued_frame, ==, issued);
    g_assert_cmpuint(entry->first_used_frame, ==, used);
    g_assert_cmpuint(cid_of(&f, QL_CLIENT, &f.ends.id[QL_CLIENT])->retired_frame, ==, retired);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_parameters_that_lie(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send(f.tape, &f.ends, QL_CLIENT, quic_client_hello(&f.ends));
    f.ends.original_dcid = quic_cid("0000000000000001");
    quic_send(f.tape, &f.ends, QL_SERVER, quic_server_flight(&f.ends));
    play(&f);
    assert_findings(&f, "transport-parameter.invalid@2");
    const ql_finding *finding = g_ptr_array_index(ql_session_findings(f.session), 0);
    g_assert_cmpstr(finding->text, ==,
                    "original_destination_connection_id is 0000000000000001, but d0510000019d0ed0 "
                    "was used on the wire");
    tear_down(&f);
}

/* Without secrets IDs can be seen in long headers, and be followed where they are known. */
static void test_without_secrets(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    f.ends.at[QL_CLIENT].port = 61000;
    quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    play(&f);
    const ql_cid_entry *entry = cid_of(&f, QL_SERVER, &f.ends.id[QL_SERVER]);
    g_assert_cmpuint(entry->packets, ==, 3);
    g_assert_cmpuint(path_count(&f), ==, 2);
    tear_down(&f);
}

/* What an unknown ID is, and how long, only the frame that issues it tells. */
static void test_unknown_id_without_secrets(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    ping_to(&f, QL_CLIENT, FIRST);
    g_assert_cmpuint(play(&f), ==, 5);
    const ql_connection *connection = ql_session_connection(f.session, 0);
    g_assert_cmpuint(ql_connection_cids(connection, QL_SERVER)->len, ==, 2);
    g_assert_cmpuint(facts_of(&f, 0)->packets, ==, 7);
    tear_down(&f);
}

static void test_many_ids(void)
{
    fixture f;
    set_up_connected(&f);
    GByteArray *frames = quic_bytes();
    for (unsigned i = 1; i <= QL_CIDS_MAX + 10; i++) {
        uint8_t bytes[8] = { 0x77, 0x66, 0x55, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
        ql_cid cid = ql_cid_of((ql_slice){ bytes, sizeof bytes });
        quic_put_new_cid(frames, i, i, &cid);
        if (i % 30 == 0 || i == QL_CIDS_MAX + 10) {
            quic_send_frames(f.tape, &f.ends, QL_SERVER, frames);
            frames = quic_bytes();
        }
    }
    g_byte_array_free(frames, TRUE);
    quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                     quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    play(&f);
    const ql_connection *connection = ql_session_connection(f.session, 0);
    g_assert_cmpuint(ql_connection_cids(connection, QL_SERVER)->len, ==, QL_CIDS_MAX);
    g_assert_cmpuint(received(&f, 0, QL_CLIENT), ==, 5);
    g_autofree char *found = session_findings_text(f.session);
    g_assert_true(g_str_has_prefix(found, "limit.reached@"));
    g_assert_null(strchr(found, ' '));
    tear_down(&f);
}

/* The capture has the frame that issues an ID behind the one that retires it. */
static void test_retired_ahead_of_its_issue(void)
{
    fixture f;
    set_up_connected(&f);
    uint32_t first = issue(&f, QL_SERVER, 1, 0, FIRST);
    uint32_t retired = retire(&f, QL_CLIENT, 1);
    quic_play(f.tape, f.session, 1, first - 1);
    quic_play(f.tape, f.session, retired, retired);
    assert_findings(&f, "cid.retired-unknown@6");
    quic_play(f.tape, f.session, first, first);
    assert_findings(&f, "");
    ql_cid cid = quic_cid(FIRST);
    g_assert_cmpuint(cid_of(&f, QL_SERVER, &cid)->retired_frame, ==, retired);
    g_assert_true(has_event(&f, retired, "cid(retired)"));
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection_ids/the handshake brings three IDs", test_handshake);
    g_test_add_func("/connection_ids/an ID is issued, used and retired", test_life);
    g_test_add_func("/connection_ids/Retire Prior To is a reason to switch", test_retire_prior_to);
    g_test_add_func("/connection_ids/an ID may be seen in use first",
                    test_used_before_it_is_seen_issued);
    g_test_add_func("/connection_ids/conflicts are told", test_conflicts);
    g_test_add_func("/connection_ids/more IDs than the peer accepts are told", test_limit);
    g_test_add_func("/connection_ids/the limit counts though one side is read late",
                    test_limit_beside_a_late_reader);
    g_test_add_func("/connection_ids/the limit is not held against what is missing",
                    test_limit_where_a_packet_is_missing);
    g_test_add_func("/connection_ids/the limit is not held against what is out of order",
                    test_limit_out_of_order);
    g_test_add_func("/connection_ids/retiring an unknown ID is told", test_retire_unknown);
    g_test_add_func("/connection_ids/retiring the ID in use is told", test_retire_in_use);
    g_test_add_func("/connection_ids/using a retired ID is told", test_use_after_retirement);
    g_test_add_func("/connection_ids/a client issues IDs as well", test_client_issues);
    g_test_add_func("/connection_ids/parameters are held against the wire",
                    test_parameters_that_lie);
    g_test_add_func("/connection_ids/without secrets known IDs are followed", test_without_secrets);
    g_test_add_func("/connection_ids/without secrets an unknown ID is none",
                    test_unknown_id_without_secrets);
    g_test_add_func("/connection_ids/too many IDs lose nothing else", test_many_ids);
    g_test_add_func("/connection_ids/a retirement may be captured ahead of the issue",
                    test_retired_ahead_of_its_issue);
    return g_test_run();
}
