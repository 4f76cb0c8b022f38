/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a relay shall do to the datagrams between a client and a server, as plain values, and how it
 * is written down: "key=value" words, on a line or in a file. A direction is named after who sent
 * the datagram. Times count from the first datagram that reaches the relay, in nanoseconds. */
#pragma once

#include "address.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_RELAY_ERROR (ql_relay_error_quark())
GQuark ql_relay_error_quark(void); /* code 0; the message says it all */

#define QL_RELAY_RANGES_MAX    64u
#define QL_RELAY_REBINDS_MAX   64u
#define QL_RELAY_ADDRESSES_MAX 16u
#define QL_RELAY_QUEUE_MAX     1000000u
#define QL_RELAY_TEXT_MAX      65536u /* bytes of a scenario */

typedef enum ql_relay_side { QL_RELAY_CLIENT, QL_RELAY_SERVER } ql_relay_side;
#define QL_RELAY_SIDES 2

const char *ql_relay_side_name(ql_relay_side side); /* "client", "server" */

/* Packet numbers of the relay: the datagrams of one direction in the order in which they come, from
 * 1. Both ends are included. */
typedef struct ql_relay_range {
    uint64_t first, last;
} ql_relay_range;

typedef struct ql_relay_list {
    ql_relay_range ranges[QL_RELAY_RANGES_MAX];
    size_t count;
} ql_relay_list;

typedef struct ql_relay_chance {
    double percent; /* 0 to 100, of the packets */
    uint64_t burst; /* after so many hits in a row the next packet is spared; 0: no limit */
} ql_relay_chance;

/* Of one direction. */
typedef struct ql_relay_rules {
    uint64_t delay_ns;
    uint64_t jitter_ns; /* up to so much more, spread evenly; it keeps the order */
    uint64_t bandwidth; /* bits a second, with IP and UDP headers; 0: no limit */
    uint64_t queue;     /* packets that may wait for the bandwidth */
    ql_relay_chance drop, corrupt, duplicate, reorder;
    uint64_t reorder_by_ns; /* how long a reordered packet is held back in addition */
    ql_relay_list drops, corruptions, duplicates, reorders;
    uint64_t blackhole_on_ns;  /* nothing is lost for so long, */
    uint64_t blackhole_off_ns; /* then everything for so long; 0: there is no black hole */
    uint64_t blackhole_times;  /* then from the beginning; 0: without end */
} ql_relay_rules;

typedef struct ql_relay_scenario {
    ql_relay_rules rules[QL_RELAY_SIDES]; /* by ql_relay_side */
    uint64_t rebind_ns[QL_RELAY_REBINDS_MAX];
    size_t rebind_count;
    uint64_t rebind_every_ns; /* after the last of rebind_ns; 0: no more */
    ql_address rebind_addresses[QL_RELAY_ADDRESSES_MAX]; /* in turn, without port; none: the port
                                                            changes alone */
    size_t rebind_address_count;
    uint64_t seed;
} ql_relay_scenario;

/* A relay that changes nothing, with a queue of 25 packets for when there is a bandwidth. */
void ql_relay_scenario_init(ql_relay_scenario *scenario, uint64_t seed);

/* Sets one value. For keys that have a direction the value is for both, or, behind "client:" or
 * "server:", for what that side sends. False and error if there is no such key, or the value is
 * bad; the scenario is then unchanged. */
bool ql_relay_scenario_set(ql_relay_scenario *scenario, const char *key, const char *value,
                           GError **error);

/* Sets all the words of text: "key=value", with or without "--" before them, blanks and line feeds
 * between them, "#" begins a comment up to the end of the line. The first word may be one of
 * quic-network-simulator's scenarios (simple-p2p, drop-rate, corrupt-rate, droplist, blackhole,
 * rebind): then its network is the start (15 ms, 10 Mbit/s, a queue of 25), and its keys are
 * understood, too. False and error as above; the scenario is then unchanged. */
bool ql_relay_scenario_parse(ql_relay_scenario *scenario, const char *text, GError **error);

/* The same with what a file holds. */
bool ql_relay_scenario_read(ql_relay_scenario *scenario, const char *path, GError **error);

/* A command line (command_line.h) with the seed, by which the same can be had again. To be freed by
 * g_free. */
char *ql_relay_scenario_describe(const ql_relay_scenario *scenario, const char *command_line);

/* When the client is rebound for the index-th time, from 0; UINT64_MAX: not any more. */
uint64_t ql_relay_scenario_rebind_time(const ql_relay_scenario *scenario, uint64_t index);
