/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths of one connection (RFC 9000, 9): on which it is, and what is done about that on
 * purpose: probing another path, moving to it, taking another port without a word, taking another
 * connection ID, following the server to its preferred address. One thing at a time. */
#pragma once

#include "path_sockets.h"
#include "qlog.h"
#include "remarks.h"
#include "trace.h"
#include "trigger.h"
#include "udp.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_paths ql_paths;

/* A plain value; zero is the usual. */
typedef struct ql_path_plan {
    ql_trigger rotate;  /* another connection ID of the server's on the same path */
    ql_trigger probe;   /* validate the path from another port, and stay on this one */
    ql_trigger rebind;  /* another port, as a NAT does it: same ID, nothing is said */
    ql_trigger move;    /* to another port */
    ql_local_end other; /* where probe and move go to; zero: as local */
    bool stay;          /* do not follow to a preferred address (RFC 9000, 9.6) */
    bool no_gso;        /* as ql_quic_settings.no_gso */
    ql_local_end local; /* where each socket is bound */
} ql_path_plan;

/* For a later connection to the same server: what is done once was done. */
ql_path_plan ql_path_plan_of_later(const ql_path_plan *plan);

/* Opens the first socket. NULL and error on failure. trace is borrowed. */
ql_paths *ql_paths_new(const ql_address *remote, const ql_path_plan *plan, ql_trace *trace,
                       GError **error);

/* Its moves are written into this qlog, which is borrowed; NULL: into none. */
void ql_paths_set_qlog(ql_paths *paths, ql_qlog *qlog);

/* So that the packets of a move show in the capture what they are; borrowed. */
void ql_paths_set_remarks(ql_paths *paths, ql_remarks *remarks);
void ql_paths_free(ql_paths *paths); /* closes all sockets; NULL is a no-op */

const ql_path_sockets *ql_paths_sockets(const ql_paths *paths);

/* That of the path which the connection is on. */
ql_udp *ql_paths_current(const ql_paths *paths);

/* To be called in every round. Begins what is due once the handshake is confirmed (RFC 9000, 9.1),
 * goes on with what was begun, and closes sockets of paths that are done. */
void ql_paths_tick(ql_paths *paths, ngtcp2_conn *quic, uint64_t content_bytes, ngtcp2_tstamp now);

/* What the connection reports. */
void ql_paths_on_handshake(ql_paths *paths, ngtcp2_tstamp now);
void ql_paths_on_confirmed(ql_paths *paths);
void ql_paths_on_validated(ql_paths *paths, const ngtcp2_path *path, bool good, ngtcp2_duration pto,
                           ngtcp2_tstamp now);

/* The server has another address that it prefers. Sets path to where it is tried, or leaves it
 * alone. */
void ql_paths_on_preferred_address(ql_paths *paths, const ngtcp2_preferred_addr *address,
                                   ngtcp2_path *path, ngtcp2_tstamp now);

/* Whether something has begun and is neither done nor given up. */
bool ql_paths_are_busy(const ql_paths *paths);

/* When ql_paths_tick has something to do; UINT64_MAX: never. */
ngtcp2_tstamp ql_paths_expiry(const ql_paths *paths);

/* Adds a sentence (char *, with g_free) for everything that was asked for and did not happen, with
 * its reason. */
void ql_paths_add_refusals(const ql_paths *paths, GPtrArray *sentences);
