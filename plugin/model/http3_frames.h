/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 frames out of the bytes of a stream, however they are cut (RFC 9114, 7.1). */
#ifndef QL_HTTP3_FRAMES_H
#define QL_HTTP3_FRAMES_H

#include <glib.h>

#include "model/reader.h"

enum ql_http3_frame_type {
    QL_HTTP3_DATA = 0x00,
    QL_HTTP3_HEADERS = 0x01,
    QL_HTTP3_CANCEL_PUSH = 0x03,
    QL_HTTP3_SETTINGS = 0x04,
    QL_HTTP3_PUSH_PROMISE = 0x05,
    QL_HTTP3_GOAWAY = 0x07,
    QL_HTTP3_ORIGIN = 0x0c, /* RFC 9412 */
    QL_HTTP3_MAX_PUSH_ID = 0x0d,
    QL_HTTP3_WEBTRANSPORT_STREAM = 0x41,        /* no frame: the rest of the stream */
    QL_HTTP3_PRIORITY_UPDATE_REQUEST = 0xf0700, /* RFC 9218, 7.2 */
    QL_HTTP3_PRIORITY_UPDATE_PUSH = 0xf0701,
};

/* "HEADERS"; "reserved" for types that mean nothing on purpose (RFC 9114, 7.2.8); "unknown". */
const char *ql_http3_frame_type_name(uint64_t type);

/* Types of HTTP/2 that must not be sent (RFC 9114, 7.2.8 and 11.2.1). */
bool ql_http3_frame_type_is_forbidden(uint64_t type);

/* Frames whose payload is wanted whole are gathered up to these sizes; longer ones are passed over.
 */
#define QL_HTTP3_SECTION_MAX (1u << 20) /* HEADERS and PUSH_PROMISE */
#define QL_HTTP3_CONTROL_MAX (1u << 16) /* all others */

typedef enum ql_http3_item_kind {
    QL_HTTP3_MORE,     /* the bytes are used up */
    QL_HTTP3_BEGIN,    /* type and length of a frame are known */
    QL_HTTP3_CONTENT,  /* a part of the payload of a DATA frame */
    QL_HTTP3_WHOLE,    /* the payload of a frame of another known type */
    QL_HTTP3_TOO_LONG, /* instead of QL_HTTP3_WHOLE: over the cap; its payload is passed over */
} ql_http3_item_kind;

typedef struct ql_http3_item {
    ql_http3_item_kind kind;
    uint64_t type;   /* of the frame */
    uint64_t length; /* of its payload; of QL_HTTP3_BEGIN and QL_HTTP3_TOO_LONG only */
    ql_slice bytes;  /* of QL_HTTP3_CONTENT and QL_HTTP3_WHOLE; until the next call */
} ql_http3_item;

/* Made by _init, given up by _clear. */
typedef struct ql_http3_parser {
    uint64_t type, left; /* of the frame that is being read */
    GByteArray *gathered;
    uint8_t head[16];
    uint8_t head_length;
    uint8_t state;
} ql_http3_parser;

void ql_http3_parser_init(ql_http3_parser *parser);
void ql_http3_parser_clear(ql_http3_parser *parser);

/* Takes bytes from the front of *bytes and gives the next item. Call it until it gives
 * QL_HTTP3_MORE. */
ql_http3_item ql_http3_parser_next(ql_http3_parser *parser, ql_slice *bytes);

/* Whether the bytes so far end where a frame ends. */
bool ql_http3_parser_is_between_frames(const ql_http3_parser *parser);

/* Whether the head of a frame has begun but not ended, that is, the next byte does not begin one.
 */
bool ql_http3_parser_is_in_head(const ql_http3_parser *parser);

#endif
