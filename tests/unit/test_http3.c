/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3.h"

#include "model/http3_control.h"
#include "model/http3_error.h"
#include "streams_fixture.h"

static void assert_role(const fixture *f, uint64_t id, const char *expected)
{
    g_assert_cmpstr(ql_stream_role_name(ql_streams_find(f->streams, id)->role), ==, expected);
}

static void test_roles(void)
{
    fixture f;
    set_up(&f, "h3-29");
    send(&f, QL_CLIENT, 2, 0, false, hex_wire("00 0400"));
    send(&f, QL_CLIENT, 6, 0, false, hex_wire("02"));
    send(&f, QL_CLIENT, 10, 0, false, hex_wire("03"));
    send(&f, QL_CLIENT, 14, 0, false, hex_wire("21 abcdef")); /* reserved */
    send(&f, QL_CLIENT, 18, 0, false, hex_wire("40"));
    send(&f, QL_CLIENT, 0, 0, false, get_wire("/"));
    send(&f, QL_SERVER, 3, 0, false, hex_wire("00 0400"));
    assert_role(&f, 2, "control");
    assert_role(&f, 6, "qpack-encoder");
    assert_role(&f, 10, "qpack-decoder");
    assert_role(&f, 14, "other");
    assert_role(&f, 18, "other");
    send(&f, QL_CLIENT, 18, 1, false, hex_wire("54 00")); /* the type was cut */
    assert_role(&f, 18, "webtransport");
    assert_role(&f, 0, "request");
    assert_findings(&f, "");
    tear_down(&f);
}

/* A control stream behind its type, and what is wrong with it. */
static void test_control_stream(void)
{
    static const struct {
        ql_side sender;
        const char *wire, *findings;
    } cases[] = {
        { QL_CLIENT, "0400", "" },
        { QL_CLIENT, "0404 01406406 00", "h3.frame-error" },
        { QL_CLIENT, "0400 0d0105 0d0106 0d0106", "" },
        { QL_CLIENT, "0400 0d0105 0d0104", "h3.id-error" },
        { QL_SERVER, "0400 0d0105", "h3.frame-unexpected" },
        { QL_SERVER, "0400 070108 070104 070104", "" },
        { QL_SERVER, "0400 070104 070108", "h3.id-error" },
        { QL_SERVER, "0400 070105", "h3.id-error" },
        { QL_CLIENT, "0400 070105", "" },
        { QL_CLIENT, "0400 0700", "h3.frame-error" },
        { QL_CLIENT, "0400 07020000", "h3.frame-error" },
        { QL_CLIENT, "0400 030101", "" },
        { QL_CLIENT, "2100 0400", "h3.missing-settings" },
        { QL_CLIENT, "0d0105", "h3.missing-settings" },
        { QL_CLIENT, "0400 0400", "h3.frame-unexpected" },
        { QL_CLIENT, "0404 01000100", "h3.settings-error" },
        { QL_CLIENT, "0402 0200", "h3.settings-error" },
        { QL_CLIENT, "0402 0802", "h3.settings-error" },
        { QL_CLIENT, "0402 3302", "h3.settings-error" },
        { QL_CLIENT, "0406 0801 3301 2105", "" },
        { QL_CLIENT, "0400 0000", "h3.frame-unexpected" },
        { QL_CLIENT, "0400 0100", "h3.frame-unexpected" },
        { QL_CLIENT, "0400 0600", "h3.frame-unexpected" },
        { QL_CLIENT, "0400 800f0700 04 00 753d30", "" }, /* PRIORITY_UPDATE: u=0 */
        { QL_CLIENT, "0400 800f0700 04 01 753d30", "h3.id-error" },
        { QL_CLIENT, "0400 800f0701 04 01 753d30", "" },
        { QL_CLIENT, "0400 800f0700 00", "h3.frame-error" },
        { QL_SERVER, "0400 800f0700 04 00 753d30", "h3.frame-unexpected" },
        { QL_SERVER, "0400 0c00", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        g_test_message("%s: %s", ql_side_name(cases[i].sender), cases[i].wire);
        GByteArray *wire = hex_wire("00");
        g_autoptr(GByteArray) rest = hex_wire(cases[i].wire);
        put_bytes(wire, rest->data, rest->len);
        send(&f, cases[i].sender, cases[i].sender == QL_CLIENT ? 2 : 3, 0, false, wire);
        assert_findings(&f, cases[i].findings);
        tear_down(&f);
    }
}

static void test_settings(void)
{
    fixture f;
    set_up(&f, "h3");
    g_assert_null(ql_streams_settings(f.streams, QL_SERVER));
    send(&f, QL_SERVER, 3, 0, false, hex_wire("00 0407 01 4064 07 10 33 01"));
    const GArray *settings = ql_streams_settings(f.streams, QL_SERVER);
    g_assert_cmpuint(settings->len, ==, 3);
    g_assert_cmpuint(ql_http3_setting(settings, 0x01), ==, 100);
    g_assert_cmpuint(ql_http3_setting(settings, 0x07), ==, 16);
    g_assert_cmpuint(ql_http3_setting(settings, 0x06), ==, 0);
    assert_said(&f, 1, "QPACK_MAX_TABLE_CAPACITY = 100, QPACK_BLOCKED_STREAMS = 16");
    g_assert_null(ql_streams_settings(f.streams, QL_CLIENT));
    tear_down(&f);
}

static void test_texts(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_SERVER, 3, 0, false, hex_wire("00 0400"));
    send(&f, QL_SERVER, 3, 3, false, hex_wire("07 01 08"));
    send(&f, QL_CLIENT, 2, 0, false, hex_wire("00 0400"));
    send(&f, QL_CLIENT, 2, 3, false, hex_wire("800f0700 06 04 753d312c69"));
    send(&f, QL_CLIENT, 2, 14, false, hex_wire("0d 01 07"));
    send(&f, QL_CLIENT, 2, 17, false, hex_wire("03 01 02"));
    assert_said(&f, 1, "stream 3 is the control stream of the server");
    assert_said(&f, 2, "GOAWAY of the server: requests on streams from 8 on are not served");
    assert_said(&f, 4, "PRIORITY_UPDATE for stream 4: \"u=1,i\"");
    assert_said(&f, 5, "up to 7");
    assert_said(&f, 6, "the client gives up push 2");
    tear_down(&f);
}

