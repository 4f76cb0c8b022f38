/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection_figures.h"

#include "callbacks.h"
#include "connection.h"

ql_connection_figures ql_connection_figures_of(const ql_connection *connection)
{
    ql_connection_figures figures = { .rtt = 0 };
    const ql_callbacks_context *context = ql_connection_context(connection);
    const ngtcp2_path *path = ngtcp2_conn_get_path(context->quic);
    ngtcp2_conn_info info;
    ngtcp2_conn_get_conn_info(context->quic, &info);
    figures.local = *ql_udp_local(ql_paths_current(context->paths));
    figures.remote = ql_address_from(path->remote.addr, path->remote.addrlen);
    figures.opened = context->handshake_done ? context->handshake_time : 0;
    figures.version = ngtcp2_conn_get_negotiated_version(context->quic);
    if (figures.version == 0) /* the handshake has not come so far */
        figures.version = ngtcp2_conn_get_client_chosen_version(context->quic);
    figures.dcid = *ngtcp2_conn_get_dcid(context->quic);
    bool measured = info.min_rtt != UINT64_MAX;
    figures.rtt = measured ? info.smoothed_rtt : 0;
    figures.min_rtt = measured ? info.min_rtt : 0;
    figures.window = info.cwnd;
    figures.packets_sent = info.pkt_sent;
    figures.packets_received = info.pkt_recv;
    figures.packets_lost = info.pkt_lost;
    figures.bytes_sent = info.bytes_sent;
    figures.bytes_received = info.bytes_recv;
    figures.bytes_lost = info.bytes_lost;
    return figures;
}
