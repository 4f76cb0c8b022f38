/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packets.h"

#include <string.h>
#include <time.h>

#define DATAGRAMS_AT_ONCE 32
#define DATAGRAMS_IN_TURN 1024 /* received, until timers have their turn again */
#define LONG_HEADER       0x80 /* RFC 9000, 17.2 */
#define OWN_IDS_AT_MOST   32
#define BATCHES_IN_TURN   16     /* sent, the same */
#define SEND_BYTES        65507u /* the largest UDP payload, which bounds what GSO takes */

/* What has come on one socket and is not processed. */
typedef struct source {
    ql_udp *udp;
    ql_udp_datagram datagrams[DATAGRAMS_AT_ONCE];
    int count, next;
} source;

/* What the kernel did not take for now. */
typedef struct unsent {
    ngtcp2_path_storage path; /* its socket may be closed before it is free to send again */
    uint8_t ecn;
    size_t start, length, segment;
} unsent;

struct ql_packets {
    ql_paths *paths;
    ql_self_capture *capture;
    ql_qlog *qlog;
    ql_remarks *remarks;
    GArray *own_ids; /* ngtcp2_cid: ours that packets have carried; empty: only the first */
    GArray *sources; /* source */
    unsent unsent;
    uint8_t buffer[SEND_BYTES];
};

ngtcp2_tstamp ql_packets_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (ngtcp2_tstamp)now.tv_sec * NGTCP2_SECONDS + (ngtcp2_tstamp)now.tv_nsec;
}

ql_packets *ql_packets_new(ql_paths *paths, ql_self_capture *capture)
{
    ql_packets *packets = g_new0(ql_packets, 1);
    packets->paths = paths;
    packets->capture = capture;
    packets->own_ids = g_array_new(FALSE, FALSE, sizeof(ngtcp2_cid));
    packets->sources = g_array_new(FALSE, FALSE, sizeof(source));
    return packets;
}

void ql_packets_free(ql_packets *packets)
{
    if (packets == NULL)
        return;
    g_array_unref(packets->own_ids);
    g_array_unref(packets->sources);
    g_free(packets);
}

void ql_packets_set_qlog(ql_packets *packets, ql_qlog *qlog)
{
    packets->qlog = qlog;
}

void ql_packets_set_remarks(ql_packets *packets, ql_remarks *remarks)
{
    packets->remarks = remarks;
}

static bool contains(const ngtcp2_cid *list, size_t count, const ngtcp2_cid *cid)
{
    for (size_t i = 0; i < count; i++)
        if (ngtcp2_cid_eq(&list[i], cid))
            return true;
    return false;
}

/* The server may use another of our connection IDs at any time (RFC 9000, 5.1), and only its
 * packets tell. What is none of ours has come from elsewhere; what was used before is late. */
static void log_own_id(const ql_packets *packets, ngtcp2_conn *quic, const uint8_t *data,
                       size_t length)
{
    const ngtcp2_cid *now = ql_qlog_connection_id(packets->qlog, QL_QLOG_LOCAL);
    ngtcp2_cid seen, own[OWN_IDS_AT_MOST];
    if (now == NULL || length <= now->datalen || (data[0] & LONG_HEADER) != 0 ||
        memcmp(data + 1, now->data, now->datalen) == 0)
        return;
    ngtcp2_cid_init(&seen, data + 1, now->datalen);
    size_t count = ngtcp2_conn_get_scid(quic, NULL);
    if (count > OWN_IDS_AT_MOST ||
        contains((const ngtcp2_cid *)(void *)packets->own_ids->data, packets->own_ids->len, &seen))
        return;
    count = ngtcp2_conn_get_scid(quic, own);
    if (!contains(own, count, &seen))
        return;
    if (packets->own_ids->len == 0)
        g_array_append_vals(packets->own_ids, now, 1);
    g_array_append_val(packets->own_ids, seen);
    ql_qlog_connection_id_updated(packets->qlog, QL_QLOG_LOCAL, &seen);
}

/* The secrets that a datagram brings about are known only once it was processed. */
static void capture_received(const ql_packets *packets, const ql_udp_datagram *datagram)
{
    const ql_captured captured = {
        .time_ns = datagram->time_ns,
        .from = ql_address_sockaddr(&datagram->remote),
        .to = ql_address_sockaddr(&datagram->local),
        .way = QL_PCAPNG_WAY_INBOUND,
        .ecn = datagram->ecn,
        .ttl = datagram->ttl,
        .data = datagram->data,
        .length = datagram->length,
    };
    if (packets->capture != NULL)
        ql_self_capture_record(packets->capture, &captured);
}

static void capture_sent(const ql_packets *packets, const unsent *batch, const ql_udp *udp,
                         size_t length, uint64_t time)
{
    if (packets->capture == NULL || length == 0)
        return;
    g_autofree char *comment = ql_remarks_take(packets->remarks, ql_udp_local(udp));
    ql_captured captured = {
        .time_ns = time,
        .from = ql_address_sockaddr(ql_udp_local(udp)),
        .to = ql_address_sockaddr(ql_paths_remote(packets->paths)),
        .way = QL_PCAPNG_WAY_OUTBOUND,
        .ecn = batch->ecn,
        .ttl = ql_udp_ttl(udp),
        .comment = comment,
    };
    for (size_t at = 0; at < length; at += batch->segment) {
        captured.data = packets->buffer + batch->start + at;
        captured.length = MIN(batch->segment, length - at);
        ql_self_capture_record(packets->capture, &captured);
        captured.comment = NULL; /* the first of them shows it */
    }
}

static bool is_used_up(const source *from)
{
    return from->next == from->count;
}

/* Whether to look again what has come: a source that had something has no more, or all are empty. A
 * socket on which nothing comes is not asked again for each datagram of another. */
