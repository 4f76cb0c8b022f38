/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's end of a WebSocket (RFC 6455, 5) that says what it hears: every message comes back,
 * a ping is answered by a pong, a close by a close, and a broken rule by a close that says so. It
 * knows no network. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that a frame may carry; a larger one ends the WebSocket with 1009 (7.4.1). */
#define QL_ORIGIN_WEBSOCKET_FRAME_BYTES (1024u * 1024u)

typedef struct ql_origin_websocket ql_origin_websocket;

ql_origin_websocket *ql_origin_websocket_new(void);
void ql_origin_websocket_free(ql_origin_websocket *socket); /* NULL is a no-op */

/* The next bytes that came; what is to be sent is appended to answer. Once it is closed, nothing
 * more is. */
void ql_origin_websocket_receive(ql_origin_websocket *socket, const uint8_t *data, size_t length,
                                 GByteArray *answer);
bool ql_origin_websocket_is_closed(const ql_origin_websocket *socket);
