/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3.h"

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

static void test_stopped_critical_streams(void)
{
    static const struct {
        ql_side sender;
        uint64_t stream;
        const char *type, *rule;
    } cases[] = {
        { QL_CLIENT, 2, "00 0400", "RFC 9114, 6.2.1" },
        { QL_SERVER, 7, "02", "RFC 9204, 4.2" },
        { QL_SERVER, 11, "03", "RFC 9204, 4.2" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        send(&f, cases[i].sender, cases[i].stream, 0, false, hex_wire(cases[i].type));
        send_stop(&f, ql_side_other(cases[i].sender), cases[i].stream, 0x100);
        send_stop(&f, ql_side_other(cases[i].sender), cases[i].stream, 0x100);
        assert_findings(&f, "h3.closed-critical-stream");
        assert_found(&f, cases[i].rule);
        tear_down(&f);
    }
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
    g_assert_cmpuint(ql_streams_find(f.streams, 0)->session, ==, QL_NO_STREAM);
    g_assert_cmpuint(ql_streams_find(f.streams, 4)->session, ==, 0);
    g_assert_cmpuint(ql_streams_find(f.streams, 7)->session, ==, 0);
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    finish(&f);
    assert_findings(&f, "");
    send(&f, QL_SERVER, 11, 0, true, hex_wire("4054 05 00"));
    assert_findings(&f, "h3.id-error");
    tear_down(&f);
}

/* The control stream of a server that takes WebTransport, and of one that does not. */
#define WITH_WEBTRANSPORT    "00 0405 ab603742 01"
#define WITHOUT_WEBTRANSPORT "00 0400"

/* The server's SETTINGS, NULL: not captured (yet); then what it sends on stream 4, ahead of what
 * the client sends there. */
static void begin_backwards(fixture *f, const char *settings, GByteArray *server, bool fin)
{
    set_up(f, "h3");
    if (settings != NULL)
        send(f, QL_SERVER, 3, 0, false, hex_wire(settings));
    send(f, QL_SERVER, 4, 0, fin, server);
}

static void test_webtransport_backwards(void)
{
    const char *const settings[] = { WITH_WEBTRANSPORT, NULL };
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        fixture f;
        begin_backwards(&f, settings[i], hex_wire("0004ffff"), true);
        assert_role(&f, 4, "other");
        send(&f, QL_CLIENT, 4, 1, false, hex_wire("41 00 01020304"));
        assert_role(&f, 4, "other");
        send(&f, QL_CLIENT, 4, 0, false, hex_wire("40"));
        assert_role(&f, 4, "webtransport");
        finish(&f);
        g_assert_cmpuint(exchange_count(&f), ==, 0);
        assert_findings(&f, "");
        tear_down(&f);
    }
}

static void test_settings_behind_a_response(void)
{
    fixture f;
    begin_backwards(&f, NULL, hex_wire("0101"), false);
    assert_role(&f, 4, "other");
    send(&f, QL_SERVER, 3, 0, false, hex_wire(WITHOUT_WEBTRANSPORT));
    send(&f, QL_SERVER, 4, 2, false, hex_wire("ff"));
    assert_role(&f, 4, "request");
    tear_down(&f);
}

static void test_response_backwards(void)
{
    const char *const settings[] = { WITH_WEBTRANSPORT, WITHOUT_WEBTRANSPORT, NULL };
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        fixture f;
        begin_backwards(&f, settings[i], response_wire("200", "content"), true);
        assert_role(&f, 4, "request");
        send(&f, QL_CLIENT, 4, 0, true, get_wire("/late"));
        g_assert_cmpuint(exchange_count(&f), ==, 1);
        g_assert_cmpuint(exchange_at(&f, 0)->status, ==, 200);
        g_assert_cmpuint(exchange_at(&f, 0)->response.body_size, ==, 7);
        g_assert_true(exchange_at(&f, 0)->response.complete);
        assert_findings(&f, "");
        tear_down(&f);
    }
}

static void test_reset_backwards(void)
{
    fixture f;
    begin_backwards(&f, WITH_WEBTRANSPORT, response_wire("200", "content"), false);
    ql_frame reset = { .kind = QL_FRAME_RESET_STREAM };
    ql_where where = next_where(&f);
    reset.reset_stream.id = 4;
    reset.reset_stream.error = 0x10c;
    reset.reset_stream.final_size = 5000;
    ql_streams_on_reset(f.streams, QL_SERVER, &reset, &where);
    send(&f, QL_CLIENT, 4, 0, true, get_wire("/late"));
    g_assert_cmpuint(exchange_at(&f, 0)->response.body_size, ==, 7);
    g_assert_true(exchange_at(&f, 0)->response.reset);
    g_assert_cmpuint(exchange_at(&f, 0)->response.reset_error, ==, 0x10c);
    tear_down(&f);
}

/* The client's half was not captured. */
static void test_half_without_the_other(void)
{
    const char *const settings[] = { WITH_WEBTRANSPORT, NULL };
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        fixture f;
        begin_backwards(&f, settings[i], response_wire("200", "content"), true);
        finish(&f);
        assert_role(&f, 4, "request");
        assert_findings(&f, "capture.gap");
        assert_found(&f, "its request was not captured");
        tear_down(&f);
        begin_backwards(&f, settings[i], hex_wire("0004ffff"), true);
        finish(&f);
        finish(&f);
        assert_role(&f, 4, "other");
        assert_findings(&f, "capture.gap");
        assert_found(&f, "not known");
        tear_down(&f);
    }
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3/the first bytes of a stream say what it is", test_roles);
    g_test_add_func("/http3/each side has one of each critical stream, and keeps it open",
                    test_critical_streams);
    g_test_add_func("/http3/nobody asks to close a critical stream", test_stopped_critical_streams);
    g_test_add_func("/http3/clients do not push, servers do not ask", test_forbidden_streams);
    g_test_add_func("/http3/streams of WebTransport are left alone", test_webtransport);
    g_test_add_func("/http3/a stream of WebTransport may come from behind",
                    test_webtransport_backwards);
    g_test_add_func("/http3/a response may come ahead of its request", test_response_backwards);
    g_test_add_func("/http3/SETTINGS may come behind the start of a response",
                    test_settings_behind_a_response);
    g_test_add_func("/http3/a reset may come ahead of the request", test_reset_backwards);
    g_test_add_func("/http3/half a stream is a response if it looks like one",
                    test_half_without_the_other);
    g_test_add_func("/http3/datagrams are told with their request", test_datagrams);
    g_test_add_func("/http3/the streams of QPACK keep the rules", test_qpack_streams);
    return g_test_run();
}
