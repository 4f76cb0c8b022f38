/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of one connection, and the names under which ngtcp2 knows them. A name has the form
 * of a local address and usually is the socket's own; but a socket can take over the names of
 * another one, so that ngtcp2 does not notice, and can have more than one, so that ngtcp2 takes one
 * path for two. */
#pragma once

#include "address.h"
#include "udp.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_path_sockets ql_path_sockets;

/* segmentation: as without ql_udp_disable_segmentation. */
ql_path_sockets *ql_path_sockets_new(bool segmentation);
void ql_path_sockets_free(ql_path_sockets *sockets); /* closes all; NULL is a no-op */

/* A socket to remote, bound as local says (NULL: the kernel's choice); its name is its address. It
 * is owned by sockets. NULL and error on failure. */
ql_udp *ql_path_sockets_open(ql_path_sockets *sockets, const ql_address *remote,
                             const ql_local_end *local, GError **error);

size_t ql_path_sockets_count(const ql_path_sockets *sockets);
ql_udp *ql_path_sockets_at(const ql_path_sockets *sockets, size_t index);

/* The socket of a name; NULL: none, it was closed. */
ql_udp *ql_path_sockets_find(const ql_path_sockets *sockets, const ngtcp2_addr *name);

/* The socket that is bound to an address, whatever its names; NULL: none, it was closed. */
ql_udp *ql_path_sockets_bound_to(const ql_path_sockets *sockets, const ql_address *local);

/* The path of a socket by its name of now; what comes on it has come on this path. Valid until the
 * name changes or the socket is closed. */
ngtcp2_path ql_path_sockets_path(const ql_path_sockets *sockets, const ql_udp *udp);

/* Gives a socket one more name, which nothing else has; ql_path_sockets_adopt makes it that of
 * now. */
ql_address ql_path_sockets_alias(ql_path_sockets *sockets, ql_udp *udp);
void ql_path_sockets_adopt(ql_path_sockets *sockets, ql_udp *udp, const ql_address *name);

/* udp takes over all names of old, of which nothing is known any more: nobody reads what comes
 * there, as with a mapping that a NAT has forgotten. It is not closed before all others, since
 * the kernel would tell the sender. */
void ql_path_sockets_replace(ql_path_sockets *sockets, ql_udp *old, ql_udp *udp);

/* Closes a socket, or all but one, at that time. */
void ql_path_sockets_retire(ql_path_sockets *sockets, const ql_udp *udp, ngtcp2_tstamp when);
void ql_path_sockets_retire_others(ql_path_sockets *sockets, const ql_udp *kept,
                                   ngtcp2_tstamp when);

/* Closes what is due; returns whether anything was. */
bool ql_path_sockets_tick(ql_path_sockets *sockets, ngtcp2_tstamp now);

/* When ql_path_sockets_tick has something to do; UINT64_MAX: never. */
ngtcp2_tstamp ql_path_sockets_expiry(const ql_path_sockets *sockets);
