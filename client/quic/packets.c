/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packets.h"

#include "clock.h"
#include "network.h"
#include "packet_record.h"

#include <string.h>

#define DATAGRAMS_AT_ONCE 32
#define DATAGRAMS_IN_TURN 1024   /* received, until timers have their turn again */
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
    ql_packet_record *record;
    ql_qlog *qlog;         /* NULL: none */
    ql_network *network;   /* NULL: what is sent goes to the socket at once */
    ql_relay_packet *held; /* it came out of the network, and the socket was full; NULL: none */
    GArray *sources;       /* source */
    unsent unsent, behind; /* the second goes when the first has gone */
    uint8_t buffer[SEND_BYTES];
};

ql_packets *ql_packets_new(ql_paths *paths, ql_self_capture *capture)
{
    ql_packets *packets = g_new0(ql_packets, 1);
    packets->paths = paths;
    packets->record = ql_packet_record_new(capture);
    packets->sources = g_array_new(FALSE, FALSE, sizeof(source));
    return packets;
}

void ql_packets_free(ql_packets *packets)
{
    if (packets == NULL)
        return;
    if (packets->held != NULL)
        ql_network_packet_free(packets->network, QL_RELAY_CLIENT, packets->held);
    ql_network_free(packets->network);
    ql_packet_record_free(packets->record);
    g_array_unref(packets->sources);
    g_free(packets);
}

void ql_packets_set_qlog(ql_packets *packets, ql_qlog *qlog)
{
    packets->qlog = qlog;
    ql_packet_record_set_qlog(packets->record, qlog);
}

void ql_packets_set_remarks(ql_packets *packets, ql_remarks *remarks)
{
    ql_packet_record_set_remarks(packets->record, remarks);
}

void ql_packets_set_scenario(ql_packets *packets, const ql_relay_scenario *scenario)
{
    bool ipv6 = ql_udp_remote(ql_paths_current(packets->paths))->storage.ss_family == AF_INET6;
    ql_network_free(packets->network);
    packets->network = scenario == NULL ? NULL : ql_network_new(scenario, ipv6);
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
    const ql_path_sockets *sockets = ql_paths_sockets(packets->paths);
    g_array_set_size(packets->sources, (guint)ql_path_sockets_count(sockets));
    for (guint i = 0; i < packets->sources->len; i++) {
        source *from = &g_array_index(packets->sources, source, i);
        from->udp = ql_path_sockets_at(sockets, i);
        from->count = from->next = 0;
    }
}

static ql_udp *socket_of(const ql_packets *packets, const ql_udp_datagram *datagram)
{
    return ql_path_sockets_bound_to(ql_paths_sockets(packets->paths), &datagram->local);
}

/* rv: of the datagrams before. What came behind the connection's end is captured, too. */
static int process(const ql_packets *packets, ngtcp2_conn *quic, const ql_udp_datagram *datagram,
                   const char *comment, int rv)
{
    const ql_udp *udp = socket_of(packets, datagram);
    ngtcp2_pkt_info info = { .ecn = datagram->ecn };
    if (rv == 0 && udp != NULL) { /* what waited in the network may be late for its socket */
        ngtcp2_path path = ql_path_sockets_path(ql_paths_sockets(packets->paths), udp);
        ql_qlog_arrival_begin(packets->qlog);
        rv = ngtcp2_conn_read_pkt(quic, &path, &info, datagram->data, datagram->length,
                                  ql_clock_now());
        ql_qlog_arrival_end(packets->qlog);
    }
    ql_packet_record_received(packets->record, quic, datagram, comment);
    return rv;
}

/* What has come through the network. */
static int take_out(const ql_packets *packets, ngtcp2_conn *quic, int rv)
{
    ql_relay_packet *packet;
    while (packets->network != NULL &&
           (packet = ql_network_take(packets->network, QL_RELAY_SERVER, ql_clock_now())) != NULL) {
        packet->datagram.time_ns = ql_udp_now();
        rv = process(packets, quic, &packet->datagram, packet->comment, rv);
        ql_network_packet_free(packets->network, QL_RELAY_SERVER, packet);
    }
    return rv;
}

static int take_in(const ql_packets *packets, ngtcp2_conn *quic, const ql_udp_datagram *datagram,
                   int rv)
{
    bool lost;
    if (packets->network == NULL)
        return process(packets, quic, datagram, NULL, rv);
    g_autofree char *comment =
        ql_network_put(packets->network, QL_RELAY_SERVER, datagram, ql_clock_now(), &lost);
    if (lost)
        ql_packet_record_received(packets->record, NULL, datagram, comment);
    return take_out(packets, quic, rv);
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
            return take_out(packets, quic, rv);
        rv = take_in(packets, quic, datagram, rv);
    }
}

/* Each datagram of the batch, of which the kernel or the network takes that many bytes. */
static void hand_over(const ql_packets *packets, const unsent *batch, const ql_udp *udp,
                      size_t length, uint64_t time)
{
    ql_udp_datagram datagram = {
        .local = *ql_udp_local(udp),
        .remote = *ql_udp_remote(udp),
        .time_ns = time,
        .ecn = batch->ecn,
        .ttl = ql_udp_ttl(udp),
    };
    for (size_t at = 0; at < length; at += datagram.length) {
        bool lost;
        g_autofree char *comment = NULL;
        datagram.data = packets->buffer + batch->start + at;
        datagram.length = MIN(batch->segment, length - at);
        if (packets->network != NULL)
            comment =
                ql_network_put(packets->network, QL_RELAY_CLIENT, &datagram, ql_clock_now(), &lost);
        ql_packet_record_sent(packets->record, &datagram, comment);
    }
}

