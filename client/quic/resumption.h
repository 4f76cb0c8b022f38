/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one connection takes from an earlier one to the same origin, and leaves for the next: ticket
 * and early data (RFC 9001, 4.6), and the token that saves a Retry (RFC 9000, 8.1.3). */
#pragma once

#include "session_file.h"
#include "tls.h"
#include "trace.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

/* All is borrowed. */
typedef struct ql_resumption_settings {
    ql_session_file *file; /* NULL: nothing is taken or left */
    bool early_data;       /* requests go out before the handshake is done, where that is allowed */
} ql_resumption_settings;

typedef struct ql_resumption ql_resumption;

/* origin: "host:port". NULL if there is no file; all functions take that for one that has nothing.
 */
ql_resumption *ql_resumption_new(const ql_resumption_settings *settings, const char *origin,
                                 ql_trace *trace);
void ql_resumption_free(ql_resumption *resumption);

/* For ngtcp2_settings.token: the token, once; NULL: none. Valid as long as resumption. */
GBytes *ql_resumption_take_token(ql_resumption *resumption);

/* After ngtcp2_conn_client_new, before anything is sent: makes tls resume the earlier session where
 * that does for this connection. Returns the application protocol in which early data may be sent,
 * valid as long as resumption; NULL: none may. */
const char *ql_resumption_begin(ql_resumption *resumption, ngtcp2_conn *quic, ql_tls *tls);

/* What the connection reports. Tickets that come after the handshake are kept with what the server
 * allows at its end. */
void ql_resumption_on_handshake(ql_resumption *resumption, ngtcp2_conn *quic, const ql_tls *tls);
void ql_resumption_on_token(ql_resumption *resumption, const uint8_t *token, size_t length);

/* Whether a ticket may still come and is wanted. */
bool ql_resumption_is_waiting(const ql_resumption *resumption);
