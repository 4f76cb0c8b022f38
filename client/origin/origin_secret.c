/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_secret.h"

#include "tls.h"

#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <string.h>

bool ql_origin_secret_derive(EVP_PKEY *key, const char *purpose,
                             uint8_t secret[QL_ORIGIN_SECRET_BYTES], GError **error)
{
    unsigned char *encoded = NULL;
    unsigned length = 0;
    int encoded_length = i2d_PrivateKey(key, &encoded);
    bool ok = encoded_length > 0 &&
              HMAC(EVP_sha256(), encoded, encoded_length, (const unsigned char *)purpose,
                   strlen(purpose), secret, &length) != NULL;
    OPENSSL_clear_free(encoded, encoded_length > 0 ? (size_t)encoded_length : 0);
    if (!ok)
        g_set_error_literal(error, QL_TLS_ERROR, 0, "the origin's key cannot be encoded");
    return ok;
}
