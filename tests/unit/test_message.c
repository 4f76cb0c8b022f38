/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/message.h"

#include "assert_bytes.h"
#include "streams_fixture.h"

static GByteArray *request_wire(const char *const *pairs)
{
    GByteArray *wire = wire_new();
    put_headers(wire, pairs);
    return wire;
}

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL, NULL })
#define USUAL       ":method", "GET", ":scheme", "https", ":authority", "host", ":path", "/"

static void test_informational_and_trailers(void)
{
    fixture f;
    set_up(&f, "h3");
    GByteArray *wire = wire_new();
    HEADERS(wire, ":method", "POST", ":scheme", "https", ":authority", "host", ":path", "/a");
    put_data(wire, "request ");
    put_data(wire, "content");
    HEADERS(wire, "checksum", "1");
    send(&f, QL_CLIENT, 0, 0, true, wire);
    wire = wire_new();
    HEADERS(wire, ":status", "100");
    HEADERS(wire, ":status", "103", "link", "</a.css>");
    HEADERS(wire, ":status", "200");
    put_data(wire, "");
    put_data(wire, "abc");
    HEADERS(wire, "checksum", "2");
    put_frame(wire, 0x21, "grease", 6);
    send(&f, QL_SERVER, 0, 0, true, wire);
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpuint(e->informational->len, ==, 2);
    g_assert_cmpuint(((ql_section *)g_ptr_array_index(e->informational, 0))->status, ==, 100);
    g_assert_cmpuint(((ql_section *)g_ptr_array_index(e->informational, 1))->status, ==, 103);
    g_assert_cmpuint(e->status, ==, 200);
    g_assert_cmpuint(e->request.body_size, ==, 15);
    g_assert_cmpuint(e->response.body_size, ==, 3);
    g_assert_cmpstr(ql_section_value(e->request.trailers, "checksum"), ==, "1");
    g_assert_cmpstr(ql_section_value(e->response.trailers, "checksum"), ==, "2");
    g_assert_cmpint(e->response.trailers->kind, ==, QL_SECTION_RESPONSE_TRAILERS);
    g_assert_true(e->response.complete && e->response.sha256 != NULL);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_contents_are_counted_and_not_hashed_where_nobody_wants_hashes(void)
{
    fixture f;
    set_up(&f, "h3");
    ql_body_budget budget = { .hashes = false };
    ql_streams_keep_bodies(f.streams, &budget);
    send(&f, QL_CLIENT, 0, 0, true, request_wire(FIELDS(USUAL)));
    GByteArray *wire = wire_new();
    HEADERS(wire, ":status", "200");
    put_data(wire, "abc");
    send(&f, QL_SERVER, 0, 0, true, wire);
    const ql_message *response = &exchange_at(&f, 0)->response;
    g_assert_true(response->complete);
    g_assert_cmpuint(response->body_size, ==, 3);
    g_assert_null(response->sha256);
    tear_down(&f);
}

/* The rules themselves are in test_message_rules.c. */
static void test_malformed(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, request_wire(FIELDS(USUAL, "Upper", "x")));
    send(&f, QL_SERVER, 0, 0, true, request_wire(FIELDS("server", "x")));
    assert_findings(&f, "h3.message-error h3.message-error");
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    send(&f, QL_CLIENT, 4, 0, true, request_wire(FIELDS(":path", "/")));
    assert_findings(&f, "h3.message-error h3.message-error h3.message-error");
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    tear_down(&f);
}

