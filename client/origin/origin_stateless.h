/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that the origin sends without having a connection for them: Version Negotiation (RFC
 * 9000, 6), Retry (8.1.2), stateless reset (10.3), and the refusal of a new connection. Each
 * function writes one packet to buffer, which has QL_ORIGIN_STATELESS_BYTES, and returns its
 * length; 0: none is to be sent. */
#pragma once

#include "address.h"
#include "origin_secret.h"

#include <ngtcp2/ngtcp2.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_STATELESS_BYTES 1200u

/* To the packet with these IDs, whose version is unknown. */
size_t ql_origin_stateless_versions(const ngtcp2_version_cid *ids, uint8_t *buffer);

/* To a packet of that length for an ID that nobody has: shorter than the packet, lest two endpoints
 * without state answer each other for ever (10.3.3). */
size_t ql_origin_stateless_reset(const uint8_t secret[QL_ORIGIN_SECRET_BYTES],
                                 const ngtcp2_version_cid *ids, size_t packet_length,
                                 uint8_t *buffer);

/* To the first packet of a client whose address is to be validated; the client comes again under a
 * new connection ID of cid_length bytes, at least 1. */
size_t ql_origin_stateless_retry(const uint8_t token_secret[QL_ORIGIN_SECRET_BYTES],
                                 const ngtcp2_pkt_hd *initial, const ql_address *remote,
                                 size_t cid_length, uint64_t now, uint8_t *buffer);

/* An Initial packet with CONNECTION_CLOSE. */
size_t ql_origin_stateless_refusal(const ngtcp2_pkt_hd *initial, uint64_t error_code,
                                   uint8_t *buffer);
