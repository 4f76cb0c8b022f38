/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_tokens.h"

#include <ngtcp2/ngtcp2_crypto.h>

_Static_assert(QL_ORIGIN_TOKEN_BYTES >= NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2 &&
                   QL_ORIGIN_TOKEN_BYTES >= NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN,
               "the buffer of a token is too small");

static const ngtcp2_sockaddr *sockaddr_of(const ql_address *address)
{
    return (const ngtcp2_sockaddr *)(const void *)ql_address_sockaddr(address);
}

static ql_origin_token_verdict judge_retry(const uint8_t *secret, const ngtcp2_pkt_hd *initial,
                                           const ql_address *remote, uint64_t now,
                                           ngtcp2_cid *original)
{
    int status = ngtcp2_crypto_verify_retry_token2(
        original, initial->token, initial->tokenlen, secret, QL_ORIGIN_SECRET_BYTES,
        initial->version, sockaddr_of(remote), remote->length, &initial->dcid,
        QL_ORIGIN_RETRY_SECONDS * NGTCP2_SECONDS, now);
    switch (status) {
    case 0: return QL_ORIGIN_TOKEN_RETRY;
    case NGTCP2_CRYPTO_ERR_VERIFY_TOKEN: return QL_ORIGIN_TOKEN_INVALID;
    default: return QL_ORIGIN_TOKEN_NONE; /* another server's, or another life's */
    }
}

ql_origin_token_verdict ql_origin_token_judge(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                              const ngtcp2_pkt_hd *initial,
                                              const ql_address *remote, uint64_t now,
                                              ngtcp2_cid *original)
{
    if (initial->tokenlen == 0)
        return QL_ORIGIN_TOKEN_NONE;
    if (initial->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
        return judge_retry(secret, initial, remote, now, original);
    if (ngtcp2_crypto_verify_regular_token(
            initial->token, initial->tokenlen, secret, QL_ORIGIN_SECRET_BYTES, sockaddr_of(remote),
            remote->length, QL_ORIGIN_TOKEN_SECONDS * NGTCP2_SECONDS, now) == 0)
        return QL_ORIGIN_TOKEN_NEW;
    return QL_ORIGIN_TOKEN_NONE;
}

size_t ql_origin_token_for_retry(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                 const ngtcp2_pkt_hd *initial, const ngtcp2_cid *retry_scid,
                                 const ql_address *remote, uint64_t now, uint8_t *token)
{
    ngtcp2_ssize length = ngtcp2_crypto_generate_retry_token2(
        token, secret, QL_ORIGIN_SECRET_BYTES, initial->version, sockaddr_of(remote),
        remote->length, retry_scid, &initial->dcid, now);
    return length > 0 ? (size_t)length : 0;
}

size_t ql_origin_token_for_later(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                 const ql_address *remote, uint64_t now, uint8_t *token)
{
    ngtcp2_ssize length = ngtcp2_crypto_generate_regular_token(
        token, secret, QL_ORIGIN_SECRET_BYTES, sockaddr_of(remote), remote->length, now);
    return length > 0 ? (size_t)length : 0;
}
