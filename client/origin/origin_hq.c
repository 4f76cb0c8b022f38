/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_hq.h"

#include "origin_body.h"

#include <glib.h>
#include <string.h>

#define MAX_LINE_BYTES 4096u

/* There are no codes of its own; what interoperability runners' programs use. */
#define NO_ERROR       0u
#define REQUEST_FAILED 1u

typedef struct hq {
    ql_origin_application application;
    ngtcp2_conn *quic;
    ql_origin_http_settings settings;
    GHashTable *requests; /* request, owned, by its stream */
    GQueue ready;         /* request, borrowed: it has something to send */
} hq;

typedef struct request {
    int64_t stream;
    GString *line;
    bool answered; /* the whole line came */
    bool is_ready; /* stands in hq.ready */
    ql_origin_resource *resource;
    ql_origin_body *body;
    const uint8_t *piece; /* of the body, not yet sent */
    size_t length;
    bool last; /* no piece comes after it */
} request;

static void request_free(gpointer data)
{
    request *r = data;
    g_string_free(r->line, TRUE);
    ql_origin_body_free(r->body);
    ql_origin_resource_free(r->resource);
    g_free(r);
}

static request *find(const hq *app, int64_t stream)
{
    return g_hash_table_lookup(app->requests, &stream);
}

static void make_ready(hq *app, request *r)
{
    if (!r->is_ready)
        g_queue_push_tail(&app->ready, r);
    r->is_ready = true;
}

static void make_unready(hq *app, request *r)
{
    g_queue_remove(&app->ready, r);
    r->is_ready = false;
}

static void drop(hq *app, request *r)
{
    make_unready(app, r);
    g_hash_table_remove(app->requests, &r->stream);
}

/* "GET /path" and, from some clients, an HTTP version behind it. */
static char *parse_line(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    return g_strv_length(words) >= 2 && strcmp(words[0], "GET") == 0 ? g_strdup(words[1]) : NULL;
}

static void log_access(const hq *app, const char *target, unsigned status, uint64_t size)
{
    const ql_origin_access access = {
        .method = "GET", .target = target, .status = status, .response_size = size
    };
    if (app->settings.log != NULL)
        app->settings.log(&access, app->settings.log_user);
}

static void answer(hq *app, request *r)
{
    g_autofree char *target = parse_line(g_strchomp(r->line->str));
    g_autofree char *location = NULL;
    unsigned status = 400;
    r->answered = true;
    if (target != NULL)
        status = ql_origin_content_find(app->settings.content, target, &r->resource, &location);
    log_access(app, target != NULL ? target : "-", status,
               r->resource != NULL ? ql_origin_resource_size(r->resource) : 0);
    if (r->resource == NULL) {
        ngtcp2_conn_shutdown_stream(app->quic, 0, r->stream, REQUEST_FAILED);
        return;
    }
    size_t unacked = app->settings.unacked;
    r->body = ql_origin_body_new(r->resource, unacked > 0 ? unacked : QL_ORIGIN_BODY_UNACKED);
    make_ready(app, r);
}

static request *request_new(hq *app, int64_t stream)
{
    request *r = g_new0(request, 1);
    r->stream = stream;
    r->line = g_string_new(NULL);
    g_hash_table_insert(app->requests, &r->stream, r);
    return r;
}

static int receive(ql_origin_application *application, int64_t stream, const uint8_t *data,
                   size_t length, bool fin, uint64_t now)
{
    hq *app = (hq *)application;
    (void)now;
    ngtcp2_conn_extend_max_stream_offset(app->quic, stream, length);
    ngtcp2_conn_extend_max_offset(app->quic, length);
    if (!ngtcp2_is_bidi_stream(stream))
        return 0;
    request *r = find(app, stream);
    if (r == NULL)
        r = request_new(app, stream);
    if (r->answered)
        return 0;
    g_string_append_len(r->line, (const char *)data, (gssize)length);
    if (fin || memchr(r->line->str, '\n', r->line->len) != NULL || r->line->len > MAX_LINE_BYTES)
        answer(app, r);
    return 0;
}

