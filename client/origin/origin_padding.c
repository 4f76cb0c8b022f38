/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_padding.h"

#include <glib.h>
#include <stdbool.h>

typedef struct cursor {
    const uint8_t *at, *end;
    bool bad;
} cursor;

static void skip(cursor *c, uint64_t length)
{
    if (length > (uint64_t)(c->end - c->at))
        c->bad = true;
    else
        c->at += length;
}

/* RFC 9000, 16. */
static uint64_t read_varint(cursor *c)
{
    if (c->bad || c->at == c->end) {
        c->bad = true;
        return 0;
    }
    const uint8_t *from = c->at;
    size_t bytes = (size_t)1 << (*from >> 6);
    uint64_t value = *from & 0x3f;
    skip(c, bytes);
    for (size_t i = 1; !c->bad && i < bytes; i++)
        value = value << 8 | from[i];
    return value;
}

static void skip_varints(cursor *c, unsigned count)
{
    while (count-- > 0)
        read_varint(c);
}

static void skip_ack(cursor *c, bool ecn)
{
    skip_varints(c, 2);
    uint64_t ranges = read_varint(c);
    read_varint(c);
    for (; ranges > 0 && !c->bad; ranges--)
        skip_varints(c, 2);
    skip_varints(c, ecn ? 3 : 0);
}

static void skip_with_length(cursor *c, unsigned varints)
{
    skip_varints(c, varints);
    uint64_t length = read_varint(c);
    if (!c->bad)
        skip(c, length);
}

static void skip_new_connection_id(cursor *c)
{
    skip_varints(c, 2);
    uint8_t length = !c->bad && c->at < c->end ? *c->at : 0;
    skip(c, 1u + length + 16u);
}

/* Frames whose length is not said reach to the end of the packet. */
static void skip_stream(cursor *c, uint64_t type)
{
    skip_varints(c, (type & 0x04) != 0 ? 2 : 1);
    if ((type & 0x02) != 0)
        skip_with_length(c, 0);
    else
        c->at = c->end;
}

static void skip_frame(cursor *c)
{
    uint64_t type = read_varint(c);
    switch (type) {
    case 0x00:
    case 0x01:
    case 0x1e: return;
    case 0x02:
    case 0x03: skip_ack(c, type == 0x03); return;
    case 0x04: skip_varints(c, 3); return;
    case 0x05:
    case 0x11:
    case 0x15: skip_varints(c, 2); return;
    case 0x06: skip_with_length(c, 1); return;
    case 0x07:
    case 0x31: skip_with_length(c, 0); return;
    case 0x10:
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x17:
    case 0x19: read_varint(c); return;
    case 0x18: skip_new_connection_id(c); return;
    case 0x1a:
    case 0x1b: skip(c, 8); return;
    case 0x1c: skip_with_length(c, 2); return;
    case 0x1d: skip_with_length(c, 1); return;
    case 0x30: c->at = c->end; return;
    default:
        if (type >= 0x08 && type <= 0x0f)
            skip_stream(c, type);
        else
            c->bad = true;
    }
}

size_t ql_origin_padding_start(const uint8_t *payload, size_t length)
{
    cursor c = { .at = payload, .end = payload + length };
    size_t start = 0;
    while (!c.bad && c.at < c.end) {
        bool padding = *c.at == 0;
        skip_frame(&c);
        if (!padding)
            start = (size_t)(c.at - payload);
    }
    return c.bad ? length : start;
}
