/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/packet_protection.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "model/key_schedule.h"

#define KEY_MAX       32
#define SECRET_MAX    48
#define SAMPLE_LENGTH 16
#define MASK_LENGTH   5
#define PN_LENGTH_MAX 4

static const struct {
    const char *name;
    uint16_t tls_code; /* RFC 8446, B.4 */
    uint8_t secret_length, key_length;
    const EVP_CIPHER *(*aead)(void);
    const EVP_CIPHER *(*header_protection)(void); /* RFC 9001, 5.4.3 and 5.4.4 */
} suites[QL_SUITE_COUNT] = {
    [QL_SUITE_AES_128_GCM] = { "TLS_AES_128_GCM_SHA256", 0x1301, 32, 16, EVP_aes_128_gcm,
                               EVP_aes_128_ecb },
    [QL_SUITE_AES_256_GCM] = { "TLS_AES_256_GCM_SHA384", 0x1302, 48, 32, EVP_aes_256_gcm,
                               EVP_aes_256_ecb },
    [QL_SUITE_CHACHA20_POLY1305] = { "TLS_CHACHA20_POLY1305_SHA256", 0x1303, 32, 32,
                                     EVP_chacha20_poly1305, EVP_chacha20 },
    [QL_SUITE_AES_128_CCM] = { "TLS_AES_128_CCM_SHA256", 0x1304, 32, 16, EVP_aes_128_ccm,
                               EVP_aes_128_ecb },
};

const char *ql_suite_name(ql_suite suite)
{
    g_assert(suite < QL_SUITE_COUNT);
    return suites[suite].name;
}

size_t ql_suite_secret_length(ql_suite suite)
{
    g_assert(suite < QL_SUITE_COUNT);
    return suites[suite].secret_length;
}

bool ql_suite_from_tls(uint16_t code, ql_suite *out)
{
    for (unsigned i = 0; i < QL_SUITE_COUNT; i++) {
        if (suites[i].tls_code == code) {
            *out = (ql_suite)i;
            return true;
        }
    }
    return false;
}

struct ql_packet_keys {
    uint32_t version;
    ql_suite suite;
    uint8_t secret[SECRET_MAX];
    uint8_t iv[QL_AEAD_IV_LENGTH];
    uint8_t header_key[KEY_MAX]; /* kept for the next phase, which has no other */
    EVP_CIPHER_CTX *aead, *header_protection;
};

static ql_slice secret_of(const ql_packet_keys *keys)
{
    return (ql_slice){ keys->secret, suites[keys->suite].secret_length };
}

static bool set_up_aead(ql_packet_keys *keys)
{
    uint8_t key[KEY_MAX];
    size_t key_length = suites[keys->suite].key_length;
    EVP_CIPHER_CTX *aead = keys->aead = EVP_CIPHER_CTX_new();

    bool done =
        ql_key_schedule_derive(keys->version, secret_of(keys), QL_PURPOSE_KEY, key, key_length) &&
        ql_key_schedule_derive(keys->version, secret_of(keys), QL_PURPOSE_IV, keys->iv,
                               sizeof keys->iv) &&
        aead != NULL &&
        EVP_DecryptInit_ex(aead, suites[keys->suite].aead(), NULL, NULL, NULL) > 0 &&
        EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_IVLEN, QL_AEAD_IV_LENGTH, NULL) > 0;
    /* CCM works the tag's length into the key's first block: it has to be known before the key. */
    if (done && keys->suite == QL_SUITE_AES_128_CCM)
        done = EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_TAG, QL_AEAD_TAG_LENGTH, NULL) > 0;
    done = done && EVP_DecryptInit_ex(aead, NULL, NULL, key, NULL) > 0;
    OPENSSL_cleanse(key, sizeof key);
    return done;
}

static bool set_up_header_protection(ql_packet_keys *keys)
{
    keys->header_protection = EVP_CIPHER_CTX_new();
    return keys->header_protection != NULL &&
           EVP_EncryptInit_ex(keys->header_protection, suites[keys->suite].header_protection(),
                              NULL, keys->header_key, NULL) > 0 &&
           EVP_CIPHER_CTX_set_padding(keys->header_protection, 0) > 0;
}

