/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a relay: datagrams that come are put on a link; those that come out of it are
 * sent. All that happens to them is logged, and captured on both sides. */
#pragma once

#include "relay_flow.h"
#include "relay_log.h"
#include "relay_scenario.h"
#include "self_capture.h"

typedef struct ql_relay_pipe ql_relay_pipe;

/* What both directions share; all is borrowed, and outlives them. */
typedef struct ql_relay_shared {
    const ql_relay_scenario *scenario;
    ql_relay_log *log;
    ql_self_capture *captures[QL_RELAY_SIDES]; /* of which side; NULL: none */
    ql_udp *listener;                          /* where the clients are */
    ql_address server;
    uint64_t begin_ns; /* when the first datagram came, on the clock that is handed in */
} ql_relay_shared;

/* sender: whose datagrams it carries. */
ql_relay_pipe *ql_relay_pipe_new(const ql_relay_shared *shared, ql_relay_side sender);
void ql_relay_pipe_free(ql_relay_pipe *pipe); /* NULL is a no-op */

/* A datagram of the flow has come; old_binding: to an address that the client has no more. */
void ql_relay_pipe_take(ql_relay_pipe *pipe, ql_relay_flow *flow, const ql_udp_datagram *datagram,
                        bool old_binding, uint64_t now_ns);

/* Sends all that has arrived by now. */
void ql_relay_pipe_deliver(ql_relay_pipe *pipe, uint64_t now_ns);

/* When there is more to deliver; UINT64_MAX: not before a datagram comes. */
uint64_t ql_relay_pipe_due(const ql_relay_pipe *pipe);

uint64_t ql_relay_pipe_packets(const ql_relay_pipe *pipe); /* that came */
