/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A non-blocking UDP socket for QUIC: it knows the local address, the ECN bits (RFC 3168) and the
 * time of every datagram that it receives, and sends many in one system call. Segmentation offload
 * (GSO, GRO) is used where the kernel has it and never shows: one ql_udp_datagram is one datagram.
 * Fragmentation is off (RFC 9000, 14). */
#pragma once

#include "address.h"
#include "local_end.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define QL_UDP_ERROR (ql_udp_error_quark())
GQuark ql_udp_error_quark(void);

typedef enum ql_udp_error {
    QL_UDP_ERROR_REFUSED,     /* ICMP: port unreachable; on a connected socket only */
    QL_UDP_ERROR_UNREACHABLE, /* ICMP or routing: host or network unreachable */
    QL_UDP_ERROR_FAILED,      /* any other; the message says it */
} ql_udp_error;

typedef struct ql_udp ql_udp;

/* A received datagram. data is borrowed: it is valid until the next ql_udp_receive. */
typedef struct ql_udp_datagram {
    ql_address local;  /* to which address it came, also on a socket bound to the wildcard */
    ql_address remote; /* from whom */
    uint64_t time_ns;  /* when the kernel received it: nanoseconds since 1970, CLOCK_REALTIME */
    uint8_t ecn;       /* 0 to 3 */
    uint8_t ttl;       /* or hop limit, as it came; 0: the kernel does not say */
    uint32_t lost;     /* what the kernel had no room for between this and the one before: messages,
                          each of one datagram or of several that were joined */
    const uint8_t *data;
    size_t length;
} ql_udp_datagram;

/* A socket connected to remote: it receives from there only, and learns of ICMP errors. local says
 * where it is bound; NULL: the kernel chooses. NULL and error on failure. */
ql_udp *ql_udp_connect(const ql_address *remote, const ql_local_end *local, GError **error);

/* A socket bound to local (port 0: the kernel chooses), open to everyone. An IPv6 socket is for
 * IPv6 only. NULL and error on failure. */
ql_udp *ql_udp_listen(const ql_address *local, GError **error);

/* From now on each datagram goes to the kernel by a system call of its own. */
void ql_udp_disable_segmentation(ql_udp *udp);

void ql_udp_free(ql_udp *udp); /* closes it; NULL is a no-op */

/* For poll(2): POLLIN when something has come, POLLOUT when ql_udp_send goes on. Before one waits,
 * ql_udp_receive must have returned 0: it may have read more than it handed out. */
int ql_udp_fd(const ql_udp *udp);

/* Where it is bound; after ql_udp_connect never a wildcard. Valid as long as udp. */
const ql_address *ql_udp_local(const ql_udp *udp);

/* To whom it is connected; no address after ql_udp_listen. Valid as long as udp. */
const ql_address *ql_udp_remote(const ql_udp *udp);

/* The TTL or hop limit of what is sent. */
uint8_t ql_udp_ttl(const ql_udp *udp);

/* Takes up to capacity datagrams that have come. Returns their number, 0 if there is none for now,
 * -1 and error if the socket reports one (which a later call does not report again). A datagram
 * without content is passed over. */
int ql_udp_receive(ql_udp *udp, ql_udp_datagram *datagrams, size_t capacity, GError **error);

/* What ql_udp_send takes: one datagram, or several of the same length in a row, of which only the
 * last may be shorter. */
typedef struct ql_udp_batch {
    const ql_address *from; /* source address on a socket bound to the wildcard; NULL: the kernel's
                               choice. Its port is not looked at */
    const ql_address *to;   /* NULL on a connected socket */
    uint8_t ecn;            /* 0 to 3 */
    const uint8_t *data;
    size_t length;  /* of all together: at most 65,507 bytes and 64 datagrams */
    size_t segment; /* length of each; 0 or >= length: it is one datagram */
} ql_udp_batch;

/* Hands the batch to the kernel. Returns how many bytes it took, always whole datagrams: less than
 * the length (0 included) when the socket is full, then poll for POLLOUT and send the rest. -1 and
 * error on failure. A datagram that is larger than the path's MTU counts as sent, and is lost: this
 * is what a probe for the path's MTU has to see (RFC 8899). */
ssize_t ql_udp_send(ql_udp *udp, const ql_udp_batch *batch, GError **error);

/* Now, on the clock of ql_udp_datagram.time_ns. */
uint64_t ql_udp_now(void);
