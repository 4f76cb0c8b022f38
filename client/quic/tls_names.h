/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people type to say what TLS is to offer and to accept. Each function returns NULL and error
 * (of QL_TLS_ERROR, naming the word that is wrong) for what it does not understand. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Cipher suites of TLS 1.3 in the order of preference, with ":" or "," between them, by name
 * ("TLS_AES_128_GCM_SHA256") or in short ("AES-128-GCM", "ChaCha20", upper or lower case). Returns
 * their names with ":" between them (RFC 8446, B.4); to be freed by g_free. */
char *ql_tls_cipher_names(const char *text, GError **error);

/* ALPN names in the order of preference, with "," between them, as their extension has them on the
 * wire (RFC 7301, 3.1). */
GBytes *ql_tls_alpn_list(const char *text, GError **error);

/* Digests of public keys, as curl has them: "sha256//BASE64", several with ";" between them.
 * Returns them one behind the other, 32 bytes each. */
GBytes *ql_tls_pins(const char *text, GError **error);

/* Whether OpenSSL knows all of these groups, with ":" between them (RFC 8446, 4.2.7); else false
 * and error. */
bool ql_tls_groups_are_known(const char *text, GError **error);
