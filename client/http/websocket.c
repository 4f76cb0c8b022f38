/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "websocket.h"

#include <openssl/rand.h>
#include <string.h>

#define FINAL_BIT     0x80u
#define RESERVED_BITS 0x70u
#define MASK_BIT      0x80u
#define MASK_BYTES    4u
#define CONTROL_BYTES 125u /* RFC 6455, 5.5 */

enum {
    OPCODE_CONTINUATION = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
};

/* RFC 6455, 7.4.1 */
enum { CLOSE_NORMAL = 1000, CLOSE_NO_CODE = 1005 };

G_DEFINE_QUARK(ql - websocket - error, ql_websocket_error)

struct ql_websocket {
    GByteArray *line;    /* that is being sent, and has not come whole */
    GByteArray *input;   /* of a frame that has not come whole */
    GByteArray *message; /* the fragments of one that is not whole */
    bool in_message;     /* a fragment has come, and not the last */
    bool sent_close, was_closed;
    unsigned close_code;
};

/* A frame at the start of the input. */
typedef struct frame {
    unsigned opcode;
    bool final;
    size_t header;
    uint64_t length;
} frame;

ql_websocket *ql_websocket_new(void)
{
    ql_websocket *socket = g_new0(ql_websocket, 1);
    socket->line = g_byte_array_new();
    socket->input = g_byte_array_new();
    socket->message = g_byte_array_new();
    socket->close_code = CLOSE_NO_CODE;
    return socket;
}

void ql_websocket_free(ql_websocket *socket)
{
    if (socket == NULL)
        return;
    g_byte_array_unref(socket->line);
    g_byte_array_unref(socket->input);
    g_byte_array_unref(socket->message);
    g_free(socket);
}

/* What a client sends is masked (5.3). */
static void append_frame(GByteArray *frames, unsigned first, const uint8_t *data, size_t length)
{
    uint8_t header[14] = { (uint8_t)first };
    guint size = 2;
    size_t extra = length < 126 ? 0 : length <= UINT16_MAX ? 2 : 8;
    header[1] = (uint8_t)(MASK_BIT | (extra == 0 ? length : extra == 2 ? 126 : 127));
    for (size_t i = extra; i > 0; i--)
        header[size++] = (uint8_t)((uint64_t)length >> (8 * (i - 1)));
    uint8_t *mask = header + size;
    if (RAND_bytes(mask, MASK_BYTES) != 1)
        g_error("no random numbers can be had");
    g_byte_array_append(frames, header, size + MASK_BYTES);
    guint at = frames->len;
    g_byte_array_append(frames, data, (guint)length);
    for (size_t i = 0; i < length; i++)
        frames->data[at + i] ^= mask[i % MASK_BYTES];
}

static void append_close(ql_websocket *socket, unsigned code, GByteArray *frames)
{
    const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };
    if (socket->sent_close)
        return;
    append_frame(frames, FINAL_BIT | OPCODE_CLOSE, payload,
                 code == CLOSE_NO_CODE ? 0 : sizeof payload);
    socket->sent_close = true;
}

static void append_message(const uint8_t *text, size_t length, GByteArray *frames)
{
    unsigned opcode =
        g_utf8_validate((const char *)text, (gssize)length, NULL) ? OPCODE_TEXT : OPCODE_BINARY;
    do {
        size_t now = MIN(length, QL_WEBSOCKET_FRAME_BYTES);
        append_frame(frames, opcode | (now == length ? FINAL_BIT : 0), text, now);
        text += now;
        length -= now;
        opcode = OPCODE_CONTINUATION;
    } while (length > 0);
}

static void send_line(ql_websocket *socket, GByteArray *frames)
{
    guint length = socket->line->len;
    if (length > 0 && socket->line->data[length - 1] == '\r')
        length--;
    append_message(length > 0 ? socket->line->data : (const uint8_t *)"", length, frames);
    g_byte_array_set_size(socket->line, 0);
}

void ql_websocket_send(ql_websocket *socket, const uint8_t *text, size_t length, GByteArray *frames)
{
    if (socket->sent_close)
        return;
    if (length == 0) {
        if (socket->line->len > 0)
            send_line(socket, frames);
        append_close(socket, CLOSE_NORMAL, frames);
    }
    while (length > 0) {
        const uint8_t *end = memchr(text, '\n', length);
        size_t now = end == NULL ? length : (size_t)(end - text);
        g_byte_array_append(socket->line, text, (guint)now);
        if (end == NULL)
            return;
        send_line(socket, frames);
        text = end + 1;
        length -= now + 1;
    }
}

