/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way into the model: captured UDP datagrams as plain data. */
#ifndef QL_DATAGRAM_H
#define QL_DATAGRAM_H

#include <stdbool.h>
#include <glib.h>

#include "model/slice.h"

/* One end of a path. Unused bytes of the address are zero, so that equal endpoints are equal bytes.
 */
typedef struct ql_endpoint {
    uint8_t address[16]; /* network byte order; IPv4 in the first four */
    uint16_t port;       /* host byte order */
    uint8_t family;      /* 4 or 6; 0: not known */
} ql_endpoint;

bool ql_endpoint_equal(const ql_endpoint *a, const ql_endpoint *b);

/* "192.0.2.1:443" or "[2001:db8::1]:443"; the caller frees it. */
char *ql_endpoint_text(const ql_endpoint *endpoint);

/* Where in the capture something happened. */
typedef struct ql_where {
    uint32_t frame;   /* number of the captured frame, from 1 */
    uint64_t time_ns; /* since the epoch */
} ql_where;

/* One captured datagram. The payload is borrowed for the call it is handed to. */
typedef struct ql_datagram {
    ql_where where;
    ql_endpoint source, destination;
    uint8_t ecn;      /* the two ECN bits, RFC 3168 */
    ql_slice payload; /* UDP payload as captured */
    size_t
        wire_length; /* UDP payload as sent; larger than payload.length when the capture cut it */
} ql_datagram;

/* Who sent something. Also used for who issued a connection ID. */
typedef enum ql_side { QL_CLIENT, QL_SERVER } ql_side;

static inline ql_side ql_side_other(ql_side side)
{
    return side == QL_CLIENT ? QL_SERVER : QL_CLIENT;
}

#define QL_ECN_CE 3 /* congestion experienced */

const char *ql_ecn_name(unsigned ecn); /* of the two ECN bits: "Not-ECT", "ECT(0)", ... */

const char *ql_side_name(ql_side side); /* "client", "server" */

#endif
