/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address pairs that a connection was seen on (RFC 9000, 8.2 and 9). */
#ifndef QL_PATH_TABLE_H
#define QL_PATH_TABLE_H

#include "model/cid.h"
#include "model/datagram.h"

struct ql_cid_entry;
struct ql_early_datagrams;

#define QL_PATHS_MAX      4096u /* of one connection; packets of further ones count for the last */
#define QL_PATH_CIDS_MAX  16u   /* destination IDs of a path that are noted, by sender */
#define QL_CHALLENGES_MAX 64u   /* of a connection that wait for an answer; the oldest gives way */

typedef enum ql_path_cause {
    QL_PATH_CAUSE_INITIAL,
    QL_PATH_CAUSE_MIGRATION, /* the client moved and took another ID of the server's */
    QL_PATH_CAUSE_REBINDING, /* the same ID from another address: a NAT, or no choice of IDs */
    QL_PATH_CAUSE_PREFERRED_ADDRESS, /* RFC 9000, 9.6 */
    QL_PATH_CAUSE_PROBE,             /* only probing packets so far (RFC 9000, 9.1) */
} ql_path_cause;

const char *ql_path_cause_name(ql_path_cause cause); /* "initial", "migration", ... */

typedef struct ql_path {
    uint32_t id; /* from 0, in the order of first packets */
    ql_endpoint client, server;
    ql_path_cause cause;
    uint32_t first_frame, last_frame;
    uint64_t packets[2], bytes[2]; /* by ql_side of the sender; UDP payload bytes */
    const struct ql_cid_entry *cids[2][QL_PATH_CIDS_MAX]; /* destination IDs, by sender */
    unsigned cid_count[2];
    bool used;                        /* carried something other than probing frames */
    bool validated;                   /* by a response, or by the handshake (RFC 9000, 8.1) */
    bool validated_for_server;        /* the client's address: the server may send without limit */
    uint64_t validated_for_server_ns; /* since when; 0: from the beginning */
    bool left; /* the client went on elsewhere, or its probes failed (RFC 9000, 8.2.4 and 9.3) */
    bool over_limit;                  /* the server sent more than three times the client's bytes */
    ql_where excess;                  /* where it did */
    uint64_t excess_bytes[2];         /* what each had sent then, by side */
    uint64_t before_validation[2];    /* bytes by sender until the client's address was validated */
    struct ql_early_datagrams *early; /* private: the first of these, one by one */
    uint64_t ecn[2][4];               /* datagrams by sender and ECN codepoint (RFC 3168) */
    size_t largest[2];                /* largest datagram by sender, UDP payload, as captured */
    size_t delivered[2];              /* largest one with a packet that was acknowledged; 0: none */
    size_t smallest[2];               /* smallest one; 0: none */
    uint64_t spin_rtt_ns; /* RFC 9000, 17.4: shortest time between edges of the spin bit; 0: none */
    uint64_t spin_edge_ns; /* when the last edge came */
    bool spin;             /* the server's bit at present */
    uint32_t challenge_frame,
        response_frame; /* of the pair that validated it, else of the last; 0: none */
    uint64_t challenge_time_ns, validation_ns; /* from challenge to response */
} ql_path;

typedef struct ql_path_table ql_path_table;

ql_path_table *ql_path_table_new(void);
void ql_path_table_free(ql_path_table *table);

/* The path between these ends, which it enters when it is new (*fresh tells). Never NULL. */
ql_path *ql_path_table_get(ql_path_table *table, const ql_endpoint *client,
                           const ql_endpoint *server, bool *fresh);

/* A packet of `sender` on the path had this destination ID, which has to outlive the path. */
void ql_path_note_cid(ql_path *path, ql_side sender, const struct ql_cid_entry *cid);

/* A datagram on the path, while the client's address is not validated: counted in
 * before_validation. */
void ql_path_count_early(ql_path *path, ql_side sender, size_t length, uint32_t frame);

/* The client's address is proven to the server by what was captured there. What was counted of
 * datagrams from there on, because the proof was opened late, is taken back. */
void ql_path_validate_for_server(ql_path *path, const ql_where *where);

/* NULL when the pair was never seen. */
ql_path *ql_path_table_find(ql_path_table *table, const ql_endpoint *client,
                            const ql_endpoint *server);

/* A PATH_CHALLENGE of `sender` was captured on the path. */
void ql_path_table_challenge(ql_path_table *table, ql_path *path, ql_side sender,
                             const uint8_t data[8], const ql_where *where);

/* A PATH_RESPONSE of `sender`: gives the path whose challenge of the other side it answers, which
 * need not be the one it came on, with its validation filled in; NULL when there is no such
 * challenge. *was_validated tells whether an earlier response had validated it. */
ql_path *ql_path_table_respond(ql_path_table *table, ql_side sender, const uint8_t data[8],
                               const ql_where *where, bool *was_validated);

/* A PATH_RESPONSE that answered nothing waits for a challenge that was captured behind it. */
typedef struct ql_orphan_response {
    uint8_t data[8];
    ql_side sender;
    ql_where where;
    uint32_t path; /* where it came */
    bool told;     /* nothing of the other side is missing, so that there was no challenge */
} ql_orphan_response;

void ql_path_table_keep_response(ql_path_table *table, const ql_orphan_response *response);
/* ql_orphan_response, at most QL_CHALLENGES_MAX, oldest first. Borrowed. */
const GArray *ql_path_table_orphans(const ql_path_table *table);
/* The one that answers this challenge of `sender`, sent at this time; it is taken out. False when
 * there is none. */
bool ql_path_table_take_response(ql_path_table *table, ql_side sender, const uint8_t data[8],
                                 const ql_where *where, ql_orphan_response *out);

/* ql_path *, by id. Borrowed. */
const GPtrArray *ql_path_table_paths(const ql_path_table *table);

#endif
