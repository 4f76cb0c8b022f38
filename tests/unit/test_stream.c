/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/stream.h"

#include "assert_bytes.h"
#include "streams_fixture.h"

static void test_request_and_response(void)
{
    static const uint8_t hash_of_abc[] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    };
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/a"));
    send(&f, QL_SERVER, 0, 0, true, response_wire("200", "abc"));
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpstr(e->method, ==, "GET");
    g_assert_cmpstr(e->path, ==, "/a");
    g_assert_cmpuint(e->status, ==, 200);
    g_assert_cmpuint(e->response.body_size, ==, 3);
    g_assert_nonnull(e->response.sha256);
    assert_bytes(e->response.sha256, 32, hash_of_abc, sizeof hash_of_abc);
    g_assert_true(e->request.complete && e->response.complete);
    g_assert_null(e->request.sha256);
    g_assert_cmpuint(e->request.first.frame, ==, 1);
    g_assert_cmpuint(e->response.last.frame, ==, 2);
    assert_events(&f, 1, "stream section(0) end(request 0)");
    assert_events(&f, 2, "stream section(0) end(response 0)");
    assert_findings(&f, "");
    tear_down(&f);
}

/* Each byte in a frame of its own, backwards: all is there only with the first byte. */
static void test_backwards(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autoptr(GByteArray) wire = response_wire("200", "content");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/a"));
    for (guint i = wire->len; i-- > 0;)
        send_piece(&f, QL_SERVER, 0, i, (ql_slice){ wire->data + i, 1 }, i + 1 == wire->len, false);
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_true(e->response.complete);
    g_assert_cmpuint(e->response.first.frame, ==, f.frame);
    g_assert_cmpuint(e->response.last.frame, ==, f.frame);
    g_assert_cmpuint(e->response.body_size, ==, 7);
    g_assert_cmpuint(e->response.gap_ns, ==, (wire->len - 1) * MILLISECOND);
    g_assert_true(piece_on(&f, 2)->out_of_order);
    g_assert_false(piece_on(&f, f.frame)->out_of_order);
    assert_findings(&f, "");
    tear_down(&f);
}

/* The first byte of a frame gives its place, also when it came before a gap that hid it. */
static void test_place_of_first_byte(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autoptr(GByteArray) wire = wire_new();
    HEADERS(wire, ":status", "103");
    guint second = wire->len;
    HEADERS(wire, ":status", "200");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/a"));
    send_piece(&f, QL_SERVER, 0, second, (ql_slice){ wire->data + second, 1 }, false, false);
    send_piece(&f, QL_SERVER, 0, second + 1,
               (ql_slice){ wire->data + second + 1, wire->len - second - 1 }, true, false);
    send_piece(&f, QL_SERVER, 0, 0, (ql_slice){ wire->data, second }, false, false);
    const ql_exchange *e = exchange_at(&f, 0);
    const ql_section *early = g_ptr_array_index(e->informational, 0);
    g_assert_cmpuint(early->first.frame, ==, 4);
    g_assert_cmpuint(e->response.first.frame, ==, 2);
    g_assert_cmpuint(e->response.headers->decoded.frame, ==, 4);
    g_assert_cmpuint(e->response.last.frame, ==, 4);
    tear_down(&f);
}

static void test_retransmission(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autoptr(GByteArray) wire = get_wire("/a");
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(wire), false, false);
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(wire), false, false);
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(wire), true, false);
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(wire), true, false);
    g_assert_false(piece_on(&f, 1)->retransmission);
    g_assert_true(piece_on(&f, 2)->retransmission);
    g_assert_false(piece_on(&f, 3)->retransmission);
    g_assert_true(piece_on(&f, 4)->retransmission);
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    g_assert_cmpuint(ql_streams_find(f.streams, 0)->half[QL_CLIENT].received, ==, wire->len);
    assert_events(&f, 3, "stream end(request 0)");
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_response_before_request(void)
{
    fixture f;
    set_up(&f, "h3");
    GByteArray *wire = wire_new();
    HEADERS(wire, ":status", "103");
    HEADERS(wire, ":status", "200");
    put_data(wire, "abc");
    HEADERS(wire, "a", "b");
    send(&f, QL_SERVER, 0, 0, true, wire);
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    finish(&f);
    finish(&f);
    assert_findings(&f, "capture.gap");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/late"));
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpuint(e->status, ==, 200);
    g_assert_true(e->response.complete && e->response.sha256 != NULL);
    g_assert_cmpuint(e->informational->len, ==, 1);
    g_assert_nonnull(e->response.trailers);
    assert_events(&f, 1, "stream finding section(0) section(0) section(0) end(response 0)");
    tear_down(&f);
}

