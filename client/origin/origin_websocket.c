/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_websocket.h"

#define FINAL_BIT  0x80u
#define MASK_BIT   0x80u
#define MASK_BYTES 4u

enum { OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

/* RFC 6455, 7.4.1 */
enum { CLOSE_PROTOCOL_ERROR = 1002, CLOSE_TOO_BIG = 1009 };

struct ql_origin_websocket {
    GByteArray *input; /* of a frame that has not come whole */
    bool closed;
};

/* A frame at the start of the input. */
typedef struct frame {
    uint8_t first; /* final bit, reserved bits, opcode */
    size_t header; /* bytes, mask included */
    uint64_t length;
    bool masked;
} frame;

ql_origin_websocket *ql_origin_websocket_new(void)
{
    ql_origin_websocket *socket = g_new0(ql_origin_websocket, 1);
    socket->input = g_byte_array_new();
    return socket;
}

void ql_origin_websocket_free(ql_origin_websocket *socket)
{
    if (socket == NULL)
        return;
    g_byte_array_unref(socket->input);
    g_free(socket);
}

/* False: its header has not come whole. */
static bool read_header(const GByteArray *input, frame *f)
{
    if (input->len < 2)
        return false;
    uint8_t short_length = input->data[1] & 0x7f;
    size_t extra = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
    f->first = input->data[0];
    f->masked = (input->data[1] & MASK_BIT) != 0;
    f->header = 2 + extra + (f->masked ? MASK_BYTES : 0);
    f->length = extra == 0 ? short_length : 0;
    if (input->len < f->header)
        return false;
    for (size_t i = 0; i < extra; i++)
        f->length = f->length << 8 | input->data[2 + i];
    return true;
}

static void append_frame(GByteArray *answer, uint8_t first, const uint8_t *data, size_t length)
{
    uint8_t header[10] = { first };
    guint size = 2;
    if (length < 126) {
        header[1] = (uint8_t)length;
    } else if (length <= UINT16_MAX) {
        header[1] = 126;
        header[2] = (uint8_t)(length >> 8);
        header[3] = (uint8_t)length;
        size = 4;
    } else {
        header[1] = 127;
        for (size_t i = 0; i < 8; i++)
            header[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
        size = 10;
    }
    g_byte_array_append(answer, header, size);
    g_byte_array_append(answer, data, (guint)length);
}

static void close_with(ql_origin_websocket *socket, unsigned code, GByteArray *answer)
{
    const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };
    append_frame(answer, FINAL_BIT | OPCODE_CLOSE, payload, sizeof payload);
    socket->closed = true;
}

static void unmask(uint8_t *data, size_t length, const uint8_t mask[MASK_BYTES])
{
    for (size_t i = 0; i < length; i++)
        data[i] ^= mask[i % MASK_BYTES];
}

static void answer_frame(ql_origin_websocket *socket, const frame *f, GByteArray *answer)
{
    uint8_t *data = socket->input->data + f->header;
    size_t length = (size_t)f->length;
    unmask(data, length, data - MASK_BYTES);
    switch (f->first & 0x0f) {
    case OPCODE_PONG: return;
    case OPCODE_PING: append_frame(answer, FINAL_BIT | OPCODE_PONG, data, length); return;
    case OPCODE_CLOSE:
        append_frame(answer, FINAL_BIT | OPCODE_CLOSE, data, MIN(length, 2));
        socket->closed = true;
        return;
    default: append_frame(answer, f->first, data, length);
    }
}

void ql_origin_websocket_receive(ql_origin_websocket *socket, const uint8_t *data, size_t length,
                                 GByteArray *answer)
{
    frame f;
    if (socket->closed)
        return;
    g_byte_array_append(socket->input, data, (guint)length);
    while (!socket->closed && read_header(socket->input, &f)) {
        if (!f.masked) { /* RFC 6455, 5.1 */
            close_with(socket, CLOSE_PROTOCOL_ERROR, answer);
        } else if (f.length > QL_ORIGIN_WEBSOCKET_FRAME_BYTES) {
            close_with(socket, CLOSE_TOO_BIG, answer);
        } else if (socket->input->len < f.header + f.length) {
            return;
        } else {
            answer_frame(socket, &f, answer);
            g_byte_array_remove_range(socket->input, 0, (guint)(f.header + f.length));
        }
    }
}

bool ql_origin_websocket_is_closed(const ql_origin_websocket *socket)
{
    return socket->closed;
}
