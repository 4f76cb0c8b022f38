/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/key_schedule.h"

#include "assert_bytes.h"
#include "hex.h"
#include "model/packet_header.h"
#include "quic_samples.h"

#define KEY_MAX 48

static void assert_derived(uint32_t version, ql_slice secret, ql_key_purpose purpose,
                           const char *expected)
{
    g_autoptr(GBytes) bytes = hex(expected);
    uint8_t out[KEY_MAX];

    g_assert_true(ql_key_schedule_derive(version, secret, purpose, out, g_bytes_get_size(bytes)));
    assert_bytes(out, g_bytes_get_size(bytes), slice_of(bytes).data, g_bytes_get_size(bytes));
}

/* RFC 9001, A.1; RFC 9369, A.1. */
static void test_initial_keys(void)
{
    static const struct {
        uint32_t version;
        ql_side sender;
        const char *secret, *key, *iv, *header_protection;
    } cases[] = {
        { QL_VERSION_1, QL_CLIENT,
          "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea",
          "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
          "9f50449e04a0e810283a1e9933adedd2" },
        { QL_VERSION_1, QL_SERVER,
          "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b",
          "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e",
          "c206b8d9b9f0f37644430b490eeaa314" },
        { QL_VERSION_2, QL_CLIENT,
          "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b",
          "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
          "45b95e15235d6f45a6b19cbcb0294ba9" },
        { QL_VERSION_2, QL_SERVER,
          "0263db1782731bf4588e7e4d93b7463907cb8cd8200b5da55a8bd488eafc37c1",
          "82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652",
          "edf6d05c83121201b436e16877593c3a" },
    };
    g_autoptr(GBytes) id = hex(SAMPLE_DCID);
    ql_cid dcid = ql_cid_of(slice_of(id));

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) expected = hex(cases[i].secret);
        uint8_t bytes[QL_INITIAL_SECRET_LENGTH];
        ql_slice secret = { bytes, sizeof bytes };

        g_assert_true(
            ql_key_schedule_initial_secret(cases[i].version, &dcid, cases[i].sender, bytes));
        assert_bytes(bytes, sizeof bytes, slice_of(expected).data, slice_of(expected).length);
        assert_derived(cases[i].version, secret, QL_PURPOSE_KEY, cases[i].key);
        assert_derived(cases[i].version, secret, QL_PURPOSE_IV, cases[i].iv);
        assert_derived(cases[i].version, secret, QL_PURPOSE_HEADER_PROTECTION,
                       cases[i].header_protection);
    }
}

/* RFC 9001, A.5; RFC 9369, A.5. */
static void test_chacha_keys(void)
{
    g_autoptr(GBytes) bytes =
        hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
    ql_slice secret = slice_of(bytes);

    assert_derived(QL_VERSION_1, secret, QL_PURPOSE_KEY,
                   "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8");
    assert_derived(QL_VERSION_1, secret, QL_PURPOSE_IV, "e0459b3474bdd0e44a41c144");
    assert_derived(QL_VERSION_1, secret, QL_PURPOSE_HEADER_PROTECTION,
                   "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4");
    assert_derived(QL_VERSION_1, secret, QL_PURPOSE_KEY_UPDATE,
                   "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9");
    assert_derived(QL_VERSION_2, secret, QL_PURPOSE_KEY,
                   "3bfcddd72bcf02541d7fa0dd1f5f9eeea817e09a6963a0e6c7df0f9a1bab90f2");
    assert_derived(QL_VERSION_2, secret, QL_PURPOSE_IV, "a6b5bc6ab7dafce30ffff5dd");
    assert_derived(QL_VERSION_2, secret, QL_PURPOSE_HEADER_PROTECTION,
                   "d659760d2ba434a226fd37b35c69e2da8211d10c4f12538787d65645d5d1b8e2");
    assert_derived(QL_VERSION_2, secret, QL_PURPOSE_KEY_UPDATE,
                   "c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88");
}

/* The constants of Retry are themselves derived from a secret that each version names (RFC 9001,
 * 5.8; RFC 9369, 3.3.3). */