static void test_exchanges_in_order_of_requests(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 2, 0, false, control_wire(0));
    g_autoptr(GByteArray) wire = get_wire("/first");
    send_piece(&f, QL_CLIENT, 0, 0, (ql_slice){ wire->data, 4 }, false, false);
    send(&f, QL_CLIENT, 4, 0, true, get_wire("/second"));
    send_piece(&f, QL_CLIENT, 0, 4, (ql_slice){ wire->data + 4, wire->len - 4 }, true, false);
    g_assert_cmpstr(exchange_at(&f, 0)->path, ==, "/first");
    g_assert_cmpstr(exchange_at(&f, 1)->path, ==, "/second");
    tear_down(&f);
}

static void test_final_size(void)
{
    fixture f;
    set_up(&f, "hq-interop");
    send_text(&f, QL_CLIENT, 0, 0, true, "abc");
    send_text(&f, QL_CLIENT, 0, 0, true, "ab");
    send_text(&f, QL_CLIENT, 0, 3, false, "d");
    send_text(&f, QL_CLIENT, 4, 0, false, "abc");
    send_text(&f, QL_CLIENT, 4, 0, true, "ab");
    send_text(&f, QL_CLIENT, 8, 0, false, "abc");
    send_reset(&f, QL_CLIENT, 8, 0, 2);
    send_reset(&f, QL_CLIENT, 0, 0, 9);
    assert_findings(&f, "stream.final-size stream.final-size stream.final-size "
                        "stream.final-size");
    tear_down(&f);
}

static void test_wrong_sender(void)
{
    fixture f;
    set_up(&f, "h3");
    send_text(&f, QL_SERVER, 2, 0, false, "x");
    send_reset(&f, QL_CLIENT, 3, 0, 0);
    assert_findings(&f, "stream.state stream.state");
    g_assert_null(ql_streams_find(f.streams, 2));
    tear_down(&f);
}

static void test_offsets_over_the_limit(void)
{
    fixture f;
    set_up(&f, "h3");
    send_text(&f, QL_CLIENT, 0, (UINT64_C(1) << 62) - 2, false, "x");
    assert_findings(&f, "");
    send_text(&f, QL_CLIENT, 0, (UINT64_C(1) << 62) - 1, false, "x");
    send_text(&f, QL_CLIENT, 0, UINT64_MAX, false, "x");
    assert_findings(&f, "frame.malformed frame.malformed");
    tear_down(&f);
}

static void test_changed_content(void)
{
    fixture f;
    set_up(&f, "h3");
    send_text(&f, QL_CLIENT, 0, 5, false, "abc");
    send_text(&f, QL_CLIENT, 0, 6, false, "XX");
    assert_findings(&f, "stream.data-changed");
    tear_down(&f);
}

static void test_reset(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/a"));
    g_autoptr(GByteArray) wire = response_wire("200", "abc");
    send_piece(&f, QL_SERVER, 0, 0, wire_slice(wire), false, false);
    send_stop(&f, QL_CLIENT, 0, 0x10c);
    send_stop(&f, QL_CLIENT, 0, 0x10c);
    send_reset(&f, QL_SERVER, 0, 0x10c, wire->len);
    send_reset(&f, QL_SERVER, 0, 0x10c, wire->len);
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_true(e->response.reset && e->stop_sending);
    g_assert_cmpuint(e->response.reset_error, ==, 0x10c);
    g_assert_cmpuint(e->stop_error, ==, 0x10c);
    g_assert_false(e->response.complete || e->response.sha256 != NULL);
    g_assert_cmpuint(e->response.body_size, ==, 3);
    assert_events(&f, 3, "text");
    assert_said(&f, 3, "H3_REQUEST_CANCELLED");
    assert_events(&f, 4, "");
    assert_events(&f, 5, "finding end(response 0)");
    assert_events(&f, 6, "");
    assert_findings(&f, "h3.request-cancelled");
    tear_down(&f);
}

