/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local ends of one connection: a socket for each local address that it uses or has used
 * lately, and the move from one to the next (connection migration, RFC 9000, 9). */
#pragma once

#include "qlog.h"
#include "remarks.h"
#include "trace.h"
#include "trigger.h"
#include "udp.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_paths ql_paths;

/* What is to become of the paths of a connection. A plain value; zero is the usual. */
typedef struct ql_path_plan {
    ql_trigger move;    /* to another local port */
    bool no_gso;        /* as ql_quic_settings.no_gso */
    ql_local_end local; /* where each socket is bound */
} ql_path_plan;

/* Opens the first socket. NULL and error on failure. trace is borrowed. */
ql_paths *ql_paths_new(const ql_address *remote, const ql_path_plan *plan, ql_trace *trace,
                       GError **error);

/* Its moves are written into this qlog, which is borrowed; NULL: into none. */
void ql_paths_set_qlog(ql_paths *paths, ql_qlog *qlog);

/* So that the packets of a move show in the capture what they are; borrowed. */
void ql_paths_set_remarks(ql_paths *paths, ql_remarks *remarks);
void ql_paths_free(ql_paths *paths); /* closes all sockets; NULL is a no-op */

/* The path that the connection begins on; valid as long as paths. */
ngtcp2_path ql_paths_first(const ql_paths *paths);

/* The sockets that are open; at least one. */
size_t ql_paths_count(const ql_paths *paths);
ql_udp *ql_paths_socket(const ql_paths *paths, size_t index);

/* The path on which a datagram came. */
ngtcp2_path ql_paths_of(const ql_paths *paths, const ql_udp_datagram *datagram);

/* The socket bound to local; NULL if it has been closed. */
ql_udp *ql_paths_find(const ql_paths *paths, const ngtcp2_addr *local);

const ql_address *ql_paths_remote(const ql_paths *paths);

/* To be called in every round. Moves when it is time and the handshake is confirmed (RFC
 * 9000, 9.1): a new socket, a probe on it with a new connection ID, and the change once the new
 * path is validated. Closes sockets of paths that are done. */
void ql_paths_tick(ql_paths *paths, ngtcp2_conn *quic, uint64_t content_bytes, ngtcp2_tstamp now);

/* What the connection reports. */
void ql_paths_on_handshake(ql_paths *paths, ngtcp2_tstamp now);
void ql_paths_on_confirmed(ql_paths *paths);
void ql_paths_on_validated(ql_paths *paths, const ngtcp2_path *path, bool good, ngtcp2_duration pto,
                           ngtcp2_tstamp now);

/* Whether a move has begun and is neither done nor given up. */
bool ql_paths_is_moving(const ql_paths *paths);

/* When ql_paths_tick has something to do; UINT64_MAX: never. */
ngtcp2_tstamp ql_paths_expiry(const ql_paths *paths);

/* Why the move that was asked for did not happen, as a sentence; NULL if it did, or none was asked
 * for. Valid as long as paths. */
const char *ql_paths_refusal(const ql_paths *paths);
