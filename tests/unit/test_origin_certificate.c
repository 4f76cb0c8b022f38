/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_certificate.h"

#include <glib/gstdio.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

typedef struct cache {
    char *folder;
} cache;

static void set_up(cache *c, gconstpointer unused)
{
    (void)unused;
    c->folder = g_dir_make_tmp("origin-certificate-XXXXXX", NULL);
    g_assert_nonnull(c->folder);
}

static char *in(const cache *c, const char *name)
{
    return g_build_filename(c->folder, name, NULL);
}

static void tear_down(cache *c, gconstpointer unused)
{
    static const char *const names[] = { "origin-cert.pem", "origin-cert.key", "origin-cert.lock" };
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = in(c, names[i]);
        g_remove(path);
    }
    g_assert_cmpint(g_rmdir(c->folder), ==, 0);
    g_free(c->folder);
}

static ql_origin_certificate *load(const cache *c)
{
    ql_origin_certificate *certificate = ql_origin_certificate_load(c->folder, NULL);
    g_assert_nonnull(certificate);
    return certificate;
}

static void test_certificate_names_the_loopback(cache *c, gconstpointer unused)
{
    (void)unused;
    ql_origin_certificate *made = load(c);
    g_assert_cmpint(X509_check_host(made->certificate, "localhost", 0, 0, NULL), ==, 1);
    g_assert_cmpint(X509_check_host(made->certificate, "example.org", 0, 0, NULL), ==, 0);
    g_assert_cmpint(X509_check_ip_asc(made->certificate, "127.0.0.1", 0), ==, 1);
    g_assert_cmpint(X509_check_ip_asc(made->certificate, "::1", 0), ==, 1);
    g_assert_cmpint(X509_check_private_key(made->certificate, made->key), ==, 1);
    g_assert_cmpint(X509_verify(made->certificate, made->key), ==, 1);
    ql_origin_certificate_free(made);
}

static void test_a_certificate_of_others_is_read_with_its_chain(cache *c, gconstpointer unused)
{
    g_autofree char *certificate = in(c, "origin-cert.pem");
    g_autofree char *key = in(c, "origin-cert.key"), *two = in(c, "two.pem"), *text = NULL;
    (void)unused;
    ql_origin_certificate_free(load(c));
    g_assert_true(g_file_get_contents(certificate, &text, NULL, NULL));
    g_autofree char *twice = g_strconcat(text, text, NULL);
    g_assert_true(g_file_set_contents(two, twice, -1, NULL));
    ql_origin_certificate *read = ql_origin_certificate_read(two, key, NULL);
    g_assert_nonnull(read);
    g_assert_cmpstr(read->path, ==, two);
    g_assert_cmpint(sk_X509_num(read->chain), ==, 1);
    ql_origin_certificate_free(read);
    g_assert_cmpint(g_remove(two), ==, 0);
}

static void test_files_that_are_no_certificate_are_named(cache *c, gconstpointer unused)
{
    g_autofree char *certificate = in(c, "origin-cert.pem");
    g_autofree char *key = in(c, "origin-cert.key");
    (void)unused;
    ql_origin_certificate_free(load(c));
    const struct {
        const char *certificate, *key, *why;
    } cases[] = {
        { "/no/such/file", key, "holds no certificate" },
        { key, key, "holds no certificate" },
        { certificate, "/dev/null", "holds no unencrypted key" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ql_origin_certificate_read(cases[i].certificate, cases[i].key, &error));
        g_assert_nonnull(strstr(error->message, cases[i].why));
        g_assert_nonnull(strstr(error->message, cases[i].certificate));
    }
}

static void test_key_file_is_for_its_owner_only(cache *c, gconstpointer unused)
{
    struct stat entry;
    g_autofree char *path = in(c, "origin-cert.key");
    (void)unused;
    ql_origin_certificate_free(load(c));
    g_assert_cmpint(stat(path, &entry), ==, 0);
    g_assert_cmphex(entry.st_mode & 07777, ==, 0600);
}

static void test_certificate_is_kept(cache *c, gconstpointer unused)
{
    (void)unused;
    ql_origin_certificate *first = load(c), *second = load(c);
    g_assert_cmpint(X509_cmp(first->certificate, second->certificate), ==, 0);
    g_assert_true(g_str_has_prefix(first->path, c->folder));
    ql_origin_certificate_free(first);
    ql_origin_certificate_free(second);
}

static void test_what_cannot_be_used_is_made_anew(cache *c, gconstpointer unused)
{
    g_autofree char *path = in(c, "origin-cert.pem");
    (void)unused;
    ql_origin_certificate *first = load(c);
    g_assert_true(g_file_set_contents(path, "no certificate", -1, NULL));
    ql_origin_certificate *second = load(c);
    g_assert_cmpint(X509_cmp(first->certificate, second->certificate), !=, 0);
    ql_origin_certificate_free(first);
    ql_origin_certificate_free(second);
}

static void test_key_and_certificate_have_to_belong_together(cache *c, gconstpointer unused)
{
    g_autofree char *key_path = in(c, "origin-cert.key");
    g_autofree char *certificate_path = in(c, "origin-cert.pem");
    g_autofree char *old_key = NULL;
    (void)unused;
    ql_origin_certificate_free(load(c));
    g_assert_true(g_file_get_contents(key_path, &old_key, NULL, NULL));
    g_remove(certificate_path);
    ql_origin_certificate_free(load(c));
    g_assert_true(g_file_set_contents(key_path, old_key, -1, NULL));
    ql_origin_certificate *made = load(c);
    g_assert_cmpint(X509_check_private_key(made->certificate, made->key), ==, 1);
    ql_origin_certificate_free(made);
}

static void test_an_unusable_folder_is_named(void)
{
    GError *error = NULL;
    g_assert_null(ql_origin_certificate_load("/proc/nonexistent", &error));
    g_assert_nonnull(strstr(error->message, "/proc/nonexistent"));
    g_error_free(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/origin-certificate/" name, cache, NULL, set_up, function, tear_down)
    TEST("names", test_certificate_names_the_loopback);
    TEST("chain", test_a_certificate_of_others_is_read_with_its_chain);
    TEST("no-certificate", test_files_that_are_no_certificate_are_named);
    TEST("mode", test_key_file_is_for_its_owner_only);
    TEST("kept", test_certificate_is_kept);
    TEST("unusable", test_what_cannot_be_used_is_made_anew);
    TEST("mismatch", test_key_and_certificate_have_to_belong_together);
    g_test_add_func("/origin-certificate/folder", test_an_unusable_folder_is_named);
    return g_test_run();
}
