/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets of the origin that outlive it: derived from the key of its certificate, the same key
 * gives the same ones after a restart, so that clients of its former life are still understood. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_SECRET_BYTES 32u

/* Fills secret for a purpose; another purpose gives another one. False and error if the key cannot
 * be encoded. */
bool ql_origin_secret_derive(EVP_PKEY *key, const char *purpose,
                             uint8_t secret[QL_ORIGIN_SECRET_BYTES], GError **error);
