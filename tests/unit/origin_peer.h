/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection of the origin's, and a client of ngtcp2's own, in the thread of the test. What the
 * client sends is handed over; what the origin sends comes through sockets of the loopback. */
#pragma once

#include "origin_connection.h"
#include "origin_notes.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct origin_peer origin_peer;

typedef struct origin_peer_options {
    const char *alpn; /* in the form of --alpn; NULL: h3 */
    ql_origin_quic_settings quic;
    ql_origin_http_settings http; /* without content: the built-in pages */
    uint64_t stream_window;       /* what the client takes on a stream until it is told to take
                                     more; 0: it takes all */
} origin_peer_options;

/* The client's first packets are on their way; nothing has come back. */
origin_peer *origin_peer_new(const origin_peer_options *options);
void origin_peer_free(origin_peer *peer);

ql_origin_connection *origin_peer_origin(const origin_peer *peer);
const ql_origin_shared *origin_peer_shared(const origin_peer *peer);
ngtcp2_conn *origin_peer_client(const origin_peer *peer);
const origin_told *origin_peer_told(const origin_peer *peer);

/* One round: each side does what is due, and both get what the other sends. It waits a little where
 * nothing is to be done. */
void origin_peer_step(origin_peer *peer);

/* Rounds, until it holds. */
#define RUN_UNTIL(peer, condition)                                                                 \
    for (unsigned round_ = 0; !(condition); round_++) {                                            \
        g_assert_cmpuint(round_, <, 100000);                                                       \
        origin_peer_step(peer);                                                                    \
    }

/* Until the handshake is confirmed. */
void origin_peer_connect(origin_peer *peer);

/* A stream of the client's; write hands over more of what is to be sent on it. */
int64_t origin_peer_open(origin_peer *peer, bool bidirectional);
void origin_peer_write(origin_peer *peer, int64_t stream, const void *data, size_t length,
                       bool fin);
void origin_peer_send_datagram(origin_peer *peer, const char *text);

/* What came on a stream so far; valid as long as the peer. */
const origin_stream *origin_peer_stream(const origin_peer *peer, int64_t stream);

/* With stream_window: so many bytes more are taken. */
void origin_peer_take(origin_peer *peer, int64_t stream, uint64_t bytes);

/* One datagram of the client's, to be handed over by the test itself; 0: there is none. */
size_t origin_peer_write_datagram(origin_peer *peer, uint8_t *data, size_t capacity);
void origin_peer_hand_over(origin_peer *peer, const uint8_t *data, size_t length);

/* How many datagrams of the origin's have come and were not read; they are thrown away. */
unsigned origin_peer_throw_away(origin_peer *peer);
