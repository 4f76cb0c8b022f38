/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way into a connection, for the rooms that find and open its packets. Views do not include
 * this. */
#ifndef QL_CONNECTION_INPUT_H
#define QL_CONNECTION_INPUT_H

#include "model/connection.h"
#include "model/keyring.h"
#include "model/router.h"

/* What connections share. Borrowed from the session. */
typedef struct ql_connection_context {
    ql_journal *journal;
    ql_router *router;
    const ql_secrets_log *log;
    ql_body_budget *bodies;
} ql_connection_context;

/* One packet on its way in. */
typedef struct ql_packet_input {
    const ql_datagram *datagram;
    const ql_packet_header *header;
    ql_side sender;
    size_t datagram_size; /* of the datagram that was sent; UDP payload; 0: not known, as when a
                             capture shows several as one */
    ql_packet_event
        *event;   /* of this packet, on its captured frame; its closed cause is filled in */
    bool counted; /* it was here before, closed: its IDs have been counted */
} ql_packet_input;

ql_connection *ql_connection_new(const ql_connection_context *context, uint32_t number,
                                 const ql_datagram *first, ql_side sender, uint32_t version);
void ql_connection_free(ql_connection *connection);

/* The client's Initial begins it, or begins it again after Version Negotiation or a Retry that was
 * not captured: Initial keys come from `dcid`, which is entered as the client's choice. */
void ql_connection_begin(ql_connection *connection, const ql_cid *dcid, uint32_t version,
                         uint32_t frame);

/* Whether an Initial with another destination ID and this client random (NULL: not known) may begin
 * it: again, when no packet of the server that goes on was seen yet, or late, when it was adopted
 * because later packets were captured first. */
bool ql_connection_may_begin_again(const ql_connection *connection, const ql_packet_header *header,
                                   const uint8_t *random);

/* The capture has no start of it; it was opened with these secrets. */
void ql_connection_adopt(ql_connection *connection, ql_keyring *ring,
                         const ql_session_secrets *secrets);

/* Its ClientHello is not known; a packet of it was opened with these secrets. */
void ql_connection_identify(ql_connection *connection, const ql_session_secrets *secrets);

ql_keyring *ql_connection_keyring(ql_connection *connection);

/* Numbers of this sender in the space of this type of packet (RFC 9000, 12.3). */
ql_packet_numbers *ql_connection_numbers(ql_connection *connection, ql_side sender,
                                         ql_packet_type type);

/* The length of the IDs that this side chose last; they are as long as one another with most
 * programs. */
size_t ql_connection_cid_length(const ql_connection *connection, ql_side issuer);

/* Attempts at opening that a search for unknown numbers or phases may still spend on this
 * connection. */
unsigned *ql_connection_search_budget(ql_connection *connection);

/* Looks into the log. True when it tells something new of the connection's session. */
bool ql_connection_learn_secrets(ql_connection *connection);

/* Whether it lacks secrets of 1-RTT packets, or its start. */
bool ql_connection_may_open_more(const ql_connection *connection);

/* Whether a datagram between its addresses may be of a side of whose 1-RTT packets it is not known
 * where their numbers begin: some begin anywhere, and a packet says only the end of its number. */
bool ql_connection_may_open_stray(const ql_connection *connection, const ql_datagram *datagram);

/* Whether packets that wait should be tried again: its session became known, or secrets, since it
 * was asked last. */
bool ql_connection_take_news(ql_connection *connection);

/* Size of the segments of its super-datagrams; 0 while none was seen. */
size_t ql_connection_segment(const ql_connection *connection);
void ql_connection_set_segment(ql_connection *connection, size_t size);

/* An opened packet: everything that it changes. */
void ql_connection_on_packet(ql_connection *connection, const ql_packet_input *in,
                             const ql_opened *opened);

/* A packet of it that could not be opened; the cause stands in its event. */
void ql_connection_on_closed(ql_connection *connection, const ql_packet_input *in);

/* A packet that was counted as closed for this cause comes in again: opened, or closed for another.
 */
void ql_connection_uncount(ql_connection *connection, ql_closed_cause was);

/* What waits is about to come in again, and says anew what is missing. */
void ql_connection_retell_causes(ql_connection *connection);

/* So many packets were counted as closed and not kept; their secrets have come since. */
void ql_connection_on_passed_over(ql_connection *connection, unsigned count);

void ql_connection_on_retry(ql_connection *connection, const ql_packet_input *in);
void ql_connection_on_version_negotiation(ql_connection *connection, const ql_packet_input *in);
void ql_connection_on_stateless_reset(ql_connection *connection, const ql_packet_input *in);

/* A datagram, or at least its first packet, was of this connection. */
void ql_connection_on_datagram(ql_connection *connection, const ql_datagram *datagram,
                               ql_side sender);

void ql_connection_finish(ql_connection *connection);

#endif
