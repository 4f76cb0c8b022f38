/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet protection as a sender applies it (RFC 9001, 5.3 and 5.4), for packets that tests make.
 * Keys come from the model's key schedule, which is tested against the RFC's own vectors. */
#ifndef QUIC_SEAL_H
#define QUIC_SEAL_H

#include "model/packet_protection.h"
#include "model/secrets_log.h"

typedef struct quic_secret {
    uint8_t bytes[QL_SECRET_MAX];
    size_t length;
} quic_secret;

typedef struct quic_sealer {
    uint32_t version;
    ql_suite suite;
    quic_secret secret; /* of the first key phase */
    unsigned updates;   /* key updates since then */
} quic_sealer;

/* Appends a packet: `header`, which ends with the packet number in `number_length` bytes, and the
 * protected payload. */
void quic_seal(GByteArray *out, const quic_sealer *sealer, ql_slice header, unsigned number_length,
               uint64_t number, ql_slice payload);

/* Appends the integrity tag of the Retry that `out` holds from offset `start` on. */
void quic_seal_retry(GByteArray *out, guint start, uint32_t version, const ql_cid *original);

#endif