static int acknowledge(ql_origin_application *application, int64_t stream, uint64_t length)
{
    hq *app = (hq *)application;
    request *r = find(app, stream);
    if (r != NULL && r->body != NULL && ql_origin_body_acknowledge(r->body, length))
        make_ready(app, r);
    return 0;
}

static int unblock(ql_origin_application *application, int64_t stream)
{
    hq *app = (hq *)application;
    request *r = find(app, stream);
    if (r != NULL && r->body != NULL)
        make_ready(app, r);
    return 0;
}

static int stop_reading(ql_origin_application *application, int64_t stream)
{
    (void)application, (void)stream;
    return 0;
}

static int close_stream(ql_origin_application *application, int64_t stream, uint64_t error_code)
{
    hq *app = (hq *)application;
    request *r = find(app, stream);
    (void)error_code;
    if (r != NULL)
        drop(app, r);
    return 0;
}

/* False: there is nothing for now. */
static bool fetch_piece(hq *app, request *r)
{
    if (r->length > 0 || r->last)
        return true;
    switch (ql_origin_body_next(r->body, UINT64_MAX, &r->piece, &r->length)) {
    case QL_ORIGIN_BODY_FULL: return false;
    case QL_ORIGIN_BODY_FAILED:
        ngtcp2_conn_shutdown_stream_write(app->quic, 0, r->stream, REQUEST_FAILED);
        return false;
    case QL_ORIGIN_BODY_END: r->last = true; break;
    case QL_ORIGIN_BODY_PIECE: break;
    }
    return true;
}

/* The streams take turns: each goes to the end of the queue when a part of it was sent. */
static ngtcp2_ssize next(ql_origin_application *application, int64_t *stream, bool *fin,
                         ngtcp2_vec *vectors)
{
    hq *app = (hq *)application;
    request *r;
    while ((r = g_queue_peek_head(&app->ready)) != NULL && !fetch_piece(app, r))
        make_unready(app, r);
    if (r == NULL)
        return 0;
    *stream = r->stream;
    *fin = r->last;
    vectors[0] = (ngtcp2_vec){ .base = (uint8_t *)(uintptr_t)r->piece, .len = r->length };
    return 1;
}

static bool sent(ql_origin_application *application, int64_t stream, ngtcp2_ssize outcome,
                 ngtcp2_ssize taken)
{
    hq *app = (hq *)application;
    request *r = find(app, stream);
    bool stuck = outcome == NGTCP2_ERR_STREAM_DATA_BLOCKED ||
                 outcome == NGTCP2_ERR_STREAM_SHUT_WR || outcome == NGTCP2_ERR_STREAM_NOT_FOUND;
    if (outcome < 0 && outcome != NGTCP2_ERR_WRITE_MORE && !stuck)
        return false;
    if (r == NULL || taken < 0) {
        if (r != NULL && stuck)
            make_unready(app, r);
        return true;
    }
    r->piece += taken;
    r->length -= (size_t)taken;
    make_unready(app, r);
    if (r->length > 0 || !r->last)
        make_ready(app, r);
    return true;
}

static void hq_free(ql_origin_application *application)
{
    hq *app = (hq *)application;
    g_queue_clear(&app->ready);
    g_hash_table_unref(app->requests);
    g_free(app);
}

static int start(ql_origin_application *application)
{
    (void)application;
    return 0;
}

static uint64_t error_code(const ql_origin_application *application)
{
    (void)application;
    return REQUEST_FAILED;
}

static const ql_origin_application_kind kind = {
    .free = hq_free,
    .start = start,
    .receive = receive,
    .acknowledge = acknowledge,
    .unblock = unblock,
    .stop_reading = stop_reading,
    .close_stream = close_stream,
    .next = next,
    .sent = sent,
    .error_code = error_code,
    .no_error = NO_ERROR,
};

ql_origin_application *ql_origin_hq_new(ngtcp2_conn *quic, const ql_origin_http_settings *settings)
{
    hq *app = g_new0(hq, 1);
    app->application.kind = &kind;
    app->quic = quic;
    app->settings = *settings;
    app->requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, request_free);
    g_queue_init(&app->ready);
    return &app->application;
}
