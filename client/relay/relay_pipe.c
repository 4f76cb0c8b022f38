/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_pipe.h"

#include "relay_link.h"

struct ql_relay_pipe {
    const ql_relay_shared *shared;
    ql_relay_side sender;
    ql_relay_link *link;
};

static void *flow_ref(void *flow)
{
    return ql_relay_flow_ref(flow);
}

static void flow_unref(void *flow)
{
    ql_relay_flow_unref(flow);
}

ql_relay_pipe *ql_relay_pipe_new(const ql_relay_shared *shared, ql_relay_side sender)
{
    static const ql_relay_ownership ownership = { flow_ref, flow_unref };
    ql_relay_pipe *pipe = g_new0(ql_relay_pipe, 1);
    const ql_address *end =
        sender == QL_RELAY_CLIENT ? ql_udp_local(shared->listener) : &shared->server;
    pipe->shared = shared;
    pipe->sender = sender;
    pipe->link =
        ql_relay_link_new(shared->scenario, sender, end->storage.ss_family == AF_INET6, &ownership);
    return pipe;
}

void ql_relay_pipe_free(ql_relay_pipe *pipe)
{
    if (pipe == NULL)
        return;
    ql_relay_link_free(pipe->link);
    g_free(pipe);
}

uint64_t ql_relay_pipe_due(const ql_relay_pipe *pipe)
{
    return ql_relay_link_due(pipe->link);
}

uint64_t ql_relay_pipe_packets(const ql_relay_pipe *pipe)
{
    return ql_relay_link_packets(pipe->link);
}

static void capture(const ql_relay_pipe *pipe, ql_relay_side where, uint64_t time_ns,
                    const ql_address *from, const ql_address *to, const ql_udp_datagram *datagram,
                    const char *comment)
{
    ql_self_capture *file = pipe->shared->captures[where];
    const ql_captured captured = {
        .time_ns = time_ns,
        .from = ql_address_sockaddr(from),
        .to = ql_address_sockaddr(to),
        .way = where == pipe->sender ? QL_PCAPNG_WAY_INBOUND : QL_PCAPNG_WAY_OUTBOUND,
        .ecn = datagram->ecn,
        .ttl = where == pipe->sender ? datagram->ttl : 0,
        .data = datagram->data,
        .length = datagram->length,
        .lost = where == pipe->sender ? datagram->lost : 0,
        .comment = comment,
    };
    if (file != NULL)
        ql_self_capture_record(file, &captured);
}

void ql_relay_pipe_take(ql_relay_pipe *pipe, ql_relay_flow *flow, const ql_udp_datagram *datagram,
                        bool old_binding, uint64_t now_ns)
{
    uint64_t begin_ns = pipe->shared->begin_ns;
    ql_relay_story story = old_binding
                               ? ql_relay_link_lose(pipe->link, datagram->length,
                                                    QL_RELAY_CAUSE_BINDING, begin_ns, now_ns)
                               : ql_relay_link_put(pipe->link, datagram, flow, begin_ns, now_ns);
    for (size_t i = 0; i < story.count; i++)
        ql_relay_log_packet(pipe->shared->log, &story.events[i]);
    if (pipe->shared->captures[pipe->sender] == NULL)
        return;
    g_autofree char *comment = ql_relay_story_to_text(&story);
    capture(pipe, pipe->sender, datagram->time_ns, &datagram->remote, &datagram->local, datagram,
            comment);
}

/* False: the kernel did not take it, or its client has gone. */
static bool send_packet(const ql_relay_pipe *pipe, const ql_relay_packet *packet)
{
    const ql_relay_shared *shared = pipe->shared;
    const ql_relay_flow *flow = packet->owner;
    const ql_udp_datagram *datagram = &packet->datagram;
    bool to_server = pipe->sender == QL_RELAY_CLIENT;
    if (to_server && flow->now == NULL)
        return false;
    const ql_udp_batch batch = {
        .from = to_server ? NULL : &flow->facing,
        .to = to_server ? &shared->server : &flow->client,
        .ecn = datagram->ecn,
        .data = datagram->data,
        .length = datagram->length,
    };
    ql_udp *udp = to_server ? flow->now->udp : shared->listener;
    g_autoptr(GError) error = NULL;
    if (ql_udp_send(udp, &batch, &error) != (ssize_t)datagram->length)
        return false;
    capture(pipe, to_server ? QL_RELAY_SERVER : QL_RELAY_CLIENT, ql_udp_now(),
            to_server ? ql_udp_local(udp) : batch.from, batch.to, datagram, packet->comment);
    return true;
}

void ql_relay_pipe_deliver(ql_relay_pipe *pipe, uint64_t now_ns)
{
    for (ql_relay_packet *packet; (packet = ql_relay_link_take(pipe->link, now_ns)) != NULL;
         ql_relay_packet_free(pipe->link, packet)) {
        bool sent = send_packet(pipe, packet);
        const ql_relay_event event = {
            .action = sent ? QL_RELAY_PASS : QL_RELAY_DROP,
            .cause = QL_RELAY_CAUSE_SOCKET,
            .from = pipe->sender,
            .time_ns = now_ns - pipe->shared->begin_ns,
            .number = packet->number,
            .length = packet->datagram.length,
        };
        if (!packet->is_copy)
            ql_relay_log_packet(pipe->shared->log, &event);
    }
}