static void test_reset_after_the_end(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autoptr(GByteArray) wire = get_wire("/a");
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(wire), true, false);
    send_reset(&f, QL_CLIENT, 0, 0x10c, wire->len);
    g_assert_true(exchange_at(&f, 0)->request.complete);
    g_assert_false(exchange_at(&f, 0)->request.reset);
    g_assert_true(ql_streams_find(f.streams, 0)->half[QL_CLIENT].reset);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_other_protocols(void)
{
    fixture f;
    set_up(&f, "hq-interop");
    send_stop(&f, QL_CLIENT, 4, 0x100);
    assert_said(&f, 1, "stream 4: 0x100");
    send_text(&f, QL_CLIENT, 0, 0, true, "GET /a\r\n");
    send_text(&f, QL_SERVER, 0, 4, true, "tent");
    send_text(&f, QL_SERVER, 0, 0, false, "con");
    finish(&f);
    const ql_stream_facts *stream = ql_streams_find(f.streams, 0);
    g_assert_cmpint(stream->role, ==, QL_ROLE_OTHER);
    g_assert_cmpuint(stream->half[QL_SERVER].received, ==, 7);
    g_assert_cmpuint(stream->half[QL_SERVER].in_order, ==, 3);
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    g_assert_false(ql_streams_are_http3(f.streams));
    assert_findings(&f, "capture.gap");
    tear_down(&f);
}

static void test_alpn_unknown_request(void)
{
    fixture f;
    set_up(&f, NULL);
    g_autoptr(GByteArray) wire = get_wire("/a");
    send_text(&f, QL_SERVER, 3, 0, false, "?");
    send_piece(&f, QL_CLIENT, 4, 0, (ql_slice){ wire->data, 9 }, false, false);
    g_assert_false(ql_streams_are_http3(f.streams));
    send_piece(&f, QL_CLIENT, 4, 9, (ql_slice){ wire->data + 9, wire->len - 9 }, true, false);
    g_assert_true(ql_streams_are_http3(f.streams));
    g_assert_cmpstr(exchange_at(&f, 0)->path, ==, "/a");
    g_assert_cmpuint(exchange_at(&f, 0)->request.first.frame, ==, 2);
    g_assert_true(exchange_at(&f, 0)->request.complete);
    tear_down(&f);
}

static void test_alpn_unknown_control(void)
{
    fixture f;
    set_up(&f, NULL);
    send(&f, QL_SERVER, 0, 0, true, response_wire("200", "abc"));
    g_assert_true(ql_streams_are_http3(f.streams));
    tear_down(&f);
    set_up(&f, NULL);
    send(&f, QL_SERVER, 3, 0, false, control_wire(100));
    g_assert_true(ql_streams_are_http3(f.streams));
    g_assert_cmpuint(g_array_index(ql_streams_settings(f.streams, QL_SERVER), ql_setting, 0).value,
                     ==, 100);
    tear_down(&f);
}

