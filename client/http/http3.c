/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http3_state.h"

#include "frame_reader.h"
#include "qlog_http3.h"
#include "quic_error.h"
#include "request_stream.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#define FIELDS_AT_MOST     256
#define VECTORS_AT_ONCE    16
#define QPACK_TABLE_BYTES  4096
#define QPACK_BLOCKED      100
#define SECTION_SIZE_LIMIT 262144

static int fail(int code, ngtcp2_ccerr *why)
{
    ngtcp2_ccerr_set_application_error(why, nghttp3_err_infer_quic_app_error_code(code), NULL, 0);
    return code;
}

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

ql_http3 *ql_http3_new(ngtcp2_conn *quic, const ql_http_settings *own, ngtcp2_ccerr *why)
{
    static const uint8_t too_few[] = "three unidirectional streams are needed (RFC 9114, 6.2)";
    nghttp3_settings settings;
    nghttp3_settings_default(&settings);
    settings.qpack_max_dtable_capacity = QPACK_TABLE_BYTES;
    settings.qpack_encoder_max_dtable_capacity = QPACK_TABLE_BYTES;
    settings.qpack_blocked_streams = QPACK_BLOCKED;
    settings.max_field_section_size = SECTION_SIZE_LIMIT;
    settings.h3_datagram = own->datagrams ? 1 : 0;
    ql_http3 *http3 = g_new0(ql_http3, 1);
    http3->quic = quic;
    http3->settings = *own;
    http3->datagrams = ql_datagram_queue_new();
    http3->frames = own->trace_frames ? ql_frame_trace_new(own->trace) : NULL;
    http3->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                           (GDestroyNotify)ql_request_stream_free);
    http3->closed = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (nghttp3_conn_client_new(&http3->connection, &ql_http3_callbacks, &settings,
                                nghttp3_mem_default(), http3) == 0 &&
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
    ql_datagram_queue_free(http3->datagrams);
    ql_frame_trace_free(http3->frames);
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
    if (count > FIELDS_AT_MOST) {
        ql_request_fail(request, "the request has more than 256 fields");
        return 0;
    }
    if (ql_request_get_settings(request)->protocol != NULL && !http3->connect_protocol) {
        ql_request_fail_for_good(request, "the server knows no extended CONNECT (RFC 9220, 3)");
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        list[i] = (nghttp3_nv){ .name = (uint8_t *)fields[i].name,
                                .value = (uint8_t *)fields[i].value,
                                .namelen = strlen(fields[i].name),
                                .valuelen = strlen(fields[i].value) };
    if (ql_request_get_settings(request)->datagrams != NULL && !http3->takes_datagrams) {
        ql_request_fail_for_good(request, "the server takes no datagrams (RFC 9297, 2.1.1)");
        return 0;
    }
    int rv = ngtcp2_conn_open_bidi_stream(http3->quic, &id, NULL);
    if (rv != 0)
        return rv;
    log_request(http3, id, fields, count);
    ql_request_stream *stream = ql_request_stream_new(http3->quic, id, request);
    g_hash_table_insert(http3->streams, g_memdup2(&id, sizeof id), stream);
    http3->priorities += ql_request_get_settings(request)->later_priority != NULL ? 1 : 0;
    ql_request_on_sent(request, id, http3->settings.trace);
    rv = nghttp3_conn_submit_request(
        http3->connection, id, list, count,
        ql_request_body(request) == NULL ? NULL : &ql_http3_body_reader, stream);
    return rv == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

/* An extended CONNECT has to wait for the server's word that it knows them (RFC 9220, 3). */
static bool may_submit_next(const ql_http3 *http3)
{
    const ql_request *next = g_queue_peek_head(http3->settings.waiting);
    return next != NULL &&
           (ql_request_get_settings(next)->protocol == NULL || http3->settings_came);
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
    while (rv == 0 && may_submit_next(http3) && !http3->going_away &&
           active++ < http3->settings.requests_at_once &&
           ngtcp2_conn_get_streams_bidi_left(http3->quic) > 0)
        rv = submit(http3, g_queue_pop_head(http3->settings.waiting));
    return rv;
}

char *ql_http3_reprioritize(ql_http3 *http3)
{
    GHashTableIter iter;
    void *stream;
    GString *done = NULL;
    g_hash_table_iter_init(&iter, http3->streams);
    while (http3->priorities > 0 && g_hash_table_iter_next(&iter, NULL, &stream)) {
        int64_t id = ql_request_stream_id(stream);
        const char *priority = ql_request_stream_take_priority(stream);
        if (priority == NULL || nghttp3_conn_set_client_stream_priority(http3->connection, id,
                                                                        (const uint8_t *)priority,
                                                                        strlen(priority)) != 0)
            continue;
        http3->priorities--;
        if (done == NULL)
            done = g_string_new(NULL);
        g_string_append_printf(done, "%sstream %" PRId64 ": %s", done->len > 0 ? ", " : "", id,
                               priority);
    }
    return done == NULL ? NULL : g_string_free(done, FALSE);
}

unsigned ql_http3_priorities_left(const ql_http3 *http3)
{
    return http3->priorities;
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
    for (; (http3->qlog != NULL || http3->frames != NULL) && left > 0; vector++) {
        size_t length = MIN(vector->len, left);
        ql_qlog_http3_bytes(http3->qlog, QL_QLOG_LOCAL, id, vector->base, length);
        ql_frame_trace_bytes(http3->frames, '>', id, vector->base, length);
        left -= length;
    }
}

void ql_http3_withdraw(ql_http3 *http3)
{
    ql_request_streams_withdraw(g_hash_table_get_values(http3->streams), 0,
                                "the server did not see it", http3->settings.waiting,
                                http3->settings.trace);
}

ngtcp2_ssize ql_http3_write_packet(ql_http3 *http3, ngtcp2_conn *quic, ngtcp2_path *path,
                                   ngtcp2_pkt_info *info, uint8_t *data, size_t length,
                                   ngtcp2_tstamp now, ngtcp2_ccerr *why)
{
    ngtcp2_ssize first = http3 == NULL ? NGTCP2_ERR_NOBUF
                                       : ql_datagram_queue_write(http3->datagrams, quic, path, info,
                                                                 data, length, now);
    if (first != NGTCP2_ERR_WRITE_MORE && first != NGTCP2_ERR_NOBUF)
        return first;
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
    ql_frame_trace_bytes(http3->frames, '<', id, data, length);
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
        ql_http3_put_back(http3, ql_request_stream_fail_code(stream, code));
    g_array_append_val(http3->closed, id);
    return close_what_is_read(http3, why);
}

int ql_http3_on_reset(ql_http3 *http3, int64_t id, uint64_t code, ngtcp2_ccerr *why)
{
    ql_request_stream *stream = g_hash_table_lookup(http3->streams, &id);
    if (stream != NULL && ql_request_stream_is_active(stream)) {
        ql_http3_put_back(http3, ql_request_stream_fail_code(stream, code));
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

/* RFC 9297, 2.1: a quarter of the stream's ID, which is a varint (RFC 9000, 16), and the payload.
 */
void ql_http3_on_datagram(ql_http3 *http3, const uint8_t *data, size_t length)
{
    uint64_t quarter;
    size_t size = ql_frame_reader_varint(data, length, &quarter);
    if (size == 0)
        return;
    int64_t id = (int64_t)(quarter * 4);
    ql_request_stream *stream = g_hash_table_lookup(http3->streams, &id);
    if (stream != NULL)
        ql_request_stream_on_datagram(stream, data + size, length - size);
}