static void test_content_length(void)
{
    static const struct {
        const char *method, *status, *length, *content;
        bool accepted;
    } cases[] = {
        { "GET", "200", "3", "abc", true },    { "GET", "200", "4", "abc", false },
        { "GET", "200", "0", NULL, true },     { "GET", "200", "1", NULL, false },
        { "HEAD", "200", "3", NULL, true },    { "HEAD", "200", "3", "abc", false },
        { "GET", "304", "3", NULL, true },     { "GET", "204", "0", "abc", false },
        { "CONNECT", "200", "3", "ab", true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        bool connect = strcmp(cases[i].method, "CONNECT") == 0;
        const char *const tunnel[] = { ":method", "CONNECT", ":authority", "a", NULL, NULL };
        const char *const usual[] = { ":method", cases[i].method, ":scheme", "https", ":authority",
                                      "a",       ":path",         "/",       NULL,    NULL };
        send(&f, QL_CLIENT, 0, 0, true, request_wire(connect ? tunnel : usual));
        GByteArray *wire = wire_new();
        HEADERS(wire, ":status", cases[i].status, "content-length", cases[i].length);
        if (cases[i].content != NULL)
            put_data(wire, cases[i].content);
        send(&f, QL_SERVER, 0, 0, true, wire);
        assert_findings(&f, cases[i].accepted ? "" : "h3.message-error");
        tear_down(&f);
    }
}

/* A stream's frames as letters: H headers, T trailers, D data, I informational, S SETTINGS, P
 * PUSH_PROMISE, 2 a frame of HTTP/2, G grease, W the type of a WebTransport stream. */
static GByteArray *frames_wire(const char *letters, bool response)
{
    g_autoptr(GByteArray) promise = section_of(FIELDS(USUAL));
    GByteArray *wire = wire_new();
    uint8_t zero = 0;
    g_byte_array_prepend(promise, &zero, 1);
    for (; *letters != '\0'; letters++) {
        switch (*letters) {
        case 'H':
            if (response)
                HEADERS(wire, ":status", "200");
            else
                GET(wire, "/");
            break;
        case 'T': HEADERS(wire, "a", "b"); break;
        case 'D': put_data(wire, "abc"); break;
        case 'I': HEADERS(wire, ":status", "103"); break;
        case 'S': put_frame(wire, 0x04, NULL, 0); break;
        case 'P': put_frame(wire, 0x05, promise->data, promise->len); break;
        case '2': put_frame(wire, 0x02, NULL, 0); break;
        case 'G': put_frame(wire, 0x40, "x", 1); break;
        case 'W': put_frame(wire, 0x41, "x", 1); break;
        default: g_assert_not_reached();
        }
    }
    return wire;
}

static void test_order_of_frames(void)
{
    static const struct {
        const char *request, *response, *findings;
    } cases[] = {
        { "H", "H", "" },
        { "GHGDGTG", "GIGIGHGDGDGTG", "" },
        { "HT", "HT", "" },
        { "DH", "H", "h3.frame-unexpected" },
        { "H", "DH", "h3.frame-unexpected" },
        { "H", "IDH", "h3.frame-unexpected" },
        { "HTD", "H", "h3.frame-unexpected" },
        { "H", "HTD", "h3.frame-unexpected" },
        { "HTT", "H", "h3.frame-unexpected" },
        { "H", "HTT", "h3.frame-unexpected" },
        { "HS", "H", "h3.frame-unexpected" },
        { "H", "H2", "h3.frame-unexpected" },
        { "HP", "H", "h3.frame-unexpected" },
        { "HW", "H", "h3.frame-unexpected" },
        { "H", "PHP", "" },
        { "", "", "h3.request-incomplete h3.request-incomplete" },
        { "H", "I", "h3.request-incomplete" },
        { "H", "G", "h3.request-incomplete" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        g_test_message("%s, %s", cases[i].request, cases[i].response);
        send(&f, QL_CLIENT, 0, 0, true, frames_wire(cases[i].request, false));
        send(&f, QL_SERVER, 0, 0, true, frames_wire(cases[i].response, true));
        finish(&f);
        assert_findings(&f, cases[i].findings);
        tear_down(&f);
    }
}

static void test_trailers_in_a_tunnel(void)
{
    static const struct {
        const char *fields[11], *status, *findings;
    } cases[] = {
        { { ":method", "CONNECT", ":authority", "a:1" }, "200", "h3.frame-unexpected" },
        { { ":method", "CONNECT", ":authority", "a:1" }, "403", "" },
        { { USUAL }, "200", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        send(&f, QL_CLIENT, 0, 0, false, request_wire(cases[i].fields));
        GByteArray *wire = response_wire(cases[i].status, "abc");
        HEADERS(wire, "checksum", "1");
        send(&f, QL_SERVER, 0, 0, false, wire);
        assert_findings(&f, cases[i].findings);
        tear_down(&f);
    }
}

static void test_rejected(void)
{
    for (int answered = 0; answered <= 1; answered++) {
        fixture f;
        set_up(&f, "h3");
        send(&f, QL_CLIENT, 0, 0, true, get_wire("/"));
        GByteArray *wire = response_wire(answered ? "200" : "100", NULL);
        uint64_t size = wire->len;
        send(&f, QL_SERVER, 0, 0, false, wire);
        send_reset(&f, QL_SERVER, 0, 0x10b, size);
        assert_findings(&f, answered ? "h3.rejected-late h3.request-cancelled"
                                     : "h3.request-cancelled");
        tear_down(&f);
    }
}

static void test_cut_frame(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/"));
    g_autoptr(GByteArray) wire = response_wire("200", "abc");
    send_piece(&f, QL_SERVER, 0, 0, (ql_slice){ wire->data, wire->len - 1 }, true, false);
    assert_findings(&f, "h3.frame-error");
    g_assert_false(exchange_at(&f, 0)->response.complete);
    assert_events(&f, 2, "stream section(0) finding end(response 0)");
    tear_down(&f);
}

static void test_bad_section(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, hex_wire("01 03 0000 80"));
    send(&f, QL_SERVER, 0, 0, true, response_wire("200", NULL));
    finish(&f);
    assert_findings(&f, "qpack.decompression-failed");
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    tear_down(&f);
}

static void test_bad_section_of_response(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/"));
    GByteArray *wire = hex_wire("01 03 0000 80");
    put_data(wire, "abc");
    HEADERS(wire, "a", "b");
    send(&f, QL_SERVER, 0, 0, true, wire);
    assert_findings(&f, "qpack.decompression-failed");
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_null(e->response.headers);
    g_assert_cmpuint(e->status, ==, 0);
    g_assert_cmpuint(e->response.body_size, ==, 3);
    g_assert_true(e->response.complete && e->response.sha256 != NULL);
    g_assert_cmpstr(ql_section_value(e->response.trailers, "a"), ==, "b");
    tear_down(&f);
}

/* A client and a server with dynamic tables; the encoder streams are 6 and 7. */
static void set_up_qpack(fixture *f)
{
    set_up(f, "h3");
    send(f, QL_CLIENT, 2, 0, false, control_wire(220));
    send(f, QL_SERVER, 3, 0, false, control_wire(220));
}

/* RFC 9204, B.2: entries 0 and 1, and a section that needs both. */
#define B2_ENCODER                                                                                 \
    "02 3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468"
#define B2_SECTION "01 06 0381 10 11 d1 d7" /* and :method GET, :scheme https */

static void test_blocked_request(void)
{
    fixture f;
    set_up_qpack(&f);
    GByteArray *wire = hex_wire(B2_SECTION);
    put_data(wire, "abc");
    send(&f, QL_CLIENT, 0, 0, true, wire);
    send(&f, QL_SERVER, 0, 0, true, response_wire("200", "x"));
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    g_assert_true(piece_on(&f, 3)->blocked);
    g_assert_false(piece_on(&f, 4)->blocked);
    send(&f, QL_CLIENT, 6, 0, false, hex_wire(B2_ENCODER));
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpstr(e->path, ==, "/sample/path");
    g_assert_cmpuint(e->request.first.frame, ==, 3);
    g_assert_cmpuint(e->request.last.frame, ==, 3);
    g_assert_cmpuint(e->request.headers->decoded.frame, ==, 5);
    g_assert_cmpuint(e->request.body_size, ==, 3);
    g_assert_true(e->request.complete && e->request.sha256 != NULL);
    g_assert_cmpuint(e->request.blocked_ns, ==, 2 * MILLISECOND);
    g_assert_cmpuint(e->status, ==, 200);
    assert_events(&f, 3, "stream end(request 0)");
    assert_events(&f, 4, "stream section(0) end(response 0)");
    assert_events(&f, 5, "stream text section(0)");
    finish(&f);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_blocked_response_keeps_its_order(void)
{
    fixture f;
    set_up_qpack(&f);
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/"));
    GByteArray *wire = wire_new();
    put_bytes(wire, "\x01\x03\x02\x00\x80", 5); /* needs one entry: :status 103 */
    put_bytes(wire, "\x01\x03\x03\x00\x80", 5); /* needs two: :status 200 */
    put_data(wire, "abc");
    HEADERS(wire, "a", "b");
    send(&f, QL_SERVER, 0, 0, true, wire);
    g_assert_null(exchange_at(&f, 0)->response.trailers);
    /* capacity 220; :status=103 and :status=200, with a static name reference (24) */
    send(&f, QL_SERVER, 7, 0, false, hex_wire("02 3fbd01 d8 03 313033"));
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpuint(e->informational->len, ==, 1);
    g_assert_null(e->response.headers);
    send(&f, QL_SERVER, 7, 9, false, hex_wire("d8 03 323030"));
    g_assert_cmpuint(e->status, ==, 200);
    g_assert_cmpstr(ql_section_value(e->response.trailers, "a"), ==, "b");
    g_assert_cmpuint(e->response.blocked_ns, ==, 2 * MILLISECOND);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_blocked_to_the_end(void)
{
    fixture f;
    set_up_qpack(&f);
    send(&f, QL_CLIENT, 0, 0, true, get_wire("/"));
    GByteArray *wire = hex_wire("01 03 0200 80");
    put_data(wire, "abc");
    HEADERS(wire, "a", "b");
    send(&f, QL_SERVER, 0, 0, true, wire);
    send(&f, QL_CLIENT, 4, 0, true, hex_wire(B2_SECTION)); /* its :path is not known */
    send(&f, QL_SERVER, 4, 0, true, response_wire("404", NULL));
    finish(&f);
    finish(&f);
    assert_findings(&f, "qpack.blocked-to-the-end qpack.blocked-to-the-end");
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    g_assert_cmpuint(e->status, ==, 0);
    g_assert_true(e->response.complete && e->response.sha256 != NULL);
    g_assert_cmpstr(ql_section_value(e->response.trailers, "a"), ==, "b");
    send(&f, QL_CLIENT, 6, 0, false, hex_wire(B2_ENCODER));
    send(&f, QL_SERVER, 7, 0, false, hex_wire("02 3fbd01 d8 03 323030"));
    g_assert_cmpuint(exchange_count(&f), ==, 2);
    g_assert_cmpuint(exchange_at(&f, 1)->status, ==, 404);
    g_assert_cmpuint(e->status, ==, 200);
    assert_findings(&f, "qpack.blocked-to-the-end qpack.blocked-to-the-end");
    tear_down(&f);
}

/* :method, :scheme and :path are static, :authority is dynamic; of the response :status is static.
 */
static void test_shown_in_part(void)
{
    fixture f;
    set_up_qpack(&f);
    send(&f, QL_CLIENT, 0, 0, true, hex_wire("01 06 0200 80 d1 d7 c1"));
    send(&f, QL_SERVER, 0, 0, true, hex_wire("01 04 0200 80 d9"));
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    finish(&f);
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpstr(e->method, ==, "GET");
    g_assert_cmpstr(e->path, ==, "/");
    g_assert_null(e->authority);
    g_assert_cmpuint(e->request.headers->left_out, ==, 1);
    g_assert_cmpuint(e->request.headers->decoded.frame, ==, 3);
    g_assert_true(e->request.complete && e->response.complete);
    g_assert_cmpuint(e->status, ==, 200);
    g_assert_cmpuint(e->response.headers->left_out, ==, 1);
    finish(&f);
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    send(&f, QL_CLIENT, 6, 0, false, hex_wire("02 3fbd01 c0 01 61"));
    g_assert_cmpuint(e->request.headers->left_out, ==, 0);
    g_assert_cmpstr(e->authority, ==, "a");
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    tear_down(&f);
}

static void test_reset_while_blocked(void)
{
    fixture f;
    set_up_qpack(&f);
    send(&f, QL_CLIENT, 0, 0, false, hex_wire(B2_SECTION));
    send_reset(&f, QL_CLIENT, 0, 0x10c, 8);
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    send(&f, QL_CLIENT, 6, 0, false, hex_wire(B2_ENCODER));
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_true(e->request.reset);
    g_assert_cmpuint(e->request.last.frame, ==, 4);
    assert_events(&f, 4, "finding end(request 0)");
    tear_down(&f);
}

static void test_settings_of_receiver_come_late(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_CLIENT, 0, 0, true, hex_wire(B2_SECTION));
    send(&f, QL_SERVER, 3, 0, false, control_wire(220));
    g_assert_cmpuint(exchange_count(&f), ==, 0);
    send(&f, QL_CLIENT, 6, 0, false, hex_wire(B2_ENCODER));
    g_assert_cmpuint(exchange_count(&f), ==, 1);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_section_over_many_frames(void)
{
    fixture f;
    set_up(&f, "h3");
    g_autofree char *value = g_strnfill(30000, 'v');
    g_autoptr(GByteArray) wire = wire_new();
    HEADERS(wire, USUAL, "long", value);
    for (guint at = 0; at < wire->len; at += 1000)
        send_piece(&f, QL_CLIENT, 0, at, (ql_slice){ wire->data + at, MIN(1000, wire->len - at) },
                   false, false);
    const ql_exchange *e = exchange_at(&f, 0);
    g_assert_cmpstr(ql_section_value(e->request.headers, "long"), ==, value);
    g_assert_cmpuint(e->request.headers->first.frame, ==, 1);
    g_assert_cmpuint(e->request.headers->decoded.frame, ==, f.frame);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/a tunnel carries content alone", test_trailers_in_a_tunnel);
    g_test_add_func("/message/what was answered is not rejected", test_rejected);
    g_test_add_func("/message/informational responses, content and trailers",
                    test_informational_and_trailers);
    g_test_add_func("/message/contents are counted and not hashed where nobody wants hashes",
                    test_contents_are_counted_and_not_hashed_where_nobody_wants_hashes);
    g_test_add_func("/message/what is malformed is told", test_malformed);
    g_test_add_func("/message/content-length is the length of the content", test_content_length);
    g_test_add_func("/message/frames come in their order", test_order_of_frames);
    g_test_add_func("/message/a stream that ends within a frame is not complete", test_cut_frame);
    g_test_add_func("/message/a request that cannot be decoded is no exchange", test_bad_section);
    g_test_add_func("/message/a response that cannot be decoded still has its content",
                    test_bad_section_of_response);
    g_test_add_func("/message/a blocked request is there when QPACK lets it", test_blocked_request);
    g_test_add_func("/message/blocked sections keep their order",
                    test_blocked_response_keeps_its_order);
    g_test_add_func("/message/what stays blocked is told, the rest is shown",
                    test_blocked_to_the_end);
    g_test_add_func("/message/what stays blocked is shown as far as it can be read",
                    test_shown_in_part);
    g_test_add_func("/message/a blocked request may be reset", test_reset_while_blocked);
    g_test_add_func("/message/a request may wait for the server's settings",
                    test_settings_of_receiver_come_late);
    g_test_add_func("/message/a header section may take many frames",
                    test_section_over_many_frames);
    return g_test_run();
}