static void test_alpn_unknown_other(void)
{
    fixture f;
    set_up(&f, NULL);
    send_text(&f, QL_CLIENT, 0, 0, true, "GET /index.html\r\n");
    send_text(&f, QL_SERVER, 0, 0, true, "\x01\x05hello");
    send_text(&f, QL_CLIENT, 2, 0, false, "\x04");
    finish(&f);
    g_assert_false(ql_streams_are_http3(f.streams));
    g_assert_cmpuint(ql_streams_find(f.streams, 0)->half[QL_CLIENT].in_order, ==, 17);
    assert_findings(&f, "");
    ql_streams_set_alpn(f.streams, "hq-29");
    g_assert_cmpint(ql_streams_find(f.streams, 0)->role, ==, QL_ROLE_OTHER);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_early_data_rejected(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autoptr(GByteArray) control = control_wire(0);
    g_autoptr(GByteArray) early = get_wire("/early");
    send_piece(&f, QL_CLIENT, 2, 0, wire_slice(control), false, true);
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(early), true, true);
    const ql_exchange *early_one = exchange_at(&f, 0);
    g_assert_true(early_one->early_data);
    g_assert_false(early_one->rejected);
    g_assert_true(piece_on(&f, 2)->early_data);
    ql_streams_on_early_data_rejected(f.streams);
    g_assert_true(early_one->rejected); /* events still lead to it */
    ql_streams_on_early_data_rejected(f.streams);
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    g_assert_null(ql_streams_settings(f.streams, QL_CLIENT));
    send_piece(&f, QL_CLIENT, 4, 0, wire_slice(early), true, true); /* reordered */
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    send_piece(&f, QL_CLIENT, 2, 0, wire_slice(control), false, false);
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/again"));
    send(&f, QL_SERVER, 0, 0, true, response_wire("200", NULL));
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    g_assert_cmpstr(exchange_at(&f, 0)->path, ==, "/again");
    g_assert_false(exchange_at(&f, 0)->early_data);
    assert_said(&f, 5, "/early");
    g_assert_cmpuint(piece_on(&f, 2)->stream->half[QL_CLIENT].received, ==, early->len);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_gaps_are_told_once(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/a"));
    send_text(&f, QL_SERVER, 0, 10, false, "xyz");
    finish(&f);
    finish(&f);
    assert_findings(&f, "capture.gap");
    g_assert_cmpuint(exchange_at(&f, 0)->response.received, ==, 3);
    g_assert_false(exchange_at(&f, 0)->response.complete);
    tear_down(&f);
}

static void test_over_the_cap(void)
{
    fixture f;
    set_up(&f, "h3");
    enum { PIECE = 1 << 20 };
    g_autofree uint8_t *data = g_malloc0(PIECE);
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/a"));
    for (unsigned i = 1; i < 30; i++)
        send_piece(&f, QL_SERVER, 0, (uint64_t)i * PIECE, (ql_slice){ data, PIECE }, i == 29,
                   false);
    send_piece(&f, QL_SERVER, 0, 0, (ql_slice){ data, PIECE }, false, false);
    send(&f, QL_CLIENT, 4, 0, true, get_wire("/b"));
    finish(&f);
    assert_findings(&f, "limit.reached");
    g_assert_cmpuint(exchange_count(&f), ==, 2);
    g_assert_cmpuint(exchange_at(&f, 0)->response.received, ==, UINT64_C(30) * PIECE);
    g_assert_false(exchange_at(&f, 0)->response.complete);
    tear_down(&f);
}

static void test_many_streams(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autoptr(GByteArray) request = get_wire("/a");
    g_autoptr(GByteArray) response = response_wire("200", "abc");
    for (uint64_t i = 0; i < 20000; i++) {
        send_piece(&f, QL_CLIENT, i * 4, 0, wire_slice(request), true, false);
        send_piece(&f, QL_SERVER, i * 4, 0, wire_slice(response), true, false);
    }
    g_assert_cmpuint(exchange_count(&f), ==, 20000);
    g_assert_true(exchange_at(&f, 19999)->response.complete);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_role_names(void)
{
    g_assert_cmpstr(ql_stream_role_name(QL_ROLE_QPACK_ENCODER), ==, "qpack-encoder");
    g_assert_cmpstr(ql_stream_role_name(QL_ROLE_UNKNOWN), ==, "other");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/a request and its response become an exchange",
                    test_request_and_response);
    g_test_add_func("/stream/bytes may come backwards", test_backwards);
    g_test_add_func("/stream/a frame begins where its first byte was captured",
                    test_place_of_first_byte);
    g_test_add_func("/stream/a retransmission brings nothing new", test_retransmission);
    g_test_add_func("/stream/a response waits for its request", test_response_before_request);
    g_test_add_func("/stream/exchanges are in the order of their requests",
                    test_exchanges_in_order_of_requests);
    g_test_add_func("/stream/the final size does not change", test_final_size);
    g_test_add_func("/stream/only the initiator sends on a unidirectional stream",
                    test_wrong_sender);
    g_test_add_func("/stream/offsets end at 2^62-1", test_offsets_over_the_limit);
    g_test_add_func("/stream/bytes that come again must be the same", test_changed_content);
    g_test_add_func("/stream/a reset response is not complete", test_reset);
    g_test_add_func("/stream/a reset after the end changes nothing", test_reset_after_the_end);
    g_test_add_func("/stream/other protocols have streams and no exchanges", test_other_protocols);
    g_test_add_func("/stream/HTTP3 is recognized by a request", test_alpn_unknown_request);
    g_test_add_func("/stream/HTTP3 is recognized by a response or by SETTINGS",
                    test_alpn_unknown_control);
    g_test_add_func("/stream/other protocols are not taken for HTTP3", test_alpn_unknown_other);
    g_test_add_func("/stream/rejected early data is forgotten", test_early_data_rejected);
    g_test_add_func("/stream/gaps are told once", test_gaps_are_told_once);
    g_test_add_func("/stream/too many bytes behind a gap end one half only", test_over_the_cap);
    g_test_add_func("/stream/there may be many streams", test_many_streams);
    g_test_add_func("/stream/roles have the names that users filter on", test_role_names);
    return g_test_run();
}
