/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet_record.h"

#include <string.h>

#define LONG_HEADER     0x80 /* RFC 9000, 17.2 */
#define OWN_IDS_AT_MOST 32

struct ql_packet_record {
    ql_self_capture *capture;
    ql_qlog *qlog;
    ql_remarks *remarks;
    GArray *own_ids; /* ngtcp2_cid: ours that packets have carried; empty: only the first */
};

ql_packet_record *ql_packet_record_new(ql_self_capture *capture)
{
    ql_packet_record *record = g_new0(ql_packet_record, 1);
    record->capture = capture;
    record->own_ids = g_array_new(FALSE, FALSE, sizeof(ngtcp2_cid));
    return record;
}

void ql_packet_record_free(ql_packet_record *record)
{
    if (record == NULL)
        return;
    g_array_unref(record->own_ids);
    g_free(record);
}

void ql_packet_record_set_qlog(ql_packet_record *record, ql_qlog *qlog)
{
    record->qlog = qlog;
}

void ql_packet_record_set_remarks(ql_packet_record *record, ql_remarks *remarks)
{
    record->remarks = remarks;
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
static void log_own_id(const ql_packet_record *record, ngtcp2_conn *quic,
                       const ql_udp_datagram *datagram)
{
    const uint8_t *data = datagram->data;
    const ngtcp2_cid *now = ql_qlog_connection_id(record->qlog, QL_QLOG_LOCAL);
    ngtcp2_cid seen, own[OWN_IDS_AT_MOST];
    if (now == NULL || datagram->length <= now->datalen || (data[0] & LONG_HEADER) != 0 ||
        memcmp(data + 1, now->data, now->datalen) == 0)
        return;
    ngtcp2_cid_init(&seen, data + 1, now->datalen);
    size_t count = ngtcp2_conn_get_scid(quic, NULL);
    if (count > OWN_IDS_AT_MOST ||
        contains((const ngtcp2_cid *)(void *)record->own_ids->data, record->own_ids->len, &seen))
        return;
    count = ngtcp2_conn_get_scid(quic, own);
    if (!contains(own, count, &seen))
        return;
    if (record->own_ids->len == 0)
        g_array_append_vals(record->own_ids, now, 1);
    g_array_append_val(record->own_ids, seen);
    ql_qlog_connection_id_updated(record->qlog, QL_QLOG_LOCAL, &seen);
}

static void capture(const ql_packet_record *record, const ql_udp_datagram *datagram,
                    ql_pcapng_way way, const char *comment)
{
    bool out = way == QL_PCAPNG_WAY_OUTBOUND;
    const ql_captured captured = {
        .time_ns = datagram->time_ns,
        .from = ql_address_sockaddr(out ? &datagram->local : &datagram->remote),
        .to = ql_address_sockaddr(out ? &datagram->remote : &datagram->local),
        .way = way,
        .ecn = datagram->ecn,
        .ttl = datagram->ttl,
        .data = datagram->data,
        .length = datagram->length,
        .lost = datagram->lost,
        .comment = comment,
    };
    ql_self_capture_record(record->capture, &captured);
}

void ql_packet_record_sent(ql_packet_record *record, const ql_udp_datagram *datagram,
                           const char *comment)
{
    if (record->capture == NULL)
        return;
    g_autofree char *remark = ql_remarks_take(record->remarks, &datagram->local);
    g_autofree char *both =
        remark != NULL && comment != NULL ? g_strdup_printf("%s; %s", remark, comment) : NULL;
    capture(record, datagram, QL_PCAPNG_WAY_OUTBOUND,
            both != NULL     ? both
            : remark != NULL ? remark
                             : comment);
}

void ql_packet_record_received(ql_packet_record *record, ngtcp2_conn *quic,
                               const ql_udp_datagram *datagram, const char *comment)
{
    if (quic != NULL)
        log_own_id(record, quic, datagram);
    if (record->capture != NULL)
        capture(record, datagram, QL_PCAPNG_WAY_INBOUND, comment);
}
