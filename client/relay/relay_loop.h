/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running relay: clients on one side, a server on the other. */
#pragma once

#include "relay_log.h"
#include "relay_scenario.h"
#include "self_capture.h"

#define QL_RELAY_FLOWS_MAX    512 /* clients; then the one that was silent longest is forgotten */
#define QL_RELAY_FLOW_IDLE_NS 180000000000u /* after so much silence a client is forgotten, too */

/* All is borrowed, and outlives the relay. */
typedef struct ql_relay_options {
    ql_address listen; /* port 0: any that is free */
    ql_address server;
    const ql_relay_scenario *scenario;
    ql_relay_log *log;
    ql_self_capture *captures[QL_RELAY_SIDES]; /* what is seen on each side; NULL: no capture */
    void (*on_trouble)(const char *sentence);  /* each kind once, as in the log; NULL: nobody */
} ql_relay_options;

typedef struct ql_relay ql_relay;

/* It listens. NULL and error if it cannot. */
ql_relay *ql_relay_new(const ql_relay_options *options, GError **error);
void ql_relay_free(ql_relay *relay); /* NULL is a no-op; what is on the way is lost */

const ql_address *ql_relay_address(const ql_relay *relay); /* valid as long as relay */

/* Until stop_fd becomes readable. False and error if the sockets fail. */
bool ql_relay_run(ql_relay *relay, int stop_fd, GError **error);

uint64_t ql_relay_packets(const ql_relay *relay, ql_relay_side sender); /* that came */
