/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame_trace.h"

#include <string.h>
#include <unistd.h>

/* What is traced of these bytes of a stream, given in pieces of that size. */
static char *trace_of(char mark, int64_t stream, const void *data, size_t length, size_t piece)
{
    int fds[2];
    char text[4096];
    g_assert_cmpint(pipe(fds), ==, 0);
    ql_trace *trace = ql_trace_new(fds[1]);
    ql_frame_trace *frames = ql_frame_trace_new(trace);
    for (size_t at = 0; at < length; at += piece)
        ql_frame_trace_bytes(frames, mark, stream, (const uint8_t *)data + at,
                             MIN(piece, length - at));
    ql_frame_trace_close(frames, stream);
    ql_frame_trace_free(frames);
    ql_trace_free(trace);
    close(fds[1]);
    ssize_t got = read(fds[0], text, sizeof text);
    close(fds[0]);
    return g_strndup(text, (gsize)MAX(got, 0));
}

#define ASSERT_TRACE(mark, stream, bytes, piece, expected)                                         \
    do {                                                                                           \
        g_autofree char *said = trace_of(mark, stream, bytes, sizeof bytes - 1, piece);            \
        g_assert_cmpstr(said, ==, expected);                                                       \
    } while (0)

static void test_frames_of_a_request_have_a_line_each(void)
{
    static const char bytes[] = "\x01\x02xx\x00\x40\x03yyy\x40\x21\x00";
    for (size_t piece = 1; piece < sizeof bytes; piece++)
        ASSERT_TRACE('<', 4, bytes, piece,
                     "< stream 4: HEADERS, 2 bytes\n< stream 4: DATA, 3 bytes\n"
                     "< stream 4: reserved, 0 bytes\n");
}

static void test_a_control_stream_is_told_in_full(void)
{
    static const char bytes[] = "\x00\x04\x05\x01\x50\x00\x08\x01\x07\x01\x04"
                                "\x80\x0f\x07\x00\x04\x00u=1";
    for (size_t piece = 1; piece < sizeof bytes; piece++)
        ASSERT_TRACE('>', 2, bytes, piece,
                     "> stream 2: SETTINGS, 5 bytes, QPACK_MAX_TABLE_CAPACITY=4096, "
                     "ENABLE_CONNECT_PROTOCOL=1\n> stream 2: GOAWAY, 1 bytes, 4\n"
                     "> stream 2: PRIORITY_UPDATE, 4 bytes, stream 0: u=1\n");
}

static void test_qpack_streams_have_no_frames(void)
{
    static const char bytes[] = "\x02\x3f\xe1";
    ASSERT_TRACE('>', 6, bytes, 3, "> stream 6: QPACK encoder, 2 bytes\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame-trace/frames of a request have a line each",
                    test_frames_of_a_request_have_a_line_each);
    g_test_add_func("/frame-trace/a control stream is told in full",
                    test_a_control_stream_is_told_in_full);
    g_test_add_func("/frame-trace/qpack streams have no frames", test_qpack_streams_have_no_frames);
    return g_test_run();
}
