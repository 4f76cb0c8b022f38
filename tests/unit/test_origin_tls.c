/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_tls.h"

#include "origin_alpn.h"
#include "origin_fixture.h"

#include <string.h>

typedef struct fixture {
    ql_origin_certificate certificate;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(ql_tls_library_init(NULL));
    f->certificate.key = EVP_EC_gen("P-256");
    f->certificate.certificate = certificate_new(f->certificate.key, "localhost", -DAY, DAY);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    X509_free(f->certificate.certificate);
    EVP_PKEY_free(f->certificate.key);
}

static void test_tickets_allow_early_data(fixture *f, gconstpointer unused)
{
    const ql_origin_tls_settings settings = { .certificate = &f->certificate };
    (void)unused;
    SSL_CTX *context = ql_origin_tls_context_new(&settings, NULL);
    g_assert_nonnull(context);
    g_assert_cmphex(SSL_CTX_get_max_early_data(context), ==, UINT32_MAX);
    g_assert_cmpint(SSL_CTX_get_verify_mode(context), ==, SSL_VERIFY_NONE);
    SSL_CTX_free(context);
}

static void test_the_same_key_has_the_same_tickets(fixture *f, gconstpointer unused)
{
    const ql_origin_tls_settings settings = { .certificate = &f->certificate };
    uint8_t first[80], second[80];
    (void)unused;
    SSL_CTX *one = ql_origin_tls_context_new(&settings, NULL);
    SSL_CTX *two = ql_origin_tls_context_new(&settings, NULL);
    g_assert_cmpint(SSL_CTX_get_tlsext_ticket_keys(one, first, sizeof first), ==, 1);
    g_assert_cmpint(SSL_CTX_get_tlsext_ticket_keys(two, second, sizeof second), ==, 1);
    g_assert_cmpint(memcmp(first, second, sizeof first), ==, 0);
    SSL_CTX_free(one);
    SSL_CTX_free(two);
}

static void test_authorities_that_cannot_be_read_are_named(fixture *f, gconstpointer unused)
{
    static const char *const files[] = { "/no/such/file", "/dev/null" };
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        const ql_origin_tls_settings settings = { .certificate = &f->certificate,
                                                  .client_ca = files[i] };
        g_assert_null(ql_origin_tls_context_new(&settings, &error));
        g_assert_nonnull(strstr(error->message, files[i]));
        g_assert_nonnull(strstr(error->message, "--client-ca"));
    }
}

#define TEST(name, function)                                                                       \
    g_test_add("/origin-tls/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("early-data", test_tickets_allow_early_data);
    TEST("tickets", test_the_same_key_has_the_same_tickets);
    TEST("authorities", test_authorities_that_cannot_be_read_are_named);
    return g_test_run();
}
