/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connections of one side share (tls.h). */
#include "origin_fixture.h"
#include "tls.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

static char *pem_file(X509 *certificate)
{
    char *path = NULL;
    int fd = g_file_open_tmp("tls-XXXXXX", &path, NULL);
    FILE *file = fdopen(fd, "w");
    g_assert_cmpint(PEM_write_X509(file, certificate), ==, 1);
    fclose(file);
    return path;
}

static int certificates_in(const SSL_CTX *context)
{
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
}

static void test_only_the_named_certificates_are_trusted(void)
{
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_new(key, "localhost", -DAY, DAY);
    g_autofree char *path = pem_file(certificate);
    SSL_CTX *named = ql_tls_client_context_new(&(ql_tls_client_options){ .ca_file = path }, &error);
    g_assert_no_error(error);
    g_assert_cmpint(certificates_in(named), ==, 1);
    g_setenv("SSL_CERT_FILE", path, TRUE);
    SSL_CTX *from_environment = ql_tls_client_context_new(&(ql_tls_client_options){ 0 }, &error);
    g_assert_no_error(error);
    g_assert_cmpint(certificates_in(from_environment), ==, 1);
    g_unsetenv("SSL_CERT_FILE");
    SSL_CTX_free(named);
    SSL_CTX_free(from_environment);
    X509_free(certificate);
    EVP_PKEY_free(key);
    g_remove(path);
}

static void assert_no_context(const ql_tls_client_options *options, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ql_tls_client_context_new(options, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, words));
}

static void test_certificates_that_cannot_be_read_are_named(void)
{
    assert_no_context(&(ql_tls_client_options){ .ca_file = "/no/such/ca" }, "/no/such/ca");
    assert_no_context(&(ql_tls_client_options){ .ca_file = "/dev/null" }, "--cacert");
    assert_no_context(&(ql_tls_client_options){ .ca_path = "/no/such/folder" }, "--capath");
    assert_no_context(&(ql_tls_client_options){ .insecure = true, .certificate = "/dev/null" },
                      "--cert");
    g_setenv("SSL_CERT_FILE", "/no/such/file", TRUE);
    assert_no_context(&(ql_tls_client_options){ 0 }, "SSL_CERT_FILE");
    g_unsetenv("SSL_CERT_FILE");
}

static void test_what_is_offered_is_what_was_asked_for(void)
{
    const ql_tls_client_options options = { .insecure = true,
                                            .ciphers = "ChaCha20",
                                            .groups = "X25519" };
    SSL_CTX *context = ql_tls_client_context_new(&options, NULL);
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
    unsigned suites = 0;
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
        suites +=
            g_str_has_prefix(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)), "TLS_") ? 1 : 0;
    g_assert_cmpuint(suites, ==, 1);
    SSL_CTX_free(context);
    assert_no_context(&(ql_tls_client_options){ .insecure = true, .groups = "none" }, "--groups");
    assert_no_context(&(ql_tls_client_options){ .insecure = true, .ciphers = "none" }, "none");
}

static void test_a_key_that_does_not_fit_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    X509 *certificate = certificate_new(key, "localhost", -DAY, DAY);
    g_assert_null(ql_tls_server_context_new(certificate, other, NULL, &error));
    g_assert_error(error, QL_TLS_ERROR, 0);
    SSL_CTX *context = ql_tls_server_context_new(certificate, key, NULL, NULL);
    g_assert_nonnull(context);
    SSL_CTX_free(context);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void test_nothing_older_than_tls_1_3_is_spoken(void)
{
    SSL_CTX *context =
        ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    g_assert_cmpint(SSL_CTX_get_min_proto_version(context), ==, TLS1_3_VERSION);
    g_assert_cmpint(SSL_CTX_get_verify_mode(context), ==, SSL_VERIFY_NONE);
    SSL_CTX_free(context);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("SSL_CERT_FILE");
    g_assert_true(ql_tls_library_init(NULL));
    g_test_add_func("/tls_context/only the named certificates are trusted",
                    test_only_the_named_certificates_are_trusted);
    g_test_add_func("/tls_context/certificates that cannot be read are named",
                    test_certificates_that_cannot_be_read_are_named);
    g_test_add_func("/tls_context/what is offered is what was asked for",
                    test_what_is_offered_is_what_was_asked_for);
    g_test_add_func("/tls_context/a key that does not fit is refused",
                    test_a_key_that_does_not_fit_is_refused);
    g_test_add_func("/tls_context/nothing older than TLS 1.3 is spoken",
                    test_nothing_older_than_tls_1_3_is_spoken);
    return g_test_run();
}
