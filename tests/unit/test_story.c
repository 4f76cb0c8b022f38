/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/story.h"

#include "model/connection.h"

#include <string.h>

#define FRAME 10u

/* An exchange of which the request was read on FRAME and the answer on FRAME + 2. */
static const ql_section request_section = { .kind = QL_SECTION_REQUEST, .decoded = { FRAME, 0 } };
static const ql_section response_section = { .kind = QL_SECTION_RESPONSE,
                                             .decoded = { FRAME + 2, 0 },
                                             .status = 200 };

static ql_exchange make_exchange(void)
{
    return (ql_exchange){
        .stream_id = 4,
        .method = "GET",
        .scheme = "https",
        .authority = "localhost",
        .path = "/a",
        .status = 200,
        .request = { .headers = (ql_section *)(uintptr_t)&request_section,
                     .first = { FRAME, 1000000 },
                     .complete = true },
        .response = { .headers = (ql_section *)(uintptr_t)&response_section,
                      .first = { FRAME + 2, 3000000 },
                      .last = { FRAME + 3, 5500000 },
                      .body_size = 1000,
                      .complete = true },
    };
}

/* The notes of these events of one frame, of which each is linked to the next. */
static GArray *notes_of(ql_event *events, size_t count, uint32_t frame)
{
    for (size_t i = 0; i + 1 < count; i++)
        events[i].next = &events[i + 1];
    return ql_story_of_events(count > 0 ? events : NULL, frame);
}

static const ql_note *note(GArray *notes, guint index)
{
    g_assert_cmpuint(index, <, notes->len);
    return &g_array_index(notes, ql_note, index);
}

static void test_a_frame_without_events_has_no_story(void)
{
    g_autoptr(GArray) notes = notes_of(NULL, 0, FRAME);
    g_assert_cmpuint(notes->len, ==, 0);
}

