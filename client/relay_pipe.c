/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_pipe.h"

#include "relay_impairment.h"
#include "relay_queue.h"

#include <string.h>

#define IPV4_AND_UDP_BYTES 28u
#define IPV6_AND_UDP_BYTES 48u
#define EVENTS_MAX         3u /* of one packet: corrupted, reordered, duplicated */

struct ql_relay_pipe {
    const ql_relay_shared *shared;
    const ql_relay_rules *rules;
    ql_relay_side sender;
    size_t header_bytes;
    ql_relay_impairment impairment;
    ql_relay_queue *queue;
};

/* A datagram on its way. */
typedef struct parcel {
    ql_relay_flow *flow;
    char *comment; /* NULL: nothing happened to it */
    uint64_t number;
    uint8_t ecn;
    bool is_copy;
    size_t length;
    uint8_t data[];
} parcel;

/* What happens to a packet; the events are in the order of the log. */
typedef struct story {
    ql_relay_event events[EVENTS_MAX];
    size_t count;
} story;

static parcel *parcel_new(ql_relay_flow *flow, uint64_t number, uint8_t ecn, const uint8_t *data,
                          size_t length)
{
    parcel *p = g_malloc(sizeof *p + length);
    *p =
        (parcel){ .flow = ql_relay_flow_ref(flow), .number = number, .ecn = ecn, .length = length };
    memcpy(p->data, data, length);
    return p;
}

static void parcel_free(gpointer data)
{
    parcel *p = data;
    if (p == NULL)
        return;
    ql_relay_flow_unref(p->flow);
    g_free(p->comment);
    g_free(p);
}

ql_relay_pipe *ql_relay_pipe_new(const ql_relay_shared *shared, ql_relay_side sender)
{
    ql_relay_pipe *pipe = g_new0(ql_relay_pipe, 1);
    const ql_address *end =
        sender == QL_RELAY_CLIENT ? ql_udp_local(shared->listener) : &shared->server;
    pipe->shared = shared;
    pipe->rules = &shared->scenario->rules[sender];
    pipe->sender = sender;
    pipe->header_bytes =
        end->storage.ss_family == AF_INET6 ? IPV6_AND_UDP_BYTES : IPV4_AND_UDP_BYTES;
    ql_relay_impairment_init(&pipe->impairment, shared->scenario, sender);
    pipe->queue = ql_relay_queue_new(pipe->rules, parcel_free);
    return pipe;
}

void ql_relay_pipe_free(ql_relay_pipe *pipe)
{
    if (pipe == NULL)
        return;
    ql_relay_queue_free(pipe->queue);
    g_free(pipe);
}

uint64_t ql_relay_pipe_due(const ql_relay_pipe *pipe)
{
    return ql_relay_queue_due(pipe->queue);
}

uint64_t ql_relay_pipe_packets(const ql_relay_pipe *pipe)
{
    return pipe->impairment.number;
}

static ql_relay_event *add_event(const ql_relay_pipe *pipe, story *s, ql_relay_action action,
                                 uint64_t number, size_t length, uint64_t now_ns)
{
    ql_relay_event *event = &s->events[s->count++];
    *event = (ql_relay_event){
        .action = action,
        .from = pipe->sender,
        .time_ns = now_ns - pipe->shared->begin_ns,
        .number = number,
        .length = length,
    };
    return event;
}

static bool is_lost(const ql_relay_pipe *pipe, const ql_relay_decision *decision, uint64_t now_ns,
                    ql_relay_cause *cause)
{
    if (decision->drop_listed)
        *cause = QL_RELAY_CAUSE_NUMBER;
    else if (ql_relay_impairment_is_black(pipe->rules, now_ns - pipe->shared->begin_ns))
        *cause = QL_RELAY_CAUSE_BLACKHOLE;
    else if (decision->drop)
        *cause = QL_RELAY_CAUSE_RATE;
    else
        return false;
    return true;
}

static void corrupt(const ql_relay_pipe *pipe, const ql_relay_decision *decision, parcel *p,
                    story *s, uint64_t now_ns)
{
    int offset = ql_relay_impairment_corrupt_offset(decision, p->data, p->length);
    if (offset < 0)
        return;
    ql_relay_event *event =
        add_event(pipe, s, QL_RELAY_CORRUPT, decision->number, p->length, now_ns);
    event->offset = offset;
    event->was = p->data[offset];
    event->is = p->data[offset] ^= decision->corrupt_mask;
}

static bool push(ql_relay_pipe *pipe, const ql_relay_decision *decision, parcel *p, size_t length,
                 uint64_t now_ns, ql_relay_cause *cause)
{
    ql_relay_parcel item = {
        .item = p,
        .wire_length = length + pipe->header_bytes,
        .extra_ns = decision->jitter_ns + (decision->reorder ? pipe->rules->reorder_by_ns : 0),
        .may_be_overtaken = decision->reorder,
    };
    switch (ql_relay_queue_push(pipe->queue, &item, now_ns)) {
    case QL_RELAY_ADMITTED: return true;
    case QL_RELAY_QUEUE_FULL: *cause = QL_RELAY_CAUSE_QUEUE; break;
    case QL_RELAY_TRAVEL_FULL: *cause = QL_RELAY_CAUSE_MEMORY; break;
    }
    parcel_free(p);
    return false;
}

