/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "certificate_text.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

static void add_entry(X509_NAME *name, const char *kind, const char *value)
{
    g_assert_cmpint(X509_NAME_add_entry_by_txt(name, kind, MBSTRING_UTF8,
                                               (const unsigned char *)value, -1, -1, 0),
                    ==, 1);
}

static void test_names_are_one_line_without_control_characters(void)
{
    X509_NAME *name = X509_NAME_new();
    add_entry(name, "CN", "ex\xc3\xa4mple");
    add_entry(name, "O", "a\x1b[31m");
    g_autofree char *text = ql_certificate_name(name);
    g_assert_true(g_str_has_prefix(text, "CN = ex\xc3\xa4mple, O = "));
    g_assert_null(strchr(text, '\x1b'));
    X509_NAME *empty = X509_NAME_new(); /* as in certificates that name hosts alone */
    g_autofree char *nothing = ql_certificate_name(empty);
    g_assert_cmpstr(nothing, ==, "nobody");
    X509_NAME_free(empty);
    X509_NAME_free(name);
}

static void test_times_are_read(void)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, 1714564800);
    g_autofree char *text = ql_certificate_time(time);
    g_assert_cmpstr(text, ==, "2024-05-01 12:00:00 GMT");
    ASN1_TIME_free(time);
    ASN1_TIME *bad = ASN1_STRING_type_new(V_ASN1_UTCTIME);
    ASN1_STRING_set(bad, "never", -1);
    g_autofree char *unreadable = ql_certificate_time(bad);
    g_assert_cmpstr(unreadable, ==, "an unreadable date");
    ASN1_STRING_free(bad);
}

static void add_hosts(X509 *certificate, const char *hosts)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, hosts);
    g_assert_nonnull(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void test_hosts_are_listed(void)
{
    X509 *certificate = X509_new();
    add_hosts(certificate, "DNS:a.example,email:me@a.example,IP:192.0.2.1,DNS:*.b.example");
    g_autofree char *text = ql_certificate_hosts(certificate);
    g_assert_cmpstr(text, ==, "a.example, 192.0.2.1, *.b.example");
    X509_free(certificate);
}

static void test_who_names_no_host_is_called_by_its_subject(void)
{
    X509 *certificate = X509_new();
    g_autofree char *nobody = ql_certificate_hosts(certificate);
    g_assert_cmpstr(nobody, ==, "nobody");
    X509_NAME *name = X509_NAME_new();
    add_entry(name, "CN", "someone");
    X509_set_subject_name(certificate, name);
    g_autofree char *text = ql_certificate_hosts(certificate);
    g_assert_cmpstr(text, ==, "CN = someone");
    X509_NAME_free(name);
    X509_free(certificate);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/certificate_text/names", test_names_are_one_line_without_control_characters);
    g_test_add_func("/certificate_text/times", test_times_are_read);
    g_test_add_func("/certificate_text/hosts", test_hosts_are_listed);
    g_test_add_func("/certificate_text/nobody", test_who_names_no_host_is_called_by_its_subject);
    return g_test_run();
}
