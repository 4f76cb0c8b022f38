/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a connection share among themselves: its beginning (connection_start.c), its
 * course (connection.c) and its end (connection_end.c). */
#pragma once

#include "callbacks.h"
#include "connection.h"
#include "packets.h"

struct ql_connection {
    ql_connection_settings settings;
    ql_connection_state state;
    ql_callbacks_context context;
    ql_packets *packets;
    char *address;       /* of the server, for messages */
    uint32_t version;    /* of the first packets */
    ngtcp2_tstamp begun; /* the first attempt, whichever version that had */
    int refusals;        /* in a row */
    bool keys_are_updated;
    bool reprioritizes;   /* it is time for that */
    ngtcp2_tstamp linger; /* until when tickets are waited for; 0: not yet */
    char *failure;
    bool failed_by_address, failure_may_pass;
};

/* Sets up TLS and QUIC with connection->version; original is the version of the first attempt,
 * another one if the server has refused that by Version Negotiation. False and error if that cannot
 * be. */
bool ql_connection_start(ql_connection *connection, uint32_t original, GError **error);

/* Requests that were sent as early data, or held back from that, wait for another connection. Does
 * nothing once the handshake is done. */
void ql_connection_withdraw(ql_connection *connection);

/* What ngtcp2 (rv) or a socket (error, which is taken) said. Returns whether the connection is
 * still open. */
bool ql_connection_check(ql_connection *connection, int rv, GError *error);

/* The shorter one of both sides' (RFC 9000, 10.1); 0: none. */
ngtcp2_duration ql_connection_idle_timeout(const ql_connection *connection);
