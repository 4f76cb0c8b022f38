/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection a packet may belong to: by the connection ID that it was sent to, by its address
 * pair, by one of its ends. It proposes; that a packet opens is the proof. */
#ifndef QL_ROUTER_H
#define QL_ROUTER_H

#include "model/cid.h"
#include "model/datagram.h"

struct ql_connection;

#define QL_CANDIDATES_MAX   12u /* proposals for one packet */
#define QL_CONNECTIONS_KEPT 8u  /* of one address pair, end or ID: the oldest gives way */

/* How strong a proposal is. */
typedef enum ql_match {
    QL_MATCH_CID,  /* its destination ID was issued by this connection */
    QL_MATCH_PAIR, /* the connection was seen on this address pair */
    QL_MATCH_END,  /* one end of this pair was seen with the connection */
} ql_match;

typedef struct ql_candidate {
    struct ql_connection *connection;
    ql_side sender;     /* who sent the packet, if it belongs to this connection */
    size_t dcid_length; /* of QL_MATCH_CID: of the ID that matched */
    ql_match match;
} ql_candidate;

typedef struct ql_router ql_router;

ql_router *ql_router_new(void);
void ql_router_free(ql_router *router);

/* `issuer` of the connection chose this ID: packets to it come from the other side. Empty IDs are
 * not entered: they tell nothing. */
void ql_router_add_cid(ql_router *router, struct ql_connection *connection, ql_side issuer,
                       const ql_cid *cid);

/* The connection was seen between these ends. The newest connection of a pair is proposed first. */
void ql_router_add_path(ql_router *router, struct ql_connection *connection,
                        const ql_endpoint *client, const ql_endpoint *server);

/* Proposals, best first, into `out` behind the `count` that are there already; none twice. Gives
 * how many there are then. By address is for packets that nothing opens which the ID proposes; who
 * shares one end only is asked when nobody was seen on the pair. */

/* For a long header. */
unsigned ql_router_propose_by_cid(const ql_router *router, const ql_cid *dcid,
                                  ql_candidate out[QL_CANDIDATES_MAX]);
/* For a short header: the bytes behind its first one. */
unsigned ql_router_propose_by_prefix(const ql_router *router, ql_slice after_first,
                                     ql_candidate out[QL_CANDIDATES_MAX]);
unsigned ql_router_propose_by_address(const ql_router *router, const ql_datagram *datagram,
                                      ql_candidate out[QL_CANDIDATES_MAX], unsigned count);

/* RFC 9000, 10.3: `issuer` ends the connection by a packet that ends in this token. */
void ql_router_add_reset_token(ql_router *router, struct ql_connection *connection, ql_side issuer,
                               const uint8_t token[16]);
bool ql_router_find_reset(const ql_router *router, const uint8_t token[16],
                          struct ql_connection **connection, ql_side *issuer);

#endif
