/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of packets between the sockets of a connection and ngtcp2, past the self-capture. */
#pragma once

#include "path.h"
#include "qlog.h"
#include "relay_scenario.h"
#include "remarks.h"
#include "self_capture.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_packets ql_packets;

/* Both are borrowed; capture may be NULL. */
ql_packets *ql_packets_new(ql_paths *paths, ql_self_capture *capture);

/* Where it is to be told which of our connection IDs the packets that come carry; borrowed. NULL:
 * nowhere. */
void ql_packets_set_qlog(ql_packets *packets, ql_qlog *qlog);

/* Where it says what the datagrams that are sent shall show in the capture; borrowed. */
void ql_packets_set_remarks(ql_packets *packets, ql_remarks *remarks);

/* Puts a bad network between ngtcp2 and the sockets: the capture shows it as the connection's end
 * of it sees it, that is what is sent before something happens to it, and what comes after, with a
 * comment on what happens; what is lost is in it, too. scenario is borrowed; NULL: none. */
void ql_packets_set_scenario(ql_packets *packets, const ql_relay_scenario *scenario);
void ql_packets_free(ql_packets *packets); /* NULL is a no-op */

/* Hands all that has come to ngtcp2. Returns 0 or ngtcp2's error; also 0 with error set where a
 * socket reported one, such as an ICMP message. Datagrams that were processed before stay
 * processed. */
int ql_packets_receive(ql_packets *packets, ngtcp2_conn *quic, GError **error);

/* Sends what ngtcp2 and write_packet have to send, as far as congestion control, pacing and the
 * socket allow. Returns and sets error as above. */
int ql_packets_send(ql_packets *packets, ngtcp2_conn *quic, ngtcp2_write_pkt write_packet,
                    GError **error);

/* Sends a CONNECTION_CLOSE with that error, once, without caring whether it arrives. What is still
 * on its way in the bad network arrives at once, as nobody waits for it any more. */
void ql_packets_close(ql_packets *packets, ngtcp2_conn *quic, const ngtcp2_ccerr *why);

/* The socket that has to become writable before anything more is sent; -1: none. */
int ql_packets_blocked_fd(const ql_packets *packets);

/* When something comes out of the bad network, in either direction; UINT64_MAX: nothing will. */
ngtcp2_tstamp ql_packets_expiry(const ql_packets *packets);
