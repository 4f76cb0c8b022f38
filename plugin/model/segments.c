/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/segments.h"

#include "model/packet_header.h"

/* Sizes that stacks send, most of them first tried; then each one between the least that QUIC needs
 * (RFC 9000, 14) and what an Ethernet frame holds. */
static const uint16_t usual[] = { 1200, 1252, 1350, 1280, 1357, 1392, 1406, 1412, 1420, 1424,
                                  1428, 1432, 1440, 1444, 1448, 1450, 1452, 1460, 1472, 1500 };
#define USUAL_COUNT (sizeof usual / sizeof usual[0])
#define LEAST       1200u
#define LARGEST     1500u

void ql_segments_init(ql_segments *segments, size_t remembered, bool certain, size_t offset,
                      size_t length, unsigned *budget)
{
    *segments = (ql_segments){ .offset = offset,
                               .length = length,
                               .remembered = remembered,
                               .certain = certain && remembered > 0,
                               .budget = budget };
}

/* How far it is from the packet to the next boundary of segments of this size; 0: not within the
 * datagram. */
static size_t to_boundary(const ql_segments *segments, size_t size)
{
    size_t left = size - segments->offset % size;
    return left < segments->length ? left : 0;
}

/* The size of step 0, 1, ... ; 0 means the whole rest. */
static bool size_of_step(const ql_segments *segments, unsigned step, size_t *size)
{
    if (step < 2) { /* the whole, and what is remembered, in the order of likelihood */
        *size = (step == 0) == segments->certain ? segments->remembered : 0;
        return true;
    }
    step -= 2;
    if (segments->certain)
        return false;
    if (step < USUAL_COUNT)
        *size = usual[step];
    else if (step - USUAL_COUNT <= LARGEST - LEAST)
        *size = LEAST + (step - USUAL_COUNT);
    else
        return false;
    return true;
}

static bool is_usual(size_t size)
{
    for (size_t i = 0; i < USUAL_COUNT; i++)
        if (usual[i] == size)
            return true;
    return false;
}

size_t ql_segments_next(ql_segments *segments)
{
    size_t size;
    while (size_of_step(segments, segments->step, &size)) {
        unsigned step = segments->step++;
        segments->size = size;
        if (size == 0 && (step == 0) != segments->certain)
            return segments->length;
        if (size == 0 || (step >= 2 && size == segments->remembered) ||
            (step >= 2 + USUAL_COUNT && is_usual(size)))
            continue;
        size_t length = to_boundary(segments, size);
        if (length == 0)
            continue;
        if (step >= 2) {
            if (*segments->budget == 0)
                return 0;
            --*segments->budget;
        }
        return length;
    }
    return 0;
}

size_t ql_segments_size(const ql_segments *segments)
{
    return segments->size;
}

static ql_slice behind_padding(ql_slice rest)
{
    while (rest.length > 0 && rest.data[0] == 0)
        rest = (ql_slice){ rest.data + 1, rest.length - 1 };
    return rest;
}

size_t ql_segments_datagram_size(const ql_datagram *captured)
{
    ql_slice rest = captured->payload;
    if (rest.length == 0 || !ql_packet_is_long(rest))
        return captured->wire_length;
    bool seen[QL_PACKET_TYPE_COUNT] = { false };
    while (rest.length > 0) {
        ql_packet_header header;
        if (!ql_packet_is_long(rest) || ql_packet_header_read_long(rest, &header) != QL_HEADER_OK ||
            seen[header.type])
            return 0;
        seen[header.type] = true;
        size_t used = header.packet.length;
        rest = behind_padding((ql_slice){ rest.data + used, rest.length - used });
    }
    return captured->wire_length;
}

size_t ql_segments_around(size_t segment, size_t offset, size_t length)
{
    size_t left = length - offset / segment * segment;
    return left < segment ? left : segment;
}
