/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http09.h"

#include "request_stream.h"

#include <inttypes.h>
#include <string.h>

/* A request on its stream. */
typedef struct exchange {
    int64_t id;
    ql_request_stream *stream;
    char *line; /* kept until the stream is closed: QUIC may have to send it again */
    size_t length, sent;
} exchange;

struct ql_http09 {
    ngtcp2_conn *quic;
    ql_http_settings settings;
    GHashTable *exchanges; /* int64_t, in the exchange -> exchange, as long as its stream is open */
    GQueue unsent;         /* of them, those whose line is not sent */
    uint64_t content_bytes;
};

static void exchange_free(void *data)
{
    exchange *e = data;
    ql_request_stream_free(e->stream);
    g_free(e->line);
    g_free(e);
}

ql_http09 *ql_http09_new(ngtcp2_conn *quic, const ql_http_settings *settings)
{
    ql_http09 *http09 = g_new0(ql_http09, 1);
    http09->quic = quic;
    http09->settings = *settings;
    http09->exchanges = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, exchange_free);
    g_queue_init(&http09->unsent);
    return http09;
}

void ql_http09_free(ql_http09 *http09)
{
    if (http09 == NULL)
        return;
    g_queue_clear(&http09->unsent);
    g_hash_table_unref(http09->exchanges);
    g_free(http09);
}

size_t ql_http09_active(const ql_http09 *http09)
{
    GHashTableIter iter;
    void *e;
    size_t active = 0;
    g_hash_table_iter_init(&iter, http09->exchanges);
    while (g_hash_table_iter_next(&iter, NULL, &e))
        active += ql_request_stream_is_active(((exchange *)e)->stream) ? 1 : 0;
    return active;
}

uint64_t ql_http09_content_bytes(const ql_http09 *http09)
{
    return http09->content_bytes;
}

static int submit(ql_http09 *http09, ql_request *request)
{
    int64_t id;
    if (ql_request_get_settings(request)->protocol != NULL) {
        ql_request_fail_for_good(request, "the server chose HTTP/0.9 (" QL_HTTP09_ALPN
                                          "), which has neither WebSockets nor datagrams");
        return 0;
    }
    if (strcmp(ql_request_method(request), "GET") != 0 || ql_request_body(request) != NULL) {
        ql_request_fail(request, "HTTP/0.9 (" QL_HTTP09_ALPN ") has no method but GET, and no "
                                 "content of requests");
        return 0;
    }
    int rv = ngtcp2_conn_open_bidi_stream(http09->quic, &id, NULL);
    if (rv != 0)
        return rv;
    exchange *e = g_new0(exchange, 1);
    e->id = id;
    e->stream = ql_request_stream_new(http09->quic, id, request);
    e->line = g_strdup_printf("GET %s\r\n", ql_request_url(request)->path);
    e->length = strlen(e->line);
    g_hash_table_insert(http09->exchanges, &e->id, e);
    g_queue_push_tail(&http09->unsent, e);
    ql_request_on_sent(request, id, NULL);
    ql_request_on_bare_response(request);
    ql_trace_note(http09->settings.trace, "stream %" PRId64 ": GET %s (HTTP/0.9)", id,
                  ql_request_url(request)->path);
    return 0;
}

int ql_http09_tick(ql_http09 *http09)
{
    GHashTableIter iter;
    void *e;
    int rv = 0;
    g_hash_table_iter_init(&iter, http09->exchanges);
    while (rv == 0 && g_hash_table_iter_next(&iter, NULL, &e)) {
        bool resume = false;
        rv = ql_request_stream_tick(((exchange *)e)->stream, &resume);
    }
    size_t active = ql_http09_active(http09);
    while (rv == 0 && !g_queue_is_empty(http09->settings.waiting) &&
           active++ < http09->settings.requests_at_once &&
           ngtcp2_conn_get_streams_bidi_left(http09->quic) > 0)
        rv = submit(http09, g_queue_pop_head(http09->settings.waiting));
    return rv;
}

