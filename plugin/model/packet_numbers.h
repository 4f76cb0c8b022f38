/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet numbers of one sender in one packet number space (RFC 9000, 12.3). */
#ifndef QL_PACKET_NUMBERS_H
#define QL_PACKET_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/* Runs of numbers that are told apart. Beyond it the two oldest become one, and a packet that was
 * missing between them would count as seen. */
#define QL_NUMBER_RUNS_MAX 1024u

typedef struct ql_packet_numbers {
    bool any;         /* at least one packet was opened */
    uint64_t largest; /* of those */
    GArray *runs;     /* private; NULL until needed */
} ql_packet_numbers;

void ql_packet_numbers_clear(ql_packet_numbers *numbers); /* a zeroed one is ready for use */

/* RFC 9000, A.3: the full number that is nearest to the one that comes next. `length` is 1 to 4
 * bytes. */
uint64_t ql_packet_number_decode(const ql_packet_numbers *numbers, uint32_t truncated,
                                 uint8_t length);

/* Whether all numbers from `first` up to the largest were seen. */
bool ql_packet_numbers_complete(const ql_packet_numbers *numbers, uint64_t first);

/* Enters a number. False when it was there already: the same packet was captured twice. */
bool ql_packet_numbers_add(ql_packet_numbers *numbers, uint64_t number);

#endif
