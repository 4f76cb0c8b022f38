/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protects packets in tests, by libcrypto alone and from keys that were worked out elsewhere: what
 * our own key schedule or opening gets wrong cannot be wrong here in the same way. */
#pragma once

#include <openssl/evp.h>
#include <string.h>

#include "hex.h"
#include "model/packet_protection.h"

/* Of one traffic secret: the keys of three phases, and the header protection key of all of them. */
typedef struct known_keys {
    ql_suite suite;
    uint32_t version;
    const char *secret, *header_protection;
    struct {
        const char *key, *iv;
    } phases[3];
} known_keys;

/* Worked out with Python's hmac and hashlib. */
static const known_keys known[] = {
    {
        .suite = QL_SUITE_AES_128_GCM,
        .version = QL_VERSION_1,
        .secret = "b39ab9b4031280e94f71a1a1e91472cffca40b990ba9326b3d9b3bdec185036f",
        .header_protection = "60e85c6a30413df15d064d5f84ceae06",
        .phases = { { "f171129b4972dbb9ac29924df04dc945", "38a7dacd344711565a13bb58" },
                    { "343caac6ffa698f0c6bc12de9b7bdabd", "407bad36b331c102c0746474" },
                    { "4461f3e5619b155288ac9eed6baa39a2", "4d57df27523f7d13c38332cc" } },
    },
    {
        .suite = QL_SUITE_AES_256_GCM,
        .version = QL_VERSION_1,
        .secret = "10253f6de0b683a841b131457b1e3ac08915eda5508c5675b78200b43911300c"
                  "1fbefa48a4634c293ed8e11b9ce10bfd",
        .header_protection = "52d92ab5753c38d42a941f9ba5671383eea28d65a36dc803ca641667af21d1d8",
        .phases = { { "be14e96a423adf4e095d6ece9ef43286d3bbef396dedaaeba944fb69579de03c",
                      "73c2a1a6a85dec07c3e9e18e" },
                    { "1ddb7bd735d3f111cb269ee315d589372c549949608ab2fba13287c40323eeca",
                      "751fde657e35a1c4ded2d67b" },
                    { "b73d27cd705be874a4122dedff0c58c17304e1adc896e68830b7749c37cf4587",
                      "56a1faf50f637c0872f6abf1" } },
    },
    {
        .suite = QL_SUITE_CHACHA20_POLY1305,
        .version = QL_VERSION_1,
        .secret = "c5fc571b4c345f0357b8ad03082697f047fe15222a838c3d9fe6f874fcc30627",
        .header_protection = "c727a2cbaad4a7e707a5949e4d2e3bfd92b26332b96b8515d3cbc7c823bc942d",
        .phases = { { "cace992407e537b858ef9d399c3c39b0c9a06b071dce0d7c64567b696a9e1401",
                      "aacaa0cf93f66c93866e5589" },
                    { "874ab7d8a6950e1e61c2e4ccd0d695b2bbc226446ebdfd10c692efc9f2acebee",
                      "ac54b95de635d6236b702688" },
                    { "54c4cf2c123d8845a4b50e7ac881c05877bacaf506008591b31f2cb866acfc47",
                      "8501c748d9c9dcaed14fe02c" } },
    },
    {
        .suite = QL_SUITE_AES_128_CCM,
        .version = QL_VERSION_1,
        .secret = "7cf1181d17252ea04cbaf887f3e9c0159f0e9ac65ffa1a8a31eb6c9b5cd3f915",
        .header_protection = "be03ab9f0e7717eede57b1c24193d9a7",
        .phases = { { "d2625307ecd4619392e1dec5d2489d7b", "ab815e1cad473af299b020b5" },
                    { "936a3fab4f55fa0f61b4ef8f593a2bc2", "23647de85d90c719b94525f7" },
                    { "10c9242c99d85a17fb20ec8f49bd1e26", "a269162d890b98904a4b972e" } },
    },
    {
        .suite = QL_SUITE_AES_256_GCM,
        .version = QL_VERSION_2,
        .secret = "1abdba80c7ce9f52d7e70aa17df5b4ae7cc0389eca74c7ee992367627fd3e546"
                  "e90fc2c9caf4246bec5130330c494048",
        .header_protection = "a22307fff2a365d7f7d57c5d9b73dc8942447e515e3635a0f4de9920aca24991",
        .phases = { { "1d49329374ca1b5b03b8e27dabd3bed525e828e527257d74b0b182e9910e85b6",
                      "cc0840f59d023ec2a8900957" },
                    { "d51d3a52cb80a240b9f129f1a2345bd8a63321e824ab5a8020bbb4d87f977743",
                      "602a9933ea1299f9ec21505c" },
                    { "940ca96c9f1f4c9829f9b813be419ab7c309227152732347d7040268187315f4",
                      "ce5e980f769a893d5995d511" } },
    },
};

