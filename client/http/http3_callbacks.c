/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http3_state.h"

#include "quic_error.h"
#include "request_stream.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <string.h>

void ql_http3_put_back(ql_http3 *http3, ql_request *request)
{
    ql_request_stream_put_back(request, http3->settings.waiting, http3->settings.trace);
}

static int on_deferred_consume(nghttp3_conn *connection, int64_t id, size_t length, void *user,
                               void *stream)
{
    (void)connection;
    (void)stream;
    ql_http3 *http3 = user;
    ngtcp2_conn_extend_max_stream_offset(http3->quic, id, length);
    ngtcp2_conn_extend_max_offset(http3->quic, length);
    return 0;
}

static int on_data(nghttp3_conn *connection, int64_t id, const uint8_t *data, size_t length,
                   void *user, void *stream)
{
    ql_http3 *http3 = user;
    http3->content_bytes += length;
    if (stream == NULL)
        return on_deferred_consume(connection, id, length, user, stream);
    ql_request_stream_on_data(stream, data, length);
    return 0;
}

static int on_field(nghttp3_conn *connection, int64_t id, int32_t token, nghttp3_rcbuf *name,
                    nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream)
{
    (void)connection;
    (void)token;
    (void)flags;
    const ql_http3 *http3 = user;
    nghttp3_vec n = nghttp3_rcbuf_get_buf(name), v = nghttp3_rcbuf_get_buf(value);
    ql_qlog_http3_field(http3->qlog, QL_QLOG_REMOTE, id, n.base, n.len, v.base, v.len);
    if (stream != NULL)
        ql_request_stream_on_field(stream, (const char *)n.base, n.len, (const char *)v.base,
                                   v.len);
    return 0;
}

static void queue_datagrams(ql_http3 *http3, int64_t id, const ql_request_stream *stream)
{
    uint64_t quarter = (uint64_t)id / 4;
    for (char *const *at = ql_request_stream_datagrams(stream); at != NULL && *at != NULL; at++) {
        g_autoptr(GByteArray) datagram = g_byte_array_new();
        uint8_t head[8];
        size_t size = quarter < 1u << 6 ? 1 : quarter < 1u << 14 ? 2 : 4;
        for (size_t i = 0; i < size; i++)
            head[i] = (uint8_t)(quarter >> (8 * (size - 1 - i)));
        head[0] |= size == 1 ? 0 : size == 2 ? 0x40 : 0x80;
        g_byte_array_append(datagram, head, (guint)size);
        g_byte_array_append(datagram, (const guint8 *)*at, (guint)strlen(*at));
        ql_datagram_queue_add(http3->datagrams, datagram->data, datagram->len);
    }
}

static int on_header_end(nghttp3_conn *connection, int64_t id, int fin, void *user, void *stream)
{
    (void)connection;
    (void)fin;
    ql_http3 *http3 = user;
    ql_qlog_http3_fields_end(http3->qlog, QL_QLOG_REMOTE, id);
    if (stream != NULL) {
        ql_request_stream_on_fields_end(stream, false, http3->settings.trace);
        queue_datagrams(http3, id, stream);
    }
    return 0;
}

static int on_trailer_end(nghttp3_conn *connection, int64_t id, int fin, void *user, void *stream)
{
    (void)connection;
    (void)fin;
    const ql_http3 *http3 = user;
    ql_qlog_http3_fields_end(http3->qlog, QL_QLOG_REMOTE, id);
    if (stream != NULL)
        ql_request_stream_on_fields_end(stream, true, http3->settings.trace);
    return 0;
}

static int on_end(nghttp3_conn *connection, int64_t id, void *user, void *stream)
{
    (void)connection;
    (void)id;
    (void)user;
    if (stream != NULL)
        ql_request_stream_on_end(stream);
    return 0;
}

