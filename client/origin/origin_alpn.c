/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_alpn.h"

#include "options.h"
#include "origin_faulty.h"
#include "origin_hq.h"
#include "text.h"

#include <string.h>

typedef ql_origin_application *(*make_application)(ngtcp2_conn *quic,
                                                   const ql_origin_http_settings *settings);

static const struct {
    const char *name;
    make_application make;
} protocols[] = {
    { "h3", ql_origin_http_new },
    { "hq-interop", ql_origin_hq_new },
};

static make_application find(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (strlen(protocols[i].name) == length && memcmp(protocols[i].name, name, length) == 0)
            return protocols[i].make;
    return NULL;
}

GBytes *ql_origin_alpn_parse(const char *list, GError **error)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_auto(GStrv) names = g_strsplit(list, ",", -1);
    bool known = names[0] != NULL;
    for (char **name = names; *name != NULL && known; name++) {
        uint8_t length = (uint8_t)strlen(*name);
        known = find(*name, strlen(*name)) != NULL;
        g_byte_array_append(wire, &length, 1);
        g_byte_array_append(wire, (const uint8_t *)*name, length);
    }
    if (!known) {
        g_autofree char *shown = ql_text_escape(list);
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "bad value \"%s\" of --alpn: h3 and hq-interop are spoken", shown);
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&wire));
}

static int on_select(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                     const unsigned char *offered, unsigned int length, void *user)
{
    gsize own_length;
    const unsigned char *own = g_bytes_get_data(user, &own_length);
    unsigned char *chosen;
    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_length, own, (unsigned)own_length, offered, length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

void ql_origin_alpn_select(SSL_CTX *context, GBytes *list)
{
    SSL_CTX_set_alpn_select_cb(context, on_select, list);
}

static int on_select_wrongly(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                             const unsigned char *offered, unsigned int length, void *user)
{
    const ql_origin_misbehaviour *how = user;
    (void)ssl, (void)offered, (void)length;
    if (how->alpn == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    *out = (const unsigned char *)how->alpn + 1;
    *out_length = (unsigned char)how->alpn[0];
    return SSL_TLSEXT_ERR_OK;
}

void ql_origin_alpn_misbehave(SSL_CTX *context, const ql_origin_misbehaviour *misbehaviour)
{
    SSL_CTX_set_alpn_select_cb(context, on_select_wrongly, (void *)(uintptr_t)misbehaviour);
}

ql_origin_application *ql_origin_alpn_application(const SSL *ssl, ngtcp2_conn *quic,
                                                  const ql_origin_http_settings *settings)
{
    const unsigned char *name;
    unsigned length;
    const ql_origin_misbehaviour *misbehaviour = settings->misbehaviour;
    if (misbehaviour != NULL && misbehaviour->level == QL_ORIGIN_FAULT_HTTP)
        return ql_origin_faulty_new(quic, settings);
    if (misbehaviour != NULL && misbehaviour->level == QL_ORIGIN_FAULT_ALPN)
        return ql_origin_http_new(quic, settings);
    SSL_get0_alpn_selected(ssl, &name, &length);
    make_application make = find((const char *)name, length);
    return make != NULL ? make(quic, settings) : NULL;
}
