/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS 1.3 for QUIC (RFC 9001), both sides: OpenSSL behind ngtcp2's crypto_ossl. OpenSSL's own
 * configuration file is never read. */
#pragma once

#include "keylog.h"

#include <glib.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#define QL_TLS_ERROR (ql_tls_error_quark())
GQuark ql_tls_error_quark(void); /* code 0; the message says it all */

/* Settings that all connections share. Free with SSL_CTX_free. */

typedef struct ql_tls_client_options {
    const char *ca_file; /* PEM; NULL: $SSL_CERT_FILE, else the system's store */
    bool insecure;       /* accept every certificate */
    ql_keylog *keylog;   /* borrowed, must outlive the context; NULL: no secrets log */
} ql_tls_client_options;

/* ALPN "h3" (RFC 9114, 3.1). NULL and error if the certificates cannot be read. */
SSL_CTX *ql_tls_client_context_new(const ql_tls_client_options *options, GError **error);

/* ALPN "h3", others are refused with the alert no_application_protocol. The context takes
 * references of its own to certificate and key; keylog is borrowed as above. */
SSL_CTX *ql_tls_server_context_new(X509 *certificate, EVP_PKEY *key, ql_keylog *keylog,
                                   GError **error);

/* To be called once, before any other call of OpenSSL. False and error if a cipher that QUIC needs
 * is missing. */
bool ql_tls_library_init(GError **error);

/* TLS of one connection. */
typedef struct ql_tls ql_tls;

/* ref is copied; its get_conn must know the ngtcp2_conn as soon as packets flow. host is the
 * certificate's name to be verified, a DNS name or an IP address without brackets; a DNS name also
 * goes into SNI (RFC 6066, 3). Free it after the ngtcp2_conn, before the context. NULL and error on
 * failure. */
ql_tls *ql_tls_client_new(SSL_CTX *context, const char *host, const ngtcp2_crypto_conn_ref *ref,
                          GError **error);
ql_tls *ql_tls_server_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error);
void ql_tls_free(ql_tls *tls); /* NULL is a no-op */

SSL *ql_tls_ssl(const ql_tls *tls);

/* What ngtcp2_conn_set_tls_native_handle wants. */
ngtcp2_crypto_ossl_ctx *ql_tls_native_handle(const ql_tls *tls);

/* What is wrong with the peer's certificate, as half a sentence: "it expired on 2024-05-01 12:00:00
 * GMT", "it is for example.org, not for localhost", "it is self-signed", "its issuer, X, is not
 * trusted". NULL if nothing is, or none was seen. Also set where the certificate was accepted
 * because of ql_tls_client_options.insecure. Control characters are escaped. Valid as long as tls.
 */
const char *ql_tls_rejection(const ql_tls *tls);
