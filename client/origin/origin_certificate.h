/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate of the embedded origin: made by itself, signed by itself (ECDSA P-256), valid for
 * localhost, 127.0.0.1 and ::1, and kept in the user's cache folder, so that a client that was told
 * to trust it once finds the same one the next time. */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

typedef struct ql_origin_certificate {
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* those behind it, up to an authority; NULL: none */
    char *path;             /* of the certificate's PEM file, for --cacert */
} ql_origin_certificate;

/* Reads origin-cert.pem and origin-cert.key (mode 0600) from the folder, or makes both anew: when
 * they are missing, unreadable, do not belong together, or end within a week. folder NULL stands
 * for ${XDG_CACHE_HOME:-~/.cache}/quiclens, which is made when it is missing. Several programs may
 * ask at the same time and get the same. NULL and error if it can be neither read nor made. */
ql_origin_certificate *ql_origin_certificate_load(const char *folder, GError **error);

/* One that other people made: a PEM file with the certificate, and those behind it if there are
 * any, and one with its key. NULL and error if they cannot be read or do not belong together. */
ql_origin_certificate *ql_origin_certificate_read(const char *certificate_path,
                                                  const char *key_path, GError **error);

void ql_origin_certificate_free(ql_origin_certificate *certificate); /* NULL is a no-op */
