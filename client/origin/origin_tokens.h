/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address validation by tokens (RFC 9000, 8.1): those that a Retry packet carries, and those of
 * NEW_TOKEN frames, for a later connection. They are encrypted with a secret of the origin, which
 * keeps no state of them. Times are those of ql_udp_now. */
#pragma once

#include "address.h"
#include "origin_secret.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_RETRY_SECONDS 10u               /* in which a Retry has to be answered */
#define QL_ORIGIN_TOKEN_SECONDS (24u * 60u * 60u) /* for which a NEW_TOKEN is good */
#define QL_ORIGIN_TOKEN_BYTES   256u              /* the most that one takes */

typedef enum ql_origin_token_verdict {
    QL_ORIGIN_TOKEN_NONE,    /* no token, or one that may be passed over: old, another address */
    QL_ORIGIN_TOKEN_NEW,     /* from a NEW_TOKEN frame, and it proves the address */
    QL_ORIGIN_TOKEN_RETRY,   /* from our Retry, and it proves the address */
    QL_ORIGIN_TOKEN_INVALID, /* from a Retry, and it does not: INVALID_TOKEN (8.1.3) */
} ql_origin_token_verdict;

/* Judges the token of an Initial packet from remote. With QL_ORIGIN_TOKEN_RETRY, *original is the
 * connection ID that the client had made up before the Retry. */
ql_origin_token_verdict ql_origin_token_judge(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                              const ngtcp2_pkt_hd *initial,
                                              const ql_address *remote, uint64_t now,
                                              ngtcp2_cid *original);

/* Both write at most QL_ORIGIN_TOKEN_BYTES, and return how many; 0 on failure. retry_scid is the
 * connection ID under which the client has to come again. */
size_t ql_origin_token_for_retry(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                 const ngtcp2_pkt_hd *initial, const ngtcp2_cid *retry_scid,
                                 const ql_address *remote, uint64_t now, uint8_t *token);
size_t ql_origin_token_for_later(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                 const ql_address *remote, uint64_t now, uint8_t *token);
