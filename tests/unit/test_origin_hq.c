/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/0.9 between the origin and a client of ngtcp2's own. */
#include "origin_hq.h"

#include "assert_bytes.h"
#include "origin_peer.h"

#include <string.h>

#define FAILED 1u /* the code of what cannot be had */

typedef struct fixture {
    origin_peer *peer;
    GString *log;
} fixture;

static void on_access(const ql_origin_access *access, void *user)
{
    g_string_append_printf(user, "%s %s %u;", access->method, access->target, access->status);
}

static void set_up(fixture *f, gconstpointer unused)
{
    (void)unused;
    f->log = g_string_new(NULL);
    const origin_peer_options options = {
        .alpn = "hq-interop",
        .http = { .log = on_access, .log_user = f->log, .unacked = 3000 },
    };
    f->peer = origin_peer_new(&options);
    origin_peer_connect(f->peer);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    origin_peer_free(f->peer);
    g_string_free(f->log, TRUE);
}

static int64_t ask(origin_peer *peer, const char *line, bool fin)
{
    int64_t stream = origin_peer_open(peer, true);
    origin_peer_write(peer, stream, line, strlen(line), fin);
    return stream;
}

static void assert_pattern(const origin_stream *stream)
{
    g_assert_cmpuint(stream->data->len, ==, QL_ORIGIN_PATTERN_BYTES);
    for (guint i = 0; i < stream->data->len; i++)
        if (stream->data->data[i] != (uint8_t)(i * 7 + i / 256))
            g_error("byte %u is not that of the pattern", i);
}

static void assert_refused(fixture *f, int64_t stream)
{
    const origin_stream *answer = origin_peer_stream(f->peer, stream);
    RUN_UNTIL(f->peer, answer->reset);
    g_assert_cmpuint(answer->reset_code, ==, FAILED);
    g_assert_cmpuint(answer->data->len, ==, 0);
}

static void test_a_line_is_answered_by_the_bytes_of_the_file(fixture *f, gconstpointer unused)
{
    int64_t stream = ask(f->peer, "GET /1m.bin\r\n", true);
    const origin_stream *answer = origin_peer_stream(f->peer, stream);
    (void)unused;
    RUN_UNTIL(f->peer, answer->ended);
    assert_pattern(answer);
    g_assert_cmpstr(f->log->str, ==, "GET /1m.bin 200;");
}

static void test_a_line_may_come_in_pieces_and_with_a_version(fixture *f, gconstpointer unused)
{
    static const char line[] = "GET /1m.bin HTTP/0.9";
    int64_t stream = origin_peer_open(f->peer, true);
    const origin_stream *answer = origin_peer_stream(f->peer, stream);
    (void)unused;
    for (size_t i = 0; i < sizeof line - 1; i++) {
        origin_peer_write(f->peer, stream, line + i, 1, false);
        RUN_UNTIL(f->peer, answer->acknowledged == i + 1);
    }
    g_assert_cmpstr(f->log->str, ==, "");
    origin_peer_write(f->peer, stream, "", 0, true);
    RUN_UNTIL(f->peer, answer->ended);
    assert_pattern(answer);
}

static void test_what_is_not_there_is_reset(fixture *f, gconstpointer unused)
{
    (void)unused;
    assert_refused(f, ask(f->peer, "GET /none\r\n", true));
    assert_refused(f, ask(f->peer, "GET /../1m.bin\r\n", true));
    g_assert_cmpstr(f->log->str, ==, "GET /none 404;GET /../1m.bin 400;");
}

static void test_what_is_no_request_is_reset(fixture *f, gconstpointer unused)
{
    g_autofree char *long_line = g_strnfill(5000, 'G');
    (void)unused;
    assert_refused(f, ask(f->peer, "PUT /1m.bin\r\n", true));
    assert_refused(f, ask(f->peer, "GET\r\n", false));
    assert_refused(f, ask(f->peer, long_line, false));
    g_assert_cmpstr(f->log->str, ==, "GET - 400;GET - 400;GET - 400;");
}

static void test_streams_take_turns(fixture *f, gconstpointer unused)
{
    int64_t one = ask(f->peer, "GET /1m.bin\r\n", true), two = ask(f->peer, "GET /1m.bin\n", false);
    const origin_stream *first = origin_peer_stream(f->peer, one);
    const origin_stream *second = origin_peer_stream(f->peer, two);
    (void)unused;
    RUN_UNTIL(f->peer, first->ended || second->ended);
    g_assert_cmpuint(MIN(first->data->len, second->data->len), >, QL_ORIGIN_PATTERN_BYTES / 2);
    RUN_UNTIL(f->peer, first->ended && second->ended);
    assert_pattern(first);
    assert_pattern(second);
}

static void test_who_takes_no_more_is_waited_for(void)
{
    const origin_peer_options options = { .alpn = "hq-interop", .stream_window = 5000 };
    origin_peer *peer = origin_peer_new(&options);
    origin_peer_connect(peer);
    int64_t stream = ask(peer, "GET /1m.bin\r\n", true);
    const origin_stream *answer = origin_peer_stream(peer, stream);
    RUN_UNTIL(peer, answer->data->len == 5000);
    origin_peer_take(peer, stream, QL_ORIGIN_PATTERN_BYTES);
    RUN_UNTIL(peer, answer->ended);
    assert_pattern(answer);
    origin_peer_free(peer);
}

static void test_who_wants_no_more_gets_no_more(fixture *f, gconstpointer unused)
{
    int64_t stream = ask(f->peer, "GET /1m.bin\r\n", true);
    const origin_stream *answer = origin_peer_stream(f->peer, stream);
    (void)unused;
    RUN_UNTIL(f->peer, answer->data->len > 0);
    ngtcp2_conn_shutdown_stream(origin_peer_client(f->peer), 0, stream, 7);
    int64_t other = ask(f->peer, "GET /1m.bin\r\n", true);
    RUN_UNTIL(f->peer, origin_peer_stream(f->peer, other)->ended);
    assert_pattern(origin_peer_stream(f->peer, other));
    g_assert_cmpuint(answer->data->len, <, QL_ORIGIN_PATTERN_BYTES);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/origin-hq/" name, fixture, NULL, set_up, function, tear_down)
    TEST("file", test_a_line_is_answered_by_the_bytes_of_the_file);
    TEST("pieces", test_a_line_may_come_in_pieces_and_with_a_version);
    TEST("missing", test_what_is_not_there_is_reset);
    TEST("no-request", test_what_is_no_request_is_reset);
    TEST("turns", test_streams_take_turns);
    TEST("stop", test_who_wants_no_more_gets_no_more);
    g_test_add_func("/origin-hq/window", test_who_takes_no_more_is_waited_for);
    return g_test_run();
}
