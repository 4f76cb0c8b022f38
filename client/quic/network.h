/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bad network that a connection makes for itself: a link in each direction between its packets
 * and its sockets. */
#pragma once

#include "relay_link.h"

typedef struct ql_network ql_network;

/* scenario is borrowed; its rebindings are not looked at. */
ql_network *ql_network_new(const ql_relay_scenario *scenario, bool ipv6);
void ql_network_free(ql_network *network); /* NULL is a no-op; what is on the way is lost */

/* Puts a datagram of that side on its way. Returns what happens to it, for a comment, to be freed
 * by g_free; NULL: nothing. lost: it does not come out. now_ns: CLOCK_MONOTONIC. */
char *ql_network_put(ql_network *network, ql_relay_side sender, const ql_udp_datagram *datagram,
                     uint64_t now_ns, bool *lost);

/* What of that side has come out by now, with what happened to it; NULL: nothing. */
ql_relay_packet *ql_network_take(ql_network *network, ql_relay_side sender, uint64_t now_ns);
void ql_network_packet_free(ql_network *network, ql_relay_side sender, ql_relay_packet *packet);

/* When something comes out; UINT64_MAX: nothing is on its way. */
uint64_t ql_network_due(const ql_network *network);
