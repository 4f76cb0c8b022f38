/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 of the origin's with a client of nghttp3's own. */
#include "clock.h"
#include "origin_http.h"

#include "assert_bytes.h"
#include "origin_peer.h"

#include <nghttp3/nghttp3.h>
#include <string.h>

#define EACH_TIME 16 /* pieces that nghttp3 gives at once */

typedef struct fixture {
    origin_peer *peer;
    nghttp3_conn *h3;
    GHashTable *answers; /* answer, owned, by int64_t */
    GHashTable *fed;     /* how much of each stream nghttp3 has got, by int64_t */
    GString *log;
    nghttp3_proto_settings settings; /* the origin's */
    int64_t goaway;                  /* -1: none came */
    GByteArray *content;             /* of a request; NULL: none */
    bool content_ends;
} fixture;

typedef struct answer {
    GString *sections; /* "200;", "103;200;x-quiclens: trailer;" ... */
    GByteArray *content;
    bool ended;
} answer;

static answer *find(const fixture *f, int64_t stream)
{
    answer *a = g_hash_table_lookup(f->answers, &stream);
    if (a != NULL)
        return a;
    a = g_new0(answer, 1);
    a->sections = g_string_new(NULL);
    a->content = g_byte_array_new();
    g_hash_table_insert(f->answers, g_memdup2(&stream, sizeof stream), a);
    return a;
}

static void answer_free(gpointer data)
{
    answer *a = data;
    g_string_free(a->sections, TRUE);
    g_byte_array_unref(a->content);
    g_free(a);
}

static int on_field(nghttp3_conn *h3, int64_t stream, int32_t token, nghttp3_rcbuf *name,
                    nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream_user)
{
    nghttp3_vec text = nghttp3_rcbuf_get_buf(value);
    (void)h3, (void)name, (void)flags, (void)stream_user;
    if (token == NGHTTP3_QPACK_TOKEN__STATUS)
        g_string_append_printf(find(user, stream)->sections, "%.*s;", (int)text.len, text.base);
    return 0;
}

static int on_trailer(nghttp3_conn *h3, int64_t stream, int32_t token, nghttp3_rcbuf *name,
                      nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream_user)
{
    (void)h3, (void)token, (void)name, (void)value, (void)flags, (void)stream_user;
    g_string_append(find(user, stream)->sections, "trailer;");
    return 0;
}

static int on_content(nghttp3_conn *h3, int64_t stream, const uint8_t *data, size_t length,
                      void *user, void *stream_user)
{
    (void)h3, (void)stream_user;
    g_byte_array_append(find(user, stream)->content, data, (guint)length);
    return 0;
}

static int on_end(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    (void)h3, (void)stream_user;
    find(user, stream)->ended = true;
    return 0;
}

static int on_settings(nghttp3_conn *h3, const nghttp3_proto_settings *settings, void *user)
{
    (void)h3;
    ((fixture *)user)->settings = *settings;
    return 0;
}

static int on_goaway(nghttp3_conn *h3, int64_t id, void *user)
{
    (void)h3;
    ((fixture *)user)->goaway = id;
    return 0;
}

static void on_random(uint8_t *bytes, size_t length)
{
    memset(bytes, 0, length);
}

static void on_access(const ql_origin_access *access, void *user)
{
    g_string_append_printf(user, "%s %s %u;", access->method, access->target, access->status);
}

static void begin(fixture *f, const ql_origin_http_settings *http)
{
    static const nghttp3_callbacks callbacks = {
        .recv_data = on_content,
        .recv_header = on_field,
        .recv_trailer = on_trailer,
        .end_stream = on_end,
        .shutdown = on_goaway,
        .recv_settings2 = on_settings,
        .rand = on_random,
    };
    origin_peer_options options = { .http = *http };
    nghttp3_settings settings;
    *f = (fixture){ .log = g_string_new(NULL), .goaway = -1 };
    f->answers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, answer_free);
    f->fed = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    options.http.log = on_access;
    options.http.log_user = f->log;
    f->peer = origin_peer_new(&options);
    origin_peer_connect(f->peer);
    nghttp3_settings_default(&settings);
    settings.qpack_max_dtable_capacity = 4096;
    settings.qpack_blocked_streams = 10;
    g_assert_cmpint(
        nghttp3_conn_client_new(&f->h3, &callbacks, &settings, nghttp3_mem_default(), f), ==, 0);
    int64_t control = origin_peer_open(f->peer, false), encoder = origin_peer_open(f->peer, false);
    int64_t decoder = origin_peer_open(f->peer, false);
    g_assert_cmpint(nghttp3_conn_bind_control_stream(f->h3, control), ==, 0);
    g_assert_cmpint(nghttp3_conn_bind_qpack_streams(f->h3, encoder, decoder), ==, 0);
}

