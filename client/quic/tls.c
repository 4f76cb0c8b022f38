/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"

#include "certificate_text.h"
#include "tls_inside.h"
#include "tls_names.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

/* OpenSSL says the alert by the cause, and its own for applications is handshake_failure. This one
 * has no alert that tells something else, so it is certificate_unknown (RFC 8446, 6.2). */
#define CAUSE_NOT_PINNED X509_V_ERR_NO_EXPLICIT_POLICY

G_DEFINE_QUARK(ql_tls_error, ql_tls_error)

struct ql_tls {
    ngtcp2_crypto_conn_ref ref; /* first: the SSL's app data points to it */
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *handle;
    char *host;
    char *rejection;
    bool insecure;
    GBytes *pins; /* as of ql_tls_pins; NULL: any key will do */
    ql_tls_session_listener listener;
    void *listener_user;
};

/* The first cause that OpenSSL noted; the others are where it passed through. */
void ql_tls_set_error(GError **error, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if (reason == NULL && ERR_SYSTEM_ERROR(code))
        reason = g_strerror(ERR_GET_REASON(code));
    g_set_error(error, QL_TLS_ERROR, 0, "%s: %s", what, reason == NULL ? "OpenSSL failed" : reason);
    ERR_clear_error();
}

static char *describe_rejection(const ql_tls *tls, int code, X509 *certificate)
{
    g_autofree char *detail = NULL;
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        detail = ql_certificate_time(X509_get0_notAfter(certificate));
        return g_strdup_printf("it expired on %s", detail);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        detail = ql_certificate_time(X509_get0_notBefore(certificate));
        return g_strdup_printf("it is not valid before %s", detail);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        detail = ql_certificate_hosts(certificate);
        return g_strdup_printf("it is for %s, not for %s", detail, tls->host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return g_strdup("it is self-signed");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        detail = ql_certificate_name(X509_get_subject_name(certificate));
        return g_strdup_printf("the root of its chain, %s, is not trusted", detail);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        detail = ql_certificate_name(X509_get_issuer_name(certificate));
        return g_strdup_printf("its issuer, %s, is not trusted", detail);
    default: return g_strdup(X509_verify_cert_error_string(code));
    }
}

static bool is_pinned(const ql_tls *tls, X509 *certificate)
{
    gsize size = 0;
    const uint8_t *pins = tls->pins == NULL ? NULL : g_bytes_get_data(tls->pins, &size);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    unsigned char *key = NULL;
    int length = pins == NULL ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    if (length <= 0)
        return pins == NULL;
    SHA256(key, (size_t)length, digest);
    OPENSSL_free(key);
    for (gsize at = 0; at < size; at += sizeof digest)
        if (memcmp(pins + at, digest, sizeof digest) == 0)
            return true;
    return false;
}

/* The leaf's own faults come last, and "unknown issuer" is followed by more of the same: the first
 * fault that is found is the one to tell. */
static int on_verify(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    ql_tls *tls = SSL_get_app_data(ssl);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    if (good && X509_STORE_CTX_get_error_depth(store) == 0 && !is_pinned(tls, certificate)) {
        g_free(tls->rejection);
        tls->rejection = g_strdup("its public key is not one of --pinnedpubkey");
        X509_STORE_CTX_set_error(store, CAUSE_NOT_PINNED);
        return 0;
    }
    if (good)
        return 1;
    if (tls->rejection == NULL)
        tls->rejection = describe_rejection(tls, X509_STORE_CTX_get_error(store), certificate);
    return tls->insecure ? 1 : 0;
}

static ql_tls *tls_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error)
{
    ql_tls *tls = g_new0(ql_tls, 1);
    tls->ref = *ref;
    tls->ssl = SSL_new(context);
    if (tls->ssl == NULL || ngtcp2_crypto_ossl_ctx_new(&tls->handle, tls->ssl) != 0) {
        ql_tls_set_error(error, "cannot set up TLS");
        ql_tls_free(tls);
        return NULL;
    }
    SSL_set_app_data(tls->ssl, tls);
    return tls;
}

static bool expect_host(ql_tls *tls, const char *host)
{
    if (g_hostname_is_ip_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), host) == 1;
    SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(tls->ssl, host) == 1 && SSL_set1_host(tls->ssl, host) == 1;
}

