/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_http.h"

#include "clock.h"
#include "origin_exchange.h"

#include <glib.h>
#include <nghttp3/nghttp3.h>
#include <openssl/rand.h>
#include <string.h>

typedef struct http {
    ql_origin_application application;
    ngtcp2_conn *quic;
    nghttp3_conn *h3;
    ql_origin_http_settings settings;
    GHashTable *exchanges; /* ql_origin_exchange, owned, as a set */
    GHashTable *timed;     /* those of them that may wait for a time; a set, borrowed */
    GArray *broken;        /* int64_t: streams whose content cannot be read on */
    uint64_t requests;
    ql_qlog_http3 *qlog; /* borrowed */
    int error;           /* the last failure, in nghttp3's numbers */
} http;

static void free_exchange(gpointer data)
{
    ql_origin_exchange_free(data);
}

static void note_time(http *app, ql_origin_exchange *exchange)
{
    if (ql_origin_exchange_expiry(exchange) != UINT64_MAX)
        g_hash_table_add(app->timed, exchange);
}

static nghttp3_ssize on_read_body(nghttp3_conn *h3, int64_t stream, nghttp3_vec *vectors,
                                  size_t count, uint32_t *flags, void *user, void *stream_user)
{
    http *app = user;
    (void)h3, (void)count;
    nghttp3_ssize result = ql_origin_exchange_read(stream_user, vectors, flags, ql_clock_now());
    note_time(app, stream_user);
    if (result != NGHTTP3_ERR_CALLBACK_FAILURE)
        return result;
    g_array_append_val(app->broken, stream);
    return NGHTTP3_ERR_WOULDBLOCK;
}

