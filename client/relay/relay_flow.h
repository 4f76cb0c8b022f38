/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One client of a relay, and its sockets towards the server: the binding, as a NAT would say, and a
 * few that it had before. Those stay open and silent, as a NAT sends no ICMP either. */
#pragma once

#include "address.h"
#include "udp.h"

#define QL_RELAY_OLD_BINDINGS 4u

typedef struct ql_relay_flow ql_relay_flow;

typedef struct ql_relay_binding {
    ql_udp *udp;
    ql_relay_flow *flow; /* not owned */
} ql_relay_binding;

/* Plain, but for what stands behind the pointers; counted: a datagram on its way holds one, too. */
struct ql_relay_flow {
    ql_address client;
    ql_address facing;     /* our address to which the client's latest datagram came */
    ql_relay_binding *now; /* NULL after ql_relay_flow_close */
    ql_relay_binding *old[QL_RELAY_OLD_BINDINGS]; /* a ring; NULL: none */
    uint64_t rebinds;
    uint64_t active_ns; /* when something came last; the caller's clock */
    GList link;         /* for a list of the caller's */
};

/* A flow whose binding is on local with a port of the kernel's choice. epoll is told of the socket,
 * with the binding as its data. NULL and error if there is no socket. */
ql_relay_flow *ql_relay_flow_new(const ql_address *client, const ql_address *local, int epoll,
                                 GError **error);
ql_relay_flow *ql_relay_flow_ref(ql_relay_flow *flow);
void ql_relay_flow_unref(ql_relay_flow *flow); /* the last one closes it */

/* Takes another binding on local. False and error: it keeps the one that it had. */
bool ql_relay_flow_rebind(ql_relay_flow *flow, const ql_address *local, int epoll, GError **error);

/* Closes the sockets. Bindings that epoll still names must not be looked at any more. */
void ql_relay_flow_close(ql_relay_flow *flow);

/* For a hash table of flows by client. */
guint ql_relay_address_hash(gconstpointer address);
gboolean ql_relay_address_equal(gconstpointer a, gconstpointer b);
