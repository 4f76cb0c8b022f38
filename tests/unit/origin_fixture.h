/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An embedded origin in a thread of the test, with a certificate of the test's choice. */
#pragma once

#include "origin.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DAY (24L * 3600)

/* Self-signed, for that DNS name; from and to are seconds from now. */
static inline X509 *certificate_new(EVP_PKEY *key, const char *dns_name, long from, long to)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    g_autofree char *names = g_strdup_printf("DNS:%s", dns_name);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)dns_name, -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    g_assert_cmpint(X509_sign(certificate, key, EVP_sha256()), >, 0);
    return certificate;
}

typedef struct origin_fixture {
    ql_origin_certificate certificate;
    ql_origin_content *content;
    ql_origin *origin;
    GThread *thread;
    int stop_fd;
    uint16_t port;
} origin_fixture;

static inline gpointer origin_fixture_run(gpointer data)
{
    origin_fixture *fixture = data;
    g_autoptr(GError) error = NULL;
    g_assert_true(ql_origin_run(fixture->origin, fixture->stop_fd, &error));
    g_assert_no_error(error);
    return NULL;
}

/* Takes certificate and key. It serves the built-in pages on 127.0.0.1; all else is as wanted has
 * it. */
static inline void origin_fixture_start_as(origin_fixture *fixture, X509 *certificate,
                                           EVP_PKEY *key, const ql_origin_options *wanted)
{
    g_autoptr(GError) error = NULL;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    fixture->certificate = (ql_origin_certificate){ .certificate = certificate, .key = key };
    fixture->content = ql_origin_content_new(NULL, &error);
    g_assert_no_error(error);
    ql_address listen = ql_address_from((const struct sockaddr *)&address, sizeof address);
    ql_origin_options options = *wanted;
    options.listen = &listen;
    options.listen_count = 1;
    options.http.content = fixture->content;
    options.tls.certificate = &fixture->certificate;
    fixture->origin = ql_origin_new(&options, &error);
    g_assert_no_error(error);
    fixture->port = ql_address_port(ql_origin_address(fixture->origin, 0));
    fixture->stop_fd = eventfd(0, EFD_CLOEXEC);
    fixture->thread = g_thread_new("origin", origin_fixture_run, fixture);
}

static inline void origin_fixture_start(origin_fixture *fixture, X509 *certificate, EVP_PKEY *key)
{
    origin_fixture_start_as(fixture, certificate, key, &(ql_origin_options){ 0 });
}

static inline void origin_fixture_stop(origin_fixture *fixture)
{
    g_assert_cmpint(eventfd_write(fixture->stop_fd, 1), ==, 0);
    g_thread_join(fixture->thread);
    ql_origin_free(fixture->origin);
    ql_origin_content_free(fixture->content);
    X509_free(fixture->certificate.certificate);
    EVP_PKEY_free(fixture->certificate.key);
    close(fixture->stop_fd);
}
