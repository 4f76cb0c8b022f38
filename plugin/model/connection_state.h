/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms of one connection share: connection.c and the connection_*.c files, nobody else.
 */
#ifndef QL_CONNECTION_STATE_H
#define QL_CONNECTION_STATE_H

#include "model/connection_input.h"
#include "model/deliveries.h"
#include "model/handshake.h"

#define QL_DATAGRAM_LEAST 1200u /* bytes that each path of QUIC has to carry (RFC 9000, 14) */

typedef enum ql_space {
    QL_SPACE_INITIAL,
    QL_SPACE_HANDSHAKE,
    QL_SPACE_APPLICATION,
    QL_SPACE_COUNT
} ql_space;

/* An issuer has raised Retire Prior To, and the peer has acknowledged the frame that says so. */
typedef struct ql_retire_request {
    uint64_t retire_prior_to; /* 0: there was none */
    ql_where acked;
    uint64_t ack_packet; /* number of the packet with the acknowledgement */
} ql_retire_request;

/* RETIRE_CONNECTION_ID of an ID whose issue was not captured, or not yet. */
typedef struct ql_early_retirement {
    uint64_t sequence, packet_number;
    ql_where where;
    ql_side issuer;
    bool told; /* nothing of the issuer's is missing, so that it was not issued either */
} ql_early_retirement;

struct ql_connection {
    ql_connection_facts facts;
    ql_connection_context context;
    ql_keyring *ring;
    unsigned search_budget;
    ql_packet_numbers numbers[QL_SPACE_COUNT][2]; /* by sender */
    ql_handshake *handshake;
    ql_streams *streams;
    ql_cid_ledger *cids[2];        /* by issuer */
    ql_cid_entry *original;        /* the client's first destination ID; NULL without its start */
    ql_cid_entry *destination[2];  /* the ID that this sender uses now, but for probes */
    GArray *unacked[2];            /* by sender: frames about IDs that are not yet acknowledged */
    ql_retire_request requests[2]; /* by issuer: the latest */
    GArray *early_retirements;     /* of ql_early_retirement; NULL until needed */
    uint64_t over_limit_ns[2];     /* by issuer: when too many IDs were told; 0: not */
    size_t cid_length[2];          /* of the issuer's newest */
    ql_path_table *paths;
    ql_deliveries deliveries[2];             /* by sender */
    ql_path *current;                        /* where the client sends what is more than a probe */
    const ql_cid_entry *current_destination; /* the ID that it sends these to */
    ql_path *last_path[2]; /* by sender: of its newest packet that is more than a probe */
    ql_cid other_retry;    /* source ID of a second Retry; empty: there was none */
    bool token;      /* an Initial of the client had one: it may answer a Retry (RFC 9000, 8.1.2) */
    bool probing;    /* the packet at hand has probing frames only (RFC 9000, 9.1) */
    bool saw_server; /* a packet of the server was opened */
    bool restarted;  /* Retry or Version Negotiation: a new first Initial may come */
    bool negotiated; /* it was Version Negotiation */
    bool told_cause[QL_CLOSED_CAUSE_COUNT]; /* why packets stay closed */
    bool told_wrong, told_paths, told_cids;
    bool challenges, responds; /* the packet at hand has a PATH_CHALLENGE, a PATH_RESPONSE */
    bool confirmed;            /* HANDSHAKE_DONE was captured */
    uint8_t naps;              /* how often the keys were put away behind the end */
    bool checked_parameters[2], told_at_end, told_one_direction;
    uint64_t moved_early_ns; /* when the client moved ahead of HANDSHAKE_DONE; 0: it did not */
    bool begun;              /* the client's first Initial was captured */
    ql_where earliest[2], latest[2]; /* by sender: of its datagrams; frame 0: there is none */
    bool out_of_order; /* what one side sent does not stand in the order of its times */
    bool news;         /* of its session or secrets, that nobody asked for yet */
    size_t segment;    /* of super-datagrams */
};

ql_space ql_space_of(ql_packet_type type);

/* connection_ids.c */