static void test_retry_constants(void)
{
    static const struct {
        uint32_t version;
        const char *secret;
    } cases[] = {
        { 0xff00001d, "8b0d37eb8535022ebc8d76a207d80df22646ec06dc809642c30a8baa2baaff4c" },
        { 0xff000020, "8b0d37eb8535022ebc8d76a207d80df22646ec06dc809642c30a8baa2baaff4c" },
        { 0xff000021, "d9c9943e6101fd200021506bcc02814c73030f25c79d71ce876eca876e6fca8e" },
        { 0xff000022, "d9c9943e6101fd200021506bcc02814c73030f25c79d71ce876eca876e6fca8e" },
        { QL_VERSION_1, "d9c9943e6101fd200021506bcc02814c73030f25c79d71ce876eca876e6fca8e" },
        { QL_VERSION_2, "c4dd2484d681aefa4ff4d69c2c20299984a765a5d3c31982f38fc74162155e9f" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) secret = hex(cases[i].secret);
        const ql_retry_keys *retry = ql_key_schedule_retry_keys(cases[i].version);
        ql_retry_keys derived;

        g_assert_true(ql_key_schedule_derive(cases[i].version, slice_of(secret), QL_PURPOSE_KEY,
                                             derived.key, sizeof derived.key));
        g_assert_true(ql_key_schedule_derive(cases[i].version, slice_of(secret), QL_PURPOSE_IV,
                                             derived.nonce, sizeof derived.nonce));
        assert_bytes(retry->key, sizeof retry->key, derived.key, sizeof derived.key);
        assert_bytes(retry->nonce, sizeof retry->nonce, derived.nonce, sizeof derived.nonce);
    }
}

static void test_drafts(void)
{
    g_autoptr(GBytes) id = hex(SAMPLE_DCID);
    g_autoptr(GBytes) expected =
        hex("0088119288f1d866733ceeed15ff9d50902cf82952eee27e9d4d4918ea371d87");
    uint8_t early[QL_INITIAL_SECRET_LENGTH];
    ql_cid sample = ql_cid_of(slice_of(id));

    g_assert_true(ql_key_schedule_initial_secret(0xff00001d, &sample, QL_CLIENT, early));
    assert_bytes(early, sizeof early, slice_of(expected).data, slice_of(expected).length);

    ql_cid dcid = { .bytes = { 1, 2, 3 }, .length = 3 };
    uint8_t v1[QL_INITIAL_SECRET_LENGTH], draft[QL_INITIAL_SECRET_LENGTH];

    g_assert_true(ql_key_schedule_initial_secret(QL_VERSION_1, &dcid, QL_CLIENT, v1));
    for (uint32_t version = 0xff00001d; version <= 0xff000022; version++) {
        g_assert_true(ql_key_schedule_initial_secret(version, &dcid, QL_CLIENT, draft));
        g_assert_cmpint(memcmp(v1, draft, sizeof v1) == 0, ==, version >= 0xff000021);
    }
}

static void test_refusals(void)
{
    ql_cid dcid = { .length = 0 };
    uint8_t secret[64] = { 0 }, out[32];

    g_assert_false(ql_key_schedule_initial_secret(0x1a2a3a4a, &dcid, QL_CLIENT, out));
    g_assert_null(ql_key_schedule_retry_keys(0x1a2a3a4a));
    g_assert_false(
        ql_key_schedule_derive(0x1a2a3a4a, (ql_slice){ secret, 32 }, QL_PURPOSE_KEY, out, 16));
    for (size_t length = 0; length <= sizeof secret; length++)
        g_assert_cmpint(ql_key_schedule_derive(QL_VERSION_1, (ql_slice){ secret, length },
                                               QL_PURPOSE_KEY, out, 16),
                        ==, length == 32 || length == 48);
}

/* An observer meets it, though RFC 9000, 7.2 forbids it to clients. */
static void test_empty_dcid(void)
{
    g_autoptr(GBytes) expected =
        hex("594cb3b06a53f6d6e1c3af415ec6b91a5b97c13c4f38d3008cd4c50c224a8288");
    ql_cid dcid = { .length = 0 };
    uint8_t secret[QL_INITIAL_SECRET_LENGTH];

    g_assert_true(ql_key_schedule_initial_secret(QL_VERSION_1, &dcid, QL_CLIENT, secret));
    assert_bytes(secret, sizeof secret, slice_of(expected).data, slice_of(expected).length);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/key schedule/Initial keys are those of the RFCs", test_initial_keys);
    g_test_add_func("/key schedule/ChaCha20 keys are those of the RFCs", test_chacha_keys);
    g_test_add_func("/key schedule/Retry constants come from their secrets", test_retry_constants);
    g_test_add_func("/key schedule/drafts from 33 on have the salt of version 1", test_drafts);
    g_test_add_func("/key schedule/an empty ID has a secret too", test_empty_dcid);
    g_test_add_func("/key schedule/unknown versions and odd secrets give nothing", test_refusals);
    return g_test_run();
}
