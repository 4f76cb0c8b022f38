/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One QUIC connection of the origin, the server's side (RFC 9000): ngtcp2 between the sockets and
 * the application protocol. It follows the client to new paths and issues connection IDs for that.
 */
#pragma once

#include "origin_shared.h"
#include "origin_tokens.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ql_origin_connection ql_origin_connection;

/* How a client came. */
typedef struct ql_origin_arrival {
    const ngtcp2_pkt_hd *initial; /* of the Initial packet with which datagram begins */
    const ql_udp_datagram *datagram;
    ql_origin_token_verdict token;
    ngtcp2_cid original; /* with QL_ORIGIN_TOKEN_RETRY: the ID from before the Retry */
} ql_origin_arrival;

/* owner is what shared->cids will give for its connection IDs. The datagram itself is still to be
 * received. NULL and error on failure. */
ql_origin_connection *ql_origin_connection_new(const ql_origin_shared *shared, void *owner,
                                               const ql_origin_arrival *arrival, GError **error);
void ql_origin_connection_free(ql_origin_connection *connection); /* NULL is a no-op */

/* One datagram of the connection's. Nothing is sent before ql_origin_connection_send. */
void ql_origin_connection_receive(ql_origin_connection *connection,
                                  const ql_udp_datagram *datagram);

/* Sends what there is to send. */
void ql_origin_connection_send(ql_origin_connection *connection);

/* When ql_origin_connection_expire wants to be called, on ql_clock_now's clock. */
uint64_t ql_origin_connection_expiry(const ql_origin_connection *connection);
void ql_origin_connection_expire(ql_origin_connection *connection);

/* The socket was full: to be sent again when it can take more. */
bool ql_origin_connection_is_blocked(const ql_origin_connection *connection);

/* It has not come to its end. After that it waits for packets that are late (RFC 9000, 10.2), and
 * takes little more memory than its IDs. */
bool ql_origin_connection_is_open(const ql_origin_connection *connection);

/* It is over, and nothing is to come: it can be freed. */
bool ql_origin_connection_is_gone(const ql_origin_connection *connection);

/* Ends it without an error; ql_origin_connection_send says so. */
void ql_origin_connection_close(ql_origin_connection *connection);
