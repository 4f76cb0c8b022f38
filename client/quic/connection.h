/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One QUIC connection that carries HTTP/3 requests, from its first Initial packet to its
 * CONNECTION_CLOSE. It never waits: whoever owns it polls for it. */
#pragma once

#include "address.h"
#include "http_settings.h"
#include "path.h"
#include "qlog.h"
#include "relay_scenario.h"
#include "quic_settings.h"
#include "resumption.h"
#include "self_capture.h"
#include "tls.h"
#include "trace.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* All is borrowed and must outlive the connection. */
typedef struct ql_connection_settings {
    SSL_CTX *tls;
    ql_tls_terms terms;
    ql_quic_settings quic;
    ql_resumption_settings resumption;
    const char *host;   /* whose certificate is expected */
    const char *origin; /* "host:port", for messages */
    ql_address remote;
    ql_local_end local;
    ql_self_capture *capture;          /* NULL: none */
    ql_trace *trace;                   /* NULL: none */
    ql_qlog_book *qlogs;               /* NULL: none */
    const ql_relay_scenario *scenario; /* of a bad network; NULL: none */
    ql_path_plan paths;
    ngtcp2_duration handshake_timeout;
    ngtcp2_duration idle_timeout; /* the server may make it shorter (RFC 9000, 10.1) */
    ql_http_settings http;        /* with the requests that it is to take */
} ql_connection_settings;

typedef enum ql_connection_state {
    QL_CONNECTION_OPEN,   /* or being opened */
    QL_CONNECTION_ENDED,  /* in good order; requests can be left in waiting (GOAWAY) */
    QL_CONNECTION_FAILED, /* ql_connection_failure says why; requests can be left in waiting */
} ql_connection_state;

typedef struct ql_connection ql_connection;

/* NULL and error if there is not even a socket, or TLS cannot be set up. */
ql_connection *ql_connection_new(const ql_connection_settings *settings, GError **error);

/* Closes it, as ql_connection_close, if it is open. NULL is a no-op. */
void ql_connection_free(ql_connection *connection);

/* Does all that can be done without waiting: receives, lets timers run, moves requests on, sends.
 * It closes itself when no request is left and no move is under way. */
ql_connection_state ql_connection_step(ql_connection *connection);

/* Appends a struct pollfd for everything that is waited for. */
void ql_connection_add_pollfds(const ql_connection *connection, GArray *pollfds);

/* When to step even if nothing happens; on the clock of ql_clock_now. */
ngtcp2_tstamp ql_connection_expiry(const ql_connection *connection);

/* Sends CONNECTION_CLOSE with H3_NO_ERROR, if it is open. */
void ql_connection_close(ql_connection *connection);

/* Fails the requests that are on it and whose response is not complete. */
void ql_connection_fail_requests(ql_connection *connection, const char *sentence);

/* After QL_CONNECTION_FAILED: a sentence, and whether another address might do better. */
const char *ql_connection_failure(const ql_connection *connection);
bool ql_connection_failed_by_address(const ql_connection *connection);

/* Whether the same might go well another time. */
bool ql_connection_failure_may_pass(const ql_connection *connection);

/* Whether the handshake was completed. */
bool ql_connection_was_open(const ql_connection *connection);

/* What its parts know; valid as long as the connection. */
const struct ql_callbacks_context *ql_connection_context(const ql_connection *connection);

/* A sentence (char *) for everything that was to be done on purpose and was not, with its reason;
 * to be freed by g_ptr_array_unref. */
GPtrArray *ql_connection_undone(const ql_connection *connection);
