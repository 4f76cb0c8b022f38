/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_faulty.h"

#include <glib.h>
#include <string.h>

/* Without a reason, as a server does that failed (RFC 9114, 8.1). */
#define H3_INTERNAL_ERROR 0x102u
#define H3_NO_ERROR       0x100u

static const ql_origin_bytes usual_control = { "\0\x04\0", 3 };
static const ql_origin_bytes usual_response = { "\x01\x03\0\0\xd9\0\x05hello", 12 };

/* A field line (RFC 9204, 4.5.6), "x" and a value of 1,000 bytes, again and again. */
#define FIELD_VALUE_BYTES 1000u
#define FIELD_HEAD        "\x21x\x7f\xe9\x06"
#define FIELD_BYTES       (sizeof FIELD_HEAD - 1 + FIELD_VALUE_BYTES)

/* What is written on one stream. */
typedef struct output {
    int64_t stream;
    ql_origin_bytes left; /* not yet sent */
    uint64_t unacknowledged;
    ql_origin_fault_end end;
    bool blocked;
} output;

typedef struct faulty {
    ql_origin_application application;
    ngtcp2_conn *quic;
    const ql_origin_misbehaviour *how;
    GHashTable *outputs; /* output, owned, by its stream */
    GQueue ready;        /* output, borrowed */
    char field[FIELD_BYTES];
} faulty;

static output *find(const faulty *app, int64_t stream)
{
    return g_hash_table_lookup(app->outputs, &stream);
}

static void write_stream(faulty *app, int64_t stream, ql_origin_bytes bytes,
                         ql_origin_fault_end end)
{
    output *o = g_new0(output, 1);
    o->stream = stream;
    o->left = bytes;
    o->end = end;
    g_hash_table_insert(app->outputs, &o->stream, o);
    g_queue_push_tail(&app->ready, o);
}

static int open_stream(faulty *app, ql_origin_bytes bytes, bool ends)
{
    int64_t stream;
    if (bytes.data == NULL)
        return 0;
    if (ngtcp2_conn_open_uni_stream(app->quic, &stream, NULL) != 0)
        return -1;
    write_stream(app, stream, bytes, ends ? QL_ORIGIN_FAULT_END_FIN : QL_ORIGIN_FAULT_END_SILENT);
    return 0;
}

static int start(ql_origin_application *application)
{
    faulty *app = (faulty *)application;
    const ql_origin_misbehaviour *how = app->how;
    if (how->end == QL_ORIGIN_FAULT_END_SILENT)
        return 0;
    return open_stream(app, how->control.data != NULL ? how->control : usual_control,
                       how->control_ends) == 0 &&
                   open_stream(app, how->encoder, false) == 0 &&
                   open_stream(app, how->second_control, false) == 0
               ? 0
               : -1;
}

static int receive(ql_origin_application *application, int64_t stream, const uint8_t *data,
                   size_t length, bool fin, uint64_t now)
{
    faulty *app = (faulty *)application;
    const ql_origin_misbehaviour *how = app->how;
    (void)data, (void)now;
    ngtcp2_conn_extend_max_stream_offset(app->quic, stream, length);
    ngtcp2_conn_extend_max_offset(app->quic, length);
    if (ngtcp2_is_bidi_stream(stream) && fin && find(app, stream) == NULL &&
        how->end != QL_ORIGIN_FAULT_END_SILENT)
        write_stream(app, stream, how->response.data != NULL ? how->response : usual_response,
                     how->end);
    return 0;
}

static void finish(faulty *app, output *o)
{
    g_queue_remove(&app->ready, o);
}

static int acknowledge(ql_origin_application *application, int64_t stream, uint64_t length)
{
    faulty *app = (faulty *)application;
    output *o = find(app, stream);
    if (o == NULL)
        return 0;
    o->unacknowledged -= MIN(length, o->unacknowledged);
    if (o->end == QL_ORIGIN_FAULT_END_RESET && o->left.length == 0 && o->unacknowledged == 0)
        return ngtcp2_conn_shutdown_stream_write(app->quic, 0, stream, H3_INTERNAL_ERROR);
    return 0;
}

