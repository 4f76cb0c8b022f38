/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_certificate.h"

#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <sys/file.h>
#include <unistd.h>

#define CERTIFICATE_FILE "origin-cert.pem"
#define KEY_FILE         "origin-cert.key"
#define LOCK_FILE        "origin-cert.lock"

#define DAY_SECONDS    (24L * 60L * 60L)
#define LIFETIME_DAYS  365
#define REMAINING_DAYS 7 /* a certificate with less left is made anew */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

static ql_origin_certificate *certificate_new(X509 *certificate, EVP_PKEY *key, const char *path)
{
    ql_origin_certificate *made = g_new0(ql_origin_certificate, 1);
    made->certificate = certificate;
    made->key = key;
    made->path = g_strdup(path);
    return made;
}

void ql_origin_certificate_free(ql_origin_certificate *certificate)
{
    if (certificate == NULL)
        return;
    X509_free(certificate->certificate);
    EVP_PKEY_free(certificate->key);
    OSSL_STACK_OF_X509_free(certificate->chain);
    g_free(certificate->path);
    g_free(certificate);
}

static bool is_usable(X509 *certificate, EVP_PKEY *key)
{
    time_t limit = time(NULL) + REMAINING_DAYS * DAY_SECONDS;
    return certificate != NULL && key != NULL && X509_check_private_key(certificate, key) == 1 &&
           X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate), &limit) > 0;
}

/* NULL if there is none that can be used; why does not matter, as a new one takes its place. */
static ql_origin_certificate *read_kept(const char *certificate_path, const char *key_path)
{
    g_autoptr(BIO) certificate_file = BIO_new_file(certificate_path, "r");
    g_autoptr(BIO) key_file = BIO_new_file(key_path, "r");
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    if (certificate_file != NULL && key_file != NULL) {
        certificate = PEM_read_bio_X509(certificate_file, NULL, NULL, NULL);
        key = PEM_read_bio_PrivateKey(key_file, NULL, NULL, NULL);
    }
    ERR_clear_error();
    if (is_usable(certificate, key))
        return certificate_new(certificate, key, certificate_path);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return NULL;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_names_and_times(X509 *certificate)
{
    uint64_t serial = 0;
    X509_NAME *name = X509_get_subject_name(certificate);
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1 &&
           X509_set_version(certificate, X509_VERSION_3) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_SECONDS) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_DAYS * DAY_SECONDS) != NULL &&
           X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                      (const unsigned char *)"quiclens embedded origin", -1, -1,
                                      0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    if (certificate != NULL && set_names_and_times(certificate) &&
        X509_set_pubkey(certificate, key) == 1 &&
        add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
        add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
        add_extension(certificate, NID_subject_key_identifier, "hash") &&
        X509_sign(certificate, key, EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static bool write_pem(const char *path, int mode, BIO *pem, GError **error)
{
    char *data;
    long length = BIO_get_mem_data(pem, &data);
    return g_file_set_contents_full(path, data, length, G_FILE_SET_CONTENTS_CONSISTENT, mode,
                                    error);
}

static bool keep(const ql_origin_certificate *made, const char *key_path, GError **error)
{
    g_autoptr(BIO) certificate_pem = BIO_new(BIO_s_mem());
    g_autoptr(BIO) key_pem = BIO_new(BIO_s_secmem());
    if (certificate_pem == NULL || key_pem == NULL ||
        PEM_write_bio_X509(certificate_pem, made->certificate) != 1 ||
        PEM_write_bio_PrivateKey(key_pem, made->key, NULL, NULL, 0, NULL, NULL) != 1) {
        g_set_error_literal(error, QL_TLS_ERROR, 0, "the origin's certificate: cannot be encoded");
        return false;
    }
    return write_pem(key_path, 0600, key_pem, error) &&
           write_pem(made->path, 0644, certificate_pem, error);
}

static ql_origin_certificate *make_anew(const char *certificate_path, const char *key_path,
                                        GError **error)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key != NULL ? make_certificate(key) : NULL;
    if (certificate == NULL) {
        g_set_error(error, QL_TLS_ERROR, 0, "the origin's certificate: %s",
                    ERR_reason_error_string(ERR_get_error()));
        EVP_PKEY_free(key);
        return NULL;
    }
    ql_origin_certificate *made = certificate_new(certificate, key, certificate_path);
    if (keep(made, key_path, error))
        return made;
    ql_origin_certificate_free(made);
    return NULL;
}

/* Only one program at a time makes a certificate; the kernel lets go of the lock with the
 * descriptor. */
static int lock_folder(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, LOCK_FILE, NULL);
    int fd = -1;
    if (g_mkdir_with_parents(folder, 0700) == 0)
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "the origin's certificate: cannot use the folder %s: %s", folder,
                    g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

ql_origin_certificate *ql_origin_certificate_load(const char *folder, GError **error)
{
    g_autofree char *usual = g_build_filename(g_get_user_cache_dir(), "quiclens", NULL);
    if (folder == NULL)
        folder = usual;
    g_autofree char *certificate_path = g_build_filename(folder, CERTIFICATE_FILE, NULL);
    g_autofree char *key_path = g_build_filename(folder, KEY_FILE, NULL);
    int lock = lock_folder(folder, error);
    if (lock < 0)
        return NULL;
    ql_origin_certificate *certificate = read_kept(certificate_path, key_path);
    if (certificate == NULL)
        certificate = make_anew(certificate_path, key_path, error);
    close(lock);
    return certificate;
}

static STACK_OF(X509) * read_chain(BIO *file)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *next;
    while ((next = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
        sk_X509_push(chain, next);
    return chain;
}

ql_origin_certificate *ql_origin_certificate_read(const char *certificate_path,
                                                  const char *key_path, GError **error)
{
    g_autoptr(BIO) certificate_file = BIO_new_file(certificate_path, "r");
    g_autoptr(BIO) key_file = BIO_new_file(key_path, "r");
    ql_origin_certificate *read = certificate_new(NULL, NULL, certificate_path);
    const char *fault = NULL;
    if (certificate_file != NULL)
        read->certificate = PEM_read_bio_X509(certificate_file, NULL, NULL, NULL);
    if (key_file != NULL)
        read->key = PEM_read_bio_PrivateKey(key_file, NULL, NULL, (void *)(uintptr_t) "");
    if (read->certificate == NULL)
        fault = "holds no certificate (PEM) that can be read";
    else if (read->key == NULL)
        fault = "has a key file that holds no unencrypted key (PEM) that can be read";
    else if (X509_check_private_key(read->certificate, read->key) != 1)
        fault = "has a key file with the key of another certificate";
    if (fault == NULL)
        read->chain = read_chain(certificate_file);
    ERR_clear_error(); /* the end of the file is one, too */
    if (fault == NULL)
        return read;
    g_set_error(error, QL_TLS_ERROR, 0, "the certificate %s (key %s) %s", certificate_path,
                key_path, fault);
    ql_origin_certificate_free(read);
    return NULL;
}
