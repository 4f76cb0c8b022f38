/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "websocket.h"

#include "websocket_frames.h"

#include <string.h>

G_DEFINE_QUARK(ql_websocket_error, ql_websocket_error)

struct ql_websocket {
    GByteArray *line; /* that is being sent, and has not come whole */
    ql_websocket_reader *reader;
    GByteArray *message; /* the fragments of one that is not whole */
    bool sent_close, was_closed;
    unsigned close_code;
};

ql_websocket *ql_websocket_new(void)
{
    ql_websocket *socket = g_new0(ql_websocket, 1);
    socket->line = g_byte_array_new();
    socket->reader = ql_websocket_reader_new(QL_WEBSOCKET_SERVER, QL_WEBSOCKET_MESSAGE_BYTES);
    socket->message = g_byte_array_new();
    socket->close_code = QL_WEBSOCKET_NO_CODE;
    return socket;
}

void ql_websocket_free(ql_websocket *socket)
{
    if (socket == NULL)
        return;
    g_byte_array_unref(socket->line);
    ql_websocket_reader_free(socket->reader);
    g_byte_array_unref(socket->message);
    g_free(socket);
}

static void append_frame(GByteArray *frames, ql_websocket_opcode opcode, bool final,
                         const uint8_t *data, size_t length)
{
    ql_websocket_frame_append(frames, QL_WEBSOCKET_CLIENT, opcode, final, data, length);
}

static void append_close(ql_websocket *socket, unsigned code, GByteArray *frames)
{
    const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };
    if (socket->sent_close)
        return;
    append_frame(frames, QL_WEBSOCKET_CLOSE, true, payload,
                 code == QL_WEBSOCKET_NO_CODE ? 0 : sizeof payload);
    socket->sent_close = true;
}

static void append_message(const uint8_t *text, size_t length, GByteArray *frames)
{
    bool is_text = g_utf8_validate((const char *)text, (gssize)length, NULL);
    ql_websocket_opcode opcode = is_text ? QL_WEBSOCKET_TEXT : QL_WEBSOCKET_BINARY;
    do {
        size_t now = MIN(length, QL_WEBSOCKET_FRAME_BYTES);
        append_frame(frames, opcode, now == length, text, now);
        text += now;
        length -= now;
        opcode = QL_WEBSOCKET_CONTINUATION;
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
        append_close(socket, QL_WEBSOCKET_NORMAL, frames);
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

static bool take_message(ql_websocket *socket, const ql_websocket_frame *frame, GString *lines,
                         GError **error)
{
    if (frame->length > QL_WEBSOCKET_MESSAGE_BYTES - socket->message->len)
        return fail(error, "a message is larger than 16 MB");
    g_byte_array_append(socket->message, frame->data, (guint)frame->length);
    if (!frame->final)
        return true;
    g_string_append_len(lines, (const char *)socket->message->data, socket->message->len);
    g_string_append_c(lines, '\n');
    g_byte_array_set_size(socket->message, 0);
    return true;
}

static bool take_frame(ql_websocket *socket, const ql_websocket_frame *frame, GString *lines,
                       GByteArray *frames, GError **error)
{
    switch (frame->opcode) {
    case QL_WEBSOCKET_PONG: break;
    case QL_WEBSOCKET_CLOSE:
        socket->was_closed = true;
        socket->close_code = ql_websocket_frame_close_code(frame);
        append_close(socket, socket->close_code, frames);
        break;
    case QL_WEBSOCKET_PING:
        if (!socket->sent_close)
            append_frame(frames, QL_WEBSOCKET_PONG, true, frame->data, frame->length);
        break;
    case QL_WEBSOCKET_CONTINUATION:
    case QL_WEBSOCKET_TEXT:
    case QL_WEBSOCKET_BINARY: return take_message(socket, frame, lines, error);
    }
    return true;
}

/* After a close nothing counts any more (5.5.1). */
bool ql_websocket_receive(ql_websocket *socket, const uint8_t *data, size_t length, GString *lines,
                          GByteArray *frames, GError **error)
{
    ql_websocket_frame frame;
    ql_websocket_breach breach;
    if (socket->was_closed)
        return true;
    ql_websocket_reader_add(socket->reader, data, length);
    while (!socket->was_closed) {
        if (!ql_websocket_reader_next(socket->reader, &frame, &breach))
            return breach.rule == NULL || fail(error, breach.rule);
        if (!take_frame(socket, &frame, lines, frames, error))
            return false;
    }
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
    return socket->close_code == QL_WEBSOCKET_NORMAL || socket->close_code == QL_WEBSOCKET_NO_CODE
               ? NULL
               : g_strdup_printf("the server closed the WebSocket with code %u (RFC 6455, 7.4)",
                                 socket->close_code);
}
