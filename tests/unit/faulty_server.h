/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HTTP/3 server that does one thing wrong, in a thread of the test, on 127.0.0.1. It answers as
 * a good one would, with status 200 and no content, where its fault allows it. */
#pragma once

#include <glib.h>
#include <openssl/x509.h>
#include <stdint.h>

typedef enum fault_kind {
    FAULT_ALPN_REFUSED,         /* alert no_application_protocol */
    FAULT_ALPN_IGNORED,         /* the handshake goes on without one */
    FAULT_CONTROL_FRAME,        /* a DATA frame on the control stream */
    FAULT_STREAM_RESET,         /* by H3_INTERNAL_ERROR */
    FAULT_STREAM_REJECTED,      /* by H3_REQUEST_REJECTED, the first time */
    FAULT_STREAM_REJECTED_EVER, /* every time */
    FAULT_STREAM_ENDED,         /* without a response */
    FAULT_LENGTH,               /* content-length 5, and no content */
    FAULT_CLOSED,               /* the connection, by H3_EXCESSIVE_LOAD and a reason */
    FAULT_CLOSED_TRANSPORT,     /* by PROTOCOL_VIOLATION */
    FAULT_CLOSED_SILENTLY,      /* by H3_NO_ERROR, with the request under way */
    FAULT_STATELESS_RESET,
    FAULT_GOES_AWAY,  /* GOAWAY at the first request; those behind it are not answered.
                         The next connection is a good one */
    FAULT_QPACK_LATE, /* none, but the QPACK instructions that a response needs follow it */
} fault_kind;

typedef struct faulty_server faulty_server;

/* certificate and key are borrowed. */
faulty_server *faulty_server_start(fault_kind fault, X509 *certificate, EVP_PKEY *key);
void faulty_server_stop(faulty_server *server);

uint16_t faulty_server_port(const faulty_server *server);

/* How many connections and requests there were; to be read after the client has ended. */
unsigned faulty_server_connections(const faulty_server *server);
unsigned faulty_server_requests(const faulty_server *server);