/* NULL if nothing happened. */
static char *comment_of(const story *s)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0)
            g_string_append(text, "; ");
        ql_relay_event_append_text(&s->events[i], text);
    }
    return g_string_free(text, text->len == 0);
}

/* The packet goes on its way, perhaps changed, perhaps twice. False: it found no place. */
static bool send_off(ql_relay_pipe *pipe, const ql_relay_decision *decision, ql_relay_flow *flow,
                     const ql_udp_datagram *datagram, uint64_t now_ns, story *s,
                     ql_relay_cause *cause)
{
    parcel *p = parcel_new(flow, decision->number, datagram->ecn, datagram->data, datagram->length);
    if (decision->corrupt)
        corrupt(pipe, decision, p, s, now_ns);
    if (!push(pipe, decision, p, p->length, now_ns, cause))
        return false;
    if (decision->reorder)
        add_event(pipe, s, QL_RELAY_REORDER, decision->number, p->length, now_ns)->by_ns =
            pipe->rules->reorder_by_ns;
    parcel *copy = NULL;
    if (decision->duplicate) {
        ql_relay_cause unused;
        copy = parcel_new(flow, decision->number, p->ecn, p->data, p->length);
        copy->is_copy = true;
        if (push(pipe, decision, copy, copy->length, now_ns, &unused))
            add_event(pipe, s, QL_RELAY_DUPLICATE, decision->number, p->length, now_ns);
        else
            copy = NULL;
    }
    p->comment = comment_of(s);
    if (copy != NULL)
        copy->comment = g_strdup(p->comment);
    return true;
}

static void capture(const ql_relay_pipe *pipe, ql_relay_side where, uint64_t time_ns,
                    const ql_address *from, const ql_address *to, uint8_t ecn, const uint8_t *data,
                    size_t length, const char *comment)
{
    ql_self_capture *file = pipe->shared->captures[where];
    const ql_captured captured = {
        .time_ns = time_ns,
        .from = ql_address_sockaddr(from),
        .to = ql_address_sockaddr(to),
        .way = where == pipe->sender ? QL_PCAPNG_WAY_INBOUND : QL_PCAPNG_WAY_OUTBOUND,
        .ecn = ecn,
        .data = data,
        .length = length,
        .comment = comment,
    };
    if (file != NULL)
        ql_self_capture_record(file, &captured);
}

void ql_relay_pipe_take(ql_relay_pipe *pipe, ql_relay_flow *flow, const ql_udp_datagram *datagram,
                        bool old_binding, uint64_t now_ns)
{
    ql_relay_decision decision = ql_relay_impairment_next(&pipe->impairment);
    ql_relay_cause cause = QL_RELAY_CAUSE_BINDING;
    story s = { .count = 0 };
    bool lost = old_binding;
    if (!lost && is_lost(pipe, &decision, now_ns, &cause)) {
        lost = true;
        push(pipe, &decision, NULL, datagram->length, now_ns, &cause);
    } else if (!lost) {
        lost = !send_off(pipe, &decision, flow, datagram, now_ns, &s, &cause);
    }
    if (lost) {
        s.count = 0;
        add_event(pipe, &s, QL_RELAY_DROP, decision.number, datagram->length, now_ns)->cause =
            cause;
    }
    for (size_t i = 0; i < s.count; i++)
        ql_relay_log_packet(pipe->shared->log, &s.events[i]);
    if (pipe->shared->captures[pipe->sender] == NULL)
        return;
    g_autofree char *comment = comment_of(&s);
    capture(pipe, pipe->sender, datagram->time_ns, &datagram->remote, &datagram->local,
            datagram->ecn, datagram->data, datagram->length, comment);
}

/* False: the kernel did not take it, or its client has gone. */
static bool send_parcel(const ql_relay_pipe *pipe, const parcel *p)
{
    const ql_relay_shared *shared = pipe->shared;
    bool to_server = pipe->sender == QL_RELAY_CLIENT;
    if (to_server && p->flow->now == NULL)
        return false;
    const ql_udp_batch batch = {
        .from = to_server ? NULL : &p->flow->facing,
        .to = to_server ? &shared->server : &p->flow->client,
        .ecn = p->ecn,
        .data = p->data,
        .length = p->length,
    };
    ql_udp *udp = to_server ? p->flow->now->udp : shared->listener;
    g_autoptr(GError) error = NULL;
    if (ql_udp_send(udp, &batch, &error) != (ssize_t)p->length)
        return false;
    capture(pipe, to_server ? QL_RELAY_SERVER : QL_RELAY_CLIENT, ql_udp_now(),
            to_server ? ql_udp_local(udp) : batch.from, batch.to, p->ecn, p->data, p->length,
            p->comment);
    return true;
}

void ql_relay_pipe_deliver(ql_relay_pipe *pipe, uint64_t now_ns)
{
    for (parcel *p; (p = ql_relay_queue_pop(pipe->queue, now_ns)) != NULL; parcel_free(p)) {
        story s = { .count = 0 };
        bool sent = send_parcel(pipe, p);
        ql_relay_event *event =
            add_event(pipe, &s, sent ? QL_RELAY_PASS : QL_RELAY_DROP, p->number, p->length, now_ns);
        event->cause = QL_RELAY_CAUSE_SOCKET;
        if (!p->is_copy)
            ql_relay_log_packet(pipe->shared->log, event);
    }
}
