/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only way in which bytes of the wire are read: a cursor that cannot overrun and that fails
 * once.
 *
 * Read everything that a structure needs, then look at `bad` once. After a failure each read gives
 * zero (or an empty slice) and moves nothing. */
#ifndef QL_READER_H
#define QL_READER_H

#include <stdbool.h>

#include "model/slice.h"

typedef struct ql_reader {
    const uint8_t *at, *end;
    bool bad;
} ql_reader;

ql_reader ql_reader_of(ql_slice bytes);

size_t ql_reader_left(const ql_reader *reader);

uint8_t ql_read_u8(ql_reader *reader);
uint16_t ql_read_u16(ql_reader *reader); /* this and those below: network byte order */
uint32_t ql_read_u24(ql_reader *reader);
uint32_t ql_read_u32(ql_reader *reader);
uint64_t ql_read_varint(ql_reader *reader); /* RFC 9000, 16 */

/* `length` bytes, borrowed from what the reader reads. */
ql_slice ql_read_slice(ql_reader *reader, uint64_t length);

/* `length` bytes into `out`; zeros when there are not so many. */
void ql_read_bytes(ql_reader *reader, uint8_t *out, size_t length);

/* A length of 1, 2 bytes or a varint, then that many bytes. */
ql_slice ql_read_slice8(ql_reader *reader);
ql_slice ql_read_slice16(ql_reader *reader);
ql_slice ql_read_slice_varint(ql_reader *reader);

/* All that is left. */
ql_slice ql_read_rest(ql_reader *reader);

#endif
