/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a connection failed, and what to do next, in one sentence for people. */
#pragma once

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef enum ql_failure_cause {
    QL_FAILURE_REFUSED,           /* ICMP: nobody listens on the port */
    QL_FAILURE_UNREACHABLE,       /* ICMP or routing; see detail */
    QL_FAILURE_HANDSHAKE_TIMEOUT, /* after limit; detail: the option that set it */
    QL_FAILURE_IDLE_TIMEOUT,      /* after limit */
    QL_FAILURE_CERTIFICATE,       /* rejected by us; detail: why */
    QL_FAILURE_VERSION,           /* detail: the versions that the server offers */
    QL_FAILURE_STATELESS_RESET,
    QL_FAILURE_CLOSED_BY_PEER, /* with error */
    QL_FAILURE_FAULT_OF_PEER,  /* found by us and told to the peer with error; detail: what TLS says
                                  of it, or NULL */
    QL_FAILURE_LOCAL,          /* on this side; detail: what */
} ql_failure_cause;

/* A plain value; all is borrowed. */
typedef struct ql_failure {
    ql_failure_cause cause;
    const char *origin;  /* "example.org:443" */
    const char *address; /* "192.0.2.1:443" */
    const char *alpn;    /* that was offered; NULL: h3 */
    uint32_t version;    /* of QUIC */
    const char *detail;  /* NULL where the cause needs none */
    ngtcp2_duration limit;
    const ngtcp2_ccerr *error; /* NULL where the cause needs none */
    bool in_handshake;         /* it was not completed */
} ql_failure;

/* To be freed by g_free. */
char *ql_failure_to_sentence(const ql_failure *failure);

/* Whether the same might go well another time. */
bool ql_failure_may_pass(const ql_failure *failure);

/* Whether another address of the same host might do better. */
bool ql_failure_is_of_address(const ql_failure *failure);
