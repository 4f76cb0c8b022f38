/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http3.h"

#include "qlog_http3.h"
#include "quic_error.h"
#include "request_stream.h"

#include <inttypes.h>
#include <nghttp3/nghttp3.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>

#define REQUESTS_AT_ONCE   100
#define FIELDS_AT_MOST     256
#define VECTORS_AT_ONCE    16
#define QPACK_TABLE_BYTES  4096
#define QPACK_BLOCKED      100
#define SECTION_SIZE_LIMIT 262144

struct ql_http3 {
    ngtcp2_conn *quic;
    nghttp3_conn *connection;
    GQueue *waiting;
    GHashTable *streams; /* int64_t -> ql_request_stream, as long as the stream is open */
    GArray *closed;      /* int64_t: streams that QUIC has closed and HTTP/3 has not */
    uint64_t content_bytes;
    bool going_away;
    ql_trace *trace;
    ql_qlog_http3 *qlog; /* NULL: none */
};

static int fail(int code, ngtcp2_ccerr *why)
{
    ngtcp2_ccerr_set_application_error(why, nghttp3_err_infer_quic_app_error_code(code), NULL, 0);
    return code;
}

static void put_back(ql_http3 *http3, ql_request *request)
{
    if (request == NULL)
        return;
    g_queue_push_head(http3->waiting, request);
    ql_trace_note(http3->trace, "%s was not processed and is sent again",
                  ql_request_url(request)->text);
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

static int on_header_end(nghttp3_conn *connection, int64_t id, int fin, void *user, void *stream)
{
    (void)connection;
    (void)fin;
    const ql_http3 *http3 = user;
    ql_qlog_http3_fields_end(http3->qlog, QL_QLOG_REMOTE, id);
    if (stream != NULL)
        ql_request_stream_on_fields_end(stream, false, http3->trace);
    return 0;
}

static int on_trailer_end(nghttp3_conn *connection, int64_t id, int fin, void *user, void *stream)
{
    (void)connection;
    (void)fin;
    const ql_http3 *http3 = user;
    ql_qlog_http3_fields_end(http3->qlog, QL_QLOG_REMOTE, id);
    if (stream != NULL)
        ql_request_stream_on_fields_end(stream, true, http3->trace);
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
        put_back(http3, ql_request_stream_fail_code(stream, code));
    g_hash_table_remove(http3->streams, &id);
    ql_qlog_http3_stream_closed(http3->qlog, id);
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
    GHashTableIter iter;
    void *stream;
    http3->going_away = true;
    ql_trace_note(http3->trace, "the server is going away (GOAWAY %" PRId64 ")", id);
    g_hash_table_iter_init(&iter, http3->streams);
    while (g_hash_table_iter_next(&iter, NULL, &stream))
        if (ql_request_stream_id(stream) >= id)
            put_back(http3, ql_request_stream_fail(stream, true,
                                                   "the server went away before it processed it"));
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

static const nghttp3_callbacks callbacks = {
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
    .rand = random_bytes,
};

static int open_own_streams(ql_http3 *http3)
{
    int64_t control = -1, encoder = -1, decoder = -1;
    int rv = ngtcp2_conn_open_uni_stream(http3->quic, &control, NULL);
    if (rv == 0)
        rv = ngtcp2_conn_open_uni_stream(http3->quic, &encoder, NULL);
    if (rv == 0)
        rv = ngtcp2_conn_open_uni_stream(http3->quic, &decoder, NULL);
    if (rv == 0)
        rv = nghttp3_conn_bind_control_stream(http3->connection, control);
    if (rv == 0)
        rv = nghttp3_conn_bind_qpack_streams(http3->connection, encoder, decoder);
    return rv;
}

ql_http3 *ql_http3_new(ngtcp2_conn *quic, GQueue *waiting, ql_trace *trace, ngtcp2_ccerr *why)
{
    static const uint8_t too_few[] = "three unidirectional streams are needed (RFC 9114, 6.2)";
    nghttp3_settings settings;
    nghttp3_settings_default(&settings);
    settings.qpack_max_dtable_capacity = QPACK_TABLE_BYTES;
    settings.qpack_encoder_max_dtable_capacity = QPACK_TABLE_BYTES;
    settings.qpack_blocked_streams = QPACK_BLOCKED;
    settings.max_field_section_size = SECTION_SIZE_LIMIT;
    ql_http3 *http3 = g_new0(ql_http3, 1);
    http3->quic = quic;
    http3->waiting = waiting;
    http3->trace = trace;
    http3->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                           (GDestroyNotify)ql_request_stream_free);
    http3->closed = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (nghttp3_conn_client_new(&http3->connection, &callbacks, &settings, nghttp3_mem_default(),
                                http3) == 0 &&
        open_own_streams(http3) == 0)
        return http3;
    ngtcp2_ccerr_set_application_error(why, NGHTTP3_H3_GENERAL_PROTOCOL_ERROR, too_few,
                                       sizeof too_few - 1);
    ql_http3_free(http3);
    return NULL;
}

void ql_http3_free(ql_http3 *http3)
{
    if (http3 == NULL)
        return;
    nghttp3_conn_del(http3->connection);
    ql_qlog_http3_free(http3->qlog);
    g_hash_table_unref(http3->streams);
    g_array_unref(http3->closed);
    g_free(http3);
}

void ql_http3_set_qlog(ql_http3 *http3, ql_qlog *qlog)
{
    ql_qlog_http3_free(http3->qlog);
    http3->qlog = ql_qlog_http3_new(qlog, false);
}

size_t ql_http3_active(const ql_http3 *http3)
{
    GHashTableIter iter;
    void *stream;
    size_t active = 0;
    g_hash_table_iter_init(&iter, http3->streams);
    while (g_hash_table_iter_next(&iter, NULL, &stream))
        active += ql_request_stream_is_active(stream) ? 1 : 0;
    return active;
}

uint64_t ql_http3_content_bytes(const ql_http3 *http3)
{
    return http3->content_bytes;
}

bool ql_http3_is_going_away(const ql_http3 *http3)
{
    return http3->going_away;
}

static void log_request(const ql_http3 *http3, int64_t id, const ql_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ql_qlog_http3_field(http3->qlog, QL_QLOG_LOCAL, id, fields[i].name, strlen(fields[i].name),
                            fields[i].value, strlen(fields[i].value));
    ql_qlog_http3_fields_end(http3->qlog, QL_QLOG_LOCAL, id);
}

static int submit(ql_http3 *http3, ql_request *request)
{
    nghttp3_nv list[FIELDS_AT_MOST];
    size_t count;
    int64_t id;
    const ql_field *fields = ql_request_fields(request, &count);
    const nghttp3_data_reader reader = { .read_data = read_body };
    if (count > FIELDS_AT_MOST) {
        ql_request_fail(request, "the request has more than 256 fields");
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        list[i] = (nghttp3_nv){ .name = (uint8_t *)fields[i].name,
                                .value = (uint8_t *)fields[i].value,
                                .namelen = strlen(fields[i].name),
                                .valuelen = strlen(fields[i].value) };
    int rv = ngtcp2_conn_open_bidi_stream(http3->quic, &id, NULL);
    if (rv != 0)
        return rv;
    log_request(http3, id, fields, count);
    ql_request_stream *stream = ql_request_stream_new(http3->quic, id, request);
    g_hash_table_insert(http3->streams, g_memdup2(&id, sizeof id), stream);
    ql_request_on_sent(request, id, http3->trace);
    rv = nghttp3_conn_submit_request(http3->connection, id, list, count,
                                     ql_request_body(request) == NULL ? NULL : &reader, stream);
    return rv == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

int ql_http3_tick(ql_http3 *http3)
{
    GHashTableIter iter;
    void *stream;
    int rv = 0;
    g_hash_table_iter_init(&iter, http3->streams);
    while (rv == 0 && g_hash_table_iter_next(&iter, NULL, &stream)) {
        bool resume = false;
        rv = ql_request_stream_tick(stream, &resume);
        if (resume)
            nghttp3_conn_resume_stream(http3->connection, ql_request_stream_id(stream));
    }
    size_t active = ql_http3_active(http3);
    while (rv == 0 && !g_queue_is_empty(http3->waiting) && !http3->going_away &&
           active++ < REQUESTS_AT_ONCE && ngtcp2_conn_get_streams_bidi_left(http3->quic) > 0)
        rv = submit(http3, g_queue_pop_head(http3->waiting));
    return rv;
}

void ql_http3_add_pollfds(const ql_http3 *http3, GArray *pollfds)
{
    GHashTableIter iter;
    void *stream;
    g_hash_table_iter_init(&iter, http3->streams);
    while (g_hash_table_iter_next(&iter, NULL, &stream))
        ql_request_stream_add_pollfds(stream, pollfds);
}

void ql_http3_fail_active(ql_http3 *http3, const char *sentence)
{
    GHashTableIter iter;
    void *stream;
    g_hash_table_iter_init(&iter, http3->streams);
    while (g_hash_table_iter_next(&iter, NULL, &stream))
        ql_request_stream_fail(stream, false, sentence);
}

static void log_written(const ql_http3 *http3, int64_t id, const nghttp3_vec *vector, size_t left)
{
    for (; http3->qlog != NULL && left > 0; vector++) {
        size_t length = MIN(vector->len, left);
        ql_qlog_http3_bytes(http3->qlog, QL_QLOG_LOCAL, id, vector->base, length);
        left -= length;
    }
}

void ql_http3_withdraw(ql_http3 *http3)
{
    GHashTableIter iter;
    void *stream;
    g_hash_table_iter_init(&iter, http3->streams);
    while (g_hash_table_iter_next(&iter, NULL, &stream))
        put_back(http3, ql_request_stream_fail(stream, true, "the server did not see it"));
}

ngtcp2_ssize ql_http3_write_packet(ql_http3 *http3, ngtcp2_conn *quic, ngtcp2_path *path,
                                   ngtcp2_pkt_info *info, uint8_t *data, size_t length,
                                   ngtcp2_tstamp now, ngtcp2_ccerr *why)
{
    for (;;) {
        nghttp3_vec vectors[VECTORS_AT_ONCE];
        int64_t id = -1;
        int fin = 0;
        nghttp3_ssize count = 0;
        ngtcp2_ssize taken = -1;
        if (http3 != NULL && ngtcp2_conn_get_max_data_left(quic) > 0)
            count =
                nghttp3_conn_writev_stream(http3->connection, &id, &fin, vectors, VECTORS_AT_ONCE);
        if (count < 0) {
            fail((int)count, why);
            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
        uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
        flags |= fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE;
        ngtcp2_ssize written =
            ngtcp2_conn_writev_stream(quic, path, info, data, length, &taken, flags, id,
                                      (ngtcp2_vec *)vectors, (size_t)count, now);
        if (taken > 0 && id >= 0)
            log_written(http3, id, vectors, (size_t)taken);
        if (taken >= 0 && id >= 0)
            nghttp3_conn_add_write_offset(http3->connection, id, (size_t)taken);
        if (written == NGTCP2_ERR_WRITE_MORE)
            continue;
        if (written == NGTCP2_ERR_STREAM_DATA_BLOCKED)
            nghttp3_conn_block_stream(http3->connection, id);
        else if (written == NGTCP2_ERR_STREAM_SHUT_WR || written == NGTCP2_ERR_STREAM_NOT_FOUND)
            nghttp3_conn_shutdown_stream_write(http3->connection, id);
        else
            return written;
    }
}

static int read_stream(ql_http3 *http3, int64_t id, const uint8_t *data, size_t length, int last,
                       ngtcp2_tstamp now, ngtcp2_ccerr *why)
{
    nghttp3_ssize consumed =
        nghttp3_conn_read_stream2(http3->connection, id, data, length, last, now);
    if (consumed < 0)
        return fail((int)consumed, why);
    ngtcp2_conn_extend_max_stream_offset(http3->quic, id, (uint64_t)consumed);
    ngtcp2_conn_extend_max_offset(http3->quic, (uint64_t)consumed);
    return 0;
}

/* A request that still waits was not read, though all has come: its section refers to QPACK
 * instructions that have not (RFC 9204, 2.1.2). Closed now, nghttp3 would forget it. */
static int close_what_is_read(ql_http3 *http3, ngtcp2_ccerr *why)
{
    int rv = 0;
    for (guint i = http3->closed->len; i > 0 && rv == 0; i--) {
        int64_t id = g_array_index(http3->closed, int64_t, i - 1);
        ql_request_stream *stream = g_hash_table_lookup(http3->streams, &id);
        if (stream != NULL && ql_request_stream_is_active(stream))
            continue;
        g_array_remove_index_fast(http3->closed, i - 1);
        rv = nghttp3_conn_close_stream(http3->connection, id, NGHTTP3_H3_NO_ERROR);
    }
    return rv == 0 || rv == NGHTTP3_ERR_STREAM_NOT_FOUND ? 0 : fail(rv, why);
}

int ql_http3_on_stream_data(ql_http3 *http3, int64_t id, const uint8_t *data, size_t length,
                            bool last, ngtcp2_tstamp now, ngtcp2_ccerr *why)
{
    ql_qlog_http3_bytes(http3->qlog, QL_QLOG_REMOTE, id, data, length);
    int rv = length == 0 ? 0 : read_stream(http3, id, data, length, 0, now, why);
    if (rv == 0)
        rv = close_what_is_read(http3, why);
    if (rv != 0 || !last)
        return rv;
    /* For nghttp3 content that ends too early is an error of the whole connection (RFC 9114, 4.1.2,
     * leaves that open). It is common, where a proxy loses its origin, and of no harm to others. */
    ql_request_stream *stream = g_hash_table_lookup(http3->streams, &id);
    if (stream != NULL && ql_request_stream_fail_if_short(stream))
        return ql_http3_on_reading_over(http3, id, why);
    return read_stream(http3, id, NULL, 0, 1, now, why);
}

int ql_http3_on_acknowledged(ql_http3 *http3, int64_t id, uint64_t length, ngtcp2_ccerr *why)
{
    int rv = nghttp3_conn_add_ack_offset(http3->connection, id, length);
    return rv == 0 ? 0 : fail(rv, why);
}

int ql_http3_on_stream_close(ql_http3 *http3, int64_t id, uint64_t code, ngtcp2_ccerr *why)
{
    ql_request_stream *stream = g_hash_table_lookup(http3->streams, &id);
    if (code != NGHTTP3_H3_NO_ERROR && stream != NULL)
        put_back(http3, ql_request_stream_fail_code(stream, code));
    g_array_append_val(http3->closed, id);
    return close_what_is_read(http3, why);
}

int ql_http3_on_reset(ql_http3 *http3, int64_t id, uint64_t code, ngtcp2_ccerr *why)
{
    ql_request_stream *stream = g_hash_table_lookup(http3->streams, &id);
    if (stream != NULL && ql_request_stream_is_active(stream)) {
        put_back(http3, ql_request_stream_fail_code(stream, code));
        ngtcp2_conn_shutdown_stream_write(http3->quic, 0, id, NGHTTP3_H3_REQUEST_CANCELLED);
    }
    return ql_http3_on_reading_over(http3, id, why);
}

int ql_http3_on_reading_over(ql_http3 *http3, int64_t id, ngtcp2_ccerr *why)
{
    int rv = nghttp3_conn_shutdown_stream_read(http3->connection, id);
    return rv == 0 ? 0 : fail(rv, why);
}

void ql_http3_on_more_stream_data(ql_http3 *http3, int64_t id)
{
    nghttp3_conn_unblock_stream(http3->connection, id);
}
