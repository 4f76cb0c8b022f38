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
    uint64_t smallest, largest; /* of those */
    bool any_acked;   /* the receiver acknowledged some */
    uint64_t acked;   /* the largest that it did, captured or not */
    GArray *runs;     /* private; NULL until needed */
} ql_packet_numbers;

void ql_packet_numbers_clear(ql_packet_numbers *numbers); /* a zeroed one is ready for use */

/* RFC 9000, A.3: the full number that is nearest to the one that comes next. `length` is 1 to 4
 * bytes. */
uint64_t ql_packet_number_decode(const ql_packet_numbers *numbers, uint32_t truncated,
                                 uint8_t length);

/* The full numbers that it may be, into `out`, the likeliest first: counted from the largest that
 * was opened, and from the largest that was acknowledged, where that is another one. Gives how
 * many. */
unsigned ql_packet_number_guess(const ql_packet_numbers *numbers, uint32_t truncated,
                                uint8_t length, uint64_t out[2]);

/* The receiver acknowledges this number. True when nothing told before where the numbers stand. */
bool ql_packet_numbers_ack(ql_packet_numbers *numbers, uint64_t number);

/* Whether all numbers from `first` up to the largest were seen. */
bool ql_packet_numbers_complete(const ql_packet_numbers *numbers, uint64_t first);

/* Enters a number. False when it was there already: the same packet was captured twice. */
bool ql_packet_numbers_add(ql_packet_numbers *numbers, uint64_t number);

#endif
