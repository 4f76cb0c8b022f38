/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_seal.h"

#include <openssl/evp.h>
#include <string.h>

#include "model/key_schedule.h"

#define SAMPLE_OFFSET 4u /* behind where the packet number begins (RFC 9001, 5.4.2) */

static void must(int done)
{
    g_assert_cmpint(done, >, 0);
}

static const EVP_CIPHER *aead_of(ql_suite suite)
{
    switch (suite) {
    case QL_SUITE_AES_256_GCM: return EVP_aes_256_gcm();
    case QL_SUITE_CHACHA20_POLY1305: return EVP_chacha20_poly1305();
    case QL_SUITE_AES_128_CCM: return EVP_aes_128_ccm();
    case QL_SUITE_AES_128_GCM:
    case QL_SUITE_COUNT: break;
    }
    return EVP_aes_128_gcm();
}

static const EVP_CIPHER *masker_of(ql_suite suite)
{
    return suite == QL_SUITE_CHACHA20_POLY1305 ? EVP_chacha20()
           : suite == QL_SUITE_AES_256_GCM     ? EVP_aes_256_ecb()
                                               : EVP_aes_128_ecb();
}

static void derive(const quic_sealer *sealer, const quic_secret *secret, ql_key_purpose purpose,
                   uint8_t *out, size_t length)
{
    ql_slice bytes = { secret->bytes, secret->length };
    g_assert_true(ql_key_schedule_derive(sealer->version, bytes, purpose, out, length));
}

/* Ciphertext and tag. */
static void encrypt(GByteArray *out, const EVP_CIPHER *cipher, const uint8_t *key,
                    const uint8_t *nonce, ql_slice header, ql_slice payload)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ccm = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CCM_MODE;
    g_autofree uint8_t *text = g_malloc(payload.length + 1);
    uint8_t tag[QL_AEAD_TAG_LENGTH], end[16];
    int length = 0;
    must(EVP_EncryptInit_ex(context, cipher, NULL, NULL, NULL));
    must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, QL_AEAD_IV_LENGTH, NULL));
    if (ccm)
        must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof tag, NULL));
    must(EVP_EncryptInit_ex(context, NULL, NULL, key, nonce));
    if (ccm)
        must(EVP_EncryptUpdate(context, NULL, &length, NULL, (int)payload.length));
    must(EVP_EncryptUpdate(context, NULL, &length, header.data, (int)header.length));
    if (payload.length > 0)
        must(EVP_EncryptUpdate(context, text, &length, payload.data, (int)payload.length));
    must(EVP_EncryptFinal_ex(context, end, &length));
    must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag));
    EVP_CIPHER_CTX_free(context);
    g_byte_array_append(out, text, (guint)payload.length);
    g_byte_array_append(out, tag, sizeof tag);
}

static void protect_header(const quic_sealer *sealer, uint8_t *packet, size_t number_offset,
                           unsigned number_length)
{
    bool chacha = sealer->suite == QL_SUITE_CHACHA20_POLY1305;
    const EVP_CIPHER *cipher = masker_of(sealer->suite);
    const uint8_t *sample = packet + number_offset + SAMPLE_OFFSET;
    uint8_t key[32], mask[32], zeros[16] = { 0 };
    int length;
    derive(sealer, &sealer->secret, QL_PURPOSE_HEADER_PROTECTION, key,
           (size_t)EVP_CIPHER_get_key_length(cipher));
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    must(EVP_EncryptInit_ex(context, cipher, NULL, key, chacha ? sample : NULL));
    must(EVP_EncryptUpdate(context, mask, &length, chacha ? zeros : sample, sizeof zeros));
    EVP_CIPHER_CTX_free(context);
    packet[0] ^= mask[0] & ((packet[0] & 0x80) != 0 ? 0x0f : 0x1f);
    for (unsigned i = 0; i < number_length; i++)
        packet[number_offset + i] ^= mask[1 + i];
}

void quic_seal(GByteArray *out, const quic_sealer *sealer, ql_slice header, unsigned number_length,
               uint64_t number, ql_slice payload)
{
    const EVP_CIPHER *cipher = aead_of(sealer->suite);
    quic_secret secret = sealer->secret;
    uint8_t key[32], nonce[QL_AEAD_IV_LENGTH];
    guint start = out->len;
    for (unsigned i = 0; i < sealer->updates; i++) {
        quic_secret next = { .length = secret.length };
        derive(sealer, &secret, QL_PURPOSE_KEY_UPDATE, next.bytes, next.length);
        secret = next;
    }
    derive(sealer, &secret, QL_PURPOSE_KEY, key, (size_t)EVP_CIPHER_get_key_length(cipher));
    derive(sealer, &secret, QL_PURPOSE_IV, nonce, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(number >> (56 - 8 * i));
    g_byte_array_append(out, header.data, (guint)header.length);
    encrypt(out, cipher, key, nonce, header, payload);
    protect_header(sealer, out->data + start, header.length - number_length, number_length);
}

void quic_seal_retry(GByteArray *out, guint start, uint32_t version, const ql_cid *original)
{
    const ql_retry_keys *keys = ql_key_schedule_retry_keys(version);
    g_autoptr(GByteArray) pseudo = g_byte_array_new();
    g_byte_array_append(pseudo, &original->length, 1);
    g_byte_array_append(pseudo, original->bytes, original->length);
    g_byte_array_append(pseudo, out->data + start, out->len - start);
    encrypt(out, EVP_aes_128_gcm(), keys->key, keys->nonce, (ql_slice){ pseudo->data, pseudo->len },
            (ql_slice){ 0 });
}
