/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of a QUIC connection as a test plays them: protected packets with any frames, datagrams
 * on a tape, and the tape into a session.
 *
 * A byte array that is handed over is used up, unless it is const. */
#ifndef QUIC_BUILDER_H
#define QUIC_BUILDER_H

#include "model/session.h"
#include "quic_frames.h"

/* Plain values; a test changes what it wants to be otherwise. */
typedef struct quic_ends {
    uint32_t version; /* of the packets that are made from now on */
    ql_suite suite;
    uint8_t client_random[QL_CLIENT_RANDOM_LENGTH]; /* the secrets follow from it */
    ql_cid original_dcid;                           /* the client's first destination ID */
    ql_cid initial_dcid;                            /* Initial keys come from it */
    ql_cid retry_id;                                /* source ID of Retry; for the parameters */
    bool retried;
    ql_cid id[2];          /* by side: source ID of its long headers */
    ql_cid destination[2]; /* by sender: where its packets go */
    ql_slice token;        /* of the client's Initials */
    bool offers_early_data, accepts_early_data;
    const char *server_name, *alpn;
    ql_slice more_parameters[2]; /* encoded; behind those that belong to the handshake */
    ql_endpoint at[2];           /* by side */
    unsigned number_length;      /* of packet numbers, in bytes */
    uint64_t next_number[3][2];  /* by space (RFC 9000, 12.3) and sender */
    unsigned updates[2];         /* key updates so far, by sender */
    bool clears_fixed_bit;       /* of 1-RTT packets (RFC 9287) */
} quic_ends;

/* Version 1, AES-128-GCM, IDs of 8 bytes, IPv4. What tells connections apart follows from `seed`.
 */
void quic_ends_init(quic_ends *ends, unsigned seed);

ql_endpoint quic_endpoint(uint8_t last, uint16_t port); /* 192.0.2.<last> */

/* Lines of a secrets log; the caller frees them. */
char *quic_secret_line(const quic_ends *ends, ql_secret_label label);
char *quic_secrets_text(const quic_ends *ends); /* of all labels */

/* A datagram of one packet, and a packet more. The number is the sender's next one. */
GByteArray *quic_packet(quic_ends *ends, ql_side sender, ql_packet_type type, GByteArray *frames);
GByteArray *quic_put_packet(GByteArray *out, quic_ends *ends, ql_side sender, ql_packet_type type,
                            GByteArray *frames);
/* One with a payload of this size, the tag included in `size` bytes of packet. */
GByteArray *quic_packet_of_size(quic_ends *ends, ql_side sender, ql_packet_type type, size_t size,
                                GByteArray *frames);
GByteArray *quic_put_retry(GByteArray *out, const quic_ends *ends, const ql_cid *retry_id,
                           ql_slice token);
GByteArray *quic_put_version_negotiation(GByteArray *out, const quic_ends *ends, uint32_t offered);

/* A packet's frames of 1-RTT, as most tests need them. */
GByteArray *quic_one_rtt(quic_ends *ends, ql_side sender, GByteArray *frames);

/* The datagrams of a handshake. The client goes over to the server's ID behind the server's. */
GByteArray *quic_client_hello(quic_ends *ends);  /* Initial */
GByteArray *quic_server_flight(quic_ends *ends); /* Initial, Handshake; its last call is below */
GByteArray *quic_server_initial(quic_ends *ends);
GByteArray *quic_server_handshake(quic_ends *ends);
GByteArray *quic_client_finished(quic_ends *ends); /* Initial, Handshake */

/* Datagrams in the order of their capture, one a millisecond, frames numbered from 1. */
typedef struct quic_tape quic_tape;

quic_tape *quic_tape_new(void);
void quic_tape_free(quic_tape *tape);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(quic_tape, quic_tape_free)

/* Each gives the frame's number. */
uint32_t quic_tape_add(quic_tape *tape, const ql_endpoint *source, const ql_endpoint *destination,
                       GByteArray *datagram);
uint32_t quic_send(quic_tape *tape, const quic_ends *ends, ql_side sender, GByteArray *datagram);
/* A client's challenges and responses are padded as they have to be; a server may be held back. */
uint32_t quic_send_frames(quic_tape *tape, quic_ends *ends, ql_side sender, GByteArray *frames);
/* The whole handshake up to HANDSHAKE_DONE. */
void quic_send_handshake(quic_tape *tape, quic_ends *ends);

uint32_t quic_tape_length(const quic_tape *tape);
const ql_datagram *quic_tape_frame(const quic_tape *tape, uint32_t frame);
/* What a snapshot length leaves of a frame. */
void quic_tape_cut(quic_tape *tape, uint32_t frame, size_t length);
/* Turns over the bits of one byte, counted from the end if negative. */
void quic_tape_damage(quic_tape *tape, uint32_t frame, int offset);

/* Hands frames `from` to `to` in. Gives how many of them were of a connection. */
unsigned quic_play(const quic_tape *tape, ql_session *session, uint32_t from, uint32_t to);
void quic_add_secrets(ql_session *session, const quic_ends *ends);

#endif
