/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of a WebSocket (RFC 6455, 5), of either end: what comes is taken apart and held
 * against the rules, what is sent is put together. It knows no network. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ql_websocket_end { QL_WEBSOCKET_CLIENT, QL_WEBSOCKET_SERVER } ql_websocket_end;

/* RFC 6455, 11.8; the others are reserved. */
typedef enum ql_websocket_opcode {
    QL_WEBSOCKET_CONTINUATION = 0,
    QL_WEBSOCKET_TEXT = 1,
    QL_WEBSOCKET_BINARY = 2,
    QL_WEBSOCKET_CLOSE = 8,
    QL_WEBSOCKET_PING = 9,
    QL_WEBSOCKET_PONG = 10,
} ql_websocket_opcode;

/* Codes of a close (RFC 6455, 7.4.1). */
enum {
    QL_WEBSOCKET_NORMAL = 1000,
    QL_WEBSOCKET_PROTOCOL_ERROR = 1002,
    QL_WEBSOCKET_NO_CODE = 1005, /* what stands for a close without a code; it is never sent */
    QL_WEBSOCKET_TOO_BIG = 1009,
};

typedef struct ql_websocket_frame {
    ql_websocket_opcode opcode;
    bool final;
    const uint8_t *data; /* without a mask */
    size_t length;
} ql_websocket_frame;

/* Appends a frame to out; what a client sends is masked (5.3). */
void ql_websocket_frame_append(GByteArray *out, ql_websocket_end sender, ql_websocket_opcode opcode,
                               bool final, const uint8_t *data, size_t length);

/* The code of a close; QL_WEBSOCKET_NO_CODE if it has none. */
unsigned ql_websocket_frame_close_code(const ql_websocket_frame *frame);

/* A rule that the other end broke: the code to close with, and a part of a sentence. */
typedef struct ql_websocket_breach {
    unsigned code;
    const char *rule; /* ends with its source */
} ql_websocket_breach;

/* Frames that the other end sends, in whatever pieces their bytes come. */
typedef struct ql_websocket_reader ql_websocket_reader;

/* sender is the other end; most, what a frame of its may carry, in bytes. */
ql_websocket_reader *ql_websocket_reader_new(ql_websocket_end sender, size_t most);
void ql_websocket_reader_free(ql_websocket_reader *reader); /* NULL is a no-op */

/* The next bytes that came; data of earlier frames is not valid any more. */
void ql_websocket_reader_add(ql_websocket_reader *reader, const uint8_t *data, size_t length);

/* The next frame that came whole; its data is valid until more bytes come. False: there is none
 * yet; or, with breach->rule, there will be none. */
bool ql_websocket_reader_next(ql_websocket_reader *reader, ql_websocket_frame *frame,
                              ql_websocket_breach *breach);
