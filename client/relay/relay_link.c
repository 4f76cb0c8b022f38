/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_link.h"

#include "relay_impairment.h"
#include "relay_queue.h"

#include <string.h>

#define IPV4_AND_UDP_BYTES 28u
#define IPV6_AND_UDP_BYTES 48u

struct ql_relay_link {
    const ql_relay_rules *rules;
    ql_relay_side sender;
    size_t header_bytes;
    ql_relay_ownership ownership;
    ql_relay_impairment impairment;
    ql_relay_queue *queue;
};

/* In the queue a packet has to know whom to ask at its end. */
typedef struct traveller {
    ql_relay_link *link;
    ql_relay_packet *packet;
} traveller;

void ql_relay_packet_free(ql_relay_link *link, ql_relay_packet *packet)
{
    if (packet == NULL)
        return;
    if (link->ownership.unref != NULL)
        link->ownership.unref(packet->owner);
    g_free(packet->comment);
    g_free(packet);
}

static void traveller_free(gpointer data)
{
    traveller *t = data;
    if (t == NULL)
        return;
    ql_relay_packet_free(t->link, t->packet);
    g_free(t);
}

ql_relay_link *ql_relay_link_new(const ql_relay_scenario *scenario, ql_relay_side sender, bool ipv6,
                                 const ql_relay_ownership *ownership)
{
    ql_relay_link *link = g_new0(ql_relay_link, 1);
    link->rules = &scenario->rules[sender];
    link->sender = sender;
    link->header_bytes = ipv6 ? IPV6_AND_UDP_BYTES : IPV4_AND_UDP_BYTES;
    link->ownership = *ownership;
    ql_relay_impairment_init(&link->impairment, scenario, sender);
    link->queue = ql_relay_queue_new(link->rules, traveller_free);
    return link;
}

void ql_relay_link_free(ql_relay_link *link)
{
    if (link == NULL)
        return;
    ql_relay_queue_free(link->queue);
    g_free(link);
}

uint64_t ql_relay_link_due(const ql_relay_link *link)
{
    return ql_relay_queue_due(link->queue);
}

uint64_t ql_relay_link_packets(const ql_relay_link *link)
{
    return link->impairment.number;
}

static ql_relay_packet *packet_new(const ql_relay_link *link, const ql_udp_datagram *datagram,
                                   void *owner, uint64_t number)
{
    ql_relay_packet *packet = g_malloc(sizeof *packet + datagram->length);
    *packet = (ql_relay_packet){
        .datagram = *datagram,
        .owner = link->ownership.ref != NULL ? link->ownership.ref(owner) : owner,
        .number = number,
    };
    memcpy(packet->data, datagram->data, datagram->length);
    packet->datagram.data = packet->data;
    return packet;
}

/* What is common to all that happens to one packet. */
typedef struct scene {
    ql_relay_story *story;
    size_t length;
    uint64_t since_begin_ns, now_ns;
} scene;

static ql_relay_event *add_event(const ql_relay_link *link, const scene *s, ql_relay_action action)
{
    ql_relay_event *event = &s->story->events[s->story->count++];
    *event = (ql_relay_event){
        .action = action,
        .from = link->sender,
        .time_ns = s->since_begin_ns,
        .number = s->story->number,
        .length = s->length,
    };
    return event;
}

/* Nothing else has happened to it, then. */
static void lose(const ql_relay_link *link, const scene *s, ql_relay_cause cause)
{
    s->story->count = 0;
    s->story->lost = true;
    add_event(link, s, QL_RELAY_DROP)->cause = cause;
}

static bool is_lost(const ql_relay_link *link, const ql_relay_decision *decision,
                    uint64_t since_begin_ns, ql_relay_cause *cause)
{
    if (decision->drop_listed)
        *cause = QL_RELAY_CAUSE_NUMBER;
    else if (ql_relay_impairment_is_black(link->rules, since_begin_ns))
        *cause = QL_RELAY_CAUSE_BLACKHOLE;
    else if (decision->drop)
        *cause = QL_RELAY_CAUSE_RATE;
    else
        return false;
    return true;
}

static void corrupt(const ql_relay_link *link, const ql_relay_decision *decision,
                    ql_relay_packet *packet, const scene *s)
{
    int offset =
        ql_relay_impairment_corrupt_offset(decision, packet->data, packet->datagram.length);
    if (offset < 0)
        return;
    ql_relay_event *event = add_event(link, s, QL_RELAY_CORRUPT);
    event->offset = offset;
    event->was = packet->data[offset];
    event->is = packet->data[offset] ^= decision->corrupt_mask;
}

