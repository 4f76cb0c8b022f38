/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_names.h"

#include "text.h"
#include "tls.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <string.h>

#define ALPN_BYTES 255u /* of one name: its length is one byte */
#define LIST_BYTES 1024u
#define PIN_PREFIX "sha256//"

static const struct {
    const char *name, *brief;
} suites[] = {
    { "TLS_AES_128_GCM_SHA256", "AES-128-GCM" },
    { "TLS_AES_256_GCM_SHA384", "AES-256-GCM" },
    { "TLS_CHACHA20_POLY1305_SHA256", "ChaCha20" },
    { "TLS_CHACHA20_POLY1305_SHA256", "ChaCha20-Poly1305" },
    { "TLS_AES_128_CCM_SHA256", "AES-128-CCM" },
};

static void set_error(GError **error, const char *what, const char *word, const char *rule)
{
    g_autofree char *shown = ql_text_escape(word);
    g_set_error(error, QL_TLS_ERROR, 0, "%s \"%s\": %s", what, shown, rule);
}

static const char *find_suite(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(suites); i++)
        if (g_ascii_strcasecmp(word, suites[i].name) == 0 ||
            g_ascii_strcasecmp(word, suites[i].brief) == 0)
            return suites[i].name;
    return NULL;
}

char *ql_tls_cipher_names(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, ":,", -1);
    g_autoptr(GString) list = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++) {
        const char *name = find_suite(*word);
        if (name == NULL) {
            set_error(error, "cipher suite", *word,
                      "those of QUIC are AES-128-GCM, AES-256-GCM, ChaCha20 and AES-128-CCM");
            return NULL;
        }
        g_string_append_printf(list, "%s%s", list->len > 0 ? ":" : "", name);
    }
    if (list->len == 0) {
        set_error(error, "cipher suites", text, "at least one is needed");
        return NULL;
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}

GBytes *ql_tls_alpn_list(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    g_autoptr(GByteArray) list = g_byte_array_new();
    for (char **word = words; *word != NULL; word++) {
        size_t length = strlen(*word);
        if (length == 0 || length > ALPN_BYTES || list->len + length >= LIST_BYTES) {
            set_error(error, "ALPN", *word, "a name has 1 to 255 bytes, all together 1,024");
            return NULL;
        }
        g_byte_array_append(list, &(guint8){ (guint8)length }, 1);
        g_byte_array_append(list, (const guint8 *)*word, (guint)length);
    }
    if (list->len == 0) {
        set_error(error, "ALPN", text, "at least one name is needed");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&list));
}

GBytes *ql_tls_pins(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ";", -1);
    g_autoptr(GByteArray) list = g_byte_array_new();
    for (char **word = words; *word != NULL; word++) {
        gsize length = 0;
        g_autofree guchar *digest = g_str_has_prefix(*word, PIN_PREFIX)
                                        ? g_base64_decode(*word + strlen(PIN_PREFIX), &length)
                                        : NULL;
        if (length != SHA256_DIGEST_LENGTH) {
            set_error(error, "public key's digest", *word,
                      "sha256// and 32 bytes in base64 are expected");
            return NULL;
        }
        g_byte_array_append(list, digest, (guint)length);
    }
    if (list->len == 0) {
        set_error(error, "public keys' digests", text, "at least one is needed");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&list));
}

bool ql_tls_groups_are_known(const char *text, GError **error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool known = context != NULL && SSL_CTX_set1_groups_list(context, text) == 1;
    if (!known)
        set_error(error, "groups", text,
                  "names of OpenSSL with \":\" between them are expected, such as X25519:P-256");
    ERR_clear_error();
    SSL_CTX_free(context);
    return known;
}
