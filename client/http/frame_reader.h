/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes apart what one direction of one stream of HTTP/3 carries (RFC 9114, 6.2 and 7.1), from its
 * bytes as they pass. It judges nothing: what is malformed is for HTTP/3 itself to say. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types of unidirectional streams (RFC 9114, 6.2; RFC 9204, 4.2). */
enum {
    QL_STREAM_CONTROL = 0x0,
    QL_STREAM_PUSH = 0x1,
    QL_STREAM_QPACK_ENCODER = 0x2,
    QL_STREAM_QPACK_DECODER = 0x3,
};

/* Types of frames (RFC 9114, 7.2; RFC 9218, 7.2). */
enum {
    QL_FRAME_DATA = 0x0,
    QL_FRAME_HEADERS = 0x1,
    QL_FRAME_CANCEL_PUSH = 0x3,
    QL_FRAME_SETTINGS = 0x4,
    QL_FRAME_PUSH_PROMISE = 0x5,
    QL_FRAME_GOAWAY = 0x7,
    QL_FRAME_MAX_PUSH_ID = 0xd,
    QL_FRAME_PRIORITY_UPDATE = 0xf0700,
    QL_FRAME_PRIORITY_UPDATE_PUSH = 0xf0701,
};

/* What it finds; user is that of ql_frame_reader_new. */
typedef struct ql_frame_reader_calls {
    /* What a unidirectional stream is; push_id is of a push stream, else 0. */
    void (*on_stream_type)(uint64_t type, uint64_t push_id, void *user);

    /* A frame. Of those that rule a connection (SETTINGS and the like), up to 4096 bytes, the
     * payload is there, and the call comes behind it; of all others it is NULL, and the call comes
     * as soon as the head is read. */
    void (*on_frame)(uint64_t type, uint64_t length, const GByteArray *payload, void *user);

    /* So many bytes of a stream that is not made of frames; NULL: not of interest. */
    void (*on_opaque)(size_t length, void *user);
} ql_frame_reader_calls;

typedef struct ql_frame_reader ql_frame_reader;

/* calls and user are borrowed. */
ql_frame_reader *ql_frame_reader_new(int64_t stream, const ql_frame_reader_calls *calls,
                                     void *user);
void ql_frame_reader_free(ql_frame_reader *reader); /* NULL is a no-op */

/* The next bytes. */
void ql_frame_reader_read(ql_frame_reader *reader, const uint8_t *data, size_t length);

/* A variable-length integer (RFC 9000, 16). Returns the bytes that it took; 0: it is not whole. */
size_t ql_frame_reader_varint(const uint8_t *data, size_t length, uint64_t *value);

/* The next setting of the payload of SETTINGS, from *at on, which is moved on. False at the end, or
 * where no whole one follows. */
bool ql_frame_reader_setting(const GByteArray *payload, size_t *at, uint64_t *id, uint64_t *value);

/* Without the words that all settings have in common, such as "QPACK_BLOCKED_STREAMS" (RFC 9114,
 * 7.2.4.1; RFC 9204, 5; RFC 9220, 3; RFC 9297, 2.1.1); NULL: it has no name. */
const char *ql_frame_reader_setting_name(uint64_t id);

/* Whether a type of frame or stream is one of those that mean nothing, so that unknown ones get
 * exercised (RFC 9114, 7.2.8 and 6.2.3). */
bool ql_frame_reader_is_reserved(uint64_t type);
