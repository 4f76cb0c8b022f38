/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options about TLS, as people type them. */
#pragma once

#include "options.h"
#include "tls.h"

/* A plain value; the record of ql_tls_option_table. What is not given is NULL or false. */
typedef struct ql_tls_options {
    char *ca_file, *ca_path;
    char *certificate, *key;
    char *pins;
    char *sni;
    char *alpn;
    char *ciphers, *groups;
    gboolean insecure;
    char *session; /* file */
    gboolean early_data;
} ql_tls_options;

extern const ql_option ql_tls_option_table[];

void ql_tls_options_clear(ql_tls_options *options);

/* Whether they fit each other; false and error if not. */
bool ql_tls_options_check(const ql_tls_options *options, GError **error);

/* The same for tls.h; borrowed from options. */
ql_tls_client_options ql_tls_options_for_context(const ql_tls_options *options);
ql_tls_terms ql_tls_options_for_connections(const ql_tls_options *options);