static void test_critical_streams(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 2, 0, false, hex_wire("00 0400"));
    send(&f, QL_CLIENT, 6, 0, false, hex_wire("00 0400"));
    send(&f, QL_CLIENT, 10, 0, false, hex_wire("02"));
    send(&f, QL_CLIENT, 14, 0, false, hex_wire("02"));
    assert_findings(&f, "h3.stream-creation h3.stream-creation");
    send_text(&f, QL_CLIENT, 2, 3, true, "");
    send_reset(&f, QL_CLIENT, 10, 0x100, 1);
    assert_findings(&f, "h3.stream-creation h3.stream-creation h3.closed-critical-stream "
                        "h3.closed-critical-stream");
    tear_down(&f);
}

static void test_forbidden_streams(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 2, 0, false, hex_wire("01 00"));
    send(&f, QL_SERVER, 1, 0, false, response_wire("200", NULL));
    send(&f, QL_CLIENT, 1, 0, false, get_wire("/"));
    assert_findings(&f, "h3.stream-creation h3.stream-creation");
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    tear_down(&f);
}

static GByteArray *promise_wire(uint64_t push_id, const char *path)
{
    g_autoptr(GByteArray) section = section_of((const char *const[]){
        ":method", "GET", ":scheme", "https", ":authority", "host", ":path", path, NULL, NULL });
    g_autoptr(GByteArray) payload = wire_new();
    put_varint(payload, push_id);
    put_bytes(payload, section->data, section->len);
    GByteArray *wire = wire_new();
    put_frame(wire, 0x05, payload->data, payload->len);
    return wire;
}

static GByteArray *push_wire(uint64_t push_id)
{
    g_autoptr(GByteArray) response = response_wire("200", "pushed");
    GByteArray *wire = hex_wire("01");
    put_varint(wire, push_id);
    put_bytes(wire, response->data, response->len);
    return wire;
}

static void begin_push(fixture *f)
{
    set_up(f, "h3");
    send(f, QL_CLIENT, 2, 0, false, hex_wire("00 0400 0d 01 08"));
    send(f, QL_CLIENT, 0, 0, true, get_wire("/"));
}

