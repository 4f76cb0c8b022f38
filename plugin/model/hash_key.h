/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash tables by what comes off the wire: connection IDs, endpoints, reset tokens,
 * stream and push IDs. Hashes depend on
 * a random key, so that nobody can make a capture whose entries all fall into one place. A key of a
 * table carries its hash; one hash function serves them all. */
#ifndef QL_HASH_KEY_H
#define QL_HASH_KEY_H

#include "model/cid.h"
#include "model/datagram.h"

#define QL_HASH_WORDS 10u

typedef struct ql_hash_key {
    uint64_t start, factors[QL_HASH_WORDS];
} ql_hash_key;

/* Another one each time. */
ql_hash_key ql_hash_key_new(void);

typedef struct ql_cid_key {
    guint hash;
    ql_cid cid;
} ql_cid_key;

typedef struct ql_ends_key {
    guint hash;
    ql_endpoint a, b;
} ql_ends_key;

typedef struct ql_token_key {
    guint hash;
    uint8_t bytes[16];
} ql_token_key;

typedef struct ql_number_key {
    guint hash;
    uint64_t number;
} ql_number_key;

ql_cid_key ql_cid_key_of(const ql_hash_key *key, const ql_cid *cid);
ql_ends_key ql_ends_key_of(const ql_hash_key *key, const ql_endpoint *a, const ql_endpoint *b);
/* The same for both directions. */
ql_ends_key ql_ends_key_both_ways(const ql_hash_key *key, const ql_endpoint *a,
                                  const ql_endpoint *b);
ql_token_key ql_token_key_of(const ql_hash_key *key, const uint8_t token[16]);
ql_number_key ql_number_key_of(const ql_hash_key *key, uint64_t number);

/* For GHashTable: the hash that stands in the key, whichever it is. */
guint ql_hash_key_hash(gconstpointer key);
gboolean ql_cid_key_equal(gconstpointer a, gconstpointer b);
gboolean ql_ends_key_equal(gconstpointer a, gconstpointer b);
gboolean ql_token_key_equal(gconstpointer a, gconstpointer b);
gboolean ql_number_key_equal(gconstpointer a, gconstpointer b);

#endif
