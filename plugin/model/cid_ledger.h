/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection IDs that one side of a connection issued (RFC 9000, 5.1), and their lives. */
#ifndef QL_CID_LEDGER_H
#define QL_CID_LEDGER_H

#include "model/cid.h"
#include "model/datagram.h"

#define QL_CIDS_MAX 20000u /* IDs of one issuer; more are passed over with a finding */

typedef enum ql_cid_origin {
    QL_ORIGIN_CLIENT_RANDOM, /* the client's first destination ID; counts as the server's (RFC
                                9000, 7.2) */
    QL_ORIGIN_INITIAL,       /* source ID of the client's first Initial */
    QL_ORIGIN_RETRY,         /* source ID of Retry */
    QL_ORIGIN_HANDSHAKE,     /* source ID of the server's first Initial or Handshake packet */
    QL_ORIGIN_NEW_CONNECTION_ID,
    QL_ORIGIN_PREFERRED_ADDRESS,
    QL_ORIGIN_SEEN_IN_USE, /* the frame that issued it was not captured */
} ql_cid_origin;

/* "initial", "retry", "handshake", "NEW_CONNECTION_ID", "preferred_address", "unknown" */
const char *ql_cid_origin_name(ql_cid_origin origin);

typedef struct ql_cid_entry {
    ql_cid cid;
    bool has_reset_token;
    bool has_sequence; /* false for the client's random ID, for Retry's, and for one seen in use
                          only */
    bool told_kept;    /* that it was not retired when it should have been */
    uint8_t reset_token[16];
    ql_side issuer;
    ql_cid_origin origin;
    uint64_t sequence;
    uint64_t packets, bytes; /* sent to this ID */
    /* Captured frames; 0 is never. */
    uint32_t issued_frame, first_used_frame, last_used_frame, retired_frame;
    uint32_t issues;            /* how often it was issued: repeats are retransmissions */
    uint32_t last_issued_frame; /* of the newest of them */
    uint32_t
        retirement_acked_frame; /* the issuer has acknowledged RETIRE_CONNECTION_ID; 0: not seen */
    uint64_t first_used_ns;     /* since the epoch */
    uint64_t retired_packet;    /* number of the packet that carried RETIRE_CONNECTION_ID */
    uint64_t retire_prior_to;   /* of the frame that issued it */
} ql_cid_entry;

typedef struct ql_cid_ledger ql_cid_ledger;

ql_cid_ledger *ql_cid_ledger_new(ql_side issuer);
void ql_cid_ledger_free(ql_cid_ledger *ledger);

typedef enum ql_cid_issue {
    QL_CID_ISSUE_NEW,
    QL_CID_ISSUE_REPEATED,          /* the same sequence, ID and token as before */
    QL_CID_ISSUE_SEQUENCE_CONFLICT, /* this sequence number has another ID (RFC 9000, 19.15) */
    QL_CID_ISSUE_VALUE_CONFLICT,    /* this ID has another sequence number (RFC 9000, 19.15) */
    QL_CID_ISSUE_TOKEN_CONFLICT,    /* this ID has another reset token */
    QL_CID_ISSUE_FULL,              /* QL_CIDS_MAX: not entered */
} ql_cid_issue;

/* Enters an ID. `entry` says cid, origin, sequence, token, retire_prior_to; the rest of it is
 * passed over. In *out the entry that the ledger holds (on conflict the older one; NULL when full).
 */
ql_cid_issue ql_cid_ledger_issue(ql_cid_ledger *ledger, const ql_cid_entry *entry, uint32_t frame,
                                 ql_cid_entry **out);

ql_cid_entry *ql_cid_ledger_find(ql_cid_ledger *ledger, const ql_cid *cid);
ql_cid_entry *ql_cid_ledger_find_sequence(const ql_cid_ledger *ledger, uint64_t sequence);

/* IDs that are issued, not retired, and not below Retire Prior To: what the peer has to keep (RFC
 * 9000, 5.1.1). */
unsigned ql_cid_ledger_active(const ql_cid_ledger *ledger);

/* The issuer asked to retire all IDs with sequence numbers below this one (RFC 9000, 5.1.2). */
void ql_cid_ledger_raise_retire_prior_to(ql_cid_ledger *ledger, uint64_t sequence);
uint64_t ql_cid_ledger_retire_prior_to(const ql_cid_ledger *ledger);

/* Marks the entry as retired, once, by the packet of this number. */
void ql_cid_ledger_retire(ql_cid_ledger *ledger, ql_cid_entry *entry, uint32_t frame,
                          uint64_t packet_number);

/* ql_cid_entry *, in the order of entering. Borrowed. */
const GPtrArray *ql_cid_ledger_entries(const ql_cid_ledger *ledger);

#endif