static void assert_pushed(const fixture *f)
{
    const ql_exchange *e = exchange_at(f, 1);
    g_assert_cmpuint(exchange_count(f), ==, 2);
    g_assert_true(e->pushed);
    g_assert_cmpuint(e->push_id, ==, 5);
    g_assert_cmpuint(e->promised_on, ==, 0);
    g_assert_cmpuint(e->stream_id, ==, 15);
    g_assert_cmpstr(e->path, ==, "/style.css");
    g_assert_cmpuint(e->status, ==, 200);
    g_assert_cmpuint(e->response.body_size, ==, 6);
    g_assert_true(e->response.complete && e->response.has_sha256);
    g_assert_true(ql_streams_find(f->streams, 15)->exchange == e);
    assert_role(f, 15, "push");
    assert_findings(f, "");
}

static void test_promise_first(void)
{
    fixture f;
    begin_push(&f);
    send(&f, QL_SERVER, 0, 0, false, promise_wire(5, "/style.css"));
    g_assert_cmpuint(exchange_at(&f, 1)->stream_id, ==, QL_NO_STREAM);
    g_assert_cmpuint(exchange_at(&f, 1)->status, ==, 0);
    send(&f, QL_SERVER, 15, 0, true, push_wire(5));
    assert_pushed(&f);
    assert_events(&f, 3, "stream section(15)");
    assert_events(&f, 4, "stream text section(15) end(response 15)");
    tear_down(&f);
}

static void test_push_stream_first(void)
{
    fixture f;
    begin_push(&f);
    send(&f, QL_SERVER, 15, 0, true, push_wire(5));
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    send(&f, QL_SERVER, 0, 0, false, promise_wire(5, "/style.css"));
    assert_pushed(&f);
    assert_events(&f, 3, "stream text section(15) end(response 15)");
    finish(&f);
    assert_findings(&f, "");
    tear_down(&f);
}

/* The request was not captured: its stream is a request stream all the same. */
static void test_promise_without_request(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_SERVER, 0, 0, false, promise_wire(5, "/style.css"));
    g_assert_cmpstr(exchange_at(&f, 0)->path, ==, "/style.css");
    assert_role(&f, 0, "request");
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_push_without_promise(void)
{
    fixture f;
    begin_push(&f);
    send(&f, QL_SERVER, 15, 0, true, push_wire(5));
    finish(&f);
    finish(&f);
    assert_findings(&f, "capture.gap");
    tear_down(&f);
}

static void test_push_limits(void)
{
    fixture f;
    begin_push(&f);
    send(&f, QL_SERVER, 0, 0, false, promise_wire(5, "/style.css"));
    g_autoptr(GByteArray) promise = promise_wire(5, "/style.css");
    send(&f, QL_SERVER, 0, promise->len, false, promise_wire(5, "/style.css"));
    assert_said(&f, 4, "promised again");
    assert_findings(&f, "");
    send(&f, QL_SERVER, 0, 2 * (uint64_t)promise->len, false, promise_wire(5, "/other.css"));
    assert_findings(&f, "h3.id-error");
    send(&f, QL_SERVER, 15, 0, true, push_wire(5));
    send(&f, QL_SERVER, 19, 0, true, push_wire(5));
    assert_findings(&f, "h3.id-error h3.id-error");
    send(&f, QL_SERVER, 23, 0, true, push_wire(9));
    assert_findings(&f, "h3.id-error h3.id-error h3.id-error");
    tear_down(&f);
    set_up(&f, "h3");
    send(&f, QL_SERVER, 15, 0, true, push_wire(9)); /* the client's control stream is not there */
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_webtransport(void)
{
    fixture f;
    set_up(&f, "h3");
    GByteArray *wire = wire_new();
    HEADERS(wire, ":method", "CONNECT", ":protocol", "webtransport", ":scheme", "https",
            ":authority", "host", ":path", "/wt");
    send(&f, QL_CLIENT, 0, 0, false, wire);
    send(&f, QL_SERVER, 0, 0, false, response_wire("200", NULL));
    send(&f, QL_CLIENT, 4, 0, false, hex_wire("40"));
    send(&f, QL_CLIENT, 4, 1, false, hex_wire("41 00 01020304"));
    send(&f, QL_SERVER, 4, 0, true, hex_wire("0004ffff"));
    send(&f, QL_SERVER, 1, 0, true, hex_wire("4041 00 00000000"));
    send(&f, QL_CLIENT, 1, 0, true, hex_wire("07"));
    send(&f, QL_SERVER, 7, 0, true, hex_wire("4054 00 00000000"));
    assert_role(&f, 4, "webtransport");
    assert_role(&f, 1, "webtransport");
    assert_role(&f, 7, "webtransport");
    assert_said(&f, 4, "session of stream 0");
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    finish(&f);
    assert_findings(&f, "");
    tear_down(&f);
}

static void send_datagram(fixture *f, const char *text)
{
    GByteArray *wire = hex_wire(text);
    ql_frame frame = { .kind = QL_FRAME_DATAGRAM, .type = 0x30 };
    ql_where where = next_where(f);
    frame.datagram.data = wire_slice(wire);
    ql_streams_on_datagram(f->streams, QL_CLIENT, &frame, &where);
    g_byte_array_free(wire, TRUE);
}

static void test_datagrams(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 4, 0, false, get_wire("/tunnel"));
    send_datagram(&f, "01 616263");
    send_datagram(&f, "");
    assert_said(&f, 2, "HTTP datagram of 3 bytes for stream 4, https://host/tunnel");
    assert_findings(&f, "h3.frame-error");
    tear_down(&f);
    set_up(&f, "doq");
    send_datagram(&f, "01 616263");
    assert_said(&f, 1, "DATAGRAM of 4 bytes");
    tear_down(&f);
}

