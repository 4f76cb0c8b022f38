/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_capture.h"

#include <string.h>

#define SERVER_LABEL "SERVER_TRAFFIC_SECRET_0 "
#define CLIENT_LABEL "CLIENT_TRAFFIC_SECRET_0 "

struct ql_origin_capture {
    ql_self_capture *file;
    GHashTable *handshakes; /* the randoms of those that have one of the two secrets; a set */
    GQueue held;            /* record */
    uint64_t deadline;      /* of the oldest of held, on ql_udp_now's clock */
};

typedef struct record {
    ql_address from, to;
    ql_pcapng_way way;
    uint64_t time;
    uint8_t ecn, ttl;
    uint32_t lost;
    GBytes *data;
} record;

static void record_free(gpointer data)
{
    record *r = data;
    g_bytes_unref(r->data);
    g_free(r);
}

ql_origin_capture *ql_origin_capture_new(const char *path_or_dash, const char *comment,
                                         GError **error)
{
    ql_self_capture *file = ql_self_capture_new_commented(path_or_dash, comment, error);
    if (file == NULL)
        return NULL;
    ql_origin_capture *capture = g_new0(ql_origin_capture, 1);
    capture->file = file;
    capture->handshakes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&capture->held);
    return capture;
}

/* The random stands between the label and the secret. */
static char *random_of(const char *line, const char *label)
{
    const char *random = line + strlen(label);
    return g_strndup(random, strcspn(random, " "));
}

void ql_origin_capture_secret(const char *line, void *user)
{
    ql_origin_capture *capture = user;
    ql_self_capture_secret(capture->file, line);
    if (g_str_has_prefix(line, SERVER_LABEL)) {
        g_hash_table_add(capture->handshakes, random_of(line, SERVER_LABEL));
    } else if (g_str_has_prefix(line, CLIENT_LABEL)) {
        g_autofree char *random = random_of(line, CLIENT_LABEL);
        g_hash_table_remove(capture->handshakes, random);
    }
}

static void write_record(const ql_origin_capture *capture, const record *r)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(r->data, &length);
    const ql_captured captured = {
        .time_ns = r->time,
        .from = ql_address_sockaddr(&r->from),
        .to = ql_address_sockaddr(&r->to),
        .way = r->way,
        .ecn = r->ecn,
        .ttl = r->ttl,
        .lost = r->lost,
        .data = data,
        .length = length,
    };
    ql_self_capture_record(capture->file, &captured);
}

static void release(ql_origin_capture *capture)
{
    record *r;
    g_hash_table_remove_all(capture->handshakes);
    while ((r = g_queue_pop_head(&capture->held)) != NULL) {
        write_record(capture, r);
        record_free(r);
    }
}

static void release_if_due(ql_origin_capture *capture)
{
    if (g_hash_table_size(capture->handshakes) == 0 ||
        capture->held.length >= QL_ORIGIN_CAPTURE_HELD ||
        (capture->held.length > 0 && ql_udp_now() >= capture->deadline))
        release(capture);
}

static void hold(ql_origin_capture *capture, const record *r)
{
    if (capture->held.length == 0)
        capture->deadline =
            ql_udp_now() + QL_ORIGIN_CAPTURE_SECONDS * (uint64_t)G_USEC_PER_SEC * 1000;
    g_queue_push_tail(&capture->held, g_memdup2(r, sizeof *r));
    release_if_due(capture);
}

void ql_origin_capture_received(ql_origin_capture *capture, const ql_udp_datagram *datagram)
{
    if (capture == NULL)
        return;
    const record r = { .from = datagram->remote,
                       .to = datagram->local,
                       .way = QL_PCAPNG_WAY_INBOUND,
                       .time = datagram->time_ns,
                       .ecn = datagram->ecn,
                       .ttl = datagram->ttl,
                       .lost = datagram->lost,
                       .data = g_bytes_new(datagram->data, datagram->length) };
    hold(capture, &r);
}

void ql_origin_capture_sent(ql_origin_capture *capture, const ql_udp_batch *batch, size_t sent)
{
    uint64_t now = ql_udp_now();
    size_t segment = batch->segment == 0 ? batch->length : MIN(batch->segment, batch->length);
    for (size_t at = 0; capture != NULL && at < sent; at += segment) {
        const record r = { .from = *batch->from,
                           .to = *batch->to,
                           .way = QL_PCAPNG_WAY_OUTBOUND,
                           .time = now,
                           .ecn = batch->ecn,
                           .data = g_bytes_new(batch->data + at, MIN(segment, sent - at)) };
        hold(capture, &r);
    }
}

void ql_origin_capture_flush(ql_origin_capture *capture)
{
    if (capture == NULL)
        return;
    release_if_due(capture);
    ql_self_capture_flush(capture->file);
}

bool ql_origin_capture_close(ql_origin_capture *capture, GError **error)
{
    if (capture == NULL)
        return true;
    release(capture);
    bool ok = ql_self_capture_close(capture->file, error);
    g_hash_table_unref(capture->handshakes);
    g_free(capture);
    return ok;
}
