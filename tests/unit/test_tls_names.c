/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls.h"
#include "tls_names.h"

#include <string.h>

static void test_suites_have_short_names(void)
{
    g_autofree char *one = ql_tls_cipher_names("ChaCha20", NULL);
    g_assert_cmpstr(one, ==, "TLS_CHACHA20_POLY1305_SHA256");
    g_autofree char *list = ql_tls_cipher_names("aes-128-gcm:TLS_AES_256_GCM_SHA384", NULL);
    g_assert_cmpstr(list, ==, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    g_autofree char *commas = ql_tls_cipher_names("AES-128-CCM,AES-256-GCM", NULL);
    g_assert_cmpstr(commas, ==, "TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384");
}

static void test_alpn_is_put_as_it_goes_on_the_wire(void)
{
    gsize size;
    g_autoptr(GBytes) list = ql_tls_alpn_list("h3,hq-interop", NULL);
    const char *data = g_bytes_get_data(list, &size);
    g_assert_cmpuint(size, ==, 14);
    g_assert_cmpint(memcmp(data, "\x02h3\x0ahq-interop", size), ==, 0);
}

static void test_pins_are_decoded(void)
{
    gsize size;
    g_autoptr(GBytes) pins = ql_tls_pins("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;"
                                         "sha256////////////////////////////////////////////8=",
                                         NULL);
    const uint8_t *data = g_bytes_get_data(pins, &size);
    g_assert_cmpuint(size, ==, 64);
    g_assert_cmpuint(data[0], ==, 0);
    g_assert_cmpuint(data[63], ==, 0xff);
}

static void assert_named(GError *error, const char *word)
{
    g_assert_error(error, QL_TLS_ERROR, 0);
    g_assert_nonnull(strstr(error->message, word));
}

static void test_what_is_not_understood_is_named(void)
{
    g_autoptr(GError) cipher = NULL, none = NULL, alpn = NULL, pin = NULL, group = NULL;
    g_assert_null(ql_tls_cipher_names("AES-128-GCM:RC4", &cipher));
    assert_named(cipher, "\"RC4\"");
    g_assert_null(ql_tls_cipher_names("", &none));
    assert_named(none, "cipher suites");
    g_assert_null(ql_tls_alpn_list("h3,,h2", &alpn));
    assert_named(alpn, "ALPN \"\"");
    g_assert_null(ql_tls_pins("sha256//short", &pin));
    assert_named(pin, "sha256//short");
    g_assert_true(ql_tls_groups_are_known("X25519:P-256", NULL));
    g_assert_false(ql_tls_groups_are_known("X25519:P-255", &group));
    assert_named(group, "P-255");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
    g_test_add_func("/tls-names/suites", test_suites_have_short_names);
    g_test_add_func("/tls-names/alpn", test_alpn_is_put_as_it_goes_on_the_wire);
    g_test_add_func("/tls-names/pins", test_pins_are_decoded);
    g_test_add_func("/tls-names/refused", test_what_is_not_understood_is_named);
    return g_test_run();
}
