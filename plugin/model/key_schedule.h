/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From secrets to keys: HKDF-Expand-Label (RFC 8446, 7.1) with the salts, labels and constants of
 * each version of QUIC (RFC 9001, 5.1, 5.2, 5.8, 6.1; RFC 9369, 3.3; drafts 29 to 34).
 *
 * A secret's length tells its hash: 32 bytes SHA-256, 48 bytes SHA-384. */
#ifndef QL_KEY_SCHEDULE_H
#define QL_KEY_SCHEDULE_H

#include "model/cid.h"
#include "model/datagram.h"

#define QL_INITIAL_SECRET_LENGTH 32
#define QL_AEAD_IV_LENGTH        12
#define QL_AEAD_TAG_LENGTH       16
#define QL_RETRY_KEY_LENGTH      16

typedef enum ql_key_purpose {
    QL_PURPOSE_KEY,
    QL_PURPOSE_IV,
    QL_PURPOSE_HEADER_PROTECTION,
    QL_PURPOSE_KEY_UPDATE, /* the secret of the next phase */
    QL_PURPOSE_COUNT
} ql_key_purpose;

/* `length` bytes for `purpose`. False for an unknown version or a secret of another length. */
bool ql_key_schedule_derive(uint32_t version, ql_slice secret, ql_key_purpose purpose, uint8_t *out,
                            size_t length);

/* The secret of one sender's Initial packets (RFC 9001, 5.2). False for an unknown version. */
bool ql_key_schedule_initial_secret(uint32_t version, const ql_cid *dcid, ql_side sender,
                                    uint8_t secret[QL_INITIAL_SECRET_LENGTH]);

/* What makes the integrity tag of Retry (RFC 9001, 5.8). Constant. */
typedef struct ql_retry_keys {
    uint8_t key[QL_RETRY_KEY_LENGTH], nonce[QL_AEAD_IV_LENGTH];
} ql_retry_keys;

/* NULL for an unknown version. */
const ql_retry_keys *ql_key_schedule_retry_keys(uint32_t version);

#endif
