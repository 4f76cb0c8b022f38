/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_stream.h"

#include "own_connection.h"

#include <nghttp3/nghttp3.h>

typedef struct stage {
    own_connection own; /* its streams are none of QUIC's */
    ngtcp2_conn *quic;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    own_connection_start(&s->own, &(ql_origin_options){ 0 });
    own_connection_go_nowhere(&s->own);
    own_connection_open(&s->own);
    s->quic = s->own.connection->context.quic;
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    own_connection_stop(&s->own);
}

static ql_request *request_new(stage *s, const char *path, const char *later_priority)
{
    g_autofree char *url = g_strconcat("https://a/", path, NULL);
    ql_request *request = ql_request_new(ql_url_new(url, NULL),
                                         &(ql_request_settings){ .later_priority = later_priority },
                                         NULL, ql_output_new_nowhere(), NULL);
    g_ptr_array_add(s->own.requests, request);
    return request;
}

static ql_request_stream *stream_new(const stage *s, int64_t id, ql_request *request)
{
    ql_request_on_sent(request, id, NULL);
    return ql_request_stream_new(s->quic, id, request);
}

static void add_field(ql_request_stream *stream, const char *name, const char *value)
{
    ql_request_stream_on_field(stream, name, strlen(name), value, strlen(value));
}

static void test_what_comes_reaches_the_request(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *request = request_new(s, "", NULL);
    ql_request_stream *stream = stream_new(s, 4, request);
    g_assert_cmpint(ql_request_stream_id(stream), ==, 4);
    add_field(stream, ":status", "200");
    ql_request_stream_on_fields_end(stream, false, NULL);
    ql_request_stream_on_data(stream, (const uint8_t *)"abc", 3);
    g_assert_true(ql_request_stream_is_active(stream));
    ql_request_stream_on_end(stream);
    g_assert_false(ql_request_stream_is_active(stream));
    g_assert_cmpint(ql_request_get_state(request), ==, QL_REQUEST_DONE);
    g_assert_cmpuint(ql_request_received(request), ==, 3);
    ql_request_stream_free(stream);
}

static void test_a_section_that_is_too_large_fails_it(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *value = g_strnfill(300000, 'x');
    ql_request *request = request_new(s, "", NULL);
    ql_request_stream *stream = stream_new(s, 0, request);
    add_field(stream, "x", value);
    g_assert_nonnull(strstr(ql_request_failure(request), "256 KB"));
    ql_request_stream_free(stream);
}

static void test_what_was_rejected_waits_again(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *request = request_new(s, "", NULL), *other = request_new(s, "", NULL);
    ql_request_stream *rejected = stream_new(s, 0, request), *reset = stream_new(s, 4, other);
    g_assert_true(ql_request_stream_fail_code(rejected, NGHTTP3_H3_REQUEST_REJECTED) == request);
    g_assert_cmpint(ql_request_get_state(request), ==, QL_REQUEST_WAITING);
    g_assert_null(ql_request_stream_fail_code(reset, NGHTTP3_H3_INTERNAL_ERROR));
    g_assert_true(g_str_has_prefix(ql_request_failure(other),
                                   "the server reset the stream: H3_INTERNAL_ERROR (0x102"));
    g_assert_false(ql_request_stream_is_active(rejected) || ql_request_stream_is_active(reset));
    ql_request_stream_free(rejected);
    ql_request_stream_free(reset);
}

static void test_streams_go_back_in_their_order(stage *s, gconstpointer unused)
{
    (void)unused;
    enum { STREAMS = 4 };
    ql_request *requests[STREAMS];
    ql_request_stream *streams[STREAMS];
    GList *list = NULL;
    GQueue waiting = G_QUEUE_INIT;
    for (int i = 0; i < STREAMS; i++) {
        requests[i] = request_new(s, "", NULL);
        streams[i] = stream_new(s, 4 * i, requests[i]);
    }
    for (int i = 0; i < STREAMS; i++) /* 2, 0, 3, 1 */
        list = g_list_append(list, streams[(2 * i + 2 + i / 2) % STREAMS]);
    g_queue_push_tail(&waiting, NULL);
    ql_request_streams_withdraw(list, 4, "gone", &waiting, NULL);
    for (int i = 1; i < STREAMS; i++)
        g_assert_true(g_queue_pop_head(&waiting) == requests[i]);
    g_assert_null(g_queue_pop_head(&waiting));
    g_assert_true(g_queue_is_empty(&waiting));
    g_assert_true(ql_request_stream_is_active(streams[0]));
    for (int i = 0; i < STREAMS; i++)
        ql_request_stream_free(streams[i]);
}

static void test_a_short_response_is_a_failure(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *request = request_new(s, "", NULL);
    ql_request_stream *stream = stream_new(s, 0, request);
    add_field(stream, ":status", "200");
    add_field(stream, "content-length", "5");
    ql_request_stream_on_fields_end(stream, false, NULL);
    ql_request_stream_on_data(stream, (const uint8_t *)"1234", 4);
    g_assert_true(ql_request_stream_fail_if_short(stream));
    g_assert_cmpstr(ql_request_failure(request), ==,
                    "the server ended the response after 4 of 5 bytes");
    ql_request_stream_free(stream);
}

static void test_a_later_priority_is_taken_once(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *request = request_new(s, "", "u=1"), *plain = request_new(s, "", NULL);
    ql_request_stream *stream = stream_new(s, 0, request), *other = stream_new(s, 4, plain);
    g_assert_cmpstr(ql_request_stream_take_priority(stream), ==, "u=1");
    g_assert_null(ql_request_stream_take_priority(stream));
    g_assert_null(ql_request_stream_take_priority(other));
    ql_request_stream_free(stream);
    ql_request_stream_free(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/request_stream/" name, stage, NULL, set_up, test, tear_down)
    ADD("what comes reaches the request", test_what_comes_reaches_the_request);
    ADD("a section that is too large fails it", test_a_section_that_is_too_large_fails_it);
    ADD("what was rejected waits again", test_what_was_rejected_waits_again);
    ADD("streams go back in their order", test_streams_go_back_in_their_order);
    ADD("a short response is a failure", test_a_short_response_is_a_failure);
    ADD("a later priority is taken once", test_a_later_priority_is_taken_once);
    return g_test_run();
}
