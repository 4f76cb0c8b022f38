/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_http.h"

#include "origin_body.h"
#include "origin_response.h"

#include <glib.h>
#include <openssl/rand.h>
#include <string.h>

#define MAX_FIELD_SECTION_BYTES (64u * 1024u)
#define MAX_VECTORS             16

struct ql_origin_http {
    ngtcp2_conn *quic;
    nghttp3_conn *h3; /* NULL before ql_origin_http_start */
    ql_origin_http_settings settings;
    GHashTable *exchanges; /* exchange, owned, as a set */
    GArray *broken;        /* int64_t: streams whose body cannot be read on */
    int error;             /* the last failure, in nghttp3's numbers */
};

/* A request and its response, on one stream. */
typedef struct exchange {
    ql_origin_http *http;
    int64_t stream;
    char *method, *target;
    size_t field_bytes; /* as RFC 9114, 4.2.2 counts them */
    GChecksum *sha256;
    uint64_t body_size;
    ql_origin_response response;
    ql_origin_body *body;
} exchange;

static void exchange_free(gpointer data)
{
    exchange *e = data;
    g_free(e->method);
    g_free(e->target);
    g_checksum_free(e->sha256);
    ql_origin_body_free(e->body);
    ql_origin_response_clear(&e->response);
    g_free(e);
}

