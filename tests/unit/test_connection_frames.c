/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What frames do, and in which packets they may stand. */
#include "connection_fixture.h"

/* One frame of each kind, whole. */
static const struct {
    const char *hex;
    const char *where; /* of RFC 9000, table 3: I, H, 0, 1 */
} kinds[] = {
    { "00", "IH01" },        /* PADDING */
    { "01", "IH01" },        /* PING */
    { "0200000000", "IH1" }, /* ACK */
    { "04000000", "01" },    /* RESET_STREAM */
    { "050000", "01" },      /* STOP_SENDING */
    { "060000", "IH1" },     /* CRYPTO */
    { "070174", "1" },       /* NEW_TOKEN */
    { "080061", "01" },      /* STREAM */
    { "1044", "01" },        /* MAX_DATA, which the next byte completes */
    { "110005", "01" },      /* MAX_STREAM_DATA */
    { "1205", "01" },        /* MAX_STREAMS */
    { "1405", "01" },        /* DATA_BLOCKED */
    { "150005", "01" },      /* STREAM_DATA_BLOCKED */
    { "1605", "01" },        /* STREAMS_BLOCKED */
    { "18010004aabbccdd"
      "000102030405060708090a0b0c0d0e0f",
      "01" },                          /* NEW_CONNECTION_ID */
    { "1900", "1" },                   /* RETIRE_CONNECTION_ID */
    { "1a0001020304050607", "01" },    /* PATH_CHALLENGE */
    { "1b0001020304050607", "1" },     /* PATH_RESPONSE */
    { "1c00000000", "IH01" },          /* CONNECTION_CLOSE */
    { "1d0000", "01" },                /* of the application */
    { "1e", "1" },                     /* HANDSHAKE_DONE */
    { "3061", "01" },                  /* DATAGRAM */
    { "2400000500", "01" },            /* RESET_STREAM_AT */
    { "40af01020304", "1" },           /* ACK_FREQUENCY */
    { "1f", "1" },                     /* IMMEDIATE_ACK */
    { "42f505", "IH01" },              /* TIMESTAMP */
    { "809f81a601c00002011151", "1" }, /* OBSERVED_ADDRESS */
};

static bool has_finding(const fixture *f, ql_finding_code code)
{
    const GPtrArray *findings = ql_journal_findings(f->journal);
    for (guint i = 0; i < findings->len; i++)
        if (((const ql_finding *)g_ptr_array_index(findings, i))->code == code)
            return true;
    return false;
}

static void test_places(void)
{
    static const struct {
        ql_packet_type type;
        char letter;
    } places[] = { { QL_PACKET_INITIAL, 'I' },
                   { QL_PACKET_HANDSHAKE, 'H' },
                   { QL_PACKET_ZERO_RTT, '0' },
                   { QL_PACKET_ONE_RTT, '1' } };
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (unsigned p = 0; p < G_N_ELEMENTS(places); p++) {
            fixture f;
            set_up(&f);
            GByteArray *frames = quic_put_hex(quic_bytes(), kinds[k].hex);
            if (k == 8)
                quic_put_number(frames, 0, 1);
            deliver(&f, QL_CLIENT, places[p].type, frames);
            bool allowed = strchr(kinds[k].where, places[p].letter) != NULL;
            g_assert_cmpint(has_finding(&f, QL_FINDING_FRAME_NOT_ALLOWED), ==, !allowed);
            g_assert_false(has_finding(&f, QL_FINDING_FRAME_MALFORMED));
            tear_down(&f);
        }
    }
}

static void test_not_allowed_is_not_taken(void)
{
    fixture f;
    set_up(&f);
    GByteArray *frames = quic_put_stream(quic_bytes(), 0, 0, "hello", false);
    deliver(&f, QL_CLIENT, QL_PACKET_HANDSHAKE, quic_put_ping(frames));
    assert_findings(&f, "frame.not-allowed@1");
    g_assert_cmpstr(finding_text(&f, 0), ==, "STREAM frame in a Handshake packet of the client");
    g_assert_null(ql_streams_find(ql_connection_streams(f.connection), 0));
    tear_down(&f);
}

static void test_malformed(void)
{
    fixture f;
    set_up(&f);
    GByteArray *frames = quic_put_stream(quic_bytes(), 0, 0, "hello", false);
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_hex(frames, "0a044161"));
    assert_findings(&f, "frame.malformed@1");
    g_assert_true(
        g_str_has_prefix(finding_text(&f, 0), "1-RTT packet of the client, frame type 0xa: "));
    g_assert_nonnull(ql_streams_find(ql_connection_streams(f.connection), 0));
    tear_down(&f);
}

static void test_unknown_frame(void)
{
    fixture f;
    set_up(&f);
    deliver(&f, QL_SERVER, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "4fff00"));
    assert_findings(&f, "frame.malformed@1");
    tear_down(&f);
}

