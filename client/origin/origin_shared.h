/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all connections of an origin share; borrowed by each. */
#pragma once

#include "origin_cids.h"
#include "origin_http.h"
#include "origin_secret.h"
#include "origin_sockets.h"
#include "origin_transport.h"
#include "qlog.h"

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

/* The most that one call of ql_origin_sockets_send takes. */
#define QL_ORIGIN_SEND_BYTES 65507u

typedef struct ql_origin_shared {
    ql_origin_sockets *sockets;
    SSL_CTX *tls;
    ql_origin_cids *cids;
    uint8_t reset_secret[QL_ORIGIN_SECRET_BYTES]; /* stateless reset tokens (RFC 9000, 10.3) */
    uint8_t token_secret[QL_ORIGIN_SECRET_BYTES]; /* address validation tokens (8.1) */
    uint8_t *buffer;     /* QL_ORIGIN_SEND_BYTES, for packets that are being made */
    ql_qlog_book *qlogs; /* NULL: none */
    ql_origin_quic_settings quic;
    ql_origin_http_settings http;
    size_t mirrored; /* that of http */
} ql_origin_shared;
