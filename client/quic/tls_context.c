/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connections of one side share: certificates, keys, and what is offered and accepted. */
#include "tls.h"

#include "tls_inside.h"
#include "tls_names.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_STORE "/etc/ssl/certs"

bool ql_tls_library_init(GError **error)
{
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 && ngtcp2_crypto_ossl_init() == 0)
        return true;
    ql_tls_set_error(error, "cannot set up TLS");
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
            ql_tls_set_error(error, "cannot set up TLS");
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

static bool fail_reading(GError **error, const char *format, const char *name, const char *option)
{
    g_autofree char *what = g_strdup_printf(format, name, option);
    ql_tls_set_error(error, what);
    return false;
}

static bool load_certificates(SSL_CTX *context, const ql_tls_client_options *options,
                              GError **error)
{
    static const char format[] = "cannot read certificates (PEM) from %s (%s)";
    const char *file = options->ca_file, *folder = options->ca_path;
    const char *set = g_getenv("SSL_CERT_FILE");
    if (file != NULL && SSL_CTX_load_verify_file(context, file) != 1)
        return fail_reading(error, format, file, "--cacert");
    if (folder != NULL &&
        (!g_file_test(folder, G_FILE_TEST_IS_DIR) || SSL_CTX_load_verify_dir(context, folder) != 1))
        return fail_reading(error, "cannot read certificates from the folder %s (%s)", folder,
                            "--capath");
    if (file == NULL && folder == NULL && !load_system_store(context)) {
        if (set != NULL)
            return fail_reading(error, format, set, "SSL_CERT_FILE");
        ql_tls_set_error(error, "cannot read the system's certificates");
        return false;
    }
    ERR_clear_error();
    return true;
}

/* Who the client is, for servers that ask (RFC 8446, 4.4.2). */
static bool load_identity(SSL_CTX *context, const ql_tls_client_options *options, GError **error)
{
    const char *key = options->key != NULL ? options->key : options->certificate;
    if (options->certificate == NULL)
        return true;
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1)
        return fail_reading(error, "cannot read the client's certificate (PEM) from %s (%s)",
                            options->certificate, "--cert");
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return fail_reading(error, "cannot use the client's key (PEM) from %s (%s)", key, "--key");
    return true;
}

static bool set_offer(SSL_CTX *context, const ql_tls_client_options *options, GError **error)
{
    g_autofree char *suites = NULL;
    if (options->ciphers != NULL) {
        suites = ql_tls_cipher_names(options->ciphers, error);
        if (suites == NULL || SSL_CTX_set_ciphersuites(context, suites) != 1)
            return suites != NULL && fail_reading(error, "cannot offer the ciphers %s (%s)",
                                                  options->ciphers, "--ciphers");
    }
    return options->groups == NULL || SSL_CTX_set1_groups_list(context, options->groups) == 1 ||
           fail_reading(error, "cannot offer the groups %s (%s)", options->groups, "--groups");
}

SSL_CTX *ql_tls_client_context_new(const ql_tls_client_options *options, GError **error)
{
    SSL_CTX *context = context_new(TLS_client_method(), options->keylog, error);
    if (context == NULL)
        return NULL;
    /* Whether a failed verification counts is decided connection by connection: see on_verify. */
    SSL_CTX_set_verify(context, options->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    ql_tls_keep_sessions(context);
    bool needed = !options->insecure || options->ca_file != NULL || options->ca_path != NULL;
    if ((load_certificates(context, options, needed ? error : NULL) || !needed) &&
        load_identity(context, options, error) && set_offer(context, options, error))
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
    ql_tls_set_error(error, "cannot use the certificate and its key");
    SSL_CTX_free(context);
    return NULL;
}
