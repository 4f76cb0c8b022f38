/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a packet can be read without keys (RFC 8999; RFC 9000, 17; RFC 9369, 3.2). */
#ifndef QL_PACKET_HEADER_H
#define QL_PACKET_HEADER_H

#include "model/cid.h"
#include "model/slice.h"

#define QL_VERSION_1 0x00000001u
#define QL_VERSION_2 0x6b3343cfu

/* Versions 1 and 2 and drafts 29 to 34: the ones whose packets can be opened. */
bool ql_version_is_known(uint32_t version);

typedef enum ql_packet_type {
    QL_PACKET_INITIAL,
    QL_PACKET_ZERO_RTT,
    QL_PACKET_HANDSHAKE,
    QL_PACKET_RETRY,
    QL_PACKET_VERSION_NEGOTIATION,
    QL_PACKET_ONE_RTT,
    QL_PACKET_TYPE_COUNT
} ql_packet_type;

const char *ql_packet_type_name(ql_packet_type type); /* "Initial", "0-RTT", "1-RTT", ... */

/* All slices borrow from the datagram. */
typedef struct ql_packet_header {
    ql_packet_type type;
    bool fixed_bit;   /* false in padding and foreign bytes, and in packets of endpoints that agreed
                         on RFC 9287: only opening it tells the two apart */
    uint32_t version; /* 0 in short headers and in Version Negotiation */
    ql_cid dcid, scid; /* scid is empty in short headers */
    ql_slice token;    /* of Initial and Retry */
    ql_slice versions; /* of Version Negotiation: four bytes each */
    ql_slice packet;   /* this packet alone, from its first byte */
    size_t
        pn_offset; /* where the protected packet number begins in `packet`; 0 where there is none */
    bool cut; /* the length field announces more than the datagram has: it cannot be opened, and
                 may lack even the sample */
} ql_packet_header;

typedef enum ql_header_status {
    QL_HEADER_OK,
    QL_HEADER_NOT_QUIC, /* IDs too long, truncated, no room for a sample; fixed bit clear in an
                           unknown version */
    QL_HEADER_UNKNOWN_VERSION, /* version and connection IDs are set, nothing else is */
} ql_header_status;

bool ql_packet_is_long(ql_slice datagram);

/* The first packet of `datagram`, which has a long header. */
ql_header_status ql_packet_header_read_long(ql_slice datagram, ql_packet_header *out);

/* The same for a short header, whose destination ID has a length that only its issuer knows. */
ql_header_status ql_packet_header_read_short(ql_slice datagram, size_t dcid_length,
                                             ql_packet_header *out);

#endif