/* packet NULL: it takes its place in the queue, and is lost on the way. False: it was freed. */
static bool push(ql_relay_link *link, const ql_relay_decision *decision, ql_relay_packet *packet,
                 const scene *s, ql_relay_cause *cause)
{
    const traveller t = { link, packet };
    traveller *item = packet == NULL ? NULL : g_memdup2(&t, sizeof t);
    const ql_relay_parcel parcel = {
        .item = item,
        .wire_length = s->length + link->header_bytes,
        .extra_ns = decision->jitter_ns + (decision->reorder ? link->rules->reorder_by_ns : 0),
        .may_be_overtaken = decision->reorder,
    };
    switch (ql_relay_queue_push(link->queue, &parcel, s->now_ns, &s->story->due_ns)) {
    case QL_RELAY_ADMITTED: return true;
    case QL_RELAY_QUEUE_FULL: *cause = QL_RELAY_CAUSE_QUEUE; break;
    case QL_RELAY_TRAVEL_FULL: *cause = QL_RELAY_CAUSE_MEMORY; break;
    }
    traveller_free(item);
    return false;
}

char *ql_relay_story_to_text(const ql_relay_story *story)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < story->count; i++) {
        if (i > 0)
            g_string_append(text, "; ");
        ql_relay_event_append_text(&story->events[i], text);
    }
    return g_string_free(text, text->len == 0);
}

/* The packet goes on its way, perhaps changed, perhaps twice. */
static void send_off(ql_relay_link *link, const ql_relay_decision *decision,
                     const ql_udp_datagram *datagram, void *owner, const scene *s)
{
    ql_relay_cause cause;
    ql_relay_packet *packet = packet_new(link, datagram, owner, decision->number);
    ql_relay_packet *copy = NULL;
    if (decision->corrupt)
        corrupt(link, decision, packet, s);
    if (!push(link, decision, packet, s, &cause)) {
        lose(link, s, cause);
        return;
    }
    uint64_t due_ns = packet->due_ns = s->story->due_ns;
    packet->put_ns = s->now_ns;
    if (decision->reorder)
        add_event(link, s, QL_RELAY_REORDER)->by_ns = link->rules->reorder_by_ns;
    if (decision->duplicate) {
        copy = packet_new(link, &packet->datagram, owner, decision->number);
        copy->is_copy = true;
        if (push(link, decision, copy, s, &cause)) {
            add_event(link, s, QL_RELAY_DUPLICATE);
            copy->put_ns = s->now_ns;
            copy->due_ns = s->story->due_ns;
        } else {
            copy = NULL;
        }
    }
    s->story->due_ns = due_ns;
    packet->comment = ql_relay_story_to_text(s->story);
    if (copy != NULL)
        copy->comment = g_strdup(packet->comment);
}

ql_relay_story ql_relay_link_put(ql_relay_link *link, const ql_udp_datagram *datagram, void *owner,
                                 uint64_t begin_ns, uint64_t now_ns)
{
    ql_relay_decision decision = ql_relay_impairment_next(&link->impairment);
    ql_relay_story story = { .number = decision.number };
    const scene s = { &story, datagram->length, now_ns - begin_ns, now_ns };
    ql_relay_cause cause;
    if (is_lost(link, &decision, s.since_begin_ns, &cause)) {
        push(link, &decision, NULL, &s, &cause);
        lose(link, &s, cause);
    } else {
        send_off(link, &decision, datagram, owner, &s);
    }
    return story;
}

ql_relay_story ql_relay_link_lose(ql_relay_link *link, size_t length, ql_relay_cause cause,
                                  uint64_t begin_ns, uint64_t now_ns)
{
    ql_relay_story story = { .number = ql_relay_impairment_next(&link->impairment).number };
    const scene s = { &story, length, now_ns - begin_ns, now_ns };
    lose(link, &s, cause);
    return story;
}

ql_relay_packet *ql_relay_link_take(ql_relay_link *link, uint64_t now_ns)
{
    g_autofree traveller *t = ql_relay_queue_pop(link->queue, now_ns);
    return t == NULL ? NULL : t->packet;
}