static bool fail(GError **error, const char *rule)
{
    g_set_error(error, QL_WEBSOCKET_ERROR, 0, "the server broke a rule of WebSockets: %s", rule);
    return false;
}

/* Returns whether the header has come whole. */
static bool read_header(const GByteArray *input, frame *f)
{
    if (input->len < 2)
        return false;
    size_t short_length = input->data[1] & 0x7fu;
    size_t extra = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
    *f = (frame){ .opcode = input->data[0] & 0x0fu,
                  .final = (input->data[0] & FINAL_BIT) != 0,
                  .header = 2 + extra,
                  .length = extra == 0 ? short_length : 0 };
    if (input->len < f->header)
        return false;
    for (size_t i = 0; i < extra; i++)
        f->length = f->length << 8 | input->data[2 + i];
    return true;
}

static bool check_header(const ql_websocket *socket, const frame *f, GError **error)
{
    if ((socket->input->data[0] & RESERVED_BITS) != 0)
        return fail(error, "a reserved bit is set (RFC 6455, 5.2)");
    if ((socket->input->data[1] & MASK_BIT) != 0)
        return fail(error, "a frame is masked (RFC 6455, 5.1)");
    if (f->opcode >= OPCODE_CLOSE && (!f->final || f->length > CONTROL_BYTES))
        return fail(error,
                    "a control frame is fragmented or longer than 125 bytes (RFC 6455, 5.5)");
    if (f->opcode > OPCODE_PONG || (f->opcode > OPCODE_BINARY && f->opcode < OPCODE_CLOSE))
        return fail(error, "an opcode is not known (RFC 6455, 5.2)");
    if (f->opcode < OPCODE_CLOSE && (f->opcode == OPCODE_CONTINUATION) != socket->in_message)
        return fail(error, "fragments of a message are out of order (RFC 6455, 5.4)");
    if (f->opcode < OPCODE_CLOSE && f->length > QL_WEBSOCKET_MESSAGE_BYTES - socket->message->len)
        return fail(error, "a message is larger than 16 MB");
    return true;
}

static void take_close(ql_websocket *socket, const uint8_t *data, size_t length, GByteArray *frames)
{
    socket->was_closed = true;
    if (length >= 2)
        socket->close_code = (unsigned)data[0] << 8 | data[1];
    append_close(socket, socket->close_code, frames);
}

static void take_frame(ql_websocket *socket, const frame *f, GString *lines, GByteArray *frames)
{
    const uint8_t *data = socket->input->data + f->header;
    size_t length = (size_t)f->length;
    switch (f->opcode) {
    case OPCODE_PONG: return;
    case OPCODE_CLOSE: take_close(socket, data, length, frames); return;
    case OPCODE_PING:
        if (!socket->sent_close)
            append_frame(frames, FINAL_BIT | OPCODE_PONG, data, length);
        return;
    default: break;
    }
    g_byte_array_append(socket->message, data, (guint)length);
    socket->in_message = !f->final;
    if (!f->final)
        return;
    g_string_append_len(lines, (const char *)socket->message->data, socket->message->len);
    g_string_append_c(lines, '\n');
    g_byte_array_set_size(socket->message, 0);
}

bool ql_websocket_receive(ql_websocket *socket, const uint8_t *data, size_t length, GString *lines,
                          GByteArray *frames, GError **error)
{
    frame f;
    g_byte_array_append(socket->input, data, (guint)length);
    while (!socket->was_closed && read_header(socket->input, &f)) {
        if (!check_header(socket, &f, error))
            return false;
        if (socket->input->len - f.header < f.length)
            return true;
        take_frame(socket, &f, lines, frames);
        g_byte_array_remove_range(socket->input, 0, (guint)(f.header + f.length));
    }
    if (socket->was_closed) /* nothing counts any more (5.5.1) */
        g_byte_array_set_size(socket->input, 0);
    return true;
}

bool ql_websocket_was_closed(const ql_websocket *socket)
{
    return socket->was_closed;
}

unsigned ql_websocket_close_code(const ql_websocket *socket)
{
    return socket->close_code;
}

char *ql_websocket_failure(const ql_websocket *socket)
{
    if (!socket->was_closed)
        return g_strdup("the server ended the WebSocket without a close (RFC 6455, 7.1.1)");
    return socket->close_code == CLOSE_NORMAL || socket->close_code == CLOSE_NO_CODE
               ? NULL
               : g_strdup_printf("the server closed the WebSocket with code %u (RFC 6455, 7.4)",
                                 socket->close_code);
}
