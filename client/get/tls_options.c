/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_options.h"

#include "tls_names.h"

/* What is wrong is found now, when nothing has been sent yet. */
static gboolean keep(char **field, const char *value, bool good)
{
    if (!good)
        return FALSE;
    g_free(*field);
    *field = g_strdup(value);
    return TRUE;
}

static gboolean take_ciphers(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    g_autofree char *names = ql_tls_cipher_names(value, error);
    return keep(&((ql_tls_options *)record)->ciphers, value, names != NULL);
}

static gboolean take_groups(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    return keep(&((ql_tls_options *)record)->groups, value, ql_tls_groups_are_known(value, error));
}

static gboolean take_alpn(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    g_autoptr(GBytes) list = ql_tls_alpn_list(value, error);
    return keep(&((ql_tls_options *)record)->alpn, value, list != NULL);
}

static gboolean take_pins(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    g_autoptr(GBytes) pins = ql_tls_pins(value, error);
    return keep(&((ql_tls_options *)record)->pins, value, pins != NULL);
}

#define FIELD(name) offsetof(ql_tls_options, name)

const ql_option ql_tls_option_table[] = {
    { "cacert", '\0', QL_OPTION_STRING, FIELD(ca_file), "FILE",
      "trust these certificates (PEM) instead of the system's", NULL },
    { "capath", '\0', QL_OPTION_STRING, FIELD(ca_path), "FOLDER",
      "trust the certificates in it, which openssl rehash has named", NULL },
    { "insecure", 'k', QL_OPTION_FLAG, FIELD(insecure), NULL, "accept any certificate", NULL },
    { "pinnedpubkey", '\0', QL_OPTION_CALL, 0, "HASHES",
      "accept a certificate only if the SHA-256 digest of its public key is one of these: "
      "sha256//BASE64;sha256//BASE64",
      take_pins },
    { "cert", 'E', QL_OPTION_STRING, FIELD(certificate), "FILE",
      "show this certificate (PEM) to servers that ask for one (RFC 8446, 4.4.2)", NULL },
    { "key", '\0', QL_OPTION_STRING, FIELD(key), "FILE",
      "its private key (PEM), if it is not in the same file", NULL },
    { "sni", '\0', QL_OPTION_STRING, FIELD(sni), "NAME",
      "ask for the server of this name, and expect its certificate (RFC 6066, 3)", NULL },
    { "alpn", '\0', QL_OPTION_CALL, 0, "NAME[,...]",
      "application protocols to offer; h3 if not given, hq-interop is HTTP/0.9 (RFC 7301, 3.1)",
      take_alpn },
    { "ciphers", '\0', QL_OPTION_CALL, 0, "NAME[:...]",
      "cipher suites to offer: AES-128-GCM, AES-256-GCM, ChaCha20, AES-128-CCM (RFC 9001, 5.3)",
      take_ciphers },
    { "groups", '\0', QL_OPTION_CALL, 0, "NAME[:...]",
      "groups of the key exchange to offer: X25519:P-256 (RFC 8446, 4.2.7)", take_groups },
    { "session", '\0', QL_OPTION_STRING, FIELD(session), "FILE",
      "keep tickets and tokens there, and resume with those of earlier calls (RFC 8446, 2.2)",
      NULL },
    { "early-data", '\0', QL_OPTION_FLAG, FIELD(early_data), NULL,
      "with --session: send requests without content before the handshake is done (RFC 9001, 4.6)",
      NULL },
    { .name = NULL },
};

void ql_tls_options_clear(ql_tls_options *options)
{
    g_free(options->ca_file);
    g_free(options->ca_path);
    g_free(options->certificate);
    g_free(options->key);
    g_free(options->pins);
    g_free(options->sni);
    g_free(options->alpn);
    g_free(options->ciphers);
    g_free(options->groups);
    g_free(options->session);
}

bool ql_tls_options_check(const ql_tls_options *options, GError **error)
{
    const char *fault = NULL;
    if (options->early_data && options->session == NULL)
        fault = "--early-data needs the tickets of earlier calls: --session FILE";
    else if (options->key != NULL && options->certificate == NULL)
        fault = "--key needs the certificate that it belongs to: --cert FILE";
    if (fault != NULL)
        g_set_error(error, QL_OPTIONS_ERROR, 0, "%s", fault);
    return fault == NULL;
}

ql_tls_client_options ql_tls_options_for_context(const ql_tls_options *options)
{
    return (ql_tls_client_options){
        .ca_file = options->ca_file,
        .ca_path = options->ca_path,
        .certificate = options->certificate,
        .key = options->key,
        .ciphers = options->ciphers,
        .groups = options->groups,
        .insecure = options->insecure != FALSE,
    };
}

ql_tls_terms ql_tls_options_for_connections(const ql_tls_options *options)
{
    return (ql_tls_terms){ .sni = options->sni, .alpn = options->alpn, .pins = options->pins };
}