ql_packet_keys *ql_packet_keys_new(uint32_t version, ql_suite suite, ql_slice secret)
{
    g_assert(suite < QL_SUITE_COUNT);
    if (secret.length != suites[suite].secret_length)
        return NULL;

    ql_packet_keys *keys = g_new0(ql_packet_keys, 1);
    keys->version = version;
    keys->suite = suite;
    memcpy(keys->secret, secret.data, secret.length);
    if (!ql_key_schedule_derive(version, secret, QL_PURPOSE_HEADER_PROTECTION, keys->header_key,
                                suites[suite].key_length) ||
        !set_up_header_protection(keys) || !set_up_aead(keys)) {
        ql_packet_keys_free(keys);
        return NULL;
    }
    return keys;
}

ql_packet_keys *ql_packet_keys_new_initial(uint32_t version, const ql_cid *dcid, ql_side sender)
{
    uint8_t secret[QL_INITIAL_SECRET_LENGTH];

    if (!ql_key_schedule_initial_secret(version, dcid, sender, secret))
        return NULL;
    return ql_packet_keys_new(version, QL_SUITE_AES_128_GCM, (ql_slice){ secret, sizeof secret });
}

ql_packet_keys *ql_packet_keys_next(const ql_packet_keys *keys)
{
    ql_packet_keys *next = g_new0(ql_packet_keys, 1);
    next->version = keys->version;
    next->suite = keys->suite;
    memcpy(next->header_key, keys->header_key, sizeof next->header_key);
    if (!ql_key_schedule_derive(keys->version, secret_of(keys), QL_PURPOSE_KEY_UPDATE, next->secret,
                                suites[keys->suite].secret_length) ||
        !set_up_header_protection(next) || !set_up_aead(next)) {
        ql_packet_keys_free(next);
        return NULL;
    }
    return next;
}

void ql_packet_keys_free(ql_packet_keys *keys)
{
    if (keys == NULL)
        return;
    EVP_CIPHER_CTX_free(keys->aead);
    EVP_CIPHER_CTX_free(keys->header_protection);
    OPENSSL_cleanse(keys, sizeof *keys);
    g_free(keys);
}

ql_suite ql_packet_keys_suite(const ql_packet_keys *keys)
{
    return keys->suite;
}

uint32_t ql_packet_keys_version(const ql_packet_keys *keys)
{
    return keys->version;
}

static bool make_mask(ql_packet_keys *keys, const uint8_t sample[SAMPLE_LENGTH],
                      uint8_t mask[SAMPLE_LENGTH])
{
    static const uint8_t zeros[MASK_LENGTH];
    EVP_CIPHER_CTX *context = keys->header_protection;
    int length;

    if (keys->suite != QL_SUITE_CHACHA20_POLY1305)
        return EVP_EncryptUpdate(context, mask, &length, sample, SAMPLE_LENGTH) > 0;
    /* The sample is counter and nonce, in the order in which libcrypto takes them. */
    return EVP_EncryptInit_ex(context, NULL, NULL, NULL, sample) > 0 &&
           EVP_EncryptUpdate(context, mask, &length, zeros, sizeof zeros) > 0;
}

bool ql_packet_unmask(ql_packet_keys *keys, const ql_packet_header *header, ql_unmasked *out)
{
    ql_slice packet = header->packet;
    uint8_t mask[SAMPLE_LENGTH];

    if (header->pn_offset == 0 || packet.length < header->pn_offset + PN_LENGTH_MAX + SAMPLE_LENGTH)
        return false;
    const uint8_t *pn = packet.data + header->pn_offset;
    if (!make_mask(keys, pn + PN_LENGTH_MAX, mask))
        return false;

    uint8_t hidden_bits = ql_packet_is_long(packet) ? 0x0f : 0x1f;
    ql_unmasked unmasked = { .first = packet.data[0] ^ (mask[0] & hidden_bits) };
    unmasked.pn_length = (uint8_t)((unmasked.first & 3) + 1);
    for (unsigned i = 0; i < unmasked.pn_length; i++)
        unmasked.truncated_pn = unmasked.truncated_pn << 8 | (pn[i] ^ mask[1 + i]);
    *out = unmasked;
    return true;
}

