/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resumption.h"

#include "application.h"

#define PARAMETERS_BYTES 512 /* more than enough for the ten that are remembered */

struct ql_resumption {
    ql_session_entry *entry; /* of this origin, in the file */
    bool wants_early_data;
    ql_trace *trace;
    GBytes *token; /* that was taken */
    char *early_alpn;

    /* Of this connection, for the tickets that it brings. */
    GBytes *ticket; /* that came before the handshake's end was seen */
    GBytes *parameters;
    char *alpn;
    uint32_t version;
    bool handshake_done, verified, has_ticket;
};

ql_resumption *ql_resumption_new(const ql_resumption_settings *settings, const char *origin,
                                 ql_trace *trace)
{
    if (settings->file == NULL)
        return NULL;
    ql_resumption *resumption = g_new0(ql_resumption, 1);
    resumption->entry = ql_session_file_entry(settings->file, origin);
    resumption->wants_early_data = settings->early_data;
    resumption->trace = trace;
    return resumption;
}

void ql_resumption_free(ql_resumption *resumption)
{
    if (resumption == NULL)
        return;
    g_clear_pointer(&resumption->token, g_bytes_unref);
    g_clear_pointer(&resumption->ticket, g_bytes_unref);
    g_clear_pointer(&resumption->parameters, g_bytes_unref);
    g_free(resumption->early_alpn);
    g_free(resumption->alpn);
    g_free(resumption);
}

GBytes *ql_resumption_take_token(ql_resumption *resumption)
{
    if (resumption == NULL || resumption->entry->token == NULL)
        return NULL;
    /* Who uses a token twice can be recognised (RFC 9000, 8.1.3). */
    g_clear_pointer(&resumption->token, g_bytes_unref);
    resumption->token = g_steal_pointer(&resumption->entry->token);
    ql_trace_note(resumption->trace, "sending a token of an earlier connection, %zu bytes",
                  g_bytes_get_size(resumption->token));
    return resumption->token;
}

static SSL_SESSION *ticket_of(const ql_session_entry *entry)
{
    gsize size;
    if (entry->ticket == NULL)
        return NULL;
    const unsigned char *data = g_bytes_get_data(entry->ticket, &size);
    return d2i_SSL_SESSION(NULL, &data, (long)size);
}

static void keep(ql_resumption *resumption)
{
    ql_session_entry *entry = resumption->entry;
    if (!resumption->handshake_done || resumption->ticket == NULL)
        return;
    g_clear_pointer(&entry->ticket, g_bytes_unref);
    g_clear_pointer(&entry->parameters, g_bytes_unref);
    g_free(entry->alpn);
    entry->ticket = g_steal_pointer(&resumption->ticket);
    entry->parameters =
        resumption->parameters == NULL ? NULL : g_bytes_ref(resumption->parameters);
    entry->alpn = g_strdup(resumption->alpn);
    entry->version = resumption->version;
    entry->verified = resumption->verified;
    resumption->has_ticket = true;
}

static void on_ticket(SSL_SESSION *session, void *user)
{
    ql_resumption *resumption = user;
    unsigned char *data = NULL;
    int length = i2d_SSL_SESSION(session, &data);
    if (length <= 0)
        return;
    g_clear_pointer(&resumption->ticket, g_bytes_unref);
    resumption->ticket = g_bytes_new(data, (gsize)length);
    OPENSSL_free(data);
    ql_trace_note(resumption->trace, "the server sent a ticket, for %ld s, early data %s",
                  SSL_SESSION_get_ticket_lifetime_hint(session) > 0
                      ? (long)SSL_SESSION_get_ticket_lifetime_hint(session)
                      : SSL_SESSION_get_timeout(session),
                  SSL_SESSION_get_max_early_data(session) > 0 ? "allowed" : "not allowed");
    keep(resumption);
}

static bool allow_early_data(ql_resumption *resumption, ngtcp2_conn *quic, ql_tls *tls,
                             const SSL_SESSION *session)
{
    const ql_session_entry *entry = resumption->entry;
    gsize size;
    if (SSL_SESSION_get_max_early_data(session) == 0 || entry->parameters == NULL ||
        entry->alpn == NULL || !ql_application_is_known(entry->alpn))
        return false;
    const uint8_t *data = g_bytes_get_data(entry->parameters, &size);
    return ngtcp2_conn_decode_and_set_0rtt_transport_params(quic, data, size) == 0 &&
           SSL_set_quic_tls_early_data_enabled(ql_tls_ssl(tls), 1) == 1;
}

const char *ql_resumption_begin(ql_resumption *resumption, ngtcp2_conn *quic, ql_tls *tls)
{
    if (resumption == NULL)
        return NULL;
    ql_tls_set_session_listener(tls, on_ticket, resumption);
    SSL_SESSION *session = ticket_of(resumption->entry);
    /* A ticket is good for the version that it was given in (RFC 9369, 5). */
    bool usable = session != NULL && SSL_SESSION_is_resumable(session) == 1 &&
                  resumption->entry->version == ngtcp2_conn_get_client_chosen_version(quic) &&
                  ql_tls_accepts_session(tls, session, resumption->entry->verified) &&
                  SSL_set_session(ql_tls_ssl(tls), session) == 1;
    g_clear_pointer(&resumption->early_alpn, g_free);
    if (usable)
        ql_trace_note(resumption->trace, "resuming an earlier session");
    if (usable && resumption->wants_early_data) {
        bool allowed = allow_early_data(resumption, quic, tls, session);
        if (allowed)
            resumption->early_alpn = g_strdup(resumption->entry->alpn);
        ql_trace_note(resumption->trace, allowed ? "sending early data (0-RTT)"
                                                 : "no early data: the ticket does not allow it");
    }
    SSL_SESSION_free(session);
    return resumption->early_alpn;
}

void ql_resumption_on_handshake(ql_resumption *resumption, ngtcp2_conn *quic, const ql_tls *tls)
{
    uint8_t parameters[PARAMETERS_BYTES];
    if (resumption == NULL)
        return;
    ngtcp2_ssize length =
        ngtcp2_conn_encode_0rtt_transport_params(quic, parameters, sizeof parameters);
    g_clear_pointer(&resumption->parameters, g_bytes_unref);
    if (length > 0)
        resumption->parameters = g_bytes_new(parameters, (gsize)length);
    g_free(resumption->alpn);
    resumption->alpn = ql_tls_alpn(tls);
    resumption->version = ngtcp2_conn_get_negotiated_version(quic);
    resumption->verified = ql_tls_is_verified(tls);
    resumption->handshake_done = true;
    keep(resumption);
}

void ql_resumption_on_token(ql_resumption *resumption, const uint8_t *token, size_t length)
{
    if (resumption == NULL)
        return;
    g_clear_pointer(&resumption->entry->token, g_bytes_unref);
    resumption->entry->token = g_bytes_new(token, length);
    ql_trace_note(resumption->trace, "the server sent a token for later, %zu bytes", length);
}

bool ql_resumption_is_waiting(const ql_resumption *resumption)
{
    return resumption != NULL && !resumption->has_ticket;
}
