/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_misbehaviour.h"

#include <glib.h>
#include <string.h>

#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

/* RFC 9204, appendix A: an indexed ":status: 200", and names that others refer to. */
#define STATUS_200     "\xd9"
#define CONTENT_LENGTH "\x54" /* and a value with its length */
#define NO_REFERENCES  "\0\0" /* Required Insert Count and Base of a section */

/* Frames of HTTP/3 and of a whole answer (RFC 9114, 7.2). */
#define HEADERS_200  "\x01\x03" NO_REFERENCES STATUS_200
#define DATA_HELLO   "\0\x05hello"
#define SETTINGS     "\x04\0"
#define CONTROL_TYPE "\0"
#define ENCODER_TYPE "\x02"

/* A NEW_CONNECTION_ID frame (RFC 9000, 19.15) with an ID of its own for each number. */
#define NEW_ID(number) "\x18" number "\0\x04new" number "reset token of " number

static const ql_origin_misbehaviour table[] = {
    { .name = "wrong-alpn", .level = QL_ORIGIN_FAULT_ALPN, .alpn = "\x02h2" },
    { .name = "no-alpn", .level = QL_ORIGIN_FAULT_ALPN },

    { .name = "unknown-frame", .level = QL_ORIGIN_FAULT_FRAME, .frames = BYTES("\x21") },
    { .name = "empty-token", .level = QL_ORIGIN_FAULT_FRAME, .frames = BYTES("\x07\0") },
    { .name = "ack-unsent",
      .level = QL_ORIGIN_FAULT_FRAME,
      .frames = BYTES("\x02\x80\x10\0\0\0\0\0") },
    { .name = "stream-limit",
      .level = QL_ORIGIN_FAULT_FRAME,
      .frames = BYTES("\x0a\x80\x10\0\x03\x01x") },
    { .name = "stream-state", .level = QL_ORIGIN_FAULT_FRAME, .frames = BYTES("\x0a\x02\x01x") },
    { .name = "flow-control",
      .level = QL_ORIGIN_FAULT_FRAME,
      .frames = BYTES("\x0e\x03\xc0\0\x01\0\0\0\0\0\x01x") },
    { .name = "final-size", .level = QL_ORIGIN_FAULT_FRAME, .frames = BYTES("\x0b\x03\0") },
    { .name = "cid-limit",
      .level = QL_ORIGIN_FAULT_FRAME,
      .frames = BYTES(NEW_ID("\x30") NEW_ID("\x31") NEW_ID("\x32") NEW_ID("\x33") NEW_ID("\x34")
                          NEW_ID("\x35") NEW_ID("\x36") NEW_ID("\x37") NEW_ID("\x38")) },
    { .name = "retire-too-much",
      .level = QL_ORIGIN_FAULT_FRAME,
      .frames = BYTES("\x18\x30\x31\x04newXreset token of X") },
    { .name = "retire-unissued", .level = QL_ORIGIN_FAULT_FRAME, .frames = BYTES("\x19\x3f") },

    { .name = "silence", .level = QL_ORIGIN_FAULT_HTTP, .end = QL_ORIGIN_FAULT_END_SILENT },
    { .name = "no-settings",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE "\x07\x01\0") },
    { .name = "second-settings",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE SETTINGS SETTINGS) },
    { .name = "http2-setting",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE "\x04\x02\x04\x20") },
    { .name = "http2-frame",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE SETTINGS "\x02\0") },
    { .name = "headers-on-control",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE SETTINGS HEADERS_200) },
    { .name = "goaway-grows",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE SETTINGS "\x07\x01\x04\x07\x01\x08") },
    { .name = "control-ends",
      .level = QL_ORIGIN_FAULT_HTTP,
      .control = BYTES(CONTROL_TYPE SETTINGS),
      .control_ends = TRUE },
    { .name = "second-control",
      .level = QL_ORIGIN_FAULT_HTTP,
      .second_control = BYTES(CONTROL_TYPE SETTINGS) },
    { .name = "bad-encoder",
      .level = QL_ORIGIN_FAULT_HTTP,
      .encoder = BYTES(ENCODER_TYPE "\x3f\xe1\xff\x7f") },
    { .name = "data-first", .level = QL_ORIGIN_FAULT_HTTP, .response = BYTES(DATA_HELLO) },
    { .name = "settings-on-request",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES(SETTINGS HEADERS_200) },
    { .name = "unasked-push",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x05\x04\0" NO_REFERENCES "\xd1") },
    { .name = "bad-qpack",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\x03" NO_REFERENCES "\x80") },
    { .name = "no-status",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\x07" NO_REFERENCES "\x23x-a\0" DATA_HELLO) },
    { .name = "uppercase-field",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\x08" NO_REFERENCES STATUS_200 "\x23X-A\0" DATA_HELLO) },
    { .name = "too-little-content",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\x08" NO_REFERENCES STATUS_200 CONTENT_LENGTH "\x03"
                        "100" DATA_HELLO) },
    { .name = "too-much-content",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\x06" NO_REFERENCES STATUS_200 CONTENT_LENGTH "\x01"
                        "3" DATA_HELLO) },
    { .name = "reset-content",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\x08" NO_REFERENCES STATUS_200 CONTENT_LENGTH "\x03"
                        "100" DATA_HELLO),
      .end = QL_ORIGIN_FAULT_END_RESET },
    { .name = "cut-off-frame",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES(HEADERS_200 "\0\x20hello") },
    { .name = "empty-response", .level = QL_ORIGIN_FAULT_HTTP, .response = BYTES("") },
    { .name = "endless-headers",
      .level = QL_ORIGIN_FAULT_HTTP,
      .response = BYTES("\x01\xbf\xff\xff\xff" NO_REFERENCES STATUS_200),
      .end = QL_ORIGIN_FAULT_END_ENDLESS },
};

const ql_origin_misbehaviour *ql_origin_misbehaviour_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const ql_origin_misbehaviour *ql_origin_misbehaviour_at(size_t index)
{
    return index < G_N_ELEMENTS(table) ? &table[index] : NULL;
}
