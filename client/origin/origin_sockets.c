/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_sockets.h"

#include <netinet/in.h>

struct ql_origin_sockets {
    ql_origin_capture *capture;
    bool segmentation;
    GPtrArray *sockets; /* ql_udp */
};

static void free_socket(gpointer data)
{
    ql_udp_free(data);
}

ql_origin_sockets *ql_origin_sockets_new(ql_origin_capture *capture, bool segmentation)
{
    ql_origin_sockets *sockets = g_new0(ql_origin_sockets, 1);
    sockets->capture = capture;
    sockets->segmentation = segmentation;
    sockets->sockets = g_ptr_array_new_with_free_func(free_socket);
    return sockets;
}

void ql_origin_sockets_free(ql_origin_sockets *sockets)
{
    if (sockets == NULL)
        return;
    g_ptr_array_unref(sockets->sockets);
    g_free(sockets);
}

bool ql_origin_sockets_listen(ql_origin_sockets *sockets, const ql_address *address, GError **error)
{
    if (sockets->sockets->len == QL_ORIGIN_MAX_SOCKETS) {
        g_set_error(error, QL_UDP_ERROR, QL_UDP_ERROR_FAILED,
                    "one can listen on %u addresses at most", QL_ORIGIN_MAX_SOCKETS);
        return false;
    }
    ql_udp *udp = ql_udp_listen(address, error);
    if (udp == NULL)
        return false;
    if (!sockets->segmentation)
        ql_udp_disable_segmentation(udp);
    g_ptr_array_add(sockets->sockets, udp);
    return true;
}

size_t ql_origin_sockets_count(const ql_origin_sockets *sockets)
{
    return sockets->sockets->len;
}

static ql_udp *socket_at(const ql_origin_sockets *sockets, size_t index)
{
    return g_ptr_array_index(sockets->sockets, index);
}

const ql_address *ql_origin_sockets_local(const ql_origin_sockets *sockets, size_t index)
{
    return ql_udp_local(socket_at(sockets, index));
}

void ql_origin_sockets_watch(const ql_origin_sockets *sockets, struct pollfd *fds, bool writing)
{
    for (size_t i = 0; i < sockets->sockets->len; i++)
        fds[i] = (struct pollfd){ .fd = ql_udp_fd(socket_at(sockets, i)),
                                  .events = (short)(POLLIN | (writing ? POLLOUT : 0)) };
}

int ql_origin_sockets_receive(ql_origin_sockets *sockets, size_t index, ql_udp_datagram *datagrams,
                              size_t capacity, GError **error)
{
    return ql_udp_receive(socket_at(sockets, index), datagrams, capacity, error);
}

void ql_origin_sockets_processed(ql_origin_sockets *sockets, const ql_udp_datagram *datagram)
{
    ql_origin_capture_received(sockets->capture, datagram);
}

static bool is_wildcard(const ql_address *address)
{
    if (address->storage.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&address->storage)->sin_addr.s_addr == INADDR_ANY;
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&address->storage)->sin6_addr);
}

/* Bound to just that address; else to all addresses of the family, at that port. */
static ql_udp *find(const ql_origin_sockets *sockets, const ql_address *from)
{
    ql_udp *wildcard = NULL;
    for (size_t i = 0; i < sockets->sockets->len; i++) {
        const ql_address *local = ql_udp_local(socket_at(sockets, i));
        if (ql_address_equal(local, from))
            return socket_at(sockets, i);
        if (local->storage.ss_family == from->storage.ss_family &&
            ql_address_port(local) == ql_address_port(from) && is_wildcard(local))
            wildcard = socket_at(sockets, i);
    }
    return wildcard;
}

size_t ql_origin_sockets_send(ql_origin_sockets *sockets, const ql_udp_batch *batch)
{
    ql_udp *udp = find(sockets, batch->from);
    ssize_t sent = udp != NULL ? ql_udp_send(udp, batch, NULL) : -1;
    if (sent < 0)
        return batch->length;
    ql_origin_capture_sent(sockets->capture, batch, (size_t)sent);
    return (size_t)sent;
}

void ql_origin_sockets_flush(ql_origin_sockets *sockets)
{
    ql_origin_capture_flush(sockets->capture);
}