static inline void must(int done)
{
    g_assert_cmpint(done, >, 0);
}

/* Ciphertext and tag. */
static inline void seal_payload(const known_keys *keys, unsigned phase, uint64_t packet_number,
                                ql_slice header, ql_slice payload, GByteArray *out)
{
    const EVP_CIPHER *const ciphers[QL_SUITE_COUNT] = { EVP_aes_128_gcm(), EVP_aes_256_gcm(),
                                                        EVP_chacha20_poly1305(),
                                                        EVP_aes_128_ccm() };
    g_autoptr(GBytes) key = hex(keys->phases[phase].key), iv = hex(keys->phases[phase].iv);
    EVP_CIPHER_CTX *aead = EVP_CIPHER_CTX_new();
    bool ccm = keys->suite == QL_SUITE_AES_128_CCM;
    uint8_t nonce[12], tag[16], end[16];
    g_autofree uint8_t *text = g_malloc(payload.length + 1);
    int length = 0;

    memcpy(nonce, slice_of(iv).data, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(packet_number >> (56 - 8 * i));
    must(EVP_EncryptInit_ex(aead, ciphers[keys->suite], NULL, NULL, NULL));
    must(EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_IVLEN, sizeof nonce, NULL));
    if (ccm)
        must(EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_SET_TAG, sizeof tag, NULL));
    must(EVP_EncryptInit_ex(aead, NULL, NULL, slice_of(key).data, nonce));
    if (ccm)
        must(EVP_EncryptUpdate(aead, NULL, &length, NULL, (int)payload.length));
    must(EVP_EncryptUpdate(aead, NULL, &length, header.data, (int)header.length));
    must(EVP_EncryptUpdate(aead, text, &length, payload.data, (int)payload.length));
    must(EVP_EncryptFinal_ex(aead, end, &length));
    must(EVP_CIPHER_CTX_ctrl(aead, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag));
    EVP_CIPHER_CTX_free(aead);
    g_byte_array_append(out, text, (guint)payload.length);
    g_byte_array_append(out, tag, sizeof tag);
}

static inline void protect_header(const known_keys *keys, GByteArray *packet, size_t pn_offset,
                                  unsigned pn_length)
{
    const EVP_CIPHER *const ciphers[QL_SUITE_COUNT] = { EVP_aes_128_ecb(), EVP_aes_256_ecb(),
                                                        EVP_chacha20(), EVP_aes_128_ecb() };
    g_autoptr(GBytes) key = hex(keys->header_protection);
    bool chacha = keys->suite == QL_SUITE_CHACHA20_POLY1305;
    const uint8_t *sample = packet->data + pn_offset + 4;
    uint8_t zeros[16] = { 0 }, mask[32];
    int length;

    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    must(EVP_EncryptInit_ex(context, ciphers[keys->suite], NULL, slice_of(key).data,
                            chacha ? sample : NULL));
    must(EVP_EncryptUpdate(context, mask, &length, chacha ? zeros : sample, 16));
    EVP_CIPHER_CTX_free(context);
    packet->data[0] ^= mask[0] & ((packet->data[0] & 0x80) != 0 ? 0x0f : 0x1f);
    for (unsigned i = 0; i < pn_length; i++)
        packet->data[pn_offset + i] ^= mask[1 + i];
}

/* A packet with this header, which ends with a packet number of `pn_length` bytes. */
static inline GBytes *seal(const known_keys *keys, unsigned phase, uint64_t packet_number,
                           ql_slice header, unsigned pn_length, ql_slice payload)
{
    GByteArray *packet = g_byte_array_new();

    g_byte_array_append(packet, header.data, (guint)header.length);
    seal_payload(keys, phase, packet_number, header, payload, packet);
    protect_header(keys, packet, header.length - pn_length, pn_length);
    return g_byte_array_free_to_bytes(packet);
}
