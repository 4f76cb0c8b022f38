/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nghttp3 calls when bytes of a server come, on the QUIC connection to an origin. */
#include "http3_state.h"

#include "assert_bytes.h"
#include "own_connection.h"
#include "request_stream.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

typedef struct stage {
    own_connection own;
    ql_http3 *http3;
    GQueue waiting;
    ngtcp2_ccerr why;
} stage;

/* As ql_http3_new, with streams that QUIC knows nothing of. */
static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    nghttp3_settings settings;
    own_connection_start(&s->own, &(ql_origin_options){ 0 });
    own_connection_keep(&s->own);
    own_connection_open(&s->own);
    own_connection_run(&s->own, own_connection_is_confirmed);
    g_queue_init(&s->waiting);
    ngtcp2_ccerr_default(&s->why);
    s->http3 = g_new0(ql_http3, 1);
    s->http3->quic = s->own.connection->context.quic;
    s->http3->settings.waiting = &s->waiting;
    s->http3->datagrams = ql_datagram_queue_new();
    s->http3->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                              (GDestroyNotify)ql_request_stream_free);
    s->http3->closed = g_array_new(FALSE, FALSE, sizeof(int64_t));
    nghttp3_settings_default(&settings);
    g_assert_cmpint(nghttp3_conn_client_new(&s->http3->connection, &ql_http3_callbacks, &settings,
                                            nghttp3_mem_default(), s->http3),
                    ==, 0);
    g_assert_cmpint(nghttp3_conn_bind_control_stream(s->http3->connection, 102), ==, 0);
    g_assert_cmpint(nghttp3_conn_bind_qpack_streams(s->http3->connection, 106, 110), ==, 0);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_http3_free(s->http3);
    own_connection_stop(&s->own);
}

static ql_request *submit(stage *s, int64_t id, const char *content)
{
    static const nghttp3_nv method = { .name = (uint8_t *)(uintptr_t) ":method",
                                       .value = (uint8_t *)(uintptr_t) "POST",
                                       .namelen = 7,
                                       .valuelen = 4 };
    ql_body *body = content == NULL ? NULL : ql_body_new();
    if (content != NULL)
        ql_body_add_text(body, content, strlen(content));
    ql_request *request =
        ql_request_new(ql_url_new("https://a/", NULL), &(ql_request_settings){ .method = "POST" },
                       body, ql_output_new_nowhere(), NULL);
    ql_request_stream *stream = ql_request_stream_new(s->http3->quic, id, request);
    g_ptr_array_add(s->own.requests, request);
    g_hash_table_insert(s->http3->streams, g_memdup2(&id, sizeof id), stream);
    ql_request_on_sent(request, id, NULL);
    g_assert_cmpint(nghttp3_conn_submit_request(s->http3->connection, id, &method, 1,
                                                content == NULL ? NULL : &ql_http3_body_reader,
                                                stream),
                    ==, 0);
    return request;
}

static int come(stage *s, int64_t id, const uint8_t *data, size_t length, bool last)
{
    return ql_http3_on_stream_data(s->http3, id, data, length, last, ql_clock_now(), &s->why);
}

static void test_a_response_reaches_its_request(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *request = submit(s, 400, NULL), *other = submit(s, 404, NULL);
    g_assert_cmpint(come(s, 400, BYTES(0x01, 0x03, 0x00, 0x00, 0xd9), false), ==, 0);
    g_assert_cmpint(ql_request_status(request), ==, 200); /* entry 25 of RFC 9204, A */
    g_assert_cmpint(come(s, 400, BYTES(0x00, 0x03, 'a', 'b', 'c'), true), ==, 0);
    g_assert_cmpint(ql_request_get_state(request), ==, QL_REQUEST_DONE);
    g_assert_cmpuint(ql_request_received(request), ==, 3);
    g_assert_cmpuint(ql_http3_content_bytes(s->http3), ==, 3);
    g_assert_cmpint(ql_request_status(other), ==, 0);
    g_assert_cmpuint(ql_http3_active(s->http3), ==, 1);
}

static void test_settings_are_noted(stage *s, gconstpointer unused)
{
    (void)unused;
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params(s->http3->quic);
    g_assert_false(s->http3->settings_came);
    g_assert_cmpint(come(s, 3, BYTES(0x00, 0x04, 0x04, 0x08, 0x01, 0x33, 0x01), false), ==, 0);
    g_assert_true(s->http3->settings_came);
    g_assert_true(s->http3->connect_protocol);
    g_assert_true(s->http3->takes_datagrams == (peer->max_datagram_frame_size > 0));
}

static void test_what_is_behind_a_goaway_waits_again(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *before = submit(s, 400, NULL), *at = submit(s, 404, NULL),
               *behind = submit(s, 408, NULL);
    g_assert_cmpint(come(s, 3, BYTES(0x00, 0x04, 0x00, 0x07, 0x02, 0x41, 0x94), false), ==, 0);
    g_assert_true(ql_http3_is_going_away(s->http3));
    g_assert_true(g_queue_pop_head(&s->waiting) == at);
    g_assert_true(g_queue_pop_head(&s->waiting) == behind);
    g_assert_true(g_queue_is_empty(&s->waiting));
    g_assert_cmpint(ql_request_get_state(before), ==, QL_REQUEST_SENT);
}

static void test_a_stream_of_an_unknown_type_does_no_harm(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *request = submit(s, 400, NULL);
    g_assert_cmpint(come(s, 1003, BYTES(0x40, 0x41, 0xff, 0xff), false), ==, 0);
    g_assert_cmpint(come(s, 1003, BYTES(0xff), true), ==, 0);
    g_assert_cmpuint(s->why.error_code, ==, 0);
    g_assert_cmpint(ql_request_get_state(request), ==, QL_REQUEST_SENT);
}

static void test_content_is_read_piece_by_piece(stage *s, gconstpointer unused)
{
    (void)unused;
    nghttp3_vec vectors[8];
    int64_t id = -1;
    int last = 0;
    g_autoptr(GByteArray) sent = g_byte_array_new();
    submit(s, 400, "content");
    for (int turn = 0; turn < 10 && last == 0; turn++) {
        nghttp3_ssize count =
            nghttp3_conn_writev_stream(s->http3->connection, &id, &last, vectors, 8);
        g_assert_cmpint(count, >=, 0);
        for (nghttp3_ssize i = 0; i < count && id == 400; i++)
            g_byte_array_append(sent, vectors[i].base, (guint)vectors[i].len);
        if (id >= 0)
            nghttp3_conn_add_write_offset(s->http3->connection, id,
                                          (size_t)nghttp3_vec_len(vectors, (size_t)count));
    }
    static const uint8_t data[] = { 0x00, 0x07, 'c', 'o', 'n', 't', 'e', 'n', 't' };
    g_assert_cmpint(last, ==, 1);
    g_assert_cmpuint(sent->len, >, sizeof data);
    assert_bytes(sent->data + sent->len - sizeof data, sizeof data, data, sizeof data);
    g_assert_cmpuint(ql_http3_content_bytes(s->http3), ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/http3_callbacks/" name, stage, NULL, set_up, test, tear_down)
    ADD("a response reaches its request", test_a_response_reaches_its_request);
    ADD("settings are noted", test_settings_are_noted);
    ADD("what is behind a GOAWAY waits again", test_what_is_behind_a_goaway_waits_again);
    ADD("a stream of an unknown type does no harm", test_a_stream_of_an_unknown_type_does_no_harm);
    ADD("content is read piece by piece", test_content_is_read_piece_by_piece);
    return g_test_run();
}
