/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All keys of one connection, by sender and encryption level (RFC 9001, 4 and 6).
 *
 * Which suite and which version's labels a secret goes with is not asked: the few that fit are
 * tried on a packet, and authentication tells. So nothing depends on a ServerHello having been
 * captured. */
#ifndef QL_KEYRING_H
#define QL_KEYRING_H

#include "model/packet_numbers.h"
#include "model/packet_protection.h"
#include "model/secrets_log.h"

typedef struct ql_keyring ql_keyring;

ql_keyring *ql_keyring_new(void);
void ql_keyring_free(ql_keyring *ring);

/* Initial packets are protected with keys from this ID from now on; those of before are forgotten.
 */
void ql_keyring_set_initial_dcid(ql_keyring *ring, const ql_cid *dcid);

/* Takes over what the log knows of the connection's session. May be called again when it knows
 * more. True when something was new. */
bool ql_keyring_set_secrets(ql_keyring *ring, const ql_session_secrets *secrets);

/* The handshake is over (RFC 9001, 4.9): what Initial and Handshake packets are opened with is
 * given back, and made anew if more of them come. */
void ql_keyring_rest(ql_keyring *ring);

/* The connection is over: so are all keys, most of what a connection costs for as long as it is
 * only looked at. They are made anew if more packets come. */
void ql_keyring_doze(ql_keyring *ring);

/* Whether there is a secret, or an Initial key, for packets of this type and sender. */
bool ql_keyring_has(const ql_keyring *ring, ql_side sender, ql_packet_type type);

typedef struct ql_opened {
    ql_slice payload; /* frames; borrowed from scratch */
    uint64_t packet_number;
    uint8_t first;   /* first byte without protection: reserved bits, key phase */
    bool key_phase;  /* of 1-RTT */
    bool key_update; /* the sender's first packet in a new key phase */
    ql_suite suite;
    uint32_t version; /* whose labels made the keys: version 2, or 1 for all others */
} ql_opened;

typedef enum ql_open_status {
    QL_OPEN_OK,
    QL_OPEN_NO_KEYS,
    QL_OPEN_FAILED, /* none of the keys authenticates it */
} ql_open_status;

/* Opens a packet of Initial, 0-RTT, Handshake or 1-RTT type. `numbers` are those of its sender and
 * space; the number of an opened packet is not entered. `scratch` has room for
 * header->packet.length bytes. */
ql_open_status ql_keyring_open(ql_keyring *ring, ql_side sender, const ql_packet_header *header,
                               const ql_packet_numbers *numbers, uint8_t *scratch, ql_opened *out);

/* How much a search takes to be possible. */
typedef enum ql_search_effort {
    QL_SEARCH_LIKELY, /* a connection that is young: few packets so far, one key update at most */
    QL_SEARCH_WIDE,   /* 2^16 packets and more, several updates */
} ql_search_effort;

/* The same for a connection whose start was not captured: the packet number may be anything and
 * keys may have been updated. Costs up to `*budget` attempts at opening, and takes what it used off
 * it. */
ql_open_status ql_keyring_search(ql_keyring *ring, ql_side sender, const ql_packet_header *header,
                                 ql_search_effort effort, uint8_t *scratch, unsigned *budget,
                                 ql_opened *out);

/* The same for a 1-RTT packet behind a gap in the capture, so long that its truncated number does
 * not follow on those of before. */
ql_open_status ql_keyring_seek(ql_keyring *ring, ql_side sender, const ql_packet_header *header,
                               const ql_packet_numbers *numbers, uint8_t *scratch, unsigned *budget,
                               ql_opened *out);

#endif