static void test_close_by_error(void)
{
    fixture f;
    set_up(&f);
    uint32_t frame = deliver(&f, QL_SERVER, QL_PACKET_HANDSHAKE,
                             quic_put_close(quic_bytes(), false, 0x12a, "no\x01 way"));
    deliver(&f, QL_SERVER, QL_PACKET_HANDSHAKE, quic_put_close(quic_bytes(), false, 0x1, ""));
    assert_findings(&f, "connection.closed-by-error@1");
    g_assert_cmpstr(finding_text(&f, 0), ==,
                    "the server closes the connection: TLS alert bad_certificate (0x12a) "
                    "\"no? way\"");
    const ql_connection_facts *facts = facts_of(&f);
    g_assert_cmpuint(facts->close.frame, ==, frame);
    g_assert_cmpint(facts->close.sender, ==, QL_SERVER);
    g_assert_false(facts->close.application);
    g_assert_cmpuint(facts->close.error, ==, 0x12a);
    g_assert_cmpstr(facts->close.reason, ==, "no? way");
    tear_down(&f);
}

static void test_close_in_peace(void)
{
    fixture f;
    set_up(&f);
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_close(quic_bytes(), true, 0, ""));
    assert_findings(&f, "");
    g_assert_cmpstr(text_on(&f, 1), ==, "The client closes the connection: application code 0");
    tear_down(&f);
}

static void test_texts(void)
{
    fixture f;
    set_up(&f);
    deliver(&f, QL_SERVER, QL_PACKET_ONE_RTT, quic_put_handshake_done(quic_bytes()));
    deliver(&f, QL_SERVER, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "070174"));
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "1405"));
    g_assert_cmpstr(text_on(&f, 1), ==, "The server confirms the handshake");
    g_assert_cmpstr(text_on(&f, 2), ==, "The server gives a token for a later connection");
    g_assert_cmpstr(text_on(&f, 3), ==,
                    "The client has more to send than the connection's flow control allows");
    tear_down(&f);
}

static const ql_packet_event *packet_on(const fixture *f, uint32_t frame)
{
    const ql_event *event = ql_journal_first(f->journal, frame);
    while (event->kind != QL_EVENT_PACKET)
        event = event->next;
    return &event->packet;
}

static void test_what_a_packet_is_for(void)
{
    fixture f;
    set_up(&f);
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "0200000000"));
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "01"));
    deliver(&f, QL_CLIENT, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "1205"));
    g_assert_true(packet_on(&f, 1)->acknowledges && !packet_on(&f, 1)->pings);
    g_assert_true(packet_on(&f, 2)->pings && !packet_on(&f, 2)->probes_mtu);
    g_assert_true(packet_on(&f, 3)->raises_limits && !packet_on(&f, 3)->pings);
    tear_down(&f);
}

/* A datagram of that many bytes, which a packet of frames and padding fills. */
static const ql_packet_event *deliver_filled(fixture *f, const char *hex, size_t size)
{
    GByteArray *frames = quic_put_hex(quic_bytes(), hex);
    guint used = frames->len;
    g_byte_array_set_size(frames, (guint)size - 30);
    memset(frames->data + used, 0, frames->len - used);
    return packet_on(f, deliver(f, QL_CLIENT, QL_PACKET_ONE_RTT, frames));
}

static void test_a_larger_ping_probes_the_path(void)
{
    fixture f;
    set_up(&f);
    g_assert_false(deliver_filled(&f, "01", 1200)->probes_mtu);
    g_assert_false(deliver_filled(&f, "011205", 1400)->probes_mtu);
    g_assert_false(deliver_filled(&f, "", 1400)->probes_mtu);
    g_assert_true(deliver_filled(&f, "01", 1400)->probes_mtu);
    deliver(&f, QL_SERVER, QL_PACKET_ONE_RTT, quic_put_hex(quic_bytes(), "0203000003"));
    g_assert_false(deliver_filled(&f, "01", 1400)->probes_mtu); /* it is known by now */
    g_assert_true(deliver_filled(&f, "01", 1440)->probes_mtu);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection_frames/each frame has its places", test_places);
    g_test_add_func("/connection_frames/a frame out of place is not taken",
                    test_not_allowed_is_not_taken);
    g_test_add_func("/connection_frames/what stands ahead of a malformed frame counts",
                    test_malformed);
    g_test_add_func("/connection_frames/an unknown frame is malformed", test_unknown_frame);
    g_test_add_func("/connection_frames/a close with an error is told", test_close_by_error);
    g_test_add_func("/connection_frames/a close without an error is a plain fact",
                    test_close_in_peace);
    g_test_add_func("/connection_frames/plain facts are said", test_texts);
    g_test_add_func("/connection_frames/what a packet is for", test_what_a_packet_is_for);
    g_test_add_func("/connection_frames/a larger PING probes the path",
                    test_a_larger_ping_probes_the_path);
    return g_test_run();
}
