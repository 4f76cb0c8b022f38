/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/key_schedule.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "model/packet_header.h"

#define LABEL_MAX 32 /* bytes of an HkdfLabel: longer than any label here */

typedef struct version_constants {
    uint32_t first, last;
    uint8_t initial_salt[20];
    ql_retry_keys retry;
    const char *labels[QL_PURPOSE_COUNT];
} version_constants;

#define QUIC_LABELS(prefix)                                                                        \
    {                                                                                              \
        [QL_PURPOSE_KEY] = prefix " key", [QL_PURPOSE_IV] = prefix " iv",                          \
        [QL_PURPOSE_HEADER_PROTECTION] = prefix " hp", [QL_PURPOSE_KEY_UPDATE] = prefix " ku",     \
    }

/* Drafts 33 and 34 already have the constants of version 1. */
#define QUIC_V1_CONSTANTS                                                                          \
    .initial_salt = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,                  \
                      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },                \
    .retry = {                                                                                     \
        .key = { 0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,                                   \
                 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e },                                 \
        .nonce = { 0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb },       \
    },                                                                                             \
    .labels = QUIC_LABELS("quic")

static const version_constants versions[] = {
    {
        .first = QL_VERSION_1,
        .last = QL_VERSION_1,
        QUIC_V1_CONSTANTS,
    },
    {
        .first = QL_VERSION_2,
        .last = QL_VERSION_2,
        .initial_salt = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                          0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
        .retry = {
            .key = { 0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2,
                     0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92 },
            .nonce = { 0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a },
        },
        .labels = QUIC_LABELS("quicv2"),
    },
    {
        .first = 0xff00001d, /* drafts 29 to 32 */
        .last = 0xff000020,
        .initial_salt = { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                          0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 },
        .retry = {
            .key = { 0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0,
                     0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1 },
            .nonce = { 0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c },
        },
        .labels = QUIC_LABELS("quic"),
    },
    {
        .first = 0xff000021, /* drafts 33 and 34 */
        .last = 0xff000022,
        QUIC_V1_CONSTANTS,
    },
};

static const version_constants *constants_of(uint32_t version)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++)
        if (version >= versions[i].first && version <= versions[i].last)
            return &versions[i];
    return NULL;
}

/* One half of HKDF (RFC 5869). libcrypto takes its inputs through pointers that are not const, and
 * only reads them. */
static bool hkdf(int mode, const char *digest, ql_slice key, const char *input_name, ql_slice input,
                 uint8_t *out, size_t length)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key.data, key.length),
        OSSL_PARAM_construct_octet_string(input_name, (void *)input.data, input.length),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    bool done = context != NULL && EVP_KDF_derive(context, out, length, params) > 0;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

/* HKDF-Expand-Label with an empty context. */
static bool expand_label(ql_slice secret, const char *label, uint8_t *out, size_t length)
{
    static const char prefix[] = "tls13 ";
    uint8_t info[LABEL_MAX];
    size_t prefix_length = sizeof prefix - 1, label_length = strlen(label);

    g_assert(label_length <= sizeof info - 4 - prefix_length && length <= UINT16_MAX);
    info[0] = (uint8_t)(length >> 8);
    info[1] = (uint8_t)length;
    info[2] = (uint8_t)(prefix_length + label_length);
    memcpy(info + 3, prefix, prefix_length);
    memcpy(info + 3 + prefix_length, label, label_length);
    info[3 + prefix_length + label_length] = 0;

    ql_slice input = { .data = info, .length = 4 + prefix_length + label_length };
    return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret.length == 48 ? "SHA2-384" : "SHA2-256",
                secret, OSSL_KDF_PARAM_INFO, input, out, length);
}

bool ql_key_schedule_derive(uint32_t version, ql_slice secret, ql_key_purpose purpose, uint8_t *out,
                            size_t length)
{
    const version_constants *constants = constants_of(version);

    if (constants == NULL || (secret.length != 32 && secret.length != 48))
        return false;
    return expand_label(secret, constants->labels[purpose], out, length);
}

bool ql_key_schedule_initial_secret(uint32_t version, const ql_cid *dcid, ql_side sender,
                                    uint8_t secret[QL_INITIAL_SECRET_LENGTH])
{
    const version_constants *constants = constants_of(version);
    uint8_t common[QL_INITIAL_SECRET_LENGTH];

    if (constants == NULL)
        return false;
    ql_slice salt = { constants->initial_salt, sizeof constants->initial_salt };
    ql_slice id = { dcid->bytes, dcid->length };
    return hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA2-256", id, OSSL_KDF_PARAM_SALT, salt, common,
                sizeof common) &&
           expand_label((ql_slice){ common, sizeof common },
                        sender == QL_CLIENT ? "client in" : "server in", secret,
                        QL_INITIAL_SECRET_LENGTH);
}

const ql_retry_keys *ql_key_schedule_retry_keys(uint32_t version)
{
    const version_constants *constants = constants_of(version);

    return constants != NULL ? &constants->retry : NULL;
}
