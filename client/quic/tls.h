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
    const char *ca_file; /* PEM; both NULL: $SSL_CERT_FILE, else the system's store */
    const char *ca_path; /* a folder of certificates by their hashes, as openssl-rehash makes it */
    const char *certificate; /* the client's own, PEM with its chain; NULL: none */
    const char *key;         /* PEM; NULL: in the file of the certificate */
    const char *ciphers;     /* as for ql_tls_cipher_names; NULL: OpenSSL's choice */
    const char *groups;      /* of key exchange, as OpenSSL names them; NULL: OpenSSL's choice */
    bool insecure;           /* accept every certificate */
    ql_keylog *keylog;       /* borrowed, must outlive the context; NULL: no secrets log */
} ql_tls_client_options;

/* NULL and error if files cannot be read, or names are unknown. */
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

/* The terms of a client's connections. All is borrowed; zero is the usual. */
typedef struct ql_tls_terms {
    const char *sni;  /* stands for the host in SNI and in its certificate; NULL: the host */
    const char *alpn; /* as for ql_tls_alpn_list; NULL: "h3" (RFC 9114, 3.1) */
    const char *pins; /* as for ql_tls_pins: one of these must be its public key; NULL: any */
} ql_tls_terms;

/* ref is copied; its get_conn must know the ngtcp2_conn as soon as packets flow. host is the
 * certificate's name to be verified, a DNS name or an IP address without brackets; a DNS name also
 * goes into SNI (RFC 6066, 3). terms NULL: the usual. Free it after the ngtcp2_conn, before the
 * context. NULL and error on failure. */
ql_tls *ql_tls_client_new(SSL_CTX *context, const char *host, const ql_tls_terms *terms,
                          const ngtcp2_crypto_conn_ref *ref, GError **error);
ql_tls *ql_tls_server_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error);
void ql_tls_free(ql_tls *tls); /* NULL is a no-op */

SSL *ql_tls_ssl(const ql_tls *tls);

/* The application protocol that was agreed on; NULL: none yet. To be freed by g_free. */
char *ql_tls_alpn(const ql_tls *tls);

/* Is told of every ticket that the server sends (RFC 8446, 4.6.1); session is borrowed. */
typedef void (*ql_tls_session_listener)(SSL_SESSION *session, void *user);
void ql_tls_set_session_listener(ql_tls *tls, ql_tls_session_listener listener, void *user);

/* Whether the certificate of an earlier connection would do for this one: a resumed connection
 * shows none (RFC 8446, 2.2). was_verified is what ql_tls_is_verified said then. */
bool ql_tls_accepts_session(const ql_tls *tls, SSL_SESSION *session, bool was_verified);

/* Whether the peer's certificate stood all tests, in the connection or in that which it resumes. */
bool ql_tls_is_verified(const ql_tls *tls);

/* What ngtcp2_conn_set_tls_native_handle wants. */
ngtcp2_crypto_ossl_ctx *ql_tls_native_handle(const ql_tls *tls);

/* What is wrong with the peer's certificate, as half a sentence: "it expired on 2024-05-01 12:00:00
 * GMT", "it is for example.org, not for localhost", "it is self-signed", "its issuer, X, is not
 * trusted". NULL if nothing is, or none was seen. Also set where the certificate was accepted
 * because of ql_tls_client_options.insecure. Control characters are escaped. Valid as long as tls.
 */
const char *ql_tls_rejection(const ql_tls *tls);

/* What OpenSSL says of its last failure, such as "bad extension"; NULL: nothing. */
const char *ql_tls_complaint(void);