/* nghttp3 found a fault in what the peer sent. */
static int on_stop_sending(nghttp3_conn *connection, int64_t id, uint64_t code, void *user,
                           void *stream)
{
    (void)connection;
    const ql_http3 *http3 = user;
    g_autofree char *text = ql_http3_error_to_string(code);
    g_autofree char *sentence = g_strdup_printf("the server's response is wrong: %s", text);
    if (stream != NULL)
        ql_request_stream_fail(stream, false, sentence);
    return ngtcp2_conn_shutdown_stream_read(http3->quic, 0, id, code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_reset_stream(nghttp3_conn *connection, int64_t id, uint64_t code, void *user,
                           void *stream)
{
    (void)connection;
    (void)stream;
    const ql_http3 *http3 = user;
    return ngtcp2_conn_shutdown_stream_write(http3->quic, 0, id, code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_close(nghttp3_conn *connection, int64_t id, uint64_t code, void *user, void *stream)
{
    (void)connection;
    ql_http3 *http3 = user;
    if (stream != NULL)
        ql_http3_put_back(http3, ql_request_stream_fail_code(stream, code));
    g_hash_table_remove(http3->streams, &id);
    ql_qlog_http3_stream_closed(http3->qlog, id);
    ql_frame_trace_close(http3->frames, id);
    return 0;
}

static int on_acknowledged(nghttp3_conn *connection, int64_t id, uint64_t length, void *user,
                           void *stream)
{
    (void)user;
    if (stream != NULL && ql_request_stream_on_acknowledged(stream, length))
        return nghttp3_conn_resume_stream(connection, id);
    return 0;
}

static int on_going_away(nghttp3_conn *connection, int64_t id, void *user)
{
    (void)connection;
    ql_http3 *http3 = user;
    http3->going_away = true;
    ql_trace_note(http3->settings.trace, "the server is going away (GOAWAY %" PRId64 ")", id);
    ql_request_streams_withdraw(g_hash_table_get_values(http3->streams), id,
                                "the server went away before it processed it",
                                http3->settings.waiting, http3->settings.trace);
    return 0;
}

static int on_settings(nghttp3_conn *connection, const nghttp3_proto_settings *settings, void *user)
{
    (void)connection;
    ql_http3 *http3 = user;
    http3->settings_came = true;
    http3->connect_protocol = settings->enable_connect_protocol != 0;
    http3->takes_datagrams =
        settings->h3_datagram != 0 &&
        ngtcp2_conn_get_remote_transport_params(http3->quic)->max_datagram_frame_size > 0;
    return 0;
}

static void random_bytes(uint8_t *data, size_t length)
{
    if (RAND_bytes(data, (int)length) != 1)
        g_error("no random numbers can be had");
}

static nghttp3_ssize read_body(nghttp3_conn *connection, int64_t id, nghttp3_vec *vectors,
                               size_t count, uint32_t *flags, void *user, void *stream)
{
    (void)connection;
    (void)id;
    (void)count;
    ql_http3 *http3 = user;
    const uint8_t *data = NULL;
    size_t length = 0;
    switch (ql_request_stream_read_body(stream, &data, &length)) {
    case QL_BODY_PIECE:
        vectors[0] = (nghttp3_vec){ (uint8_t *)(uintptr_t)data, length };
        http3->content_bytes += length;
        return 1;
    case QL_BODY_END: *flags |= NGHTTP3_DATA_FLAG_EOF; return 0;
    case QL_BODY_WAIT:
    case QL_BODY_FAILED: break;
    }
    return NGHTTP3_ERR_WOULDBLOCK;
}

const nghttp3_data_reader ql_http3_body_reader = { .read_data = read_body };

const nghttp3_callbacks ql_http3_callbacks = {
    .acked_stream_data = on_acknowledged,
    .stream_close = on_close,
    .recv_data = on_data,
    .deferred_consume = on_deferred_consume,
    .recv_header = on_field,
    .end_headers = on_header_end,
    .recv_trailer = on_field,
    .end_trailers = on_trailer_end,
    .stop_sending = on_stop_sending,
    .end_stream = on_end,
    .reset_stream = on_reset_stream,
    .shutdown = on_going_away,
    .recv_settings2 = on_settings,
    .rand = random_bytes,
};
