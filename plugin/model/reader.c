/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reader.h"

#include <string.h>

ql_reader ql_reader_of(ql_slice bytes)
{
    /* Arithmetic on a null pointer is undefined, so an absent slice reads from a byte of ours. */
    static const uint8_t nothing;
    const uint8_t *data = bytes.length > 0 ? bytes.data : &nothing;

    return (ql_reader){ .at = data, .end = data + bytes.length, .bad = false };
}

size_t ql_reader_left(const ql_reader *reader)
{
    return reader->bad ? 0 : (size_t)(reader->end - reader->at);
}

static bool has(ql_reader *reader, uint64_t length)
{
    if (reader->bad || length > (uint64_t)(reader->end - reader->at)) {
        reader->bad = true;
        return false;
    }
    return true;
}

static uint64_t read_integer(ql_reader *reader, unsigned length)
{
    if (!has(reader, length))
        return 0;
    uint64_t value = 0;
    for (unsigned i = 0; i < length; i++)
        value = value << 8 | reader->at[i];
    reader->at += length;
    return value;
}

uint8_t ql_read_u8(ql_reader *reader)
{
    return (uint8_t)read_integer(reader, 1);
}

uint16_t ql_read_u16(ql_reader *reader)
{
    return (uint16_t)read_integer(reader, 2);
}

uint32_t ql_read_u24(ql_reader *reader)
{
    return (uint32_t)read_integer(reader, 3);
}

uint32_t ql_read_u32(ql_reader *reader)
{
    return (uint32_t)read_integer(reader, 4);
}

uint64_t ql_read_varint(ql_reader *reader)
{
    if (!has(reader, 1))
        return 0;
    unsigned length = 1u << (*reader->at >> 6);
    uint64_t two_length_bits = UINT64_C(3) << (8 * length - 2);
    return read_integer(reader, length) & ~two_length_bits;
}

ql_slice ql_read_slice(ql_reader *reader, uint64_t length)
{
    if (!has(reader, length))
        return (ql_slice){ 0 };
    ql_slice slice = { .data = reader->at, .length = (size_t)length };
    reader->at += length;
    return slice;
}

void ql_read_bytes(ql_reader *reader, uint8_t *out, size_t length)
{
    ql_slice bytes = ql_read_slice(reader, length);

    if (bytes.length > 0)
        memcpy(out, bytes.data, length);
    else
        memset(out, 0, length);
}

ql_slice ql_read_slice8(ql_reader *reader)
{
    return ql_read_slice(reader, ql_read_u8(reader));
}

ql_slice ql_read_slice16(ql_reader *reader)
{
    return ql_read_slice(reader, ql_read_u16(reader));
}

ql_slice ql_read_slice_varint(ql_reader *reader)
{
    return ql_read_slice(reader, ql_read_varint(reader));
}

ql_slice ql_read_rest(ql_reader *reader)
{
    return ql_read_slice(reader, ql_reader_left(reader));
}
