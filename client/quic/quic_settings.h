/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one side of a QUIC connection, client or server, is to behave. A plain value; zero everywhere
 * is the usual. */
#pragma once

#include "trigger.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_QUIC_VERSIONS_AT_MOST 8u
#define QL_QUIC_PROBES_AT_MOST   8u

/* Of our connection IDs, if not told else. */
#define QL_QUIC_CID_BYTES 8u

typedef enum ql_quic_side { QL_QUIC_CLIENT, QL_QUIC_SERVER } ql_quic_side;

typedef enum ql_congestion {
    QL_CONGESTION_USUAL, /* CUBIC */
    QL_CONGESTION_RENO,  /* RFC 9002, 7 */
    QL_CONGESTION_CUBIC, /* RFC 9438 */
    QL_CONGESTION_BBR,
} ql_congestion;

typedef struct ql_quic_settings {
    /* Versions (RFC 9368). On a client: of the first packets; 0: the first of available, or else
     * 1. On a server: to go on in where the client has it, too; 0: the client's. */
    uint32_t version;
    /* A client's, in the order of preference, each one known or reserved; 0 of them: the version
     * alone, or those that are known if it is not. */
    uint32_t available[QL_QUIC_VERSIONS_AT_MOST];
    size_t available_count;

    /* Flow control (RFC 9000, 4): what the peer may send at first. Bytes; 0: the usual. */
    uint64_t max_data;
    uint64_t max_stream_data;
    uint64_t max_streams; /* opened by the peer: a server's unidirectional ones, or a client's
                             bidirectional ones */
    uint64_t window;      /* windows grow no further than this */

    /* Recovery and timers. 0: the usual. */
    ql_congestion congestion;
    ngtcp2_duration initial_rtt;       /* RFC 9002, 6.2.2 */
    ngtcp2_duration handshake_timeout; /* of a client: for one address */
    ngtcp2_duration keep_alive;        /* PING after such a silence (RFC 9000, 10.1.2) */
    uint64_t ack_threshold; /* packets that are acknowledged at once (RFC 9000, 13.2.2) */

    /* Datagrams. */
    uint64_t max_udp_payload; /* bytes; also told to the peer (RFC 9000, 18.2); 0: the usual */
    bool no_pmtud;            /* no probes for larger datagrams (RFC 9000, 14.3) */
    /* What is probed for, in this order: bytes, more than 1200. 0 of them: the usual. */
    uint16_t probes[QL_QUIC_PROBES_AT_MOST];
    size_t probe_count;
    bool no_gso; /* a system call a datagram */
    bool no_ecn; /* no packet is marked (RFC 9000, 13.4) */

    ql_trigger key_update; /* RFC 9001, 6 */

    /* Connection IDs and packet numbers. */
    ngtcp2_cid scid, dcid; /* the first ones; of no bytes: chance chooses */
    bool has_cid_length;
    size_t cid_length;              /* of our IDs, where scid is not set */
    uint32_t initial_packet_number; /* in each packet number space; at most INT32_MAX */
} ql_quic_settings;

/* The version of a connection's first packets. */
uint32_t ql_quic_settings_version(const ql_quic_settings *settings);

/* The known versions that may be used, in the order of preference; versions has room for
 * QL_QUIC_VERSIONS_AT_MOST. Returns how many. */
size_t ql_quic_settings_usable(const ql_quic_settings *settings, uint32_t *versions);

/* What to go on with when the server offers these versions by Version Negotiation (RFC 9368, 2.1):
 * that which is preferred here; 0: none will do. */
uint32_t ql_quic_settings_choose(const ql_quic_settings *settings, const uint32_t *offered,
                                 size_t count);

/* The length of our connection IDs where scid is not set. */
size_t ql_quic_settings_cid_length(const ql_quic_settings *settings);

/* For ngtcp2_conn_client_new with that version, or ngtcp2_conn_server_new with the client's: what
 * is usual here, and what the settings choose. Versions of a server, IDs, tokens, limits of time
 * and what comes with HTTP are left to the caller. native refers to settings. */
void ql_quic_settings_init(const ql_quic_settings *settings, ql_quic_side side, uint32_t version,
                           ngtcp2_settings *native, ngtcp2_transport_params *parameters);

/* A version that connections can be made with. */
bool ql_quic_version_is_known(uint32_t version);

/* "v1", "v2", or hexadecimal, "0x6b3343cf". False if it is neither, or 0, which is not a version
 * (RFC 9000, 15). */
bool ql_quic_version_parse(const char *text, uint32_t *version);

/* "1", "2", or "0x1a2a3a4a"; to be freed by g_free. */
char *ql_quic_version_to_string(uint32_t version);