/* What has come out of the network by now goes to the sockets that are still open. False as
 * send_unsent. */
static bool deliver(ql_packets *packets, uint64_t now, GError **error)
{
    while (packets->network != NULL) {
        ql_relay_packet *packet = packets->held;
        packets->held = NULL;
        if (packet == NULL)
            packet = ql_network_take(packets->network, QL_RELAY_CLIENT, now);
        if (packet == NULL)
            return true;
        ql_udp *udp = socket_of(packets, &packet->datagram);
        const ql_udp_batch batch = { .ecn = packet->datagram.ecn,
                                     .data = packet->datagram.data,
                                     .length = packet->datagram.length };
        ssize_t sent = udp == NULL ? 1 : ql_udp_send(udp, &batch, error);
        if (sent == 0) {
            packets->held = packet;
            return false;
        }
        ql_network_packet_free(packets->network, QL_RELAY_CLIENT, packet);
        if (sent < 0)
            return false;
    }
    return true;
}

/* Returns false if the socket is full, or failed with error set. */
static bool send_unsent(ql_packets *packets, GError **error)
{
    unsent *batch = &packets->unsent;
    ql_udp *udp = batch->length == 0 ? NULL
                                     : ql_path_sockets_find(ql_paths_sockets(packets->paths),
                                                            &batch->path.path.local);
    if (udp == NULL) {
        batch->length = 0;
        return true;
    }
    ql_udp_batch wanted = { .ecn = batch->ecn,
                            .data = packets->buffer + batch->start,
                            .length = batch->length,
                            .segment = batch->segment };
    uint64_t time = ql_udp_now();
    ssize_t sent =
        packets->network != NULL ? (ssize_t)batch->length : ql_udp_send(udp, &wanted, error);
    if (sent < 0) {
        batch->length = 0; /* lost, as on any network */
        return false;
    }
    hand_over(packets, batch, udp, (size_t)sent, time);
    batch->start += (size_t)sent;
    batch->length -= (size_t)sent;
    return batch->length == 0;
}

static void move_path(unsent *batch, const ngtcp2_path *path)
{
    ngtcp2_path_storage_zero(&batch->path);
    ngtcp2_path_copy(&batch->path.path, path);
}

/* ngtcp2 aggregates what goes to the path in use with a PATH_CHALLENGE for another one, and tells
 * the other one's addresses. Sent there, an ID that is in use would link the two paths (RFC 9000,
 * 9.5). */
static void separate_probe(ql_packets *packets, ngtcp2_conn *quic)
{
    unsent *batch = &packets->unsent, *behind = &packets->behind;
    const ngtcp2_path *in_use = ngtcp2_conn_get_path(quic);
    behind->length = 0;
    if (batch->length <= batch->segment || ngtcp2_path_eq(&batch->path.path, in_use))
        return;
    move_path(behind, in_use);
    behind->ecn = batch->ecn;
    behind->start = batch->start + batch->segment;
    behind->length = batch->length - batch->segment;
    behind->segment = batch->segment;
    batch->length = batch->segment;
}

/* As send_unsent, for both batches. */
static bool send_both(ql_packets *packets, GError **error)
{
    unsent *batch = &packets->unsent, *behind = &packets->behind;
    if (!send_unsent(packets, error))
        return false;
    if (behind->length == 0)
        return true;
    move_path(batch, &behind->path.path);
    batch->ecn = behind->ecn;
    batch->start = behind->start;
    batch->length = behind->length;
    batch->segment = behind->segment;
    behind->length = 0;
    return send_unsent(packets, error);
}

int ql_packets_send(ql_packets *packets, ngtcp2_conn *quic, ngtcp2_write_pkt write_packet,
                    GError **error)
{
    for (int round = 0; round < BATCHES_IN_TURN; round++) {
        if (!send_both(packets, error) || !deliver(packets, ql_clock_now(), error))
            return 0;
        unsent *batch = &packets->unsent;
        ngtcp2_pkt_info info = { 0 };
        batch->start = 0;
        ngtcp2_path_storage_zero(&batch->path);
        ngtcp2_ssize length = ngtcp2_conn_write_aggregate_pkt(
            quic, &batch->path.path, &info, packets->buffer, SEND_BYTES, &batch->segment,
            write_packet, ql_clock_now());
        if (length < 0)
            return (int)length;
        if (length == 0)
            return 0;
        batch->ecn = info.ecn;
        batch->length = (size_t)length;
        separate_probe(packets, quic);
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
                                           NGTCP2_MAX_UDP_PAYLOAD_SIZE, why, ql_clock_now());
    packets->behind.length = 0;
    batch->start = 0;
    batch->ecn = info.ecn;
    batch->length = length > 0 ? (size_t)length : 0;
    batch->segment = batch->length;
    send_unsent(packets, NULL);
    deliver(packets, UINT64_MAX, NULL);
}

int ql_packets_blocked_fd(const ql_packets *packets)
{
    const unsent *batch = &packets->unsent;
    ql_udp *udp = NULL;
    if (packets->held != NULL)
        udp = socket_of(packets, &packets->held->datagram);
    else if (batch->length > 0)
        udp = ql_path_sockets_find(ql_paths_sockets(packets->paths), &batch->path.path.local);
    return udp == NULL ? -1 : ql_udp_fd(udp);
}

ngtcp2_tstamp ql_packets_expiry(const ql_packets *packets)
{
    return packets->network == NULL ? UINT64_MAX : ql_network_due(packets->network);
}