static int callback_result(int status)
{
    return status == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

/* RFC 9114, 5.2: what has begun is answered, and nothing more. */
static int go_away(http *app)
{
    if (app->requests != app->settings.goaway_after)
        return 0;
    return nghttp3_conn_shutdown(app->h3);
}

static int on_begin_headers(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    static const nghttp3_data_reader reader = { .read_data = on_read_body };
    http *app = user;
    (void)stream_user;
    const ql_origin_exchange_place place = { h3, &app->settings, &reader, app->qlog };
    ql_origin_exchange *exchange = ql_origin_exchange_new(&place, stream);
    g_hash_table_add(app->exchanges, exchange);
    app->requests++;
    int status = nghttp3_conn_set_stream_user_data(h3, stream, exchange);
    return callback_result(status != 0 ? status : go_away(app));
}

static int on_field(nghttp3_conn *h3, int64_t stream, int32_t token, nghttp3_rcbuf *name,
                    nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream_user)
{
    (void)h3, (void)stream, (void)flags, (void)user;
    ql_origin_exchange_field(stream_user, token, nghttp3_rcbuf_get_buf(name),
                             nghttp3_rcbuf_get_buf(value));
    return 0;
}

static int on_end_headers(nghttp3_conn *h3, int64_t stream, int fin, void *user, void *stream_user)
{
    (void)h3, (void)stream, (void)fin, (void)user;
    return callback_result(ql_origin_exchange_fields_end(stream_user));
}

static void extend_windows(http *app, int64_t stream, uint64_t length)
{
    ngtcp2_conn_extend_max_stream_offset(app->quic, stream, length);
    ngtcp2_conn_extend_max_offset(app->quic, length);
}

static int on_body(nghttp3_conn *h3, int64_t stream, const uint8_t *data, size_t length, void *user,
                   void *stream_user)
{
    (void)h3;
    int status = ql_origin_exchange_content(stream_user, data, length);
    extend_windows(user, stream, ql_origin_exchange_credit(stream_user));
    return callback_result(status);
}

static int on_deferred_consume(nghttp3_conn *h3, int64_t stream, size_t length, void *user,
                               void *stream_user)
{
    (void)h3, (void)stream_user;
    extend_windows(user, stream, length);
    return 0;
}

static int on_end_stream(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    (void)h3, (void)stream;
    int status = ql_origin_exchange_end(stream_user, ql_clock_now());
    note_time(user, stream_user);
    return callback_result(status);
}

static int on_acknowledged(nghttp3_conn *h3, int64_t stream, uint64_t length, void *user,
                           void *stream_user)
{
    (void)h3;
    int status = ql_origin_exchange_acknowledge(stream_user, length);
    extend_windows(user, stream, ql_origin_exchange_credit(stream_user));
    return callback_result(status);
}

static int on_stream_close(nghttp3_conn *h3, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    http *app = user;
    (void)h3, (void)stream, (void)error_code;
    if (stream_user != NULL) {
        g_hash_table_remove(app->timed, stream_user);
        g_hash_table_remove(app->exchanges, stream_user);
    }
    return 0;
}

static int on_stop_sending(nghttp3_conn *h3, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    http *app = user;
    (void)h3, (void)stream_user;
    return callback_result(ngtcp2_conn_shutdown_stream_read(app->quic, 0, stream, error_code));
}

static int on_reset_stream(nghttp3_conn *h3, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    http *app = user;
    (void)h3, (void)stream_user;
    return callback_result(ngtcp2_conn_shutdown_stream_write(app->quic, 0, stream, error_code));
}

static void fill_random(uint8_t *bytes, size_t length)
{
    if (RAND_bytes(bytes, (int)length) != 1)
        memset(bytes, 0, length); /* it spreads hash keys; nothing secret depends on it */
}

static void http_free(ql_origin_application *application)
{
    http *app = (http *)application;
    nghttp3_conn_del(app->h3);
    g_hash_table_unref(app->timed);
    g_hash_table_unref(app->exchanges);
    g_array_unref(app->broken);
    g_free(app);
}

static void set_qlog(ql_origin_application *application, ql_qlog_http3 *qlog)
{
    ((http *)application)->qlog = qlog;
}

static int remember(http *app, int error)
{
    if (error < 0)
        app->error = error;
    return MIN(error, 0);
}

static int open_own_streams(http *app)
{
    int64_t control, encoder, decoder;
    if (ngtcp2_conn_open_uni_stream(app->quic, &control, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(app->quic, &encoder, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(app->quic, &decoder, NULL) != 0 ||
        nghttp3_conn_bind_control_stream(app->h3, control) != 0 ||
        nghttp3_conn_bind_qpack_streams(app->h3, encoder, decoder) != 0)
        return NGHTTP3_ERR_INVALID_STATE;
    return 0;
}

static int start(ql_origin_application *application)
{
    static const nghttp3_callbacks callbacks = {
        .acked_stream_data = on_acknowledged,
        .stream_close = on_stream_close,
        .recv_data = on_body,
        .deferred_consume = on_deferred_consume,
        .begin_headers = on_begin_headers,
        .recv_header = on_field,
        .end_headers = on_end_headers,
        .stop_sending = on_stop_sending,
        .end_stream = on_end_stream,
        .reset_stream = on_reset_stream,
        .rand = fill_random,
    };
    http *app = (http *)application;
    nghttp3_settings settings;
    nghttp3_settings_default(&settings);
    settings.max_field_section_size = QL_ORIGIN_MAX_FIELD_SECTION_BYTES;
    settings.qpack_max_dtable_capacity = 4096;
    settings.qpack_blocked_streams = 100;
    settings.enable_connect_protocol = 1; /* RFC 9220 */
    settings.h3_datagram = 1;             /* RFC 9297, 2.1.1 */
    int status =
        nghttp3_conn_server_new(&app->h3, &callbacks, &settings, nghttp3_mem_default(), app);
    if (status == 0) {
        const ngtcp2_transport_params *ours = ngtcp2_conn_get_local_transport_params(app->quic);
        nghttp3_conn_set_max_client_streams_bidi(app->h3, ours->initial_max_streams_bidi);
        status = open_own_streams(app);
    }
    return remember(app, status);
}

static int receive(ql_origin_application *application, int64_t stream, const uint8_t *data,
                   size_t length, bool fin, uint64_t now)
{
    http *app = (http *)application;
    nghttp3_ssize consumed = nghttp3_conn_read_stream2(app->h3, stream, data, length, fin, now);
    if (consumed < 0)
        return remember(app, (int)consumed);
    extend_windows(app, stream, (uint64_t)consumed);
    return 0;
}

static int acknowledge(ql_origin_application *application, int64_t stream, uint64_t length)
{
    http *app = (http *)application;
    return remember(app, nghttp3_conn_add_ack_offset(app->h3, stream, length));
}

static int unblock(ql_origin_application *application, int64_t stream)
{
    http *app = (http *)application;
    return remember(app, nghttp3_conn_unblock_stream(app->h3, stream));
}

static int stop_reading(ql_origin_application *application, int64_t stream)
{
    http *app = (http *)application;
    return remember(app, nghttp3_conn_shutdown_stream_read(app->h3, stream));
}

static int close_stream(ql_origin_application *application, int64_t stream, uint64_t error_code)
{
    http *app = (http *)application;
    int status = nghttp3_conn_close_stream(app->h3, stream, error_code);
    /* Not found: nothing of HTTP was ever on it. */
    return status == NGHTTP3_ERR_STREAM_NOT_FOUND ? 0 : remember(app, status);
}

static void allow_streams(ql_origin_application *application, uint64_t max_streams)
{
    http *app = (http *)application;
    if (app->h3 != NULL)
        nghttp3_conn_set_max_client_streams_bidi(app->h3, max_streams);
}

/* The announced length can no longer be kept: the response ends with a reset, not with less. */
static void reset_broken_streams(http *app)
{
    for (guint i = 0; i < app->broken->len; i++) {
        int64_t stream = g_array_index(app->broken, int64_t, i);
        ngtcp2_conn_shutdown_stream_write(app->quic, 0, stream, NGHTTP3_H3_INTERNAL_ERROR);
        nghttp3_conn_shutdown_stream_write(app->h3, stream);
    }
    g_array_set_size(app->broken, 0);
}

static ngtcp2_ssize next(ql_origin_application *application, int64_t *stream, bool *fin,
                         ngtcp2_vec *vectors)
{
    http *app = (http *)application;
    int last = 0;
    nghttp3_ssize count = nghttp3_conn_writev_stream(app->h3, stream, &last, (nghttp3_vec *)vectors,
                                                     QL_ORIGIN_APPLICATION_VECTORS);
    reset_broken_streams(app);
    *fin = last != 0;
    if (count < 0)
        remember(app, (int)count);
    return count;
}

static bool sent(ql_origin_application *application, int64_t stream, ngtcp2_ssize outcome,
                 ngtcp2_ssize taken)
{
    http *app = (http *)application;
    if (outcome == NGTCP2_ERR_STREAM_DATA_BLOCKED)
        nghttp3_conn_block_stream(app->h3, stream);
    else if (outcome == NGTCP2_ERR_STREAM_SHUT_WR || outcome == NGTCP2_ERR_STREAM_NOT_FOUND)
        nghttp3_conn_shutdown_stream_write(app->h3, stream);
    else if (outcome != NGTCP2_ERR_WRITE_MORE && outcome < 0)
        return false;
    if (taken >= 0)
        return remember(app, nghttp3_conn_add_write_offset(app->h3, stream, (size_t)taken)) == 0;
    return true;
}

static uint64_t expiry(const ql_origin_application *application)
{
    const http *app = (const http *)application;
    GHashTableIter iter;
    gpointer exchange;
    uint64_t first = UINT64_MAX;
    g_hash_table_iter_init(&iter, app->timed);
    while (g_hash_table_iter_next(&iter, &exchange, NULL))
        first = MIN(first, ql_origin_exchange_expiry(exchange));
    return first;
}

static int expire(ql_origin_application *application, uint64_t now)
{
    http *app = (http *)application;
    GHashTableIter iter;
    gpointer exchange;
    int status = 0;
    g_hash_table_iter_init(&iter, app->timed);
    while (status == 0 && g_hash_table_iter_next(&iter, &exchange, NULL)) {
        if (ql_origin_exchange_expiry(exchange) > now)
            continue;
        g_hash_table_iter_remove(&iter);
        status = ql_origin_exchange_expire(exchange);
    }
    return remember(app, status);
}

/* After GOAWAY, once all that came before it is answered. */
static bool is_done(const ql_origin_application *application)
{
    const http *app = (const http *)application;
    return app->settings.goaway_after > 0 && app->requests >= app->settings.goaway_after &&
           g_hash_table_size(app->exchanges) == 0 && nghttp3_conn_is_drained(app->h3) != 0;
}

static uint64_t error_code(const ql_origin_application *application)
{
    const http *app = (const http *)application;
    return app->error != 0 ? nghttp3_err_infer_quic_app_error_code(app->error)
                           : NGHTTP3_H3_INTERNAL_ERROR;
}

static const ql_origin_application_kind kind = {
    .free = http_free,
    .set_qlog = set_qlog,
    .start = start,
    .receive = receive,
    .acknowledge = acknowledge,
    .unblock = unblock,
    .stop_reading = stop_reading,
    .close_stream = close_stream,
    .allow_streams = allow_streams,
    .next = next,
    .sent = sent,
    .expiry = expiry,
    .expire = expire,
    .is_done = is_done,
    .error_code = error_code,
    .no_error = NGHTTP3_H3_NO_ERROR,
};

ql_origin_application *ql_origin_http_new(ngtcp2_conn *quic,
                                          const ql_origin_http_settings *settings)
{
    http *app = g_new0(http, 1);
    app->application.kind = &kind;
    app->quic = quic;
    app->settings = *settings;
    app->exchanges = g_hash_table_new_full(NULL, NULL, free_exchange, NULL);
    app->timed = g_hash_table_new(NULL, NULL);
    app->broken = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return &app->application;
}
