/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the origin does wrong on purpose, as a client of ngtcp2's own gets it. */
#include "origin_faulty.h"

#include "assert_bytes.h"
#include "origin_peer.h"

#include <string.h>

#define CONTROL           3 /* the first stream of the origin's, and those behind it */
#define NEXT              7
#define H3_INTERNAL_ERROR 0x102u

static origin_peer *begin(const ql_origin_misbehaviour *how)
{
    const origin_peer_options options = { .http.misbehaviour = how };
    origin_peer *peer = origin_peer_new(&options);
    origin_peer_connect(peer);
    return peer;
}

/* Until the origin has taken all of the request. */
static const origin_stream *ask(origin_peer *peer)
{
    int64_t stream = origin_peer_open(peer, true);
    origin_peer_write(peer, stream, "anything", 8, true);
    RUN_UNTIL(peer, origin_peer_stream(peer, stream)->acknowledged == 8);
    return origin_peer_stream(peer, stream);
}

static void assert_stream(origin_peer *peer, int64_t id, ql_origin_bytes expected)
{
    const origin_stream *stream = origin_peer_stream(peer, id);
    RUN_UNTIL(peer, stream->data->len >= expected.length);
    assert_bytes(stream->data->data, stream->data->len, expected.data, expected.length);
}

static void assert_end(origin_peer *peer, const origin_stream *answer,
                       const ql_origin_misbehaviour *how)
{
    static const ql_origin_bytes usual = { "\x01\x03\0\0\xd9\0\x05hello", 12 };
    const ql_origin_bytes *bytes = how->response.data != NULL ? &how->response : &usual;
    if (how->end == QL_ORIGIN_FAULT_END_FIN)
        RUN_UNTIL(peer, answer->ended);
    if (how->end == QL_ORIGIN_FAULT_END_RESET) {
        RUN_UNTIL(peer, answer->reset);
        g_assert_cmphex(answer->reset_code, ==, H3_INTERNAL_ERROR);
    }
    assert_bytes(answer->data->data, answer->data->len, bytes->data, bytes->length);
}

static void test_each_stream_is_as_the_table_has_it(void)
{
    static const ql_origin_bytes usual = { "\0\x04\0", 3 };
    const ql_origin_misbehaviour *how;
    for (size_t i = 0; (how = ql_origin_misbehaviour_at(i)) != NULL; i++) {
        if (how->level != QL_ORIGIN_FAULT_HTTP || how->end > QL_ORIGIN_FAULT_END_RESET)
            continue;
        g_test_message("%s", how->name);
        origin_peer *peer = begin(how);
        const origin_stream *answer = ask(peer);
        assert_stream(peer, CONTROL, how->control.data != NULL ? how->control : usual);
        if (how->encoder.data != NULL)
            assert_stream(peer, NEXT, how->encoder);
        if (how->second_control.data != NULL)
            assert_stream(peer, NEXT, how->second_control);
        assert_end(peer, answer, how);
        RUN_UNTIL(peer, origin_peer_stream(peer, CONTROL)->ended == (how->control_ends != 0));
        origin_peer_free(peer);
    }
}

static void test_some_answers_never_end(void)
{
    const ql_origin_misbehaviour *how = ql_origin_misbehaviour_find("endless-headers");
    origin_peer *peer = begin(how);
    const origin_stream *answer = ask(peer);
    RUN_UNTIL(peer, answer->data->len > 3000000);
    g_assert_false(answer->ended || answer->reset);
    assert_bytes(answer->data->data, how->response.length, how->response.data,
                 how->response.length);
    const uint8_t *field = answer->data->data + how->response.length;
    assert_bytes(field, 6, "\x21x\x7f\xe9\x06y", 6);
    assert_bytes(field + 1005, 6, field, 6);
    origin_peer_free(peer);
}

static void test_silence_is_silence(void)
{
    origin_peer *peer = begin(ql_origin_misbehaviour_find("silence"));
    const origin_stream *answer = ask(peer);
    g_assert_cmpuint(origin_peer_stream(peer, CONTROL)->data->len, ==, 0);
    g_assert_cmpuint(answer->data->len, ==, 0);
    g_assert_false(answer->ended || answer->reset);
    origin_peer_free(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-faulty/streams", test_each_stream_is_as_the_table_has_it);
    g_test_add_func("/origin-faulty/endless", test_some_answers_never_end);
    g_test_add_func("/origin-faulty/silence", test_silence_is_silence);
    return g_test_run();
}
