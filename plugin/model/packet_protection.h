/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet protection of QUIC: RFC 9001, 5 and 6; RFC 9369, 3.3. The arithmetic is libcrypto's.
 *
 * Keys are set up once; opening a packet allocates nothing. Opening is authenticated: what comes
 * out was sent by the holder of the secret, so that a wrong guess at a suite, a phase or a length
 * shows at once. */
#ifndef QL_PACKET_PROTECTION_H
#define QL_PACKET_PROTECTION_H

#include "model/datagram.h"
#include "model/packet_header.h"

/* Cipher suites of TLS 1.3 that QUIC may use (RFC 9001, 5.3). */
typedef enum ql_suite {
    QL_SUITE_AES_128_GCM,
    QL_SUITE_AES_256_GCM,
    QL_SUITE_CHACHA20_POLY1305,
    QL_SUITE_AES_128_CCM,
    QL_SUITE_COUNT
} ql_suite;

const char *ql_suite_name(ql_suite suite);            /* "TLS_AES_128_GCM_SHA256", ... */
size_t ql_suite_secret_length(ql_suite suite);        /* 32 or 48 bytes */
bool ql_suite_from_tls(uint16_t code, ql_suite *out); /* 0x1301 ... 0x1304 */

/* Keys of one direction at one encryption level in one key phase. */
typedef struct ql_packet_keys ql_packet_keys;

/* NULL when the secret has not the suite's length. */
ql_packet_keys *ql_packet_keys_new(uint32_t version, ql_suite suite, ql_slice secret);

/* RFC 9001, 5.2: from the Destination Connection ID of the client's first Initial (after Retry: of
 * the first one that follows it). */
ql_packet_keys *ql_packet_keys_new_initial(uint32_t version, const ql_cid *dcid, ql_side sender);

/* Keys of the next phase (RFC 9001, 6.1); the header protection key stays. */
ql_packet_keys *ql_packet_keys_next(const ql_packet_keys *keys);

void ql_packet_keys_free(ql_packet_keys *keys); /* NULL is a no-op */

ql_suite ql_packet_keys_suite(const ql_packet_keys *keys);
uint32_t ql_packet_keys_version(const ql_packet_keys *keys); /* whose labels they are made with */

/* What header protection hid (RFC 9001, 5.4.1). */
typedef struct ql_unmasked {
    uint8_t first;     /* first byte of the packet, as it was before protection */
    uint8_t pn_length; /* 1 to 4 bytes */
    uint32_t truncated_pn;
} ql_unmasked;

/* False when the packet is too short to sample. Needs no proof: wrong keys give wrong values. */
bool ql_packet_unmask(ql_packet_keys *keys, const ql_packet_header *header, ql_unmasked *out);

/* Opens a packet. `scratch` has room for header->packet.length bytes and receives the whole
 * unprotected packet, header first; `payload` then borrows from it. False when it does not
 * authenticate. */
bool ql_packet_open(ql_packet_keys *keys, const ql_packet_header *header,
                    const ql_unmasked *unmasked, uint64_t packet_number, uint8_t *scratch,
                    ql_slice *payload);

/* RFC 9001, 5.8: whether a Retry was made by somebody who saw the Initial with this destination ID.
 */
bool ql_retry_is_authentic(const ql_packet_header *retry, const ql_cid *original_dcid);

#endif
