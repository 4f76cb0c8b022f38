/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/push.h"

#include "streams_fixture.h"

static void assert_role(const fixture *f, uint64_t id, const char *expected)
{
    g_assert_cmpstr(ql_stream_role_name(ql_streams_find(f->streams, id)->role), ==, expected);
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
    g_assert_true(e->response.complete && e->response.sha256 != NULL);
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

static void test_promised_content(void)
{
    fixture f;
    begin_push(&f);
    g_autoptr(GByteArray) section =
        section_of((const char *const[]){ ":method", "GET", ":scheme", "https", ":authority", "a",
                                          ":path", "/", "content-length", "1", NULL, NULL });
    g_autoptr(GByteArray) promise = wire_new();
    GByteArray *wire = wire_new();
    put_varint(promise, 5);
    put_bytes(promise, section->data, section->len);
    put_frame(wire, 0x05, promise->data, promise->len);
    send(&f, QL_SERVER, 0, 0, false, wire);
    assert_findings(&f, "h3.message-error");
    assert_found(&f, "with content");
    tear_down(&f);
}

/* The client allows push IDs up to 8. */
static void test_every_frame_keeps_the_limit(void)
{
    static const struct {
        ql_side sender;
        uint64_t stream, offset;
        const char *control, *rule;
    } cases[] = {
        { QL_CLIENT, 2, 6, "03 01 09", "RFC 9114, 7.2.3" },
        { QL_SERVER, 3, 0, "00 0400 03 01 09", "RFC 9114, 7.2.3" },
        { QL_CLIENT, 2, 6, "800f0701 01 09", "RFC 9218, 7.2" },
    };
    fixture f;
    begin_push(&f);
    send(&f, QL_SERVER, 0, 0, false, promise_wire(9, "/style.css"));
    assert_findings(&f, "h3.id-error");
    assert_found(&f, "stream 0: PUSH_PROMISE of push 9, the client allowed IDs up to 8 "
                     "(RFC 9114, 7.2.5)");
    tear_down(&f);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        begin_push(&f);
        send(&f, cases[i].sender, cases[i].stream, cases[i].offset, false,
             hex_wire(cases[i].control));
        assert_findings(&f, "h3.id-error");
        assert_found(&f, cases[i].rule);
        tear_down(&f);
    }
}

/* MAX_PUSH_ID may stand in bytes that were not captured. */
static void test_no_limit_is_known_behind_a_gap(void)
{
    fixture f;
    begin_push(&f);
    send(&f, QL_CLIENT, 2, 9, false, hex_wire("0d 01 0a"));
    send(&f, QL_SERVER, 0, 0, false, promise_wire(9, "/style.css"));
    assert_findings(&f, "");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/push/a promise finds its push stream", test_promise_first);
    g_test_add_func("/push/a push stream waits for its promise", test_push_stream_first);
    g_test_add_func("/push/a promise needs no captured request", test_promise_without_request);
    g_test_add_func("/push/a push stream without promise is told once", test_push_without_promise);
    g_test_add_func("/push/push IDs stand for one push and keep the limit", test_push_limits);
    g_test_add_func("/push/every frame that names a push keeps the limit",
                    test_every_frame_keeps_the_limit);
    g_test_add_func("/push/no limit is known behind a gap of the control stream",
                    test_no_limit_is_known_behind_a_gap);
    g_test_add_func("/push/promised requests have no content", test_promised_content);
    return g_test_run();
}
