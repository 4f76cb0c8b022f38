/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closed packets whose secrets may still come, as they do in a live capture: kept, up to a cap, in
 * the order in which they were captured. Strays wait among them: datagrams that are nobody's, and
 * may be this connection's behind an ID that a closed packet issued. */
#ifndef QL_WAITING_H
#define QL_WAITING_H

#include "model/journal.h"

#define QL_WAITING_CONNECTION_MAX (2u << 20)  /* bytes of one connection */
#define QL_WAITING_TOTAL_MAX      (64u << 20) /* bytes of all */

typedef struct ql_waiting_packet {
    ql_datagram
        datagram;  /* the payload is the packet and, with a short header, what follows; a copy */
    size_t origin; /* where in its datagram the packet begins */
    size_t datagram_size;   /* ql_segments_datagram_size of the datagram that it came in */
    ql_packet_event *event; /* of the closed packet; NULL once it was used, and for a stray */
    bool part; /* of a stray: of a datagram that was counted when other packets of it opened */
} ql_waiting_packet;

typedef struct ql_waiting ql_waiting;

ql_waiting *ql_waiting_new(void);
void ql_waiting_free(ql_waiting *waiting);

/* Copies what it needs. False when a cap is hit: the packet stays closed for good. */
bool ql_waiting_add(ql_waiting *waiting, const struct ql_connection *connection,
                    const ql_waiting_packet *packet);

bool ql_waiting_any(const ql_waiting *waiting);
bool ql_waiting_has(const ql_waiting *waiting, const struct ql_connection *connection);

/* Connections that have packets here; the caller frees the list, not its elements. */
GList *ql_waiting_connections(const ql_waiting *waiting);

/* Takes out what waits of one connection: a queue of ql_waiting_packet, which the caller frees with
 * ql_waiting_packet_free, or puts back in order. NULL when there is nothing. */
GQueue *ql_waiting_take(ql_waiting *waiting, const struct ql_connection *connection,
                        unsigned *passed_over);
void ql_waiting_put_back(ql_waiting *waiting, const struct ql_connection *connection,
                         GQueue *packets);
/* A copy, payload included. */
ql_waiting_packet *ql_waiting_packet_new(const ql_waiting_packet *packet);
void ql_waiting_packet_free(ql_waiting_packet *packet);

#endif
