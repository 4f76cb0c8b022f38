/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line for each frame of HTTP/3 (RFC 9114, 7) and each run of QPACK instructions (RFC 9204, 4.2)
 * on the streams of one connection, read from the bytes as they pass. What is on control streams is
 * told in full. */
#pragma once

#include "trace.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_frame_trace ql_frame_trace;

/* trace is borrowed. */
ql_frame_trace *ql_frame_trace_new(ql_trace *trace);
void ql_frame_trace_free(ql_frame_trace *frames); /* NULL is a no-op */

/* The next bytes of a stream in one direction: '>' is what is sent, '<' what comes. Does nothing if
 * frames is NULL. */
void ql_frame_trace_bytes(ql_frame_trace *frames, char mark, int64_t stream, const uint8_t *data,
                          size_t length);

/* The stream is closed. Does nothing if frames is NULL. */
void ql_frame_trace_close(ql_frame_trace *frames, int64_t stream);