static void test_a_request_is_told_with_its_url(void)
{
    ql_exchange exchange = make_exchange();
    ql_event events[] = { { .kind = QL_EVENT_SECTION,
                            .section = { &exchange, &request_section } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME);
    g_assert_cmpstr(note(notes, 0)->text, ==,
                    "The client asks: GET https://localhost/a (stream 4)");
    g_assert_cmpstr(note(notes, 0)->rfc, ==, "RFC 9114, 4.1");
}

static void test_an_answer_is_told_with_its_time(void)
{
    ql_exchange exchange = make_exchange();
    ql_event events[] = { { .kind = QL_EVENT_SECTION,
                            .section = { &exchange, &response_section } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME + 2);
    g_assert_cmpstr(
        note(notes, 0)->text, ==,
        "The server answers GET https://localhost/a with 200 (OK) after 2.00 ms (stream 4)");
}

static void test_the_end_is_told_with_its_size(void)
{
    ql_exchange exchange = make_exchange();
    ql_event events[] = { { .kind = QL_EVENT_END, .end = { &exchange, true } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME + 3);
    g_assert_cmpstr(
        note(notes, 0)->text, ==,
        "The answer to GET https://localhost/a is complete: 200, 1,000 bytes in 4.50 ms "
        "(stream 4)");
}

static void test_the_end_tells_how_long_bytes_waited(void)
{
    ql_exchange exchange = make_exchange();
    exchange.response.gap_ns = 2000000;
    ql_event events[] = { { .kind = QL_EVENT_END, .end = { &exchange, true } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME + 3);
    g_assert_nonnull(
        strstr(note(notes, 0)->text, "in 4.50 ms, bytes waited 2.00 ms of that behind missing"));
}

static void test_a_frame_says_nothing_that_comes_later(void)
{
    ql_exchange exchange = make_exchange();
    ql_stream_facts stream = { .id = 4, .role = QL_ROLE_REQUEST, .exchange = &exchange };
    ql_event events[] = {
        { .kind = QL_EVENT_STREAM,
          .stream = { .stream = &stream, .length = 20, .sender = QL_CLIENT } },
    };
    g_autoptr(GArray) before = notes_of(events, 1, FRAME - 1);
    g_assert_cmpstr(note(before, 0)->text, ==, "20 bytes from the client on stream 4");
    g_autoptr(GArray) after = notes_of(events, 1, FRAME + 1);
    g_assert_cmpstr(note(after, 0)->text, ==, "20 bytes of GET https://localhost/a (stream 4)");
}

static void test_a_promise_that_comes_later_is_named_by_its_number(void)
{
    ql_exchange exchange = make_exchange();
    exchange.pushed = true;
    exchange.push_id = 3;
    ql_event events[] = { { .kind = QL_EVENT_SECTION,
                            .section = { &exchange, &response_section } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME - 1);
    g_assert_nonnull(strstr(note(notes, 0)->text, "The server answers push 3, promised later"));
}

static void test_a_reset_is_told_once(void)
{
    ql_exchange exchange = make_exchange();
    exchange.response.reset = true;
    const ql_finding finding = { .code = QL_FINDING_H3_REQUEST_CANCELLED, .text = "the same" };
    ql_event events[] = {
        { .kind = QL_EVENT_FINDING, .finding = &finding },
        { .kind = QL_EVENT_END, .end = { &exchange, true } },
    };
    g_autoptr(GArray) both = notes_of(events, 2, FRAME + 3);
    g_assert_cmpuint(both->len, ==, 1);
    g_assert_nonnull(strstr(note(both, 0)->text, "breaks off the answer"));
    events[0].next = NULL;
    g_autoptr(GArray) alone = notes_of(events, 1, FRAME + 3);
    g_assert_cmpstr(note(alone, 0)->text, ==, "The same");
}

static void test_fields_that_cannot_be_read_are_counted(void)
{
    ql_exchange exchange = make_exchange();
    ql_section section = request_section;
    section.left_out = 2;
    exchange.request.headers = &section;
    ql_event events[] = { { .kind = QL_EVENT_SECTION, .section = { &exchange, &section } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME);
    g_assert_true(
        g_str_has_suffix(note(notes, 0)->text, ", and 2 more header fields that cannot be read"));
}

static void test_a_stream_of_webtransport_names_its_session(void)
{
    ql_stream_facts stream = { .id = 14, .role = QL_ROLE_WEBTRANSPORT, .session = 4 };
    ql_event events[] = { { .kind = QL_EVENT_STREAM,
                            .stream = { .stream = &stream, .length = 9, .sender = QL_CLIENT } } };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME);
    g_assert_cmpstr(
        note(notes, 0)->text, ==,
        "9 bytes from the client on stream 14, of the WebTransport session of stream 4");
}

static void test_a_piece_is_not_told_beside_its_message(void)
{
    ql_exchange exchange = make_exchange();
    ql_stream_facts stream = { .id = 4, .role = QL_ROLE_REQUEST, .exchange = &exchange };
    ql_event events[] = {
        { .kind = QL_EVENT_STREAM,
          .stream = { .stream = &stream, .length = 20, .sender = QL_CLIENT } },
        { .kind = QL_EVENT_SECTION, .section = { &exchange, &request_section } },
    };
    g_autoptr(GArray) notes = notes_of(events, 2, FRAME);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_true(g_str_has_prefix(note(notes, 0)->text, "The client asks"));
}

static void test_pieces_of_a_stream_are_told_together(void)
{
    ql_stream_facts stream = { .id = 8, .role = QL_ROLE_OTHER };
    ql_stream_piece piece = { .stream = &stream, .length = 600, .sender = QL_SERVER };
    ql_event events[] = {
        { .kind = QL_EVENT_STREAM, .stream = piece },
        { .kind = QL_EVENT_STREAM, .stream = piece },
    };
    g_autoptr(GArray) notes = notes_of(events, 2, FRAME);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_cmpstr(note(notes, 0)->text, ==, "1,200 bytes from the server on stream 8");
}

static void test_a_retransmission_is_told_as_such(void)
{
    ql_stream_facts stream = { .id = 8, .role = QL_ROLE_OTHER };
    ql_event events[] = {
        { .kind = QL_EVENT_STREAM,
          .stream = { .stream = &stream,
                      .length = 6,
                      .sender = QL_SERVER,
                      .retransmission = true } },
    };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME);
    g_assert_cmpstr(note(notes, 0)->text, ==, "Sent again: 6 bytes from the server on stream 8");
    g_assert_cmpstr(note(notes, 0)->rfc, ==, "RFC 9000, 13.3");
}

static void test_many_streams_do_not_make_many_sentences(void)
{
    ql_stream_facts streams[30] = { 0 };
    ql_event events[30] = { 0 };
    for (uint64_t i = 0; i < G_N_ELEMENTS(events); i++) {
        streams[i] = (ql_stream_facts){ .id = 4 * i, .role = QL_ROLE_OTHER };
        events[i].kind = QL_EVENT_STREAM;
        events[i].stream = (ql_stream_piece){ .stream = &streams[i], .length = 1 };
    }
    g_autoptr(GArray) notes = notes_of(events, G_N_ELEMENTS(events), FRAME);
    g_assert_cmpuint(notes->len, <, 12);
    g_assert_cmpstr(note(notes, notes->len - 1)->text, ==, "and bytes on more streams");
}

static void test_the_most_telling_note_comes_first(void)
{
    ql_exchange exchange = make_exchange();
    ql_finding finding = { .code = QL_FINDING_CAPTURE_GAP,
                           .text = (char *)(uintptr_t) "bytes are missing" };
    ql_event events[] = {
        { .kind = QL_EVENT_PACKET, .packet = { .type = QL_PACKET_ONE_RTT } },
        { .kind = QL_EVENT_FINDING, .finding = &finding },
        { .kind = QL_EVENT_TEXT, .text = { "stream 3 is a control stream", "RFC 9114, 6.2.1" } },
        { .kind = QL_EVENT_SECTION, .section = { &exchange, &request_section } },
    };
    g_autoptr(GArray) notes = notes_of(events, G_N_ELEMENTS(events), FRAME);
    g_assert_cmpuint(notes->len, ==, 3);
    g_assert_true(g_str_has_prefix(note(notes, 0)->text, "The client asks"));
    g_assert_cmpstr(note(notes, 1)->text, ==, "Stream 3 is a control stream");
    g_assert_cmpstr(note(notes, 2)->text, ==, "Bytes are missing");
}

static void test_a_packet_with_nothing_else_is_explained(void)
{
    static const struct {
        ql_packet_event packet;
        const char *text;
    } cases[] = {
        { { .type = QL_PACKET_HANDSHAKE }, "the encrypted part of the TLS handshake" },
        { { .type = QL_PACKET_ONE_RTT, .acknowledges = true }, "acknowledgements" },
        { { .type = QL_PACKET_ONE_RTT, .raises_limits = true }, "flow control" },
        { { .type = QL_PACKET_ONE_RTT, .acknowledges = true, .raises_limits = true },
          "acknowledgements and flow control" },
        { { .type = QL_PACKET_ONE_RTT, .acknowledges = true, .pings = true },
          "PING, which only asks for an acknowledgement" },
        { { .type = QL_PACKET_ONE_RTT, .pings = true, .probes_mtu = true, .size = 1406 },
          "PING and padding, to learn whether the path carries datagrams of this size" },
        { { .type = QL_PACKET_ONE_RTT }, "nothing that needs an answer" },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        ql_event events[] = { { .kind = QL_EVENT_PACKET, .packet = cases[i].packet },
                              { .kind = QL_EVENT_PACKET, .packet = cases[i].packet } };
        g_autoptr(GArray) notes = notes_of(events, 2, FRAME);
        g_autofree char *expected = g_strdup_printf(
            "%s packet of the client%s: %s", ql_packet_type_name(cases[i].packet.type),
            cases[i].packet.probes_mtu ? " of 1,406 bytes" : "", cases[i].text);
        g_assert_cmpuint(notes->len, ==, 1);
        g_assert_cmpstr(note(notes, 0)->text, ==, expected);
    }
}

static void test_a_closed_packet_says_why(void)
{
    ql_event events[] = {
        { .kind = QL_EVENT_PACKET,
          .packet = { .type = QL_PACKET_HANDSHAKE, .closed = QL_CLOSED_NO_SECRET } },
    };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME);
    g_autofree char *expected =
        g_strdup_printf("Handshake packet of the client that stays closed: %s",
                        ql_closed_cause_text(QL_CLOSED_NO_SECRET));
    g_assert_cmpstr(note(notes, 0)->text, ==, expected);
}

static void test_a_switch_names_both_ids_and_the_reason(void)
{
    ql_cid_entry old = { .issuer = QL_SERVER, .cid = { { 1, 2 }, 2 }, .has_sequence = true };
    ql_cid_entry new = {
        .issuer = QL_SERVER, .cid = { { 3, 4 }, 2 }, .has_sequence = true, .sequence = 1
    };
    ql_event events[] = {
        { .kind = QL_EVENT_CID, .cid = { .cid = &new, .kind = QL_CID_FIRST_USED } },
        { .kind = QL_EVENT_CID,
          .cid = { .cid = &new,
                   .previous = &old,
                   .reason = "migration",
                   .kind = QL_CID_SWITCHED } },
    };
    g_autoptr(GArray) notes = notes_of(events, 2, FRAME);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_cmpstr(note(notes, 0)->text, ==,
                    "The client now sends to connection ID 0304 (sequence 1) instead of 0102 "
                    "(sequence 0): migration");
}

static void test_ids_that_are_issued_at_once_are_counted(void)
{
    ql_cid_entry entries[3] = { 0 };
    ql_event events[3] = { 0 };
    for (size_t i = 0; i < 3; i++) {
        entries[i] = (ql_cid_entry){ .issuer = QL_CLIENT, .has_sequence = true, .sequence = i + 1 };
        events[i].kind = QL_EVENT_CID;
        events[i].cid = (ql_cid_event){ .cid = &entries[i], .kind = QL_CID_ISSUED };
    }
    g_autoptr(GArray) notes = notes_of(events, 3, FRAME);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_cmpstr(note(notes, 0)->text, ==,
                    "The client issues 3 connection IDs, which the server may use from now on");
}

static void test_bytes_of_the_wire_are_made_safe(void)
{
    ql_exchange exchange = make_exchange();
    exchange.path = "/\x1b[2J";
    ql_event events[] = {
        { .kind = QL_EVENT_TEXT, .text = { "closed: \x1b[2J", NULL } },
        { .kind = QL_EVENT_SECTION, .section = { &exchange, &request_section } },
    };
    g_autoptr(GArray) notes = notes_of(events, 2, FRAME);
    for (guint i = 0; i < notes->len; i++)
        g_assert_null(strchr(note(notes, i)->text, 0x1b));
}

static void test_connect_is_named_once(void)
{
    ql_exchange exchange = make_exchange();
    exchange.method = "CONNECT";
    exchange.scheme = exchange.path = NULL;
    g_autofree char *name = ql_story_exchange_name(&exchange, FRAME);
    g_assert_cmpstr(name, ==, "CONNECT localhost");
}

static void test_a_reset_without_a_message_is_told(void)
{
    ql_event events[] = {
        { .kind = QL_EVENT_SIGNAL,
          .signal = { .frame = "RESET_STREAM",
                      .id = 8,
                      .value = 0x10b,
                      .sender = QL_SERVER,
                      .meaning = QL_SIGNAL_ERROR } },
    };
    g_autoptr(GArray) notes = notes_of(events, 1, FRAME);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_cmpstr(note(notes, 0)->text, ==, "The server breaks off its side of stream 8: 0x10b");
}

#define ADD(name, function) g_test_add_func("/story/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("a reset without a message is told", test_a_reset_without_a_message_is_told);
    ADD("a frame without events has no story", test_a_frame_without_events_has_no_story);
    ADD("a request is told with its URL", test_a_request_is_told_with_its_url);
    ADD("an answer is told with its time", test_an_answer_is_told_with_its_time);
    ADD("the end is told with its size", test_the_end_is_told_with_its_size);
    ADD("the end tells how long bytes waited", test_the_end_tells_how_long_bytes_waited);
    ADD("a frame says nothing that comes later", test_a_frame_says_nothing_that_comes_later);
    ADD("a promise that comes later is named by its number",
        test_a_promise_that_comes_later_is_named_by_its_number);
    ADD("a reset is told once", test_a_reset_is_told_once);
    ADD("fields that cannot be read are counted", test_fields_that_cannot_be_read_are_counted);
    ADD("a stream of WebTransport names its session",
        test_a_stream_of_webtransport_names_its_session);
    ADD("a piece is not told beside its message", test_a_piece_is_not_told_beside_its_message);
    ADD("pieces of a stream are told together", test_pieces_of_a_stream_are_told_together);
    ADD("a retransmission is told as such", test_a_retransmission_is_told_as_such);
    ADD("many streams do not make many sentences", test_many_streams_do_not_make_many_sentences);
    ADD("the most telling note comes first", test_the_most_telling_note_comes_first);
    ADD("a packet with nothing else is explained", test_a_packet_with_nothing_else_is_explained);
    ADD("a closed packet says why", test_a_closed_packet_says_why);
    ADD("a switch names both IDs and the reason", test_a_switch_names_both_ids_and_the_reason);
    ADD("IDs that are issued at once are counted", test_ids_that_are_issued_at_once_are_counted);
    ADD("bytes of the wire are made safe", test_bytes_of_the_wire_are_made_safe);
    ADD("CONNECT is named once", test_connect_is_named_once);
    return g_test_run();
}
