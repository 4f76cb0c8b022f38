/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 on the wire, made in tests: varints, frames, field sections without a dynamic table. All
 * append to a GByteArray. */
#pragma once

#include <glib.h>
#include <string.h>

#include "model/slice.h"

static inline ql_slice wire_slice(const GByteArray *wire)
{
    return (ql_slice){ wire->data, wire->len };
}

static inline void put_byte(GByteArray *wire, unsigned byte)
{
    uint8_t value = (uint8_t)byte;
    g_byte_array_append(wire, &value, 1);
}

static inline void put_bytes(GByteArray *wire, const void *data, size_t length)
{
    g_byte_array_append(wire, data, (guint)length);
}

static inline void put_varint(GByteArray *wire, uint64_t value)
{
    unsigned log = value < 1u << 6 ? 0 : value < 1u << 14 ? 1 : value < 1u << 30 ? 2 : 3;
    for (int i = (1 << log) - 1; i >= 0; i--) {
        unsigned byte = (unsigned)(value >> (8 * i)) & 0xff;
        put_byte(wire, i == (1 << log) - 1 ? byte | log << 6 : byte);
    }
}

/* RFC 7541, 5.1. */
static inline void put_prefixed(GByteArray *wire, unsigned pattern, unsigned bits, uint64_t value)
{
    uint64_t max = (1u << bits) - 1;
    if (value < max) {
        put_byte(wire, pattern | (unsigned)value);
        return;
    }
    put_byte(wire, pattern | (unsigned)max);
    for (value -= max; value >= 0x80; value >>= 7)
        put_byte(wire, 0x80 | (unsigned)(value & 0x7f));
    put_byte(wire, (unsigned)value);
}

/* RFC 9204, 4.5.6: a literal field line with a literal name. */
static inline void put_line(GByteArray *section, const char *name, const char *value)
{
    put_prefixed(section, 0x20, 3, strlen(name));
    put_bytes(section, name, strlen(name));
    put_prefixed(section, 0x00, 7, strlen(value));
    put_bytes(section, value, strlen(value));
}

/* Pairs of name and value, ended by NULL. */
static inline GByteArray *section_of(const char *const *pairs)
{
    GByteArray *section = g_byte_array_new();
    put_byte(section, 0);
    put_byte(section, 0);
    for (; pairs[0] != NULL; pairs += 2)
        put_line(section, pairs[0], pairs[1]);
    return section;
}

static inline void put_frame(GByteArray *wire, uint64_t type, const void *payload, size_t length)
{
    put_varint(wire, type);
    put_varint(wire, length);
    if (length > 0)
        put_bytes(wire, payload, length);
}

static inline void put_data(GByteArray *wire, const char *content)
{
    put_frame(wire, 0x00, content, strlen(content));
}

static inline void put_headers(GByteArray *wire, const char *const *pairs)
{
    g_autoptr(GByteArray) section = section_of(pairs);
    put_frame(wire, 0x01, section->data, section->len);
}

#define HEADERS(wire, ...) put_headers(wire, (const char *const[]){ __VA_ARGS__, NULL, NULL })

#define GET(wire, path)                                                                            \
    HEADERS(wire, ":method", "GET", ":scheme", "https", ":authority", "host", ":path", path)
