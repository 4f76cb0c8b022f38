/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server sends over a WebSocket, whole and byte by byte: the same lines, and the same fault;
 * and what a client sends: the same echo. */
#include "origin_websocket.h"
#include "websocket.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GString *lines_of(const uint8_t *data, size_t size, size_t piece, bool *good)
{
    ql_websocket *socket = ql_websocket_new();
    GString *lines = g_string_new(NULL);
    GByteArray *frames = g_byte_array_new();
    *good = true;
    for (size_t at = 0; at < size && *good; at += piece)
        *good = ql_websocket_receive(socket, data + at, MIN(piece, size - at), lines, frames, NULL);
    ql_websocket_send(socket, data, size, frames);
    ql_websocket_send(socket, NULL, 0, frames);
    g_free(ql_websocket_failure(socket));
    g_byte_array_unref(frames);
    ql_websocket_free(socket);
    return lines;
}

static GByteArray *echo_of(const uint8_t *data, size_t size, size_t piece)
{
    ql_origin_websocket *socket = ql_origin_websocket_new();
    GByteArray *echo = g_byte_array_new();
    for (size_t at = 0; at < size; at += piece)
        ql_origin_websocket_receive(socket, data + at, MIN(piece, size - at), echo);
    ql_origin_websocket_free(socket);
    return echo;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool whole_good, pieces_good;
    GString *whole = lines_of(data, size, MAX(size, 1), &whole_good);
    GString *pieces = lines_of(data, size, 1, &pieces_good);
    g_assert(whole_good == pieces_good && g_string_equal(whole, pieces));
    GByteArray *echo = echo_of(data, size, MAX(size, 1)), *again = echo_of(data, size, 1);
    g_assert(echo->len == again->len &&
             (echo->len == 0 || memcmp(echo->data, again->data, echo->len) == 0));
    g_byte_array_unref(echo);
    g_byte_array_unref(again);
    g_string_free(whole, TRUE);
    g_string_free(pieces, TRUE);
    return 0;
}
