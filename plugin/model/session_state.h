/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms that find and open packets share: session.c, opener.c, adoption.c, waiting.c,
 * strays.c. */
#ifndef QL_SESSION_STATE_H
#define QL_SESSION_STATE_H

#include "model/connection_input.h"
#include "model/lobby.h"
#include "model/plaintexts.h"
#include "model/session.h"
#include "model/strays.h"
#include "model/waiting.h"

struct ql_session {
    ql_journal *journal;
    ql_router *router;
    ql_secrets_log *log;
    GPtrArray *connections; /* of ql_connection */
    ql_waiting *waiting;
    ql_strays *strays;
    ql_lobby *lobby;
    ql_plaintexts *plaintexts;
    ql_body_budget bodies;
    uint64_t last_time_ns;
    uint64_t adoption_budget; /* attempts at opening packets of connections without a start */
    bool told_cut, told_version, told_full;
    uint8_t scratch[65536]; /* a packet while it is open: longer than any UDP payload */
};

/* A datagram, or a rest of one, on its way through the opener. */
typedef struct ql_opening {
    ql_session *session;
    const ql_datagram *datagram;
    size_t origin; /* where in the captured datagram this one begins; 0 but for one that waited */
    size_t offset; /* of the packet at hand, from there */
    size_t datagram_size; /* ql_segments_datagram_size of the captured datagram */
    size_t segment;       /* segments of a super-datagram are this long; 0: it is none */
    ql_connection *owner; /* of the first packet that has one */
    ql_side sender;
    ql_waiting_packet *again; /* set while a packet that waited is tried again: its event is used */
} ql_opening;

/* opener.c */

/* All packets from o->offset on. */
void ql_opener_run(ql_opening *o);

/* An opened packet goes to its connection. */
void ql_opener_take(ql_opening *o, const ql_candidate *candidate, const ql_packet_header *header,
                    const ql_opened *opened);

/* session.c */

/* NULL when there are too many. */
ql_connection *ql_session_begin_connection(ql_session *session, const ql_datagram *datagram,
                                           ql_side sender, uint32_t version);
/* Packets of the connection that waited are tried again, if there may be keys for them now. */
void ql_session_flush(ql_session *session, ql_connection *connection);

/* adoption.c */

/* A packet that no known connection opens is tried with the sessions of the log. `owner` is whose
 * it seems to be, NULL when it seems to be nobody's. Gives the bytes that were used, 0 when nothing
 * opened it. `rest` begins with the packet. */
size_t ql_adoption_try(ql_opening *o, const ql_candidate *owner, ql_slice rest);

#endif
