/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"

#include <string.h>

static ngtcp2_conn *no_connection(ngtcp2_crypto_conn_ref *ref)
{
    (void)ref;
    return NULL;
}

static void test_names_are_sent_and_addresses_are_not(void)
{
    const ngtcp2_crypto_conn_ref ref = { no_connection, NULL };
    SSL_CTX *context =
        ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    ql_tls *name = ql_tls_client_new(context, "example.org", NULL, &ref, NULL);
    ql_tls *address = ql_tls_client_new(context, "::1", NULL, &ref, NULL);
    g_assert_cmpstr(SSL_get_servername(ql_tls_ssl(name), TLSEXT_NAMETYPE_host_name), ==,
                    "example.org");
    g_assert_null(SSL_get_servername(ql_tls_ssl(address), TLSEXT_NAMETYPE_host_name));
    g_assert_nonnull(ql_tls_native_handle(name));
    g_assert_null(ql_tls_rejection(name));
    ql_tls_free(name);
    ql_tls_free(address);
    ql_tls_free(NULL);
    SSL_CTX_free(context);
}

static void test_the_terms_of_a_connection_are_its_own(void)
{
    const ngtcp2_crypto_conn_ref ref = { no_connection, NULL };
    const ql_tls_terms named = { .sni = "other.example" }, unknown = { .alpn = "" },
                       unpinned = { .pins = "sha1//AAAA" };
    g_autoptr(GError) alpn = NULL, pins = NULL;
    SSL_CTX *context =
        ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    ql_tls *tls = ql_tls_client_new(context, "example.org", &named, &ref, NULL);
    g_assert_cmpstr(SSL_get_servername(ql_tls_ssl(tls), TLSEXT_NAMETYPE_host_name), ==,
                    "other.example");
    g_assert_null(ql_tls_alpn(tls));
    ql_tls_free(tls);
    g_assert_null(ql_tls_client_new(context, "example.org", &unknown, &ref, &alpn));
    g_assert_nonnull(strstr(alpn->message, "ALPN"));
    g_assert_null(ql_tls_client_new(context, "example.org", &unpinned, &ref, &pins));
    g_assert_nonnull(strstr(pins->message, "sha1//AAAA"));
    SSL_CTX_free(context);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
    g_test_add_func("/tls/names", test_names_are_sent_and_addresses_are_not);
    g_test_add_func("/tls/terms", test_the_terms_of_a_connection_are_its_own);
    return g_test_run();
}
