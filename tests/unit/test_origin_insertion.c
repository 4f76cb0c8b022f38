/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_insertion.h"

#include "assert_bytes.h"
#include "tls.h"

#include <netinet/in.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/evp.h>

#define TAG_BYTES 16

static const uint8_t key[16] = "a key of 16 byte", nonce[12] = "a nonce of";
static const uint8_t short_header[] = { 0x41, 1, 2, 3 }, long_header[] = { 0xe1, 0, 0, 0, 1 };
static const uint8_t frame[] = { 0x10, 0x40, 0x99 };

typedef struct fixture {
    ngtcp2_conn *quic;
    ql_origin_insertion *insertion;
    ngtcp2_crypto_aead real;
    ngtcp2_crypto_aead_ctx context;
} fixture;

static void on_random(uint8_t *bytes, size_t length, const ngtcp2_rand_ctx *unused)
{
    (void)unused;
    memset(bytes, 7, length);
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token,
                      size_t length, void *user)
{
    (void)quic, (void)user;
    *cid = (ngtcp2_cid){ .datalen = length };
    memset(token, 0, sizeof *token);
    return 0;
}

static ngtcp2_conn *conn_new(fixture *f)
{
    static const ngtcp2_callbacks callbacks = {
        .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
        .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
        .encrypt = ql_origin_insertion_encrypt,
        .decrypt = ql_origin_insertion_decrypt,
        .hp_mask = ngtcp2_crypto_hp_mask_cb,
        .update_key = ql_origin_insertion_update_key,
        .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
        .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
        .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
        .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
        .rand = on_random,
        .get_new_connection_id2 = on_new_cid,
    };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    const ngtcp2_cid cid = { .datalen = 8 };
    const ngtcp2_path path = { .local = { (ngtcp2_sockaddr *)&v4, sizeof v4 },
                               .remote = { (ngtcp2_sockaddr *)&v4, sizeof v4 } };
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    ngtcp2_conn *quic;
    ngtcp2_settings_default(&settings);
    settings.initial_ts = 1;
    ngtcp2_transport_params_default(&params);
    params.original_dcid = cid;
    params.original_dcid_present = 1;
    g_assert_cmpint(ngtcp2_conn_server_new(&quic, &cid, &cid, &path, NGTCP2_PROTO_VER_V1,
                                           &callbacks, &settings, &params, NULL, NULL),
                    ==, 0);
    const ngtcp2_crypto_ctx crypto = { .aead = f->real };
    ngtcp2_conn_set_crypto_ctx(quic, &crypto);
    return quic;
}

static void set_up(fixture *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(ql_tls_library_init(NULL));
    f->real = (ngtcp2_crypto_aead){ .native_handle = (void *)(uintptr_t)EVP_aes_128_gcm(),
                                    .max_overhead = TAG_BYTES };
    f->quic = conn_new(f);
    f->insertion = ql_origin_insertion_new();
    g_assert_cmpint(ngtcp2_crypto_aead_ctx_encrypt_init(&f->context, &f->real, key, sizeof nonce),
                    ==, 0);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    ngtcp2_crypto_aead_ctx_free(&f->context);
    ngtcp2_conn_del(f->quic);
    ql_origin_insertion_free(f->insertion);
}

/* Encrypts as ngtcp2 does, decrypts, and compares. */
static void assert_sealed(const fixture *f, const uint8_t *header, size_t header_length,
                          const void *payload, const void *expected, size_t length)
{
    uint8_t sealed[64], opened[64];
    ngtcp2_crypto_aead_ctx open;
    const ngtcp2_crypto_aead *aead = &ngtcp2_conn_get_crypto_ctx2(f->quic)->aead;
    g_assert_cmpint(ql_origin_insertion_encrypt(sealed, aead, &f->context, payload, length, nonce,
                                                sizeof nonce, header, header_length),
                    ==, 0);
    g_assert_cmpint(ngtcp2_crypto_aead_ctx_decrypt_init(&open, &f->real, key, sizeof nonce), ==, 0);
    g_assert_cmpint(ql_origin_insertion_decrypt(opened, aead, &open, sealed, length + TAG_BYTES,
                                                nonce, sizeof nonce, header, header_length),
                    ==, 0);
    ngtcp2_crypto_aead_ctx_free(&open);
    assert_bytes(opened, length, expected, length);
}

