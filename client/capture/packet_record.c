/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet_record.h"

#include "qlog_own_ids.h"

struct ql_packet_record {
    ql_self_capture *capture;
    ql_qlog *qlog;
    ql_remarks *remarks;
    ql_qlog_own_ids *own_ids;
};

ql_packet_record *ql_packet_record_new(ql_self_capture *capture)
{
    ql_packet_record *record = g_new0(ql_packet_record, 1);
    record->capture = capture;
    record->own_ids = ql_qlog_own_ids_new();
    return record;
}

void ql_packet_record_free(ql_packet_record *record)
{
    if (record == NULL)
        return;
    ql_qlog_own_ids_free(record->own_ids);
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
        ql_qlog_own_ids_note(record->own_ids, record->qlog, quic, datagram);
    if (record->capture != NULL)
        capture(record, datagram, QL_PCAPNG_WAY_INBOUND, comment);
}
