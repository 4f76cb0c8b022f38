/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's end of a WebSocket (RFC 6455, 5) as lines of text: a line that goes in is a text
 * message, or a binary one if it is not UTF-8; a message that comes is a line. It knows no network.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_WEBSOCKET_ERROR (ql_websocket_error_quark())
GQuark ql_websocket_error_quark(void); /* code 0: the server broke a rule; the message says which */

#define QL_WEBSOCKET_FRAME_BYTES   65536u      /* longer messages are sent in fragments (5.4) */
#define QL_WEBSOCKET_MESSAGE_BYTES (16u << 20) /* the most that one that comes may have */

typedef struct ql_websocket ql_websocket;

ql_websocket *ql_websocket_new(void);
void ql_websocket_free(ql_websocket *socket); /* NULL is a no-op */

/* The next bytes of the lines that are to be sent; their frames are appended to frames. length 0
 * ends them: what has no line end is a message, too, and a close follows. */
void ql_websocket_send(ql_websocket *socket, const uint8_t *text, size_t length,
                       GByteArray *frames);

/* The next bytes that came: messages are appended to lines, and what has to be answered at once (a
 * pong, a close) to frames. False and error if the server broke a rule. */
bool ql_websocket_receive(ql_websocket *socket, const uint8_t *data, size_t length, GString *lines,
                          GByteArray *frames, GError **error);

/* The server has sent its close: nothing more may be sent but what answered it. */
bool ql_websocket_was_closed(const ql_websocket *socket);

/* Why it ended other than it should, in a sentence; NULL: it did not. To be freed by g_free. */
char *ql_websocket_failure(const ql_websocket *socket);

/* The code of that close; 1005: it had none (7.1.5). */
unsigned ql_websocket_close_code(const ql_websocket *socket);
