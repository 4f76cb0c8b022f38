/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_websocket.h"

#include "websocket_frames.h"

struct ql_origin_websocket {
    ql_websocket_reader *reader;
    bool closed;
};

ql_origin_websocket *ql_origin_websocket_new(void)
{
    ql_origin_websocket *socket = g_new0(ql_origin_websocket, 1);
    socket->reader = ql_websocket_reader_new(QL_WEBSOCKET_CLIENT, QL_ORIGIN_WEBSOCKET_FRAME_BYTES);
    return socket;
}

void ql_origin_websocket_free(ql_origin_websocket *socket)
{
    if (socket == NULL)
        return;
    ql_websocket_reader_free(socket->reader);
    g_free(socket);
}

static void append_frame(GByteArray *answer, ql_websocket_opcode opcode, bool final,
                         const uint8_t *data, size_t length)
{
    ql_websocket_frame_append(answer, QL_WEBSOCKET_SERVER, opcode, final, data, length);
}

static void close_with(ql_origin_websocket *socket, unsigned code, GByteArray *answer)
{
    const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };
    append_frame(answer, QL_WEBSOCKET_CLOSE, true, payload,
                 code == QL_WEBSOCKET_NO_CODE ? 0 : sizeof payload);
    socket->closed = true;
}

static void answer_frame(ql_origin_websocket *socket, const ql_websocket_frame *frame,
                         GByteArray *answer)
{
    switch (frame->opcode) {
    case QL_WEBSOCKET_PONG: return;
    case QL_WEBSOCKET_PING:
        append_frame(answer, QL_WEBSOCKET_PONG, true, frame->data, frame->length);
        return;
    case QL_WEBSOCKET_CLOSE:
        close_with(socket, ql_websocket_frame_close_code(frame), answer);
        return;
    case QL_WEBSOCKET_CONTINUATION:
    case QL_WEBSOCKET_TEXT:
    case QL_WEBSOCKET_BINARY:
        append_frame(answer, frame->opcode, frame->final, frame->data, frame->length);
    }
}

void ql_origin_websocket_receive(ql_origin_websocket *socket, const uint8_t *data, size_t length,
                                 GByteArray *answer)
{
    ql_websocket_frame frame;
    ql_websocket_breach breach;
    if (socket->closed)
        return;
    ql_websocket_reader_add(socket->reader, data, length);
    while (!socket->closed && ql_websocket_reader_next(socket->reader, &frame, &breach))
        answer_frame(socket, &frame, answer);
    if (!socket->closed && breach.rule != NULL)
        close_with(socket, breach.code, answer);
}

bool ql_origin_websocket_is_closed(const ql_origin_websocket *socket)
{
    return socket->closed;
}
