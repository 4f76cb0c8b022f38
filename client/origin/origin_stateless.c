/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_stateless.h"

#include "origin_tokens.h"

#include <glib.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>

#define MIN_RESET_BYTES (NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN)

/* RFC 9000, 10.3: it looks like a packet of an ordinary size. */
#define MAX_RESET_BYTES 43u

static size_t written(ngtcp2_ssize length)
{
    return length > 0 ? (size_t)length : 0;
}

size_t ql_origin_stateless_versions(const ngtcp2_version_cid *ids, uint8_t *buffer)
{
    static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2 };
    uint8_t unused = 0;
    RAND_bytes(&unused, sizeof unused);
    return written(ngtcp2_pkt_write_version_negotiation(
        buffer, QL_ORIGIN_STATELESS_BYTES, unused, ids->scid, ids->scidlen, ids->dcid, ids->dcidlen,
        versions, G_N_ELEMENTS(versions)));
}

size_t ql_origin_stateless_reset(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                 const ngtcp2_version_cid *ids, size_t packet_length,
                                 uint8_t *buffer)
{
    ngtcp2_stateless_reset_token token;
    ngtcp2_cid cid;
    uint8_t random[MAX_RESET_BYTES - NGTCP2_STATELESS_RESET_TOKENLEN];
    if (packet_length <= MIN_RESET_BYTES || RAND_bytes(random, sizeof random) != 1)
        return 0;
    size_t length = MIN(packet_length - 1, MAX_RESET_BYTES);
    ngtcp2_cid_init(&cid, ids->dcid, ids->dcidlen);
    if (ngtcp2_crypto_generate_stateless_reset_token(token.data, secret, QL_ORIGIN_SECRET_BYTES,
                                                     &cid) != 0)
        return 0;
    return written(ngtcp2_pkt_write_stateless_reset2(buffer, length, &token, random,
                                                     length - NGTCP2_STATELESS_RESET_TOKENLEN));
}

size_t ql_origin_stateless_retry(const uint8_t token_secret[QL_ORIGIN_SECRET_BYTES],
                                 const ngtcp2_pkt_hd *initial, const ql_address *remote,
                                 size_t cid_length, uint64_t now, uint8_t *buffer)
{
    ngtcp2_cid scid = { .datalen = cid_length };
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    if (RAND_bytes(scid.data, (int)cid_length) != 1)
        return 0;
    size_t length = ql_origin_token_for_retry(token_secret, initial, &scid, remote, now, token);
    if (length == 0)
        return 0;
    return written(ngtcp2_crypto_write_retry(buffer, QL_ORIGIN_STATELESS_BYTES, initial->version,
                                             &initial->scid, &scid, &initial->dcid, token, length));
}

size_t ql_origin_stateless_refusal(const ngtcp2_pkt_hd *initial, uint64_t error_code,
                                   uint8_t *buffer)
{
    return written(ngtcp2_crypto_write_connection_close(buffer, QL_ORIGIN_STATELESS_BYTES,
                                                        initial->version, &initial->scid,
                                                        &initial->dcid, error_code, NULL, 0));
}