static void test_a_frame_takes_the_place_of_padding(fixture *f, gconstpointer unused)
{
    static const uint8_t payload[] = { 1, 0, 0, 0, 0 }, filled[] = { 1, 0x10, 0x40, 0x99, 0 };
    (void)unused;
    ql_origin_insertion_attach(f->insertion, f->quic);
    ql_origin_insertion_add(f->insertion, frame, sizeof frame);
    g_assert_true(ql_origin_insertion_is_waiting(f->insertion));
    assert_sealed(f, short_header, sizeof short_header, payload, filled, sizeof payload);
    g_assert_false(ql_origin_insertion_is_waiting(f->insertion));
    assert_sealed(f, short_header, sizeof short_header, payload, payload, sizeof payload);
}

static void test_it_waits_for_a_packet_with_room(fixture *f, gconstpointer unused)
{
    static const uint8_t payload[] = { 1, 0, 0 };
    (void)unused;
    ql_origin_insertion_attach(f->insertion, f->quic);
    ql_origin_insertion_add(f->insertion, frame, sizeof frame);
    assert_sealed(f, short_header, sizeof short_header, payload, payload, sizeof payload);
    g_assert_true(ql_origin_insertion_is_waiting(f->insertion));
}

static void test_packets_of_the_handshake_are_left_alone(fixture *f, gconstpointer unused)
{
    static const uint8_t payload[] = { 1, 0, 0, 0, 0 };
    (void)unused;
    ql_origin_insertion_attach(f->insertion, f->quic);
    ql_origin_insertion_add(f->insertion, frame, sizeof frame);
    assert_sealed(f, long_header, sizeof long_header, payload, payload, sizeof payload);
    g_assert_true(ql_origin_insertion_is_waiting(f->insertion));
}

/* Packets get lost, and nobody knows which had the frame. */
static void test_what_is_kept_comes_again(fixture *f, gconstpointer unused)
{
    static const uint8_t payload[] = { 1, 0, 0, 0, 0 };
    (void)unused;
    g_assert_cmpuint(ql_origin_insertion_expiry(f->insertion), ==, UINT64_MAX);
    ql_origin_insertion_attach(f->insertion, f->quic);
    ql_origin_insertion_keep(f->insertion, frame, sizeof frame, 1000);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t filled[sizeof payload] = { 1 };
        memcpy(filled + 1, frame, sizeof frame);
        assert_sealed(f, short_header, sizeof short_header, payload, filled, sizeof payload);
        ngtcp2_tstamp due = ql_origin_insertion_expiry(f->insertion);
        ql_origin_insertion_tick(f->insertion, due - 1);
        g_assert_false(ql_origin_insertion_is_waiting(f->insertion));
        ql_origin_insertion_tick(f->insertion, due);
        g_assert_true(ql_origin_insertion_is_waiting(f->insertion));
    }
    ql_origin_insertion_stop(f->insertion);
    g_assert_cmpuint(ql_origin_insertion_expiry(f->insertion), ==, UINT64_MAX);
    ql_origin_insertion_tick(NULL, 0);
}

static void test_connections_without_one_encrypt_as_ever(fixture *f, gconstpointer unused)
{
    static const uint8_t payload[] = { 1, 0, 0, 0, 0 };
    (void)unused;
    assert_sealed(f, short_header, sizeof short_header, payload, payload, sizeof payload);
    g_assert_false(ql_origin_insertion_is_waiting(NULL));
}

#define TEST(name, function)                                                                       \
    g_test_add("/origin-insertion/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("padding", test_a_frame_takes_the_place_of_padding);
    TEST("room", test_it_waits_for_a_packet_with_room);
    TEST("handshake", test_packets_of_the_handshake_are_left_alone);
    TEST("kept", test_what_is_kept_comes_again);
    TEST("none", test_connections_without_one_encrypt_as_ever);
    return g_test_run();
}