static void end(fixture *f)
{
    nghttp3_conn_del(f->h3);
    origin_peer_free(f->peer);
    g_hash_table_unref(f->answers);
    g_hash_table_unref(f->fed);
    g_clear_pointer(&f->content, g_byte_array_unref);
    g_string_free(f->log, TRUE);
}

/* What nghttp3 wants to send goes to the client. */
static void write_all(fixture *f)
{
    nghttp3_vec vectors[EACH_TIME];
    int64_t stream;
    nghttp3_ssize count;
    int fin = 0;
    while ((count = nghttp3_conn_writev_stream(f->h3, &stream, &fin, vectors, EACH_TIME)) > 0 ||
           (count == 0 && stream >= 0)) {
        size_t length = 0;
        for (nghttp3_ssize i = 0; i < count; i++) {
            bool last = fin != 0 && i + 1 == count;
            origin_peer_write(f->peer, stream, vectors[i].base, vectors[i].len, last);
            length += vectors[i].len;
        }
        if (count == 0 && fin != 0)
            origin_peer_write(f->peer, stream, "", 0, true);
        g_assert_cmpint(nghttp3_conn_add_write_offset(f->h3, stream, length), ==, 0);
        g_assert_cmpint(nghttp3_conn_add_ack_offset(f->h3, stream, length), ==, 0);
    }
    g_assert_cmpint(count, ==, 0);
}

/* What came on a stream goes to nghttp3. */
static void read_stream(fixture *f, int64_t id)
{
    const origin_stream *stream = origin_peer_stream(f->peer, id);
    guint fed = GPOINTER_TO_UINT(g_hash_table_lookup(f->fed, &id));
    bool ended = stream->ended && !find(f, id)->ended;
    if (fed == stream->data->len && !ended)
        return;
    g_assert_cmpint(nghttp3_conn_read_stream2(f->h3, id, stream->data->data + fed,
                                              stream->data->len - fed, stream->ended,
                                              ql_clock_now()),
                    >=, 0);
    g_hash_table_replace(f->fed, g_memdup2(&id, sizeof id), GUINT_TO_POINTER(stream->data->len));
}

static void step(fixture *f)
{
    static const int64_t streams[] = { 3, 7, 11, 0, 4, 8 };
    write_all(f);
    origin_peer_step(f->peer);
    for (size_t i = 0; i < G_N_ELEMENTS(streams); i++)
        read_stream(f, streams[i]);
}

#define STEP_UNTIL(f, condition)                                                                   \
    for (unsigned round_ = 0; !(condition); round_++) {                                            \
        g_assert_cmpuint(round_, <, 100000);                                                       \
        step(f);                                                                                   \
    }

static nghttp3_nv field(const char *name, const char *value)
{
    return (nghttp3_nv){ .name = (uint8_t *)(uintptr_t)name,
                         .value = (uint8_t *)(uintptr_t)value,
                         .namelen = strlen(name),
                         .valuelen = strlen(value) };
}

static nghttp3_ssize on_read(nghttp3_conn *h3, int64_t stream, nghttp3_vec *vectors, size_t count,
                             uint32_t *flags, void *user, void *stream_user)
{
    fixture *f = user;
    (void)h3, (void)stream, (void)count, (void)stream_user;
    if (f->content == NULL)
        return NGHTTP3_ERR_WOULDBLOCK;
    vectors[0] = (nghttp3_vec){ f->content->data, f->content->len };
    *flags = f->content_ends ? NGHTTP3_DATA_FLAG_EOF : 0;
    f->content = NULL; /* its bytes stay where they are until the end of the test */
    return 1;
}

static int64_t ask(fixture *f, const char *method, const char *path, bool has_content)
{
    static const nghttp3_data_reader reader = { on_read };
    const nghttp3_nv fields[] = { field(":method", method), field(":scheme", "https"),
                                  field(":authority", "localhost"), field(":path", path) };
    int64_t stream = origin_peer_open(f->peer, true);
    g_assert_cmpint(nghttp3_conn_submit_request(f->h3, stream, fields, G_N_ELEMENTS(fields),
                                                has_content ? &reader : NULL, NULL),
                    ==, 0);
    return stream;
}

static const answer *get(fixture *f, const char *path)
{
    const answer *a = find(f, ask(f, "GET", path, false));
    STEP_UNTIL(f, a->ended);
    return a;
}

static void test_settings_say_what_is_understood(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ 0 });
    get(&f, "/status/204");
    g_assert_cmpuint(f.settings.enable_connect_protocol, ==, 1);
    g_assert_cmpuint(f.settings.h3_datagram, ==, 1);
    g_assert_cmpuint(f.settings.qpack_max_dtable_capacity, ==, 4096);
    end(&f);
}

