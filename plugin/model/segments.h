/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a packet with a short header may end. Most often with its datagram. But a capture on the
 * sending host shows what goes to the network card, and with segmentation offload (GSO, GRO) that
 * is many datagrams in one: all of one size but for the last. The size stands nowhere; the packet
 * that opens tells it. */
#ifndef QL_SEGMENTS_H
#define QL_SEGMENTS_H

#include "model/datagram.h"

/* Gives one proposal for the packet's length after the other. */
typedef struct ql_segments {
    size_t offset,
        length; /* of the packet in its datagram; bytes from there to the datagram's end */
    size_t remembered;
    bool certain;
    unsigned step;
    size_t size; /* of the segments, as last proposed; 0: the whole */
    unsigned *budget;
} ql_segments;

/* `remembered` is the size that was right last time, 0 when there was none; with `certain` it was
 * so in this very datagram: then it comes first, and but for the whole there is no other. Each
 * proposal beyond these two costs one of the budget. */
void ql_segments_init(ql_segments *segments, size_t remembered, bool certain, size_t offset,
                      size_t length, unsigned *budget);

/* The next proposal, at most `length`; 0 when there are no more. None comes twice. */
size_t ql_segments_next(ql_segments *segments);

/* The segment size behind the last proposal; 0 when that was the whole rest. */
size_t ql_segments_size(const ql_segments *segments);

/* The size of the datagram that was sent, as far as headers tell that it is one: a short header, or
 * long headers of one packet of each type (RFC 9000, 12.2). 0 when it may be several. */
size_t ql_segments_datagram_size(const ql_datagram *captured);

/* The size of the segment around this offset of a super-datagram. */
size_t ql_segments_around(size_t segment, size_t offset, size_t length);

#endif