static int unblock(ql_origin_application *application, int64_t stream)
{
    faulty *app = (faulty *)application;
    output *o = find(app, stream);
    if (o != NULL && o->blocked)
        g_queue_push_tail(&app->ready, o);
    if (o != NULL)
        o->blocked = false;
    return 0;
}

static int stop_reading(ql_origin_application *application, int64_t stream)
{
    (void)application, (void)stream;
    return 0;
}

static int close_stream(ql_origin_application *application, int64_t stream, uint64_t error_code)
{
    faulty *app = (faulty *)application;
    output *o = find(app, stream);
    (void)error_code;
    if (o != NULL) {
        finish(app, o);
        g_hash_table_remove(app->outputs, &o->stream);
    }
    return 0;
}

static ngtcp2_ssize next(ql_origin_application *application, int64_t *stream, bool *fin,
                         ngtcp2_vec *vectors)
{
    faulty *app = (faulty *)application;
    output *o = g_queue_peek_head(&app->ready);
    if (o == NULL)
        return 0;
    if (o->left.length == 0 && o->end == QL_ORIGIN_FAULT_END_ENDLESS)
        o->left = (ql_origin_bytes){ app->field, FIELD_BYTES };
    *stream = o->stream;
    *fin = o->end == QL_ORIGIN_FAULT_END_FIN;
    vectors[0] = (ngtcp2_vec){ .base = (uint8_t *)(uintptr_t)o->left.data, .len = o->left.length };
    return 1;
}

static bool sent(ql_origin_application *application, int64_t stream, ngtcp2_ssize outcome,
                 ngtcp2_ssize taken)
{
    faulty *app = (faulty *)application;
    output *o = find(app, stream);
    bool blocked = outcome == NGTCP2_ERR_STREAM_DATA_BLOCKED;
    bool over = outcome == NGTCP2_ERR_STREAM_SHUT_WR || outcome == NGTCP2_ERR_STREAM_NOT_FOUND;
    if (outcome < 0 && outcome != NGTCP2_ERR_WRITE_MORE && !blocked && !over)
        return false;
    if (o == NULL)
        return true;
    if (taken >= 0) {
        o->left.data += taken;
        o->left.length -= (size_t)taken;
        o->unacknowledged += (uint64_t)taken;
    }
    if (blocked)
        g_queue_remove(&app->ready, o);
    o->blocked = blocked;
    if (over || (taken >= 0 && o->left.length == 0 && o->end != QL_ORIGIN_FAULT_END_ENDLESS))
        finish(app, o);
    return true;
}

static void faulty_free(ql_origin_application *application)
{
    faulty *app = (faulty *)application;
    g_queue_clear(&app->ready);
    g_hash_table_unref(app->outputs);
    g_free(app);
}

static uint64_t error_code(const ql_origin_application *application)
{
    (void)application;
    return H3_INTERNAL_ERROR;
}

static const ql_origin_application_kind kind = {
    .free = faulty_free,
    .start = start,
    .receive = receive,
    .acknowledge = acknowledge,
    .unblock = unblock,
    .stop_reading = stop_reading,
    .close_stream = close_stream,
    .next = next,
    .sent = sent,
    .error_code = error_code,
    .no_error = H3_NO_ERROR,
};

ql_origin_application *ql_origin_faulty_new(ngtcp2_conn *quic,
                                            const ql_origin_http_settings *settings)
{
    faulty *app = g_new0(faulty, 1);
    app->application.kind = &kind;
    app->quic = quic;
    app->how = settings->misbehaviour;
    app->outputs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    g_queue_init(&app->ready);
    memset(app->field, 'y', sizeof app->field);
    memcpy(app->field, FIELD_HEAD, sizeof FIELD_HEAD - 1);
    return &app->application;
}
