/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_trace.h"

#include "own_connection.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>

/* What is told of a connection whose handshake is done. */
static char *told(own_connection *f)
{
    own_connection_open(f);
    own_connection_run(f, own_connection_is_confirmed);
    g_free(client_fixture_trace(&f->base));
    ql_tls_trace(ql_connection_context(f->connection)->tls, f->settings.trace);
    return client_fixture_trace(&f->base);
}

static void assert_tells(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        g_error("\"%s\" is missing in: %s", words, text);
}

static void test_what_was_negotiated(own_connection *f, gconstpointer unused)
{
    (void)unused;
    const ql_tls_client_options options = { .insecure = true,
                                            .ciphers = "ChaCha20",
                                            .groups = "P-384" };
    f->settings.tls = ql_tls_client_context_new(&options, NULL);
    g_autofree char *text = told(f);
    assert_tells(text, "* TLS 1.3: TLS_CHACHA20_POLY1305_SHA256, group secp384r1, ALPN h3\n");
    assert_tells(text, "* certificate: subject CN = localhost, for localhost\n");
    assert_tells(text, "* certificate: NOT verified, it is self-signed (accepted because of -k)\n");
    g_clear_pointer(&f->connection, ql_connection_free);
    SSL_CTX_free(f->settings.tls);
}

static void test_a_certificate_that_is_trusted(own_connection *f, gconstpointer unused)
{
    (void)unused;
    g_autofree char *path = NULL;
    FILE *file = fdopen(g_file_open_tmp("trace-XXXXXX", &path, NULL), "w");
    g_assert_cmpint(PEM_write_X509(file, f->base.origin.certificate.certificate), ==, 1);
    fclose(file);
    f->settings.tls = ql_tls_client_context_new(&(ql_tls_client_options){ .ca_file = path }, NULL);
    g_autofree char *text = told(f);
    assert_tells(text, "* certificate: verified\n");
    ql_tls_trace(ql_connection_context(f->connection)->tls, NULL);
    g_clear_pointer(&f->connection, ql_connection_free);
    SSL_CTX_free(f->settings.tls);
    g_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add("/tls_trace/" name, own_connection, NULL, own_connection_set_up, test,              \
               own_connection_tear_down)
    ADD("what was negotiated", test_what_was_negotiated);
    ADD("a certificate that is trusted", test_a_certificate_that_is_trusted);
    return g_test_run();
}
