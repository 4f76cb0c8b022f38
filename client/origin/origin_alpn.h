/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The application protocols that the origin speaks, by the names that ALPN has for them (RFC 7301;
 * RFC 9001, 8.1). */
#pragma once

#include "origin_application.h"
#include "origin_http.h"

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#define QL_ORIGIN_ALPN_DEFAULT "h3"

/* A list such as "h3,hq-interop", in the order of preference, in the form that TLS has for it. NULL
 * and error if one of them is not spoken. */
GBytes *ql_origin_alpn_parse(const char *list, GError **error);

/* Has the context choose the first of list (as above, borrowed) that a client offers; a client that
 * offers none of them is refused with the alert no_application_protocol. */
void ql_origin_alpn_select(SSL_CTX *context, GBytes *list);

/* Has it choose what misbehaviour, of QL_ORIGIN_FAULT_ALPN, says, whatever a client offers. */
void ql_origin_alpn_misbehave(SSL_CTX *context, const ql_origin_misbehaviour *misbehaviour);

/* The protocol that was negotiated, or what misbehaves in its stead. quic is borrowed. NULL if
 * there is none. */
ql_origin_application *ql_origin_alpn_application(const SSL *ssl, ngtcp2_conn *quic,
                                                  const ql_origin_http_settings *settings);
