/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS as the origin does it (RFC 9001, RFC 8446): its certificate, the protocols that it speaks,
 * and session tickets, with which a client comes back, with early data if it likes. */
#pragma once

#include "keylog.h"
#include "origin_certificate.h"
#include "tls.h"

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

typedef struct ql_origin_tls_settings {
    const ql_origin_certificate *certificate;
    ql_keylog *keylog;      /* NULL: no secrets log */
    GBytes *alpn;           /* ql_origin_alpn_parse's; NULL: h3 */
    const char *client_ca;  /* PEM: a client needs a certificate of theirs; NULL: it needs none */
    bool reject_early_data; /* tickets allow for it, but it is not accepted (RFC 8446, 4.2.10) */
} ql_origin_tls_settings;

/* Tickets stay good after a restart with the same key. All is borrowed, and must outlive the
 * context, which is to be freed by SSL_CTX_free. NULL and error on failure. */
SSL_CTX *ql_origin_tls_context_new(const ql_origin_tls_settings *settings, GError **error);

/* TLS of one connection, to be freed by ql_tls_free. */
ql_tls *ql_origin_tls_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error);