static bool is_refill_due(const ql_packets *packets)
{
    bool all_used_up = true;
    for (guint i = 0; i < packets->sources->len; i++) {
        const source *from = &g_array_index(packets->sources, source, i);
        if (is_used_up(from) && from->count > 0)
            return true;
        all_used_up = all_used_up && is_used_up(from);
    }
    return all_used_up;
}

/* Reads what the sockets have. False if one of them reports an error. */
static bool refill(ql_packets *packets, GError **error)
{
    for (guint i = 0; i < packets->sources->len; i++) {
        source *from = &g_array_index(packets->sources, source, i);
        if (!is_used_up(from))
            continue;
        int count = ql_udp_receive(from->udp, from->datagrams, DATAGRAMS_AT_ONCE, error);
        from->next = 0;
        from->count = count > 0 ? count : 0;
        if (count < 0)
            return false;
    }
    return true;
}

/* The datagram that came first of all. While the paths change, those of one socket must not
 * overtake those of the other: a packet number is sent short, and only understood near those that
 * were sent before and after it (RFC 9000, 17.1). */
static const ql_udp_datagram *next_datagram(ql_packets *packets)
{
    source *first = NULL;
    for (guint i = 0; i < packets->sources->len; i++) {
        source *candidate = &g_array_index(packets->sources, source, i);
        if (candidate->next < candidate->count &&
            (first == NULL ||
             candidate->datagrams[candidate->next].time_ns < first->datagrams[first->next].time_ns))
            first = candidate;
    }
    return first == NULL ? NULL : &first->datagrams[first->next++];
}

static void begin_receiving(ql_packets *packets)
{
    g_array_set_size(packets->sources, (guint)ql_paths_count(packets->paths));
    for (guint i = 0; i < packets->sources->len; i++) {
        source *from = &g_array_index(packets->sources, source, i);
        from->udp = ql_paths_socket(packets->paths, i);
        from->count = from->next = 0;
    }
}

int ql_packets_receive(ql_packets *packets, ngtcp2_conn *quic, GError **error)
{
    int rv = 0;
    bool more = true;
    begin_receiving(packets);
    for (int turn = 0;; turn++) {
        if (more && is_refill_due(packets))
            more = rv == 0 && turn < DATAGRAMS_IN_TURN && refill(packets, error);
        const ql_udp_datagram *datagram = next_datagram(packets);
        if (datagram == NULL)
            return rv;
        ngtcp2_path path = ql_paths_of(packets->paths, datagram);
        ngtcp2_pkt_info info = { .ecn = datagram->ecn };
        if (rv == 0) /* what came behind the connection's end is captured, too */
            rv = ngtcp2_conn_read_pkt(quic, &path, &info, datagram->data, datagram->length,
                                      ql_packets_now());
        log_own_id(packets, quic, datagram->data, datagram->length);
        capture_received(packets, datagram);
    }
}

/* Returns false if the socket is full, or failed with error set. */
static bool send_unsent(ql_packets *packets, GError **error)
{
    unsent *batch = &packets->unsent;
    ql_udp *udp =
        batch->length == 0 ? NULL : ql_paths_find(packets->paths, &batch->path.path.local);
    if (udp == NULL) {
        batch->length = 0;
        return true;
    }
    ql_udp_batch wanted = { .ecn = batch->ecn,
                            .data = packets->buffer + batch->start,
                            .length = batch->length,
                            .segment = batch->segment };
    uint64_t time = ql_udp_now();
    ssize_t sent = ql_udp_send(udp, &wanted, error);
    if (sent < 0) {
        batch->length = 0; /* lost, as on any network */
        return false;
    }
    capture_sent(packets, batch, udp, (size_t)sent, time);
    batch->start += (size_t)sent;
    batch->length -= (size_t)sent;
    return batch->length == 0;
}

int ql_packets_send(ql_packets *packets, ngtcp2_conn *quic, ngtcp2_write_pkt write_packet,
                    GError **error)
{
    for (int round = 0; round < BATCHES_IN_TURN; round++) {
        if (!send_unsent(packets, error))
            return 0;
        unsent *batch = &packets->unsent;
        ngtcp2_pkt_info info = { 0 };
        batch->start = 0;
        ngtcp2_path_storage_zero(&batch->path);
        ngtcp2_ssize length = ngtcp2_conn_write_aggregate_pkt(
            quic, &batch->path.path, &info, packets->buffer, SEND_BYTES, &batch->segment,
            write_packet, ql_packets_now());
        if (length < 0)
            return (int)length;
        if (length == 0)
            return 0;
        batch->ecn = info.ecn;
        batch->length = (size_t)length;
    }
    return 0;
}

void ql_packets_close(ql_packets *packets, ngtcp2_conn *quic, const ngtcp2_ccerr *why)
{
    unsent *batch = &packets->unsent;
    ngtcp2_pkt_info info = { 0 };
    ngtcp2_path_storage_zero(&batch->path);
    ngtcp2_ssize length =
        ngtcp2_conn_write_connection_close(quic, &batch->path.path, &info, packets->buffer,
                                           NGTCP2_MAX_UDP_PAYLOAD_SIZE, why, ql_packets_now());
    batch->start = 0;
    batch->ecn = info.ecn;
    batch->length = length > 0 ? (size_t)length : 0;
    batch->segment = batch->length;
    send_unsent(packets, NULL);
}

int ql_packets_blocked_fd(const ql_packets *packets)
{
    const unsent *batch = &packets->unsent;
    ql_udp *udp =
        batch->length == 0 ? NULL : ql_paths_find(packets->paths, &batch->path.path.local);
    return udp == NULL ? -1 : ql_udp_fd(udp);
}
