/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An exchange between nghttp3 and a clock of the test's. */
#include "origin_exchange.h"

#include <glib.h>
#include <string.h>

#define STREAM 0
#define BEGIN  1000u /* when the request came */

typedef struct fixture {
    ql_origin_content *content;
    ql_origin_http_settings settings;
    size_t mirrored;
    nghttp3_conn *h3;
    ql_origin_exchange *exchange;
    uint64_t now;
    bool broken; /* the stream was to be reset */
} fixture;

static nghttp3_ssize on_read(nghttp3_conn *h3, int64_t stream, nghttp3_vec *vectors, size_t count,
                             uint32_t *flags, void *user, void *stream_user)
{
    fixture *f = user;
    (void)h3, (void)stream, (void)count, (void)stream_user;
    nghttp3_ssize result = ql_origin_exchange_read(f->exchange, vectors, flags, f->now);
    f->broken = f->broken || result == NGHTTP3_ERR_CALLBACK_FAILURE;
    return result == NGHTTP3_ERR_CALLBACK_FAILURE ? NGHTTP3_ERR_WOULDBLOCK : result;
}

static int on_begin_headers(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    static const nghttp3_data_reader reader = { .read_data = on_read };
    fixture *f = user;
    const ql_origin_exchange_place place = { h3, &f->settings, &reader, NULL };
    (void)stream_user;
    f->exchange = ql_origin_exchange_new(&place, stream);
    return 0;
}

static int on_field(nghttp3_conn *h3, int64_t stream, int32_t token, nghttp3_rcbuf *name,
                    nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream_user)
{
    fixture *f = user;
    (void)h3, (void)stream, (void)flags, (void)stream_user;
    ql_origin_exchange_field(f->exchange, token, nghttp3_rcbuf_get_buf(name),
                             nghttp3_rcbuf_get_buf(value));
    return 0;
}

static int on_end_headers(nghttp3_conn *h3, int64_t stream, int fin, void *user, void *stream_user)
{
    fixture *f = user;
    (void)h3, (void)stream, (void)fin, (void)stream_user;
    return ql_origin_exchange_fields_end(f->exchange);
}

static int on_end_stream(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    fixture *f = user;
    (void)h3, (void)stream, (void)stream_user;
    return ql_origin_exchange_end(f->exchange, f->now);
}

static int on_acknowledged(nghttp3_conn *h3, int64_t stream, uint64_t length, void *user,
                           void *stream_user)
{
    fixture *f = user;
    (void)h3, (void)stream, (void)stream_user;
    return ql_origin_exchange_acknowledge(f->exchange, length);
}

static void set_up(fixture *f, gconstpointer unused)
{
    static const nghttp3_callbacks callbacks = { .acked_stream_data = on_acknowledged,
                                                 .begin_headers = on_begin_headers,
                                                 .recv_header = on_field,
                                                 .end_headers = on_end_headers,
                                                 .end_stream = on_end_stream };
    nghttp3_settings settings;
    (void)unused;
    nghttp3_settings_default(&settings);
    f->content = ql_origin_content_new(NULL, NULL);
    f->settings = (ql_origin_http_settings){ .content = f->content, .mirrored = &f->mirrored };
    f->now = BEGIN;
    g_assert_cmpint(
        nghttp3_conn_server_new(&f->h3, &callbacks, &settings, nghttp3_mem_default(), f), ==, 0);
    g_assert_cmpint(nghttp3_conn_bind_control_stream(f->h3, 3), ==, 0);
    g_assert_cmpint(nghttp3_conn_bind_qpack_streams(f->h3, 7, 11), ==, 0);
    nghttp3_conn_set_max_client_streams_bidi(f->h3, 100);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    nghttp3_conn_del(f->h3);
    ql_origin_exchange_free(f->exchange);
    ql_origin_content_free(f->content);
}

/* A whole GET, by QPACK's static table (RFC 9204, appendix A). */
static void ask(fixture *f, const char *path)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();
    const uint8_t head[] = { 0x01, (uint8_t)(9 + strlen(path)), 0, 0, 0xd1, 0xd7,
                             0x51, (uint8_t)strlen(path) };
    g_byte_array_append(frame, head, sizeof head);
    g_byte_array_append(frame, (const uint8_t *)path, (guint)strlen(path));
    g_byte_array_append(frame,
                        (const uint8_t *)"\x50\x01"
                                         "a",
                        3);
    g_assert_cmpint(nghttp3_conn_read_stream2(f->h3, STREAM, frame->data, frame->len, 1, f->now),
                    >=, 0);
}

/* All that can be sent on the request's stream now: how many bytes. */
static size_t sent(fixture *f, bool *fin)
{
    nghttp3_vec vectors[8];
    int64_t stream;
    size_t total = 0;
    int last = 0;
    nghttp3_ssize count;
    *fin = false;
    while ((count = nghttp3_conn_writev_stream(f->h3, &stream, &last, vectors, 8)) > 0 ||
           (count == 0 && stream >= 0)) {
        size_t length = 0;
        for (nghttp3_ssize i = 0; i < count; i++)
            length += vectors[i].len;
        g_assert_cmpint(nghttp3_conn_add_write_offset(f->h3, stream, length), ==, 0);
        total += stream == STREAM ? length : 0;
        *fin = *fin || (stream == STREAM && last != 0);
    }
    return total;
}

