/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One QUIC connection of the origin, the server's side (RFC 9000): ngtcp2 between the socket and
 * HTTP/3. It follows the client to new paths and issues connection IDs for that. */
#pragma once

#include "origin_cids.h"
#include "origin_http.h"
#include "udp.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_CID_BYTES          8u /* of every connection ID that the origin chooses */
#define QL_ORIGIN_RESET_SECRET_BYTES 32u

/* The most that one call of ql_udp_send takes. */
#define QL_ORIGIN_SEND_BYTES 65507u

/* What all connections of an origin share; borrowed by each. */
typedef struct ql_origin_shared {
    ql_udp *udp;
    SSL_CTX *tls;
    ql_origin_cids *cids;
    uint8_t
        reset_secret[QL_ORIGIN_RESET_SECRET_BYTES]; /* stateless reset tokens (RFC 9000, 10.3) */
    uint8_t *buffer; /* QL_ORIGIN_SEND_BYTES, for packets that are being made */
    ql_origin_http_settings http;
} ql_origin_shared;

typedef struct ql_origin_connection ql_origin_connection;

/* A connection for the Initial packet with which datagram begins. owner is what shared->cids will
 * give for its connection IDs. The datagram itself is still to be received. NULL and error on
 * failure. */
ql_origin_connection *ql_origin_connection_new(const ql_origin_shared *shared, void *owner,
                                               const ngtcp2_pkt_hd *initial,
                                               const ql_udp_datagram *datagram, GError **error);
void ql_origin_connection_free(ql_origin_connection *connection); /* NULL is a no-op */

/* One datagram of the connection's. */
void ql_origin_connection_receive(ql_origin_connection *connection,
                                  const ql_udp_datagram *datagram);

/* Sends what there is to send. */
void ql_origin_connection_send(ql_origin_connection *connection);

/* When ql_origin_connection_expire wants to be called, on ql_origin_now's clock. */
uint64_t ql_origin_connection_expiry(const ql_origin_connection *connection);
void ql_origin_connection_expire(ql_origin_connection *connection);

/* The socket was full: to be sent again when it can take more. */
bool ql_origin_connection_is_blocked(const ql_origin_connection *connection);

/* It is over, and nothing is to come: it can be freed. */
bool ql_origin_connection_is_gone(const ql_origin_connection *connection);

/* Ends it: CONNECTION_CLOSE with H3_NO_ERROR, and what goes with that. */
void ql_origin_connection_close(ql_origin_connection *connection);

/* Nanoseconds of a clock that never goes back. */
uint64_t ql_origin_now(void);
