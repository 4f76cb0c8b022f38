/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be told of a connection in numbers, for -w and --summary. */
#pragma once

#include "address.h"

#include <ngtcp2/ngtcp2.h>
#include <stdint.h>

/* A plain value. Times are on the clock of ql_clock_now; 0: it has not happened. */
typedef struct ql_connection_figures {
    uint64_t number; /* of the connection, from 1 in the order in which they opened; 0: none */
    ngtcp2_tstamp looked_up; /* the name service has answered */
    ngtcp2_tstamp opened;    /* the handshake is complete */
    ql_address local, remote;
    uint32_t version;
    ngtcp2_cid dcid;              /* the server's that is in use */
    ngtcp2_duration rtt, min_rtt; /* smoothed (RFC 9002, 5.3), and the least */
    uint64_t window;              /* for congestion, in bytes */
    uint64_t packets_sent, packets_received, packets_lost;
    uint64_t bytes_sent, bytes_received, bytes_lost;
} ql_connection_figures;

struct ql_connection;

/* As they are now; number and looked_up are for the caller to fill in. */
ql_connection_figures ql_connection_figures_of(const struct ql_connection *connection);