/* RFC 9001, 5.3. */
static void make_nonce(const ql_packet_keys *keys, uint64_t packet_number,
                       uint8_t nonce[QL_AEAD_IV_LENGTH])
{
    memcpy(nonce, keys->iv, QL_AEAD_IV_LENGTH);
    for (unsigned i = 0; i < 8; i++)
        nonce[QL_AEAD_IV_LENGTH - 1 - i] ^= (uint8_t)(packet_number >> (8 * i));
}

/* The protected bytes are ciphertext and tag. `out` has room for the ciphertext. */
static bool decrypt(ql_packet_keys *keys, const uint8_t *nonce, ql_slice header,
                    ql_slice protected_bytes, uint8_t *out)
{
    int length = (int)(protected_bytes.length - QL_AEAD_TAG_LENGTH), done;
    const uint8_t *tag = protected_bytes.data + length;
    EVP_CIPHER_CTX *aead = keys->aead;
    bool ccm = keys->suite == QL_SUITE_AES_128_CCM;
    const OSSL_PARAM with_tag[] = {
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, (void *)tag, QL_AEAD_TAG_LENGTH),
        OSSL_PARAM_END,
    };

    if (EVP_DecryptInit_ex2(aead, NULL, NULL, nonce, with_tag) <= 0)
        return false;
    /* CCM has to know the length beforehand, and verifies the tag while it decrypts. */
    if (ccm && EVP_DecryptUpdate(aead, NULL, &done, NULL, length) <= 0)
        return false;
    return EVP_DecryptUpdate(aead, NULL, &done, header.data, (int)header.length) > 0 &&
           EVP_DecryptUpdate(aead, out, &done, protected_bytes.data, length) > 0 &&
           (ccm || EVP_DecryptFinal_ex(aead, out + length, &done) > 0);
}

bool ql_packet_open(ql_packet_keys *keys, const ql_packet_header *header,
                    const ql_unmasked *unmasked, uint64_t packet_number, uint8_t *scratch,
                    ql_slice *payload)
{
    ql_slice packet = header->packet;
    size_t header_length = header->pn_offset + unmasked->pn_length;
    uint8_t nonce[QL_AEAD_IV_LENGTH];

    g_assert(unmasked->pn_length >= 1 && unmasked->pn_length <= PN_LENGTH_MAX);
    if (header->pn_offset == 0 || header->cut || packet.length > INT_MAX ||
        packet.length < header_length + QL_AEAD_TAG_LENGTH)
        return false;

    memcpy(scratch, packet.data, header->pn_offset);
    scratch[0] = unmasked->first;
    for (unsigned i = 0; i < unmasked->pn_length; i++)
        scratch[header_length - 1 - i] = (uint8_t)(unmasked->truncated_pn >> (8 * i));

    make_nonce(keys, packet_number, nonce);
    ql_slice protected_bytes = { packet.data + header_length, packet.length - header_length };
    if (!decrypt(keys, nonce, (ql_slice){ scratch, header_length }, protected_bytes,
                 scratch + header_length))
        return false;
    *payload = (ql_slice){ scratch + header_length, protected_bytes.length - QL_AEAD_TAG_LENGTH };
    return true;
}

bool ql_retry_is_authentic(const ql_packet_header *retry, const ql_cid *original_dcid)
{
    const ql_retry_keys *keys = ql_key_schedule_retry_keys(retry->version);
    ql_slice packet = retry->packet;
    uint8_t nothing[1];
    int done;

    if (keys == NULL || packet.length < QL_AEAD_TAG_LENGTH || packet.length > INT_MAX)
        return false;
    int length = (int)packet.length - QL_AEAD_TAG_LENGTH;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    /* Nothing is encrypted: all of the Retry Pseudo-Packet is associated data. */
    bool authentic =
        context != NULL &&
        EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, keys->nonce) > 0 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, QL_AEAD_TAG_LENGTH,
                            (void *)(packet.data + length)) > 0 &&
        EVP_DecryptUpdate(context, NULL, &done, &original_dcid->length, 1) > 0 &&
        EVP_DecryptUpdate(context, NULL, &done, original_dcid->bytes, original_dcid->length) > 0 &&
        EVP_DecryptUpdate(context, NULL, &done, packet.data, length) > 0 &&
        EVP_DecryptFinal_ex(context, nothing, &done) > 0;
    EVP_CIPHER_CTX_free(context);
    return authentic;
}
