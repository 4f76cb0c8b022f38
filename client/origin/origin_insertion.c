/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_insertion.h"

#include "origin_padding.h"

#include <glib.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

/* ngtcp2's encryption callback gets no user data, but it gets the handle of the cipher, which only
 * callbacks look into. An insertion puts itself there, marked by the lowest bit, which no pointer
 * to a cipher has. */
struct ql_origin_insertion {
    void *cipher;       /* what stood there */
    GByteArray *frames; /* to be sent */
    GByteArray *kept;   /* to be sent again ... */
    ngtcp2_tstamp due;  /* ... then; UINT64_MAX: never */
};

/* More than a round trip of the networks that lessons have. */
#define REPETITION (300 * NGTCP2_MILLISECONDS)

#define MARK ((uintptr_t)1)

static void *mark(ql_origin_insertion *insertion)
{
    return (void *)((uintptr_t)insertion | MARK);
}

/* NULL: it is a cipher. */
static ql_origin_insertion *find(const void *handle)
{
    uintptr_t value = (uintptr_t)handle;
    return (value & MARK) != 0 ? (ql_origin_insertion *)(value & ~MARK) : NULL;
}

static ngtcp2_crypto_aead real_aead(const ngtcp2_crypto_aead *aead)
{
    ngtcp2_crypto_aead real = *aead;
    const ql_origin_insertion *insertion = find(aead->native_handle);
    if (insertion != NULL)
        real.native_handle = insertion->cipher;
    return real;
}

/* ngtcp2_conn_set_crypto_ctx is for the time of the handshake only; what this returns a view of is
 * the connection's own. */
static ngtcp2_crypto_aead *aead_of(ngtcp2_conn *quic)
{
    ngtcp2_crypto_ctx *own = (ngtcp2_crypto_ctx *)(uintptr_t)ngtcp2_conn_get_crypto_ctx2(quic);
    return &own->aead;
}

ql_origin_insertion *ql_origin_insertion_new(void)
{
    ql_origin_insertion *insertion = g_new0(ql_origin_insertion, 1);
    insertion->frames = g_byte_array_new();
    insertion->kept = g_byte_array_new();
    insertion->due = UINT64_MAX;
    return insertion;
}

void ql_origin_insertion_free(ql_origin_insertion *insertion)
{
    if (insertion == NULL)
        return;
    g_byte_array_unref(insertion->frames);
    g_byte_array_unref(insertion->kept);
    g_free(insertion);
}

void ql_origin_insertion_attach(ql_origin_insertion *insertion, ngtcp2_conn *quic)
{
    ngtcp2_crypto_aead *aead = aead_of(quic);
    insertion->cipher = aead->native_handle;
    aead->native_handle = mark(insertion);
}

void ql_origin_insertion_add(ql_origin_insertion *insertion, const uint8_t *frame, size_t length)
{
    g_byte_array_append(insertion->frames, frame, (guint)length);
}

void ql_origin_insertion_keep(ql_origin_insertion *insertion, const uint8_t *frames, size_t length,
                              ngtcp2_tstamp now)
{
    g_byte_array_set_size(insertion->kept, 0);
    g_byte_array_append(insertion->kept, frames, (guint)length);
    insertion->due = now;
    ql_origin_insertion_tick(insertion, now);
}

void ql_origin_insertion_stop(ql_origin_insertion *insertion)
{
    insertion->due = UINT64_MAX;
}

void ql_origin_insertion_tick(ql_origin_insertion *insertion, ngtcp2_tstamp now)
{
    if (insertion == NULL || now < insertion->due)
        return;
    insertion->due = now + REPETITION;
    if (!ql_origin_insertion_is_waiting(insertion))
        ql_origin_insertion_add(insertion, insertion->kept->data, insertion->kept->len);
}

ngtcp2_tstamp ql_origin_insertion_expiry(const ql_origin_insertion *insertion)
{
    return insertion == NULL ? UINT64_MAX : insertion->due;
}

bool ql_origin_insertion_is_waiting(const ql_origin_insertion *insertion)
{
    return insertion != NULL && insertion->frames->len > 0;
}

/* RFC 9000, 17.3: the header is what is authenticated beside the payload. */
static bool is_short(const uint8_t *header)
{
    return (header[0] & 0x80) == 0;
}

int ql_origin_insertion_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                                const ngtcp2_crypto_aead_ctx *context, const uint8_t *plaintext,
                                size_t length, const uint8_t *nonce, size_t nonce_length,
                                const uint8_t *aad, size_t aad_length)
{
    const ngtcp2_crypto_aead real = real_aead(aead);
    ql_origin_insertion *insertion = find(aead->native_handle);
    g_autofree uint8_t *filled = NULL;
    if (ql_origin_insertion_is_waiting(insertion) && is_short(aad)) {
        size_t start = ql_origin_padding_start(plaintext, length);
        GByteArray *frames = insertion->frames;
        if (length - start >= frames->len) {
            filled = g_memdup2(plaintext, length);
            memcpy(filled + start, frames->data, frames->len);
            g_byte_array_set_size(frames, 0);
        }
    }
    return ngtcp2_crypto_encrypt_cb(dest, &real, context, filled != NULL ? filled : plaintext,
                                    length, nonce, nonce_length, aad, aad_length);
}

int ql_origin_insertion_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                                const ngtcp2_crypto_aead_ctx *context, const uint8_t *ciphertext,
                                size_t length, const uint8_t *nonce, size_t nonce_length,
                                const uint8_t *aad, size_t aad_length)
{
    const ngtcp2_crypto_aead real = real_aead(aead);
    return ngtcp2_crypto_decrypt_cb(dest, &real, context, ciphertext, length, nonce, nonce_length,
                                    aad, aad_length);
}

int ql_origin_insertion_update_key(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
                                   ngtcp2_crypto_aead_ctx *rx_context, uint8_t *rx_iv,
                                   ngtcp2_crypto_aead_ctx *tx_context, uint8_t *tx_iv,
                                   const uint8_t *current_rx_secret,
                                   const uint8_t *current_tx_secret, size_t length, void *user)
{
    ngtcp2_crypto_aead *own = aead_of(quic);
    const ngtcp2_crypto_aead kept = *own;
    *own = real_aead(own);
    int status =
        ngtcp2_crypto_update_key_cb(quic, rx_secret, tx_secret, rx_context, rx_iv, tx_context,
                                    tx_iv, current_rx_secret, current_tx_secret, length, user);
    *own = kept;
    return status;
}
