/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_tls.h"

#include "origin_alpn.h"
#include "origin_secret.h"

#include <openssl/err.h>
#include <string.h>

#define TICKET_KEY_BYTES 80 /* a name, a key for HMAC, a key for AES */

static const unsigned char session_context[] = "quiclens origin";

static int refuse_early_data(SSL *ssl, void *unused)
{
    (void)ssl, (void)unused;
    return 0;
}

/* Whoever has the ticket may use it again and again: what an origin for lessons answers does no
 * harm when it is replayed, and that it can be is one of the lessons (RFC 8446, 8). */
static bool allow_sessions(SSL_CTX *context, EVP_PKEY *key, GError **error)
{
    static const char *const purposes[] = { "quiclens origin ticket name",
                                            "quiclens origin ticket mac",
                                            "quiclens origin ticket cipher" };
    uint8_t keys[G_N_ELEMENTS(purposes) * QL_ORIGIN_SECRET_BYTES];
    for (size_t i = 0; i < G_N_ELEMENTS(purposes); i++)
        if (!ql_origin_secret_derive(key, purposes[i], keys + i * QL_ORIGIN_SECRET_BYTES, error))
            return false;
    SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY);
    bool ok =
        SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) == 1 &&
        SSL_CTX_set_tlsext_ticket_keys(context, keys, TICKET_KEY_BYTES) == 1 &&
        SSL_CTX_set_max_early_data(context, UINT32_MAX) == 1; /* RFC 9001, 4.6.1 */
    explicit_bzero(keys, sizeof keys);
    if (!ok)
        g_set_error_literal(error, QL_TLS_ERROR, 0, "cannot set up session tickets");
    return ok;
}

/* RFC 8446, 4.3.2: who comes without a certificate is refused. */
static bool demand_certificates(SSL_CTX *context, const char *authorities, GError **error)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(authorities);
    if (names == NULL || SSL_CTX_load_verify_file(context, authorities) != 1) {
        g_set_error(error, QL_TLS_ERROR, 0, "cannot read certificates (PEM) from %s (--client-ca)",
                    authorities);
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        ERR_clear_error();
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

SSL_CTX *ql_origin_tls_context_new(const ql_origin_tls_settings *settings, GError **error)
{
    const ql_origin_certificate *certificate = settings->certificate;
    SSL_CTX *context = ql_tls_server_context_new(certificate->certificate, certificate->key,
                                                 settings->keylog, error);
    if (context == NULL)
        return NULL;
    if ((certificate->chain != NULL && SSL_CTX_set1_chain(context, certificate->chain) != 1) ||
        !allow_sessions(context, certificate->key, error) ||
        (settings->client_ca != NULL &&
         !demand_certificates(context, settings->client_ca, error))) {
        SSL_CTX_free(context);
        return NULL;
    }
    if (settings->alpn != NULL)
        ql_origin_alpn_select(context, settings->alpn);
    if (settings->reject_early_data)
        SSL_CTX_set_allow_early_data_cb(context, refuse_early_data, NULL);
    return context;
}

ql_tls *ql_origin_tls_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error)
{
    ql_tls *tls = ql_tls_server_new(context, ref, error);
    if (tls != NULL && SSL_set_quic_tls_early_data_enabled(ql_tls_ssl(tls), 1) != 1) {
        g_set_error_literal(error, QL_TLS_ERROR, 0, "cannot set up early data");
        g_clear_pointer(&tls, ql_tls_free);
    }
    return tls;
}
