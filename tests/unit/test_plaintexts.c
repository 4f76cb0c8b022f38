/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assert_bytes.h"
#include "session_fixture.h"

#include "model/plaintexts.h"

static ql_slice text_of(const char *text)
{
    return (ql_slice){ (const uint8_t *)text, strlen(text) };
}

static void assert_kept(const ql_plaintexts *plaintexts, const ql_packet_event *event,
                        const char *expected)
{
    ql_slice found = { NULL, 0 };
    g_assert_true(event->kept);
    g_assert_true(ql_plaintexts_find(plaintexts, event, &found));
    assert_bytes(found.data, found.length, (const uint8_t *)expected, strlen(expected));
}

static void test_cap(void)
{
    ql_plaintexts *plaintexts = ql_plaintexts_new();
    ql_packet_event events[4] = { { .size = 1 } };
    ql_slice found;
    ql_plaintexts_add(plaintexts, &events[0], 1, text_of("nobody asks"));
    g_assert_false(events[0].kept);
    ql_plaintexts_keep(plaintexts, 10, NULL, NULL);
    ql_plaintexts_add(plaintexts, &events[0], 1, text_of("one"));
    ql_plaintexts_add(plaintexts, &events[1], 2, text_of("two"));
    ql_plaintexts_add(plaintexts, &events[2], 3, text_of("longer than all"));
    g_assert_false(events[2].kept);
    ql_plaintexts_add(plaintexts, &events[3], 4, text_of("three"));
    g_assert_true(events[0].kept);
    g_assert_false(ql_plaintexts_find(plaintexts, &events[0], &found));
    assert_kept(plaintexts, &events[1], "two");
    assert_kept(plaintexts, &events[3], "three");
    ql_plaintexts_keep(plaintexts, 7, NULL, NULL);
    g_assert_false(ql_plaintexts_find(plaintexts, &events[1], &found));
    assert_kept(plaintexts, &events[3], "three");
    ql_plaintexts_free(plaintexts);
    ql_plaintexts_free(NULL);
}

/* What is at hand is what the captured frames up to this one hold. */
static bool is_early(void *user, uint32_t frame, ql_slice payload)
{
    const uint32_t *last = user;
    g_assert_cmpuint(payload.length, >, 0);
    return frame <= *last;
}

/* The first packet of a frame. */
static const ql_packet_event *packet_of(const fixture *f, uint32_t frame)
{
    const ql_event *event = ql_session_events(f->session, frame);
    while (event->kind != QL_EVENT_PACKET)
        event = event->next;
    return &event->packet;
}

static void test_session(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t last = quic_tape_length(f.tape);
    uint32_t frame = quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    ql_session_keep_plaintexts(f.session, 1000, is_early, &last);
    quic_add_secrets(f.session, &f.ends);
    quic_play(f.tape, f.session, 1, frame);

    g_assert_false(packet_of(&f, 1)->kept);
    ql_slice found;
    g_assert_true(ql_session_plaintext(f.session, packet_of(&f, frame), &found));
    g_assert_cmpuint(found.data[0], ==, 0x01); /* PING */
    tear_down(&f);
}

static void test_late(void)
{
    fixture f;
    set_up(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t frame = quic_send_frames(f.tape, &f.ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    ql_session_keep_plaintexts(f.session, 100000, NULL, NULL);
    quic_play(f.tape, f.session, 1, frame);
    g_assert_false(packet_of(&f, frame)->kept);
    quic_add_secrets(f.session, &f.ends);
    ql_slice found;
    g_assert_true(ql_session_plaintext(f.session, packet_of(&f, frame), &found));
    g_assert_cmpuint(found.data[0], ==, 0x01);
    tear_down(&f);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plaintexts/the oldest give way to the newest", test_cap);
    g_test_add_func("/plaintexts/what is at hand elsewhere is not kept", test_session);
    g_test_add_func("/plaintexts/a packet that was opened late is kept", test_late);
    return g_test_run();
}
