/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of our own in packets that ngtcp2 makes, where it has padding: what the library would
 * never send by itself. ngtcp2 does not know of them: they are not counted by flow control, and
 * whether they were lost is not known, so that those that matter are sent again and again. */
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_origin_insertion ql_origin_insertion;

ql_origin_insertion *ql_origin_insertion_new(void);
void ql_origin_insertion_free(ql_origin_insertion *insertion); /* after quic; NULL is a no-op */

/* From now on the 1-RTT packets of quic are those into which frames go. To be called once, when the
 * handshake is complete. Both are borrowed by each other. */
void ql_origin_insertion_attach(ql_origin_insertion *insertion, ngtcp2_conn *quic);

/* A frame, whole. It goes into the next 1-RTT packet with enough padding. */
void ql_origin_insertion_add(ql_origin_insertion *insertion, const uint8_t *frame, size_t length);

/* The same at now, and again from time to time, until ql_origin_insertion_stop. What was kept
 * before is not any more. */
void ql_origin_insertion_keep(ql_origin_insertion *insertion, const uint8_t *frames, size_t length,
                              ngtcp2_tstamp now);
void ql_origin_insertion_stop(ql_origin_insertion *insertion);

/* To be called before packets are written: adds what is kept when it is due again. NULL: nothing
 * is done. */
void ql_origin_insertion_tick(ql_origin_insertion *insertion, ngtcp2_tstamp now);

/* When it is; UINT64_MAX: nothing is kept. */
ngtcp2_tstamp ql_origin_insertion_expiry(const ql_origin_insertion *insertion);

/* There are frames that wait, so that a packet with padding is to be made. */
bool ql_origin_insertion_is_waiting(const ql_origin_insertion *insertion);

/* The callbacks of all connections that may have an insertion, instead of ngtcp2_crypto's. */
int ql_origin_insertion_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                                const ngtcp2_crypto_aead_ctx *context, const uint8_t *plaintext,
                                size_t length, const uint8_t *nonce, size_t nonce_length,
                                const uint8_t *aad, size_t aad_length);
int ql_origin_insertion_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                                const ngtcp2_crypto_aead_ctx *context, const uint8_t *ciphertext,
                                size_t length, const uint8_t *nonce, size_t nonce_length,
                                const uint8_t *aad, size_t aad_length);
int ql_origin_insertion_update_key(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
                                   ngtcp2_crypto_aead_ctx *rx_context, uint8_t *rx_iv,
                                   ngtcp2_crypto_aead_ctx *tx_context, uint8_t *tx_iv,
                                   const uint8_t *current_rx_secret,
                                   const uint8_t *current_tx_secret, size_t length, void *user);