/* Enters an ID as `told` and routes packets to it here. */
ql_cid_entry *ql_connection_issue(ql_connection *connection, ql_side issuer,
                                  const ql_cid_entry *told, uint32_t frame);
/* The packet's source and destination IDs: entered, counted, first use told. */
void ql_connection_use_cids(ql_connection *connection, const ql_packet_input *in, ql_path *path,
                            bool newest);
/* After the packet's frames: whether its sender has gone over to another destination ID. */
void ql_connection_note_switch(ql_connection *connection, const ql_packet_input *in, ql_path *path,
                               bool newest);
void ql_connection_on_new_cid(ql_connection *connection, const ql_packet_input *in,
                              const ql_frame *frame);
void ql_connection_on_retire_cid(ql_connection *connection, const ql_packet_input *in,
                                 const ql_frame *frame);
/* An ACK frame: what it acknowledges of retirements and of requests for them. */
void ql_connection_on_ack(ql_connection *connection, const ql_packet_input *in,
                          const ql_frame *frame);
/* The transport parameters of this side, whose packet this is, are known now. */
void ql_connection_bind_parameters(ql_connection *connection, ql_side side,
                                   const ql_packet_input *in);

/* connection_paths.c */

/* The path on which the connection begins. */
void ql_connection_begin_paths(ql_connection *connection, ql_side sender);

/* The path of the packet, entered when it is new. */
ql_path *ql_connection_use_path(ql_connection *connection, const ql_packet_input *in);
/* Whether this is where the server wants to be sent to behind the handshake (RFC 9000, 9.6). */
bool ql_connection_prefers_address(const ql_connection *connection, const ql_endpoint *server);
/* Every datagram on the path, opened or not. */
void ql_connection_measure_path(ql_connection *connection, ql_path *path,
                                const ql_datagram *datagram, ql_side sender);
void ql_connection_watch_spin(const ql_packet_input *in, ql_path *path, bool spin, bool newest);
void ql_connection_on_challenge(ql_connection *connection, const ql_packet_input *in, ql_path *path,
                                const ql_frame *frame);
void ql_connection_on_response(ql_connection *connection, const ql_packet_input *in, ql_path *path,
                               const ql_frame *frame);
/* An opened packet, a copy as well, may prove the client's address to the server. */
void ql_connection_prove_path(const ql_packet_input *in, ql_path *path);
/* The server acknowledges packets of the client: it must have had those that prove the address from
 * which the client made the handshake, captured or not. */
void ql_connection_prove_first_path(ql_connection *connection, const ql_packet_input *in);
/* After the packet's frames: whether the client has moved. */
void ql_connection_judge_path(ql_connection *connection, const ql_packet_input *in, ql_path *path,
                              bool newest);

/* The capture ends: probes that nobody answered have failed (RFC 9000, 8.2.4). */
void ql_connection_give_up_paths(ql_connection *connection);

/* connection_rules.c */

/* Whether no 1-RTT packet of this side is missing so far, so that what was not seen was not sent.
 * Their numbers begin where those of its Initial packets do (RFC 9000, 12.3). */
bool ql_connection_saw_all(const ql_connection *connection, ql_side sender);

/* An ID that was seen in use before is issued now. */
void ql_connection_check_issued(ql_connection *connection, const ql_cid_entry *entry,
                                const ql_where *where);
/* The sender's newest packet goes to this ID. */
void ql_connection_check_use(ql_connection *connection, const ql_packet_input *in,
                             ql_cid_entry *entry);
/* A frame that its packet may carry, ahead of what it changes. */
void ql_connection_check_frame(ql_connection *connection, const ql_packet_input *in,
                               const ql_frame *frame);
/* After the packet's frames, ahead of a move to its path. */
void ql_connection_check_packet(ql_connection *connection, const ql_packet_input *in,
                                const ql_path *path, bool newest);
/* The capture ends. */
void ql_connection_check_end(ql_connection *connection);

/* connection_frames.c */
void ql_connection_read_frames(ql_connection *connection, const ql_packet_input *in, ql_path *path,
                               ql_slice payload);

#endif
