/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One QUIC connection (RFC 9000, 5): its keys, numbers, IDs, paths and streams. The session opens
 * packets and hands their frames in; views read the facts. */
#ifndef QL_CONNECTION_H
#define QL_CONNECTION_H

#include "model/journal.h"
#include "model/packet_protection.h"
#include "model/tls_hello.h"

typedef struct ql_connection ql_connection;

typedef enum ql_secrets_state {
    QL_SECRETS_NOT_NEEDED, /* nothing but Initial, Retry and Version Negotiation packets so far */
    QL_SECRETS_AVAILABLE,
    QL_SECRETS_PARTIAL, /* some levels or directions stay closed */
    QL_SECRETS_MISSING,
} ql_secrets_state;

const char *ql_secrets_state_name(ql_secrets_state state); /* "not-needed", "available", ... */

/* What views may read. Owned by the connection. */
typedef struct ql_connection_facts {
    uint32_t number; /* from 0, in the order of first packets */
    uint32_t version;
    ql_endpoint client, server; /* of the first path */
    bool has_client_random;
    uint8_t client_random[QL_CLIENT_RANDOM_LENGTH];
    char server_name[QL_TLS_NAME_MAX];
    char alpn[QL_TLS_NAME_MAX]; /* negotiated, "" while not known */
    bool has_suite;
    ql_suite suite;
    ql_transport_parameters parameters[2]; /* by ql_side */
    bool start_missing;                    /* the capture begins in its middle */
    bool early_data_accepted, early_data_rejected, resumed, retried;
    ql_secrets_state secrets;
    ql_where first, last;
    uint64_t packets; /* QUIC packets, opened or not */
    uint64_t
        closed[QL_CLOSED_CAUSE_COUNT]; /* those that stay closed, by cause; [QL_OPENED]: opened */
    uint64_t datagrams, bytes;         /* UDP payloads */
    struct {
        uint32_t frame; /* 0: no CONNECTION_CLOSE was seen */
        ql_side sender;
        bool application;
        uint64_t error, frame_type;
        char *reason; /* printable */
    } close;
} ql_connection_facts;

const ql_connection_facts *ql_connection_facts_of(const ql_connection *connection);

/* ql_cid_entry *, in the order of entering. */
const GPtrArray *ql_connection_cids(const ql_connection *connection, ql_side issuer);

/* ql_path *, by id. */
const GPtrArray *ql_connection_paths(const ql_connection *connection);

const ql_streams *ql_connection_streams(const ql_connection *connection);

#endif
