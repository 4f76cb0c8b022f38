/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets on which the origin listens, as one way in and out, and the capture that it takes of
 * all that passes. */
#pragma once

#include "origin_capture.h"
#include "udp.h"

#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define QL_ORIGIN_MAX_SOCKETS 16u

typedef struct ql_origin_sockets ql_origin_sockets;

/* capture is borrowed; NULL: none. segmentation: as without ql_udp_disable_segmentation. */
ql_origin_sockets *ql_origin_sockets_new(ql_origin_capture *capture, bool segmentation);
void ql_origin_sockets_free(ql_origin_sockets *sockets); /* NULL is a no-op */

/* One more socket; port 0: the kernel chooses. False and error if it cannot be had. */
bool ql_origin_sockets_listen(ql_origin_sockets *sockets, const ql_address *address,
                              GError **error);

size_t ql_origin_sockets_count(const ql_origin_sockets *sockets);

/* Where one listens; valid as long as sockets. */
const ql_address *ql_origin_sockets_local(const ql_origin_sockets *sockets, size_t index);

/* What poll(2) is to wait for, one entry a socket; writing: also until they take more. */
void ql_origin_sockets_watch(const ql_origin_sockets *sockets, struct pollfd *fds, bool writing);

/* As ql_udp_receive, on one socket. The caller tells with ql_origin_sockets_processed of each
 * datagram as soon as it was understood, and before it is answered: the secrets that it brought
 * about go into the capture ahead of it, and its answer behind it. */
int ql_origin_sockets_receive(ql_origin_sockets *sockets, size_t index, ql_udp_datagram *datagrams,
                              size_t capacity, GError **error);
void ql_origin_sockets_processed(ql_origin_sockets *sockets, const ql_udp_datagram *datagram);

/* Sends from the socket that is bound to batch->from. Returns how many bytes it took, all of them
 * where sending failed: that is a loss like others, which QUIC notices. */
size_t ql_origin_sockets_send(ql_origin_sockets *sockets, const ql_udp_batch *batch);

/* Writes what was captured; to be called before one waits. */
void ql_origin_sockets_flush(ql_origin_sockets *sockets);
