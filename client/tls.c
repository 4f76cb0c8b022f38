/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"

#include "certificate_text.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_STORE "/etc/ssl/certs"

G_DEFINE_QUARK(ql - tls - error, ql_tls_error)

struct ql_tls {
    ngtcp2_crypto_conn_ref ref; /* first: the SSL's app data points to it */
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *handle;
    char *host;
    char *rejection;
    bool insecure;
};

static const unsigned char alpn_h3[] = { 2, 'h', '3' };

/* The first cause that OpenSSL noted; the others are where it passed through. */
static void set_error(GError **error, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if (reason == NULL && ERR_SYSTEM_ERROR(code))
        reason = g_strerror(ERR_GET_REASON(code));
    g_set_error(error, QL_TLS_ERROR, 0, "%s: %s", what, reason == NULL ? "OpenSSL failed" : reason);
    ERR_clear_error();
}

bool ql_tls_library_init(GError **error)
{
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 && ngtcp2_crypto_ossl_init() == 0)
        return true;
    set_error(error, "cannot set up TLS");
    return false;
}

static void on_secret(const SSL *ssl, const char *line)
{
    ql_keylog *log = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    ql_keylog_write(log, line);
}

static SSL_CTX *context_new(const SSL_METHOD *method, ql_keylog *keylog, GError **error)
{
    SSL_CTX *context = ql_tls_library_init(error) ? SSL_CTX_new(method) : NULL;
    if (context == NULL) {
        if (error != NULL && *error == NULL)
            set_error(error, "cannot set up TLS");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_app_data(context, keylog);
    if (keylog != NULL)
        SSL_CTX_set_keylog_callback(context, on_secret);
    return context;
}

/* A private OpenSSL may have been built for other folders than those of this system. */
static bool load_system_store(SSL_CTX *context)
{
    struct stat entry;
    const char *file = g_getenv("SSL_CERT_FILE");
    if (file != NULL && *file != '\0')
        return SSL_CTX_load_verify_file(context, file) == 1;
    if (SSL_CTX_set_default_verify_paths(context) != 1)
        return false;
    return stat(SYSTEM_STORE, &entry) != 0 || SSL_CTX_load_verify_dir(context, SYSTEM_STORE) == 1;
}

static bool load_certificates(SSL_CTX *context, const char *ca_file, GError **error)
{
    if (ca_file == NULL ? load_system_store(context)
                        : SSL_CTX_load_verify_file(context, ca_file) == 1) {
        ERR_clear_error();
        return true;
    }
    const char *named = ca_file != NULL ? ca_file : g_getenv("SSL_CERT_FILE");
    g_autofree char *what =
        named == NULL ? g_strdup("cannot read the system's certificates")
                      : g_strdup_printf("cannot read certificates (PEM) from %s (%s)", named,
                                        ca_file != NULL ? "--cacert" : "SSL_CERT_FILE");
    set_error(error, what);
    return false;
}

SSL_CTX *ql_tls_client_context_new(const ql_tls_client_options *options, GError **error)
{
    SSL_CTX *context = context_new(TLS_client_method(), options->keylog, error);
    if (context == NULL)
        return NULL;
    /* Whether a failed verification counts is decided connection by connection: see on_verify. */
    SSL_CTX_set_verify(context, options->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    bool needed = !options->insecure || options->ca_file != NULL;
    if (load_certificates(context, options->ca_file, needed ? error : NULL) || !needed)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                       const unsigned char *offered, unsigned int length, void *user)
{
    (void)ssl;
    (void)user;
    for (size_t at = 0; at < length; at += 1u + offered[at]) {
        if (offered[at] == 2 && at + 3 <= length && memcmp(offered + at + 1, "h3", 2) == 0) {
            *out = offered + at + 1;
            *out_length = 2;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *ql_tls_server_context_new(X509 *certificate, EVP_PKEY *key, ql_keylog *keylog,
                                   GError **error)
{
    SSL_CTX *context = context_new(TLS_server_method(), keylog, error);
    if (context == NULL)
        return NULL;
    SSL_CTX_set_alpn_select_cb(context, select_alpn, NULL);
    if (SSL_CTX_use_certificate(context, certificate) == 1 &&
        SSL_CTX_use_PrivateKey(context, key) == 1)
        return context;
    set_error(error, "cannot use the certificate and its key");
    SSL_CTX_free(context);
    return NULL;
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

/* The leaf's own faults come last, and "unknown issuer" is followed by more of the same: the first
 * fault that is found is the one to tell. */
static int on_verify(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    ql_tls *tls = SSL_get_app_data(ssl);
    if (good)
        return 1;
    if (tls->rejection == NULL)
        tls->rejection = describe_rejection(tls, X509_STORE_CTX_get_error(store),
                                            X509_STORE_CTX_get_current_cert(store));
    return tls->insecure ? 1 : 0;
}

static ql_tls *tls_new(SSL_CTX *context, const ngtcp2_crypto_conn_ref *ref, GError **error)
{
    ql_tls *tls = g_new0(ql_tls, 1);
    tls->ref = *ref;
    tls->ssl = SSL_new(context);
    if (tls->ssl == NULL || ngtcp2_crypto_ossl_ctx_new(&tls->handle, tls->ssl) != 0) {
        set_error(error, "cannot set up TLS");
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

ql_tls *ql_tls_client_new(SSL_CTX *context, const char *host, const ngtcp2_crypto_conn_ref *ref,
                          GError **error)
{
    ql_tls *tls = tls_new(context, ref, error);
    if (tls == NULL)
        return NULL;
    tls->host = g_strdup(host);
    tls->insecure = SSL_CTX_get_verify_mode(context) == SSL_VERIFY_NONE;
    SSL_set_verify(tls->ssl, SSL_VERIFY_PEER, on_verify);
    SSL_set_connect_state(tls->ssl);
    if (ngtcp2_crypto_ossl_configure_client_session(tls->ssl) == 0 && expect_host(tls, host) &&
        SSL_set_alpn_protos(tls->ssl, alpn_h3, sizeof alpn_h3) == 0)
        return tls;
    set_error(error, "cannot set up TLS");
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
    set_error(error, "cannot set up TLS");
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
