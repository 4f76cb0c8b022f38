/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

static void binding_free(ql_relay_binding *binding)
{
    if (binding == NULL)
        return;
    ql_udp_free(binding->udp);
    g_free(binding);
}

static ql_relay_binding *binding_new(ql_relay_flow *flow, const ql_address *local, int epoll,
                                     GError **error)
{
    ql_address any_port = *local;
    ql_address_set_port(&any_port, 0);
    ql_udp *udp = ql_udp_listen(&any_port, error);
    if (udp == NULL)
        return NULL;
    ql_relay_binding *binding = g_new0(ql_relay_binding, 1);
    binding->udp = udp;
    binding->flow = flow;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = binding };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, ql_udp_fd(udp), &event) == 0)
        return binding;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                "cannot wait for a socket: %s", g_strerror(errno));
    binding_free(binding);
    return NULL;
}

ql_relay_flow *ql_relay_flow_new(const ql_address *client, const ql_address *local, int epoll,
                                 GError **error)
{
    ql_relay_flow *flow = g_rc_box_new0(ql_relay_flow);
    flow->client = *client;
    flow->link.data = flow;
    flow->now = binding_new(flow, local, epoll, error);
    if (flow->now == NULL)
        g_clear_pointer(&flow, ql_relay_flow_unref);
    return flow;
}

ql_relay_flow *ql_relay_flow_ref(ql_relay_flow *flow)
{
    return g_rc_box_acquire(flow);
}

static void clear(gpointer data)
{
    ql_relay_flow_close(data);
}

void ql_relay_flow_unref(ql_relay_flow *flow)
{
    g_rc_box_release_full(flow, clear);
}

bool ql_relay_flow_rebind(ql_relay_flow *flow, const ql_address *local, int epoll, GError **error)
{
    ql_relay_binding *binding = binding_new(flow, local, epoll, error);
    if (binding == NULL)
        return false;
    ql_relay_binding **kept = &flow->old[flow->rebinds % QL_RELAY_OLD_BINDINGS];
    binding_free(*kept);
    *kept = flow->now;
    flow->now = binding;
    flow->rebinds++;
    return true;
}

void ql_relay_flow_close(ql_relay_flow *flow)
{
    g_clear_pointer(&flow->now, binding_free);
    for (size_t i = 0; i < QL_RELAY_OLD_BINDINGS; i++)
        g_clear_pointer(&flow->old[i], binding_free);
}

static guint hash_bytes(guint hash, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < length; i++) /* FNV-1a */
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

guint ql_relay_address_hash(gconstpointer key)
{
    const ql_address *address = key;
    guint hash = hash_bytes(2166136261u, &(uint16_t){ ql_address_port(address) }, 2);
    if (address->storage.ss_family == AF_INET)
        return hash_bytes(hash, &((const struct sockaddr_in *)&address->storage)->sin_addr, 4);
    return hash_bytes(hash, &((const struct sockaddr_in6 *)&address->storage)->sin6_addr, 16);
}

gboolean ql_relay_address_equal(gconstpointer a, gconstpointer b)
{
    return ql_address_equal(a, b);
}