static void test_qpack_streams(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_SERVER, 11, 0, false, hex_wire("03 84 ff00 48 01 3f"));
    assert_findings(&f, "");
    send(&f, QL_SERVER, 11, 7, false, hex_wire("00 00")); /* 63, then 0 */
    assert_findings(&f, "qpack.decoder-stream");
    send(&f, QL_SERVER, 11, 9, false, hex_wire("00"));
    assert_findings(&f, "qpack.decoder-stream");
    send(&f, QL_SERVER, 3, 0, false, control_wire(100));
    send(&f, QL_CLIENT, 6, 0, false, hex_wire("02 3fff00"));
    send(&f, QL_CLIENT, 6, 4, false, hex_wire("3fff00"));
    assert_findings(&f, "qpack.decoder-stream qpack.encoder-stream");
    tear_down(&f);
}

static void test_error_names(void)
{
    g_assert_cmpstr(ql_http3_error_name(0x100), ==, "H3_NO_ERROR");
    g_assert_cmpstr(ql_http3_error_name(0x110), ==, "H3_VERSION_FALLBACK");
    g_assert_cmpstr(ql_http3_error_name(0x202), ==, "QPACK_DECODER_STREAM_ERROR");
    g_assert_null(ql_http3_error_name(0));
    for (uint64_t code = 0x100; code <= 0x110; code++)
        g_assert_nonnull(ql_http3_error_name(code));
    g_autofree char *known = ql_http3_error_text(0x10c);
    g_autofree char *unknown = ql_http3_error_text(0x1234);
    g_assert_cmpstr(known, ==, "H3_REQUEST_CANCELLED (0x10c)");
    g_assert_cmpstr(unknown, ==, "0x1234");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3/the first bytes of a stream say what it is", test_roles);
    g_test_add_func("/http3/control streams keep the rules", test_control_stream);
    g_test_add_func("/http3/settings of both sides can be read", test_settings);
    g_test_add_func("/http3/what control streams say is told", test_texts);
    g_test_add_func("/http3/each side has one of each critical stream, and keeps it open",
                    test_critical_streams);
    g_test_add_func("/http3/clients do not push, servers do not ask", test_forbidden_streams);
    g_test_add_func("/http3/a promise finds its push stream", test_promise_first);
    g_test_add_func("/http3/a push stream waits for its promise", test_push_stream_first);
    g_test_add_func("/http3/a promise needs no captured request", test_promise_without_request);
    g_test_add_func("/http3/a push stream without promise is told once", test_push_without_promise);
    g_test_add_func("/http3/push IDs stand for one push and keep the limit", test_push_limits);
    g_test_add_func("/http3/streams of WebTransport are left alone", test_webtransport);
    g_test_add_func("/http3/datagrams are told with their request", test_datagrams);
    g_test_add_func("/http3/the streams of QPACK keep the rules", test_qpack_streams);
    g_test_add_func("/http3/error codes have names", test_error_names);
    return g_test_run();
}
