/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "websocket_frames.h"

#include <openssl/rand.h>

#define FINAL_BIT     0x80u
#define RESERVED_BITS 0x70u
#define OPCODE_BITS   0x0fu
#define MASK_BIT      0x80u
#define MASK_BYTES    4u
#define HEADER_BYTES  14u  /* at most, mask included */
#define CONTROL_BYTES 125u /* RFC 6455, 5.5 */

struct ql_websocket_reader {
    ql_websocket_end sender;
    size_t most;
    GByteArray *input;
    size_t taken;    /* bytes of input that were handed out */
    bool in_message; /* a fragment has come, and not the last */
    bool broken;
};

/* At the start of what was not handed out. */
typedef struct header {
    unsigned first; /* final bit, reserved bits, opcode */
    bool masked;
    size_t size; /* bytes, mask included */
    uint64_t length;
} header;

static void apply_mask(uint8_t *data, size_t length, const uint8_t mask[MASK_BYTES])
{
    for (size_t i = 0; i < length; i++)
        data[i] ^= mask[i % MASK_BYTES];
}

void ql_websocket_frame_append(GByteArray *out, ql_websocket_end sender, ql_websocket_opcode opcode,
                               bool final, const uint8_t *data, size_t length)
{
    bool masks = sender == QL_WEBSOCKET_CLIENT;
    uint8_t bytes[HEADER_BYTES] = { (uint8_t)((final ? FINAL_BIT : 0) | (unsigned)opcode) };
    guint size = 2;
    size_t extra = length <= CONTROL_BYTES ? 0 : length <= UINT16_MAX ? 2 : 8;
    bytes[1] = (uint8_t)((masks ? MASK_BIT : 0) | (extra == 0 ? length : extra == 2 ? 126 : 127));
    for (size_t i = extra; i > 0; i--)
        bytes[size++] = (uint8_t)((uint64_t)length >> (8 * (i - 1)));
    uint8_t *mask = bytes + size;
    if (masks && RAND_bytes(mask, MASK_BYTES) != 1)
        g_error("no random numbers can be had");
    g_byte_array_append(out, bytes, masks ? size + MASK_BYTES : size);
    guint at = out->len;
    g_byte_array_append(out, data, (guint)length);
    if (masks)
        apply_mask(out->data + at, length, mask);
}

unsigned ql_websocket_frame_close_code(const ql_websocket_frame *frame)
{
    return frame->length >= 2 ? (unsigned)frame->data[0] << 8 | frame->data[1]
                              : QL_WEBSOCKET_NO_CODE;
}

ql_websocket_reader *ql_websocket_reader_new(ql_websocket_end sender, size_t most)
{
    ql_websocket_reader *reader = g_new0(ql_websocket_reader, 1);
    reader->sender = sender;
    reader->most = most;
    reader->input = g_byte_array_new();
    return reader;
}

void ql_websocket_reader_free(ql_websocket_reader *reader)
{
    if (reader == NULL)
        return;
    g_byte_array_unref(reader->input);
    g_free(reader);
}

void ql_websocket_reader_add(ql_websocket_reader *reader, const uint8_t *data, size_t length)
{
    g_byte_array_remove_range(reader->input, 0, (guint)reader->taken);
    reader->taken = 0;
    g_byte_array_append(reader->input, data, (guint)length);
}

/* Returns whether the header has come whole, but for the mask. */
static bool read_header(const ql_websocket_reader *reader, header *h)
{
    const uint8_t *input = reader->input->data + reader->taken;
    size_t left = reader->input->len - reader->taken;
    if (left < 2)
        return false;
    size_t short_length = input[1] & 0x7fu;
    size_t extra = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
    bool masked = (input[1] & MASK_BIT) != 0;
    *h = (header){ .first = input[0],
                   .masked = masked,
                   .size = 2 + extra + (masked ? MASK_BYTES : 0),
                   .length = extra == 0 ? short_length : 0 };
    if (left < 2 + extra)
        return false;
    for (size_t i = 0; i < extra; i++)
        h->length = h->length << 8 | input[2 + i];
    return true;
}

/* NULL: it breaks none. */
static const char *broken_rule(const ql_websocket_reader *reader, const header *h)
{
    unsigned opcode = h->first & OPCODE_BITS;
    bool control = opcode >= QL_WEBSOCKET_CLOSE;
    if ((h->first & RESERVED_BITS) != 0)
        return "a reserved bit is set (RFC 6455, 5.2)";
    if (h->masked != (reader->sender == QL_WEBSOCKET_CLIENT))
        return h->masked ? "a frame is masked (RFC 6455, 5.1)"
                         : "a frame is not masked (RFC 6455, 5.1)";
    if (control && ((h->first & FINAL_BIT) == 0 || h->length > CONTROL_BYTES))
        return "a control frame is fragmented or longer than 125 bytes (RFC 6455, 5.5)";
    if (opcode > QL_WEBSOCKET_PONG || (opcode > QL_WEBSOCKET_BINARY && !control))
        return "an opcode is not known (RFC 6455, 5.2)";
    if (!control && (opcode == QL_WEBSOCKET_CONTINUATION) != reader->in_message)
        return "fragments of a message are out of order (RFC 6455, 5.4)";
    return NULL;
}

static bool check(ql_websocket_reader *reader, const header *h, ql_websocket_breach *breach)
{
    *breach = (ql_websocket_breach){ QL_WEBSOCKET_PROTOCOL_ERROR, broken_rule(reader, h) };
    if (breach->rule == NULL && h->length > reader->most)
        *breach = (ql_websocket_breach){ QL_WEBSOCKET_TOO_BIG,
                                         "a frame is larger than can be taken (RFC 6455, 7.4.1)" };
    reader->broken = breach->rule != NULL;
    return !reader->broken;
}

bool ql_websocket_reader_next(ql_websocket_reader *reader, ql_websocket_frame *frame,
                              ql_websocket_breach *breach)
{
    header h;
    *breach = (ql_websocket_breach){ .rule = NULL };
    if (reader->broken || !read_header(reader, &h) || !check(reader, &h, breach) ||
        reader->input->len - reader->taken < h.size + h.length)
        return false;
    uint8_t *data = reader->input->data + reader->taken + h.size;
    if (h.masked)
        apply_mask(data, (size_t)h.length, data - MASK_BYTES);
    *frame = (ql_websocket_frame){ .opcode = (ql_websocket_opcode)(h.first & OPCODE_BITS),
                                   .final = (h.first & FINAL_BIT) != 0,
                                   .data = data,
                                   .length = (size_t)h.length };
    if (frame->opcode < QL_WEBSOCKET_CLOSE)
        reader->in_message = !frame->final;
    reader->taken += h.size + (size_t)h.length;
    return true;
}
