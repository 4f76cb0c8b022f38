/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_notes.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>

struct origin_notes {
    GHashTable *streams; /* origin_stream, owned, by int64_t */
    origin_told told;
};

static void stream_free(gpointer data)
{
    origin_stream *s = data;
    g_byte_array_unref(s->data);
    g_free(s);
}

origin_notes *origin_notes_new(void)
{
    origin_notes *notes = g_new0(origin_notes, 1);
    notes->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, stream_free);
    notes->told.token = g_byte_array_new();
    notes->told.datagrams = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    return notes;
}

void origin_notes_free(origin_notes *notes)
{
    if (notes == NULL)
        return;
    g_hash_table_unref(notes->streams);
    g_byte_array_unref(notes->told.token);
    g_ptr_array_unref(notes->told.datagrams);
    g_free(notes);
}

origin_told *origin_notes_told(origin_notes *notes)
{
    return &notes->told;
}

origin_stream *origin_notes_stream(origin_notes *notes, int64_t stream)
{
    origin_stream *s = g_hash_table_lookup(notes->streams, &stream);
    if (s != NULL)
        return s;
    s = g_new0(origin_stream, 1);
    s->data = g_byte_array_new();
    g_hash_table_insert(notes->streams, g_memdup2(&stream, sizeof stream), s);
    return s;
}

void origin_notes_random(uint8_t *data, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    g_assert_cmpint(RAND_bytes(data, (int)length), ==, 1);
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream_user)
{
    origin_notes *notes = user;
    origin_stream *s = origin_notes_stream(notes, stream);
    (void)stream_user;
    g_assert_cmpuint(offset, ==, s->data->len);
    g_byte_array_append(s->data, data, (guint)length);
    s->ended = s->ended || (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    ngtcp2_conn_extend_max_offset(quic, length);
    return 0;
}

static int on_acked(ngtcp2_conn *quic, int64_t stream, uint64_t offset, uint64_t length, void *user,
                    void *stream_user)
{
    (void)quic, (void)stream_user;
    origin_notes_stream(user, stream)->acknowledged = offset + length;
    return 0;
}

static int on_reset(ngtcp2_conn *quic, int64_t stream, uint64_t final_size, uint64_t code,
                    void *user, void *stream_user)
{
    origin_stream *s = origin_notes_stream(user, stream);
    (void)quic, (void)final_size, (void)stream_user;
    s->reset = true;
    s->reset_code = code;
    return 0;
}

static int on_token(ngtcp2_conn *quic, const uint8_t *token, size_t length, void *user)
{
    origin_notes *notes = user;
    (void)quic;
    g_byte_array_append(notes->told.token, token, (guint)length);
    return 0;
}

static int on_datagram(ngtcp2_conn *quic, uint32_t flags, const uint8_t *data, size_t length,
                       void *user)
{
    origin_notes *notes = user;
    GByteArray *copy = g_byte_array_new();
    (void)quic, (void)flags;
    g_byte_array_append(copy, data, (guint)length);
    g_ptr_array_add(notes->told.datagrams, copy);
    return 0;
}

static int on_key_update(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
                         ngtcp2_crypto_aead_ctx *rx_aead_ctx, uint8_t *rx_iv,
                         ngtcp2_crypto_aead_ctx *tx_aead_ctx, uint8_t *tx_iv,
                         const uint8_t *current_rx_secret, const uint8_t *current_tx_secret,
                         size_t length, void *user)
{
    origin_notes *notes = user;
    notes->told.key_updates++;
    return ngtcp2_crypto_update_key_cb(quic, rx_secret, tx_secret, rx_aead_ctx, rx_iv, tx_aead_ctx,
                                       tx_iv, current_rx_secret, current_tx_secret, length, user);
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token,
                      size_t length, void *user)
{
    (void)quic, (void)user;
    origin_notes_random(cid->data, length, NULL);
    origin_notes_random(token->data, sizeof token->data, NULL);
    cid->datalen = length;
    return 0;
}

const ngtcp2_callbacks origin_notes_callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .update_key = on_key_update,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .rand = origin_notes_random,
    .get_new_connection_id2 = on_new_cid,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_acked,
    .stream_reset = on_reset,
    .recv_new_token = on_token,
    .recv_datagram = on_datagram,
};
