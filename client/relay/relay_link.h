/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a bad network: datagrams that are put on it are numbered, judged and on their
 * way, and come out after their time, changed, twice, in another order, or not at all. It knows
 * neither sockets nor files: quiclens relay and quiclens get both have it between theirs.
 *
 * The order is that of quic-network-simulator: a packet that is lost by chance, number or black
 * hole is lost at the far end, so that it has waited and used the bandwidth like the others. */
#pragma once

#include "relay_log.h"
#include "relay_scenario.h"
#include "udp.h"

#define QL_RELAY_EVENTS_MAX 3u /* of one packet: corrupted, reordered, duplicated; or dropped */

typedef struct ql_relay_link ql_relay_link;

/* What happens to a packet. */
typedef struct ql_relay_story {
    ql_relay_event events[QL_RELAY_EVENTS_MAX]; /* in the order of the log */
    size_t count;
    bool lost;
    uint64_t number;
    uint64_t due_ns; /* when it comes out; not set if it is lost */
} ql_relay_story;

/* A datagram that comes out. */
typedef struct ql_relay_packet {
    ql_udp_datagram datagram; /* as it was put, but for what was corrupted */
    void *owner;
    uint64_t number;
    uint64_t put_ns, due_ns; /* when it was put, and when it had to come out */
    char *comment;           /* on what happened to it; NULL: nothing did */
    bool is_copy;
    uint8_t data[]; /* of the datagram */
} ql_relay_packet;

/* Whom a packet on its way belongs to: it holds a reference. Both NULL: to nobody. */
typedef struct ql_relay_ownership {
    void *(*ref)(void *owner);
    void (*unref)(void *owner);
} ql_relay_ownership;

/* scenario is borrowed; sender: whose datagrams it carries; ipv6: for the bandwidth that headers
 * take. */
ql_relay_link *ql_relay_link_new(const ql_relay_scenario *scenario, ql_relay_side sender, bool ipv6,
                                 const ql_relay_ownership *ownership);
void ql_relay_link_free(ql_relay_link *link); /* NULL is a no-op; what is on the way is lost */

/* Puts a datagram on its way. Times are nanoseconds on a clock of the caller's; begin_ns is when
 * the network's first datagram came. */
ql_relay_story ql_relay_link_put(ql_relay_link *link, const ql_udp_datagram *datagram, void *owner,
                                 uint64_t begin_ns, uint64_t now_ns);

/* One that is lost before it is on its way, for this cause; it is numbered. */
ql_relay_story ql_relay_link_lose(ql_relay_link *link, size_t length, ql_relay_cause cause,
                                  uint64_t begin_ns, uint64_t now_ns);

/* What has come out by now; NULL: nothing. */
ql_relay_packet *ql_relay_link_take(ql_relay_link *link, uint64_t now_ns);
void ql_relay_packet_free(ql_relay_link *link, ql_relay_packet *packet);

/* When there is more to take; UINT64_MAX: not before a datagram is put. */
uint64_t ql_relay_link_due(const ql_relay_link *link);

uint64_t ql_relay_link_packets(const ql_relay_link *link); /* that were put */

/* "client packet 7: duplicated; ..."; NULL if nothing happened, else to be freed by g_free. */
char *ql_relay_story_to_text(const ql_relay_story *story);