static void test_an_answer_is_sent_at_once(fixture *f, gconstpointer unused)
{
    bool fin;
    (void)unused;
    ask(f, "/bytes/1000");
    g_assert_cmpuint(ql_origin_exchange_expiry(f->exchange), ==, UINT64_MAX);
    g_assert_cmpuint(sent(f, &fin), >, 1000);
    g_assert_true(fin);
}

static void test_a_delayed_answer_waits_for_its_time(fixture *f, gconstpointer unused)
{
    bool fin;
    (void)unused;
    ask(f, "/delay/2s/early-hints");
    g_assert_cmpuint(sent(f, &fin), >, 0); /* 103 */
    g_assert_false(fin);
    g_assert_cmpuint(sent(f, &fin), ==, 0);
    g_assert_cmpuint(ql_origin_exchange_expiry(f->exchange), ==, BEGIN + 2 * NGTCP2_SECONDS);
    g_assert_cmpint(ql_origin_exchange_expire(f->exchange), ==, 0);
    g_assert_cmpuint(ql_origin_exchange_expiry(f->exchange), ==, UINT64_MAX);
    g_assert_cmpuint(sent(f, &fin), >, 0);
    g_assert_true(fin);
}

static void test_slow_content_comes_in_tenths_of_a_second(fixture *f, gconstpointer unused)
{
    bool fin = false;
    unsigned turns = 0;
    (void)unused;
    ask(f, "/bytes/1000/slow/2000");
    for (; !fin; turns++) {
        sent(f, &fin);
        if (fin)
            break;
        g_assert_cmpuint(ql_origin_exchange_expiry(f->exchange), ==, f->now + NGTCP2_SECONDS / 10);
        f->now = ql_origin_exchange_expiry(f->exchange);
        g_assert_cmpint(ql_origin_exchange_expire(f->exchange), ==, 0);
    }
    g_assert_cmpuint(turns, ==, 4); /* waits between five pieces */
}

static void test_a_reset_waits_until_all_has_arrived(fixture *f, gconstpointer unused)
{
    bool fin;
    (void)unused;
    ask(f, "/bytes/1000/reset/300");
    size_t length = sent(f, &fin);
    g_assert_false(fin || f->broken);
    g_assert_cmpint(nghttp3_conn_add_ack_offset(f->h3, STREAM, length - 1), ==, 0);
    sent(f, &fin);
    g_assert_false(f->broken);
    g_assert_cmpint(nghttp3_conn_add_ack_offset(f->h3, STREAM, 1), ==, 0);
    g_assert_cmpuint(sent(f, &fin), ==, 0);
    g_assert_true(f->broken && !fin);
}

static void test_trailers_end_the_stream(fixture *f, gconstpointer unused)
{
    bool fin;
    (void)unused;
    ask(f, "/bytes/0/trailers");
    size_t with = sent(f, &fin);
    g_assert_true(fin);
    g_assert_cmpuint(with, >, 60);
}

/* A request whose content is wanted again, as far as its header section. */
static ql_origin_exchange *begin_mirror(fixture *f)
{
    static const nghttp3_data_reader reader = { .read_data = on_read };
    static uint8_t name[] = ":path", value[] = "/mirror";
    const ql_origin_exchange_place place = { f->h3, &f->settings, &reader, NULL };
    ql_origin_exchange *e = ql_origin_exchange_new(&place, STREAM);
    ql_origin_exchange_field(e, NGHTTP3_QPACK_TOKEN__PATH, (nghttp3_vec){ name, sizeof name - 1 },
                             (nghttp3_vec){ value, sizeof value - 1 });
    g_assert_cmpint(ql_origin_exchange_fields_end(e), ==, 0);
    return e;
}

static void test_content_that_is_kept_counts_until_it_is_gone(fixture *f, gconstpointer unused)
{
    g_autofree uint8_t *data = g_malloc0(QL_ORIGIN_MAX_MIRRORED_BYTES + 1);
    ql_origin_exchange *one = begin_mirror(f), *other = begin_mirror(f);
    (void)unused;
    ql_origin_exchange_content(one, data, 10);
    ql_origin_exchange_content(one, data, 5);
    ql_origin_exchange_content(other, data, 20);
    g_assert_cmpuint(f->mirrored, ==, 35);
    g_assert_cmpuint(ql_origin_exchange_credit(one), ==, 15);
    g_assert_cmpuint(ql_origin_exchange_credit(one), ==, 0);
    ql_origin_exchange_content(one, data, QL_ORIGIN_MAX_MIRRORED_BYTES);
    g_assert_cmpuint(f->mirrored, ==, 20);
    ql_origin_exchange_content(one, data, 10);
    g_assert_cmpuint(f->mirrored, ==, 20);
    g_assert_cmpuint(ql_origin_exchange_credit(one), ==, QL_ORIGIN_MAX_MIRRORED_BYTES + 10);
    ql_origin_exchange_free(one);
    ql_origin_exchange_free(other);
    g_assert_cmpuint(f->mirrored, ==, 0);
}

#define TEST(name, function)                                                                       \
    g_test_add("/origin-exchange/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("at-once", test_an_answer_is_sent_at_once);
    TEST("delay", test_a_delayed_answer_waits_for_its_time);
    TEST("slow", test_slow_content_comes_in_tenths_of_a_second);
    TEST("reset", test_a_reset_waits_until_all_has_arrived);
    TEST("trailers", test_trailers_end_the_stream);
    TEST("kept", test_content_that_is_kept_counts_until_it_is_gone);
    return g_test_run();
}