void ql_http09_add_pollfds(const ql_http09 *http09, GArray *pollfds)
{
    GHashTableIter iter;
    void *e;
    g_hash_table_iter_init(&iter, http09->exchanges);
    while (g_hash_table_iter_next(&iter, NULL, &e))
        ql_request_stream_add_pollfds(((exchange *)e)->stream, pollfds);
}

void ql_http09_fail_active(ql_http09 *http09, const char *sentence)
{
    GHashTableIter iter;
    void *e;
    g_hash_table_iter_init(&iter, http09->exchanges);
    while (g_hash_table_iter_next(&iter, NULL, &e))
        ql_request_stream_fail(((exchange *)e)->stream, false, sentence);
}

void ql_http09_withdraw(ql_http09 *http09)
{
    GHashTableIter iter;
    void *e;
    GList *streams = NULL;
    g_hash_table_iter_init(&iter, http09->exchanges);
    while (g_hash_table_iter_next(&iter, NULL, &e))
        streams = g_list_prepend(streams, ((exchange *)e)->stream);
    ql_request_streams_withdraw(streams, 0, "the server did not see it", http09->settings.waiting,
                                http09->settings.trace);
}

ngtcp2_ssize ql_http09_write_packet(ql_http09 *http09, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                    uint8_t *data, size_t length, ngtcp2_tstamp now)
{
    for (;;) {
        exchange *e = ngtcp2_conn_get_max_data_left(http09->quic) > 0
                          ? g_queue_peek_head(&http09->unsent)
                          : NULL;
        ngtcp2_vec rest = { 0 };
        ngtcp2_ssize taken = -1;
        uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
        if (e != NULL) {
            rest = (ngtcp2_vec){ (uint8_t *)e->line + e->sent, e->length - e->sent };
            flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
        }
        ngtcp2_ssize written =
            ngtcp2_conn_writev_stream(http09->quic, path, info, data, length, &taken, flags,
                                      e == NULL ? -1 : e->id, &rest, e == NULL ? 0 : 1, now);
        if (e != NULL && taken > 0)
            e->sent += (size_t)taken;
        if (e != NULL &&
            (e->sent == e->length || written == NGTCP2_ERR_STREAM_DATA_BLOCKED ||
             written == NGTCP2_ERR_STREAM_SHUT_WR || written == NGTCP2_ERR_STREAM_NOT_FOUND))
            g_queue_pop_head(&http09->unsent); /* where it is blocked, it comes again later */
        else if (written != NGTCP2_ERR_WRITE_MORE)
            return written;
        if (written >= 0)
            return written;
    }
}

void ql_http09_on_stream_data(ql_http09 *http09, int64_t id, const uint8_t *data, size_t length,
                              bool last)
{
    exchange *e = g_hash_table_lookup(http09->exchanges, &id);
    http09->content_bytes += length;
    if (e == NULL) {
        ngtcp2_conn_extend_max_stream_offset(http09->quic, id, length);
        ngtcp2_conn_extend_max_offset(http09->quic, length);
        return;
    }
    ql_request_stream_on_data(e->stream, data, length);
    if (last)
        ql_request_stream_on_end(e->stream);
}

void ql_http09_on_stream_close(ql_http09 *http09, int64_t id)
{
    exchange *e = g_hash_table_lookup(http09->exchanges, &id);
    if (e == NULL)
        return;
    ql_request_stream_fail(e->stream, false,
                           "the server ended the stream before the response was complete");
    g_queue_remove(&http09->unsent, e);
    g_hash_table_remove(http09->exchanges, &id);
}

void ql_http09_on_reset(ql_http09 *http09, int64_t id, uint64_t code)
{
    exchange *e = g_hash_table_lookup(http09->exchanges, &id);
    g_autofree char *sentence =
        g_strdup_printf("the server reset the stream with code 0x%" PRIx64, code);
    if (e != NULL)
        ql_request_stream_fail(e->stream, false, sentence);
}

void ql_http09_on_more_stream_data(ql_http09 *http09, int64_t id)
{
    exchange *e = g_hash_table_lookup(http09->exchanges, &id);
    if (e != NULL && e->sent < e->length && g_queue_find(&http09->unsent, e) == NULL)
        g_queue_push_tail(&http09->unsent, e);
}