static void test_requests_are_answered_and_told(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ .unacked = 2000 });
    const answer *a = get(&f, "/bytes/300000");
    g_assert_cmpstr(a->sections->str, ==, "200;");
    g_assert_cmpuint(a->content->len, ==, 300000);
    a = get(&f, "/none");
    g_assert_cmpstr(a->sections->str, ==, "404;");
    a = find(&f, ask(&f, "HEAD", "/1m.bin", false));
    STEP_UNTIL(&f, a->ended);
    g_assert_cmpstr(a->sections->str, ==, "200;");
    g_assert_cmpuint(a->content->len, ==, 0);
    g_assert_cmpstr(f.log->str, ==, "GET /bytes/300000 200;GET /none 404;HEAD /1m.bin 200;");
    end(&f);
}

static void test_content_is_taken_as_it_comes(void)
{
    fixture f;
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autofree char *text = g_strnfill(200000, 'u');
    g_byte_array_append(content, (const uint8_t *)text, 200000);
    begin(&f, &(ql_origin_http_settings){ 0 });
    f.content = content;
    f.content_ends = true;
    const answer *a = find(&f, ask(&f, "POST", "/mirror", true));
    STEP_UNTIL(&f, a->ended);
    assert_bytes(a->content->data, a->content->len, content->data, content->len);
    end(&f);
}

static void test_a_response_has_sections_before_and_behind(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ 0 });
    const answer *a = get(&f, "/early-hints/trailers/bytes/10");
    g_assert_true(g_str_has_prefix(a->sections->str, "103;200;trailer;"));
    end(&f);
}

static void test_a_delayed_answer_has_its_time(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ 0 });
    uint64_t begun = ql_clock_now();
    const answer *a = find(&f, ask(&f, "GET", "/delay/40ms", false));
    STEP_UNTIL(&f, g_str_has_prefix(f.log->str, "GET"));
    g_assert_cmpuint(ql_origin_connection_expiry(origin_peer_origin(f.peer)), <=,
                     ql_clock_now() + 40 * NGTCP2_MILLISECONDS);
    STEP_UNTIL(&f, a->ended);
    g_assert_cmpuint(ql_clock_now() - begun, >=, 40 * NGTCP2_MILLISECONDS);
    end(&f);
}

static void test_a_reset_comes_behind_what_was_sent(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ 0 });
    int64_t stream = ask(&f, "GET", "/bytes/50000/reset/7000", false);
    STEP_UNTIL(&f, origin_peer_stream(f.peer, stream)->reset);
    g_assert_cmphex(origin_peer_stream(f.peer, stream)->reset_code, ==, NGHTTP3_H3_INTERNAL_ERROR);
    g_assert_cmpuint(find(&f, stream)->content->len, ==, 7000);
    end(&f);
}

static void test_after_goaway_the_connection_ends(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ .goaway_after = 2 });
    get(&f, "/status/200");
    g_assert_cmpint(f.goaway, ==, -1);
    get(&f, "/bytes/20000");
    STEP_UNTIL(&f, origin_peer_told(f.peer)->closed);
    g_assert_cmpint(f.goaway, >=, 4);
    const ngtcp2_ccerr *why = ngtcp2_conn_get_ccerr(origin_peer_client(f.peer));
    g_assert_cmphex(why->error_code, ==, NGHTTP3_H3_NO_ERROR);
    end(&f);
}

static void test_a_broken_rule_ends_the_connection_with_its_code(void)
{
    fixture f;
    begin(&f, &(ql_origin_http_settings){ 0 });
    int64_t stream = origin_peer_open(f.peer, true);
    origin_peer_write(f.peer, stream, "\x00\x01x", 3, true); /* DATA ahead of HEADERS */
    RUN_UNTIL(f.peer, origin_peer_told(f.peer)->closed);
    const ngtcp2_ccerr *why = ngtcp2_conn_get_ccerr(origin_peer_client(f.peer));
    g_assert_cmphex(why->error_code, ==, NGHTTP3_H3_FRAME_UNEXPECTED);
    end(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-http/settings", test_settings_say_what_is_understood);
    g_test_add_func("/origin-http/requests", test_requests_are_answered_and_told);
    g_test_add_func("/origin-http/content", test_content_is_taken_as_it_comes);
    g_test_add_func("/origin-http/sections", test_a_response_has_sections_before_and_behind);
    g_test_add_func("/origin-http/delay", test_a_delayed_answer_has_its_time);
    g_test_add_func("/origin-http/reset", test_a_reset_comes_behind_what_was_sent);
    g_test_add_func("/origin-http/goaway", test_after_goaway_the_connection_ends);
    g_test_add_func("/origin-http/rule", test_a_broken_rule_ends_the_connection_with_its_code);
    return g_test_run();
}