static bool offer_alpn(ql_tls *tls, const char *names, GError **error)
{
    gsize size;
    g_autoptr(GBytes) list = ql_tls_alpn_list(names == NULL ? "h3" : names, error);
    if (list == NULL)
        return false;
    const uint8_t *data = g_bytes_get_data(list, &size);
    return SSL_set_alpn_protos(tls->ssl, data, (unsigned)size) == 0;
}

ql_tls *ql_tls_client_new(SSL_CTX *context, const char *host, const ql_tls_terms *terms,
                          const ngtcp2_crypto_conn_ref *ref, GError **error)
{
    static const ql_tls_terms usual = { 0 };
    if (terms == NULL)
        terms = &usual;
    ql_tls *tls = tls_new(context, ref, error);
    if (tls == NULL)
        return NULL;
    tls->host = g_strdup(terms->sni == NULL ? host : terms->sni);
    tls->pins = terms->pins == NULL ? NULL : ql_tls_pins(terms->pins, error);
    tls->insecure = SSL_CTX_get_verify_mode(context) == SSL_VERIFY_NONE;
    SSL_set_verify(tls->ssl, SSL_VERIFY_PEER, on_verify);
    SSL_set_connect_state(tls->ssl);
    if ((terms->pins == NULL || tls->pins != NULL) && offer_alpn(tls, terms->alpn, error) &&
        ngtcp2_crypto_ossl_configure_client_session(tls->ssl) == 0 && expect_host(tls, tls->host))
        return tls;
    if (error != NULL && *error == NULL)
        ql_tls_set_error(error, "cannot set up TLS");
    ql_tls_free(tls);
    return NULL;
}

ql_tls *ql_tls_server_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error)
{
    ql_tls *tls = tls_new(context, ref, error);
    if (tls == NULL)
        return NULL;
    SSL_set_accept_state(tls->ssl);
    if (ngtcp2_crypto_ossl_configure_server_session(tls->ssl) == 0)
        return tls;
    ql_tls_set_error(error, "cannot set up TLS");
    ql_tls_free(tls);
    return NULL;
}

void ql_tls_free(ql_tls *tls)
{
    if (tls == NULL)
        return;
    if (tls->ssl != NULL)
        SSL_set_app_data(tls->ssl,
                         NULL); /* SSL_free would call back into a connection that is gone */
    ngtcp2_crypto_ossl_ctx_del(tls->handle);
    SSL_free(tls->ssl);
    g_free(tls->host);
    g_free(tls->rejection);
    g_clear_pointer(&tls->pins, g_bytes_unref);
    g_free(tls);
}

SSL *ql_tls_ssl(const ql_tls *tls)
{
    return tls->ssl;
}

ngtcp2_crypto_ossl_ctx *ql_tls_native_handle(const ql_tls *tls)
{
    return tls->handle;
}

const char *ql_tls_rejection(const ql_tls *tls)
{
    return tls->rejection;
}

char *ql_tls_alpn(const ql_tls *tls)
{
    const unsigned char *name;
    unsigned int length;
    SSL_get0_alpn_selected(tls->ssl, &name, &length);
    return length == 0 ? NULL : g_strndup((const char *)name, length);
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    const ql_tls *tls = SSL_get_app_data(ssl);
    if (tls != NULL && tls->listener != NULL)
        tls->listener(session, tls->listener_user);
    return 0; /* no reference is kept */
}

void ql_tls_keep_sessions(SSL_CTX *context)
{
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
}

void ql_tls_set_session_listener(ql_tls *tls, ql_tls_session_listener listener, void *user)
{
    tls->listener = listener;
    tls->listener_user = user;
}

bool ql_tls_is_verified(const ql_tls *tls)
{
    return SSL_get_verify_result(tls->ssl) == X509_V_OK && tls->rejection == NULL;
}

bool ql_tls_accepts_session(const ql_tls *tls, SSL_SESSION *session, bool was_verified)
{
    X509 *certificate = SSL_SESSION_get0_peer(session);
    const char *name = SSL_SESSION_get0_hostname(session);
    bool same_name = name == NULL || g_ascii_strcasecmp(name, tls->host) == 0;
    bool pinned = tls->pins == NULL || (certificate != NULL && is_pinned(tls, certificate));
    return (was_verified || tls->insecure) && same_name && pinned;
}

const char *ql_tls_complaint(void)
{
    return ERR_reason_error_string(ERR_peek_last_error());
}
