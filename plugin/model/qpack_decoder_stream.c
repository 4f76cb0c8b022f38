/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/qpack_decoder_stream.h"

static const char *end_instruction(ql_qpack_decoder_stream *s)
{
    s->inside = false;
    if (!s->increment || s->value != 0)
        return NULL;
    s->bad = true;
    return "an Insert Count Increment of 0";
}

static const char *begin_instruction(ql_qpack_decoder_stream *s, uint8_t byte)
{
    /* 1: Section Acknowledgment, 01: Stream Cancellation, 00: Insert Count Increment. */
    uint8_t mask = byte & 0x80 ? 0x7f : 0x3f;
    s->increment = (byte & 0xc0) == 0;
    s->value = byte & mask;
    s->shift = 0;
    s->inside = true;
    return s->value < mask ? end_instruction(s) : NULL;
}

static const char *go_on(ql_qpack_decoder_stream *s, uint8_t byte)
{
    if (s->shift > 56) {
        s->bad = true;
        return "an integer of more than 62 bits";
    }
    s->value += (uint64_t)(byte & 0x7f) << s->shift;
    s->shift = (uint8_t)(s->shift + 7);
    return byte & 0x80 ? NULL : end_instruction(s);
}

const char *ql_qpack_decoder_stream_read(ql_qpack_decoder_stream *s, ql_slice bytes)
{
    const char *fault = NULL;
    for (size_t i = 0; i < bytes.length && !s->bad; i++)
        fault = s->inside ? go_on(s, bytes.data[i]) : begin_instruction(s, bytes.data[i]);
    return s->bad ? fault : NULL;
}
