/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to which packet: decided from the seed, the direction and the packet's number alone,
 * so that the same seed does the same to the same numbers, whenever they come. */
#pragma once

#include "relay_scenario.h"

#define QL_RELAY_CORRUPT_WITHIN 50u /* bytes from the start of the payload */

/* A plain value: the decisions of one direction. */
typedef struct ql_relay_impairment {
    const ql_relay_rules *rules; /* borrowed */
    uint64_t seed;
    ql_relay_side side;
    uint64_t number; /* of the last packet that was decided on */
    uint64_t drops_in_a_row, corruptions_in_a_row;
} ql_relay_impairment;

typedef struct ql_relay_decision {
    uint64_t number; /* from 1 */
    bool drop_listed, drop, corrupt, duplicate, reorder;
    uint64_t jitter_ns;
    uint64_t corrupt_place; /* to be taken modulo the bytes in reach */
    uint8_t corrupt_mask;   /* never 0 */
} ql_relay_decision;

/* The side is that which sends; rules must outlive it. */
void ql_relay_impairment_init(ql_relay_impairment *impairment, const ql_relay_scenario *scenario,
                              ql_relay_side side);

/* On the next packet of this direction. */
ql_relay_decision ql_relay_impairment_next(ql_relay_impairment *impairment);

/* Whether all is lost at this time after the first datagram. */
bool ql_relay_impairment_is_black(const ql_relay_rules *rules, uint64_t time_ns);

/* Which byte of the payload is struck; -1: none, as the payload is empty or a Version Negotiation
 * packet (RFC 9000, 17.2.1), which nothing protects against corruption. */
int ql_relay_impairment_corrupt_offset(const ql_relay_decision *decision, const uint8_t *data,
                                       size_t length);