static int on_begin_headers(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    ql_origin_http *http = user;
    (void)stream_user;
    exchange *e = g_new0(exchange, 1);
    e->http = http;
    e->stream = stream;
    e->sha256 = g_checksum_new(G_CHECKSUM_SHA256);
    g_hash_table_add(http->exchanges, e);
    return nghttp3_conn_set_stream_user_data(h3, stream, e) == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_field(nghttp3_conn *h3, int64_t stream, int32_t token, nghttp3_rcbuf *name,
                    nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream_user)
{
    exchange *e = stream_user;
    nghttp3_vec text = nghttp3_rcbuf_get_buf(value);
    (void)h3, (void)stream, (void)flags, (void)user;
    e->field_bytes += nghttp3_rcbuf_get_buf(name).len + text.len + 32;
    if (e->field_bytes > MAX_FIELD_SECTION_BYTES)
        return 0;
    if (token == NGHTTP3_QPACK_TOKEN__METHOD)
        e->method = g_strndup((const char *)text.base, text.len);
    else if (token == NGHTTP3_QPACK_TOKEN__PATH)
        e->target = g_strndup((const char *)text.base, text.len);
    return 0;
}

static void extend_windows(ql_origin_http *http, int64_t stream, uint64_t length)
{
    ngtcp2_conn_extend_max_stream_offset(http->quic, stream, length);
    ngtcp2_conn_extend_max_offset(http->quic, length);
}

static int on_body(nghttp3_conn *h3, int64_t stream, const uint8_t *data, size_t length, void *user,
                   void *stream_user)
{
    exchange *e = stream_user;
    (void)h3;
    g_checksum_update(e->sha256, data, (gssize)length);
    e->body_size += length;
    extend_windows(user, stream, length);
    return 0;
}

static int on_deferred_consume(nghttp3_conn *h3, int64_t stream, size_t length, void *user,
                               void *stream_user)
{
    (void)h3, (void)stream_user;
    extend_windows(user, stream, length);
    return 0;
}

static nghttp3_ssize on_read_body(nghttp3_conn *h3, int64_t stream, nghttp3_vec *vectors,
                                  size_t count, uint32_t *flags, void *user, void *stream_user)
{
    exchange *e = stream_user;
    const uint8_t *data;
    size_t length;
    (void)h3, (void)count, (void)user;
    switch (ql_origin_body_next(e->body, &data, &length)) {
    case QL_ORIGIN_BODY_FULL: return NGHTTP3_ERR_WOULDBLOCK;
    case QL_ORIGIN_BODY_FAILED:
        g_array_append_val(e->http->broken, stream);
        return NGHTTP3_ERR_WOULDBLOCK;
    case QL_ORIGIN_BODY_END: *flags |= NGHTTP3_DATA_FLAG_EOF; break;
    case QL_ORIGIN_BODY_PIECE: break;
    }
    vectors[0] = (nghttp3_vec){ .base = (uint8_t *)(uintptr_t)data, .len = length };
    return length > 0 ? 1 : 0;
}

static int submit_response(exchange *e)
{
    nghttp3_nv fields[QL_ORIGIN_MAX_FIELDS];
    static const nghttp3_data_reader reader = { .read_data = on_read_body };
    for (size_t i = 0; i < e->response.field_count; i++) {
        const ql_origin_field *field = &e->response.fields[i];
        fields[i] = (nghttp3_nv){ .name = (uint8_t *)(uintptr_t)field->name,
                                  .value = (uint8_t *)field->value,
                                  .namelen = strlen(field->name),
                                  .valuelen = strlen(field->value),
                                  .flags = NGHTTP3_NV_FLAG_NONE };
    }
    if (e->response.body != NULL)
        e->body = ql_origin_body_new(e->response.body, e->http->settings.unacked);
    return nghttp3_conn_submit_response(e->http->h3, e->stream, fields, e->response.field_count,
                                        e->body != NULL ? &reader : NULL);
}

static void log_access(const exchange *e)
{
    const ql_origin_resource *body = e->response.body;
    ql_origin_access access = {
        .method = e->method != NULL ? e->method : "-",
        .target = e->target != NULL ? e->target : "-",
        .status = e->response.status,
        .request_size = e->body_size,
        .response_size = body != NULL ? ql_origin_resource_size(body) : 0,
    };
    if (e->http->settings.log != NULL)
        e->http->settings.log(&access, e->http->settings.log_user);
}

/* The request came whole. */
static int on_end_stream(nghttp3_conn *h3, int64_t stream, void *user, void *stream_user)
{
    ql_origin_http *http = user;
    exchange *e = stream_user;
    (void)h3, (void)stream;
    ql_origin_request request = {
        .method = e->method,
        .target = e->target,
        .too_large = e->field_bytes > MAX_FIELD_SECTION_BYTES,
        .body_size = e->body_size,
        .body_sha256 = g_checksum_get_string(e->sha256),
    };
    ql_origin_response_init(&e->response, &request, http->settings.content);
    log_access(e);
    return submit_response(e) == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_acknowledged(nghttp3_conn *h3, int64_t stream, uint64_t length, void *user,
                           void *stream_user)
{
    exchange *e = stream_user;
    (void)user;
    if (!ql_origin_body_acknowledge(e->body, length))
        return 0;
    return nghttp3_conn_resume_stream(h3, stream) == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_stream_close(nghttp3_conn *h3, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    ql_origin_http *http = user;
    (void)h3, (void)stream, (void)error_code;
    if (stream_user != NULL)
        g_hash_table_remove(http->exchanges, stream_user);
    return 0;
}

static int on_stop_sending(nghttp3_conn *h3, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    ql_origin_http *http = user;
    (void)h3, (void)stream_user;
    return ngtcp2_conn_shutdown_stream_read(http->quic, 0, stream, error_code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_reset_stream(nghttp3_conn *h3, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    ql_origin_http *http = user;
    (void)h3, (void)stream_user;
    return ngtcp2_conn_shutdown_stream_write(http->quic, 0, stream, error_code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static void fill_random(uint8_t *bytes, size_t length)
{
    if (RAND_bytes(bytes, (int)length) != 1)
        memset(bytes, 0, length); /* it spreads hash keys; nothing secret depends on it */
}

ql_origin_http *ql_origin_http_new(ngtcp2_conn *quic, const ql_origin_http_settings *settings)
{
    ql_origin_http *http = g_new0(ql_origin_http, 1);
    http->quic = quic;
    http->settings = *settings;
    if (http->settings.unacked == 0)
        http->settings.unacked = QL_ORIGIN_BODY_UNACKED;
    http->exchanges = g_hash_table_new_full(NULL, NULL, exchange_free, NULL);
    http->broken = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return http;
}

void ql_origin_http_free(ql_origin_http *http)
{
    if (http == NULL)
        return;
    nghttp3_conn_del(http->h3);
    g_hash_table_unref(http->exchanges);
    g_array_unref(http->broken);
    g_free(http);
}

static int remember(ql_origin_http *http, int error)
{
    if (error < 0)
        http->error = error;
    return MIN(error, 0);
}

static int open_own_streams(ql_origin_http *http)
{
    int64_t control, encoder, decoder;
    if (ngtcp2_conn_open_uni_stream(http->quic, &control, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(http->quic, &encoder, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(http->quic, &decoder, NULL) != 0 ||
        nghttp3_conn_bind_control_stream(http->h3, control) != 0 ||
        nghttp3_conn_bind_qpack_streams(http->h3, encoder, decoder) != 0)
        return NGHTTP3_ERR_INVALID_STATE;
    return 0;
}

int ql_origin_http_start(ql_origin_http *http)
{
    static const nghttp3_callbacks callbacks = {
        .acked_stream_data = on_acknowledged,
        .stream_close = on_stream_close,
        .recv_data = on_body,
        .deferred_consume = on_deferred_consume,
        .begin_headers = on_begin_headers,
        .recv_header = on_field,
        .stop_sending = on_stop_sending,
        .end_stream = on_end_stream,
        .reset_stream = on_reset_stream,
        .rand = fill_random,
    };
    nghttp3_settings settings;
    if (http->h3 != NULL)
        return 0;
    nghttp3_settings_default(&settings);
    settings.max_field_section_size = MAX_FIELD_SECTION_BYTES;
    settings.qpack_max_dtable_capacity = 4096;
    settings.qpack_blocked_streams = 100;
    int status =
        nghttp3_conn_server_new(&http->h3, &callbacks, &settings, nghttp3_mem_default(), http);
    if (status == 0) {
        const ngtcp2_transport_params *ours = ngtcp2_conn_get_local_transport_params(http->quic);
        nghttp3_conn_set_max_client_streams_bidi(http->h3, ours->initial_max_streams_bidi);
        status = open_own_streams(http);
    }
    return remember(http, status);
}

int ql_origin_http_receive(ql_origin_http *http, int64_t stream, const uint8_t *data, size_t length,
                           bool fin, uint64_t now)
{
    if (http->h3 == NULL)
        return 0;
    nghttp3_ssize consumed = nghttp3_conn_read_stream2(http->h3, stream, data, length, fin, now);
    if (consumed < 0)
        return remember(http, (int)consumed);
    extend_windows(http, stream, (uint64_t)consumed);
    return 0;
}

int ql_origin_http_acknowledge(ql_origin_http *http, int64_t stream, uint64_t length)
{
    return http->h3 != NULL ? remember(http, nghttp3_conn_add_ack_offset(http->h3, stream, length))
                            : 0;
}

int ql_origin_http_unblock(ql_origin_http *http, int64_t stream)
{
    return http->h3 != NULL ? remember(http, nghttp3_conn_unblock_stream(http->h3, stream)) : 0;
}

int ql_origin_http_stop_reading(ql_origin_http *http, int64_t stream)
{
    return http->h3 != NULL ? remember(http, nghttp3_conn_shutdown_stream_read(http->h3, stream))
                            : 0;
}

int ql_origin_http_close_stream(ql_origin_http *http, int64_t stream, uint64_t error_code)
{
    int status = http->h3 != NULL ? nghttp3_conn_close_stream(http->h3, stream, error_code) : 0;
    if (status == NGHTTP3_ERR_STREAM_NOT_FOUND)
        status = 0; /* nothing of HTTP was ever on it */
    if (ngtcp2_is_bidi_stream(stream) && !ngtcp2_conn_is_local_stream(http->quic, stream))
        ngtcp2_conn_extend_max_streams_bidi(http->quic, 1);
    return remember(http, status);
}

void ql_origin_http_allow_streams(ql_origin_http *http, uint64_t max_streams)
{
    if (http->h3 != NULL)
        nghttp3_conn_set_max_client_streams_bidi(http->h3, max_streams);
}

/* The announced length can no longer be kept: the response ends with a reset, not with less. */
static void reset_broken_streams(ql_origin_http *http)
{
    for (guint i = 0; i < http->broken->len; i++) {
        int64_t stream = g_array_index(http->broken, int64_t, i);
        ngtcp2_conn_shutdown_stream_write(http->quic, 0, stream, NGHTTP3_H3_INTERNAL_ERROR);
        nghttp3_conn_shutdown_stream_write(http->h3, stream);
    }
    g_array_set_size(http->broken, 0);
}

/* What nghttp3 has to send next. Returns the number of vectors, or -1. */
static nghttp3_ssize next_data(ql_origin_http *http, int64_t *stream, int *fin,
                               nghttp3_vec *vectors)
{
    *stream = -1;
    *fin = 0;
    if (http->h3 == NULL || ngtcp2_conn_get_max_data_left(http->quic) == 0)
        return 0;
    nghttp3_ssize count = nghttp3_conn_writev_stream(http->h3, stream, fin, vectors, MAX_VECTORS);
    reset_broken_streams(http);
    if (count < 0)
        remember(http, (int)count);
    return count;
}

/* What nghttp3 has to know of the outcome. False: it is for the caller to end the connection. */
static bool note_outcome(ql_origin_http *http, int64_t stream, ngtcp2_ssize outcome,
                         ngtcp2_ssize taken)
{
    if (outcome == NGTCP2_ERR_STREAM_DATA_BLOCKED)
        nghttp3_conn_block_stream(http->h3, stream);
    else if (outcome == NGTCP2_ERR_STREAM_SHUT_WR || outcome == NGTCP2_ERR_STREAM_NOT_FOUND)
        nghttp3_conn_shutdown_stream_write(http->h3, stream);
    else if (outcome != NGTCP2_ERR_WRITE_MORE && outcome < 0)
        return false;
    if (taken >= 0 && stream >= 0)
        return remember(http, nghttp3_conn_add_write_offset(http->h3, stream, (size_t)taken)) == 0;
    return true;
}

ngtcp2_ssize ql_origin_http_write(ql_origin_http *http, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                  uint8_t *packet, size_t capacity, uint64_t now)
{
    for (;;) {
        nghttp3_vec vectors[MAX_VECTORS];
        ngtcp2_ssize taken = -1;
        int64_t stream;
        int fin;
        nghttp3_ssize count = next_data(http, &stream, &fin, vectors);
        if (count < 0)
            return NGTCP2_ERR_CALLBACK_FAILURE;
        uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE | NGTCP2_WRITE_STREAM_FLAG_PADDING |
                         (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0u);
        ngtcp2_ssize written =
            ngtcp2_conn_writev_stream(http->quic, path, info, packet, capacity, &taken, flags,
                                      stream, (const ngtcp2_vec *)vectors, (size_t)count, now);
        if (!note_outcome(http, stream, written, taken))
            return written < 0 && written != NGTCP2_ERR_WRITE_MORE ? written
                                                                   : NGTCP2_ERR_CALLBACK_FAILURE;
        if (written >= 0)
            return written;
    }
}

uint64_t ql_origin_http_error_code(const ql_origin_http *http)
{
    return http->error != 0 ? nghttp3_err_infer_quic_app_error_code(http->error)
                            : NGHTTP3_H3_INTERNAL_ERROR;
}
