/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the origin can do wrong on purpose, one thing at a time, so that one sees what a client
 * makes of it: a table of violations of TLS, QUIC and HTTP/3, as the bytes that violate. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Constant bytes; data NULL: none. */
typedef struct ql_origin_bytes {
    const char *data;
    size_t length;
} ql_origin_bytes;

typedef enum ql_origin_fault_level {
    QL_ORIGIN_FAULT_ALPN,  /* in the handshake: alpn says what is negotiated */
    QL_ORIGIN_FAULT_FRAME, /* frames are inserted into a 1-RTT packet of an ordinary server */
    QL_ORIGIN_FAULT_HTTP,  /* the streams are not HTTP/3 as it should be */
} ql_origin_fault_level;

/* How a response ends. */
typedef enum ql_origin_fault_end {
    QL_ORIGIN_FAULT_END_FIN,
    QL_ORIGIN_FAULT_END_RESET,   /* once all of it has arrived */
    QL_ORIGIN_FAULT_END_ENDLESS, /* it never does: fields follow for ever */
    QL_ORIGIN_FAULT_END_SILENT,  /* nothing is sent at all */
} ql_origin_fault_end;

typedef struct ql_origin_misbehaviour {
    const char *name;
    ql_origin_fault_level level;
    const char *alpn;               /* in the form that TLS has for it; NULL: none at all */
    ql_origin_bytes frames;         /* RFC 9000, 19 */
    ql_origin_bytes control;        /* the control stream; none: an ordinary one */
    ql_origin_bytes encoder;        /* QPACK's encoder stream; none: there is none */
    ql_origin_bytes second_control; /* one more stream */
    ql_origin_bytes response;       /* the request's stream; none: an ordinary one */
    int control_ends;               /* the control stream ends behind its bytes */
    ql_origin_fault_end end;
} ql_origin_misbehaviour;

/* NULL if there is none of that name. */
const ql_origin_misbehaviour *ql_origin_misbehaviour_find(const char *name);

/* The one at an index, from 0; NULL behind the last. */
const ql_origin_misbehaviour *ql_origin_misbehaviour_at(size_t index);
