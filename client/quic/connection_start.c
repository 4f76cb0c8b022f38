/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection_inside.h"

#include "early_data.h"

#include <inttypes.h>
#include <openssl/rand.h>

#define FIRST_DCID_BYTES     18
#define DATAGRAM_FRAME_BYTES 65535u /* RFC 9221, 3: any size */

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    const ql_connection *connection = ref->user_data;
    return connection->context.quic;
}

static void random_cid(ngtcp2_cid *cid, size_t length)
{
    cid->datalen = length;
    if (RAND_bytes(cid->data, (int)length) != 1)
        g_error("no random numbers can be had");
}

static void choose_cids(const ql_quic_settings *settings, ngtcp2_cid *server, ngtcp2_cid *own)
{
    random_cid(server, FIRST_DCID_BYTES);
    random_cid(own, ql_quic_settings_cid_length(settings));
    if (settings->dcid.datalen > 0)
        *server = settings->dcid;
    if (settings->scid.datalen > 0)
        *own = settings->scid;
}

static void choose_parameters(const ql_connection *connection, ngtcp2_settings *settings,
                              ngtcp2_transport_params *parameters)
{
    const ql_connection_settings *own = &connection->settings;
    ql_quic_settings_init(&own->quic, QL_QUIC_CLIENT, connection->version, settings, parameters);
    settings->initial_ts = connection->begun; /* where handshake_timeout begins, too */
    settings->handshake_timeout = MIN(settings->handshake_timeout, own->handshake_timeout);
    parameters->max_idle_timeout = own->idle_timeout;
    if (own->http.datagrams)
        parameters->max_datagram_frame_size = DATAGRAM_FRAME_BYTES;
}

static void trace_start(const ql_connection *connection, const ngtcp2_cid *server,
                        const ngtcp2_cid *own)
{
    ql_trace *trace = connection->settings.trace;
    const ql_udp *udp = ql_paths_current(connection->context.paths);
    g_autofree char *local = ql_address_to_string(ql_udp_local(udp));
    g_autofree char *own_text = ql_trace_cid(own), *server_text = ql_trace_cid(server);
    g_autofree char *version = ql_quic_version_to_string(connection->version);
    ql_trace_note(trace, "connecting to %s (%s) from %s by QUIC version %s",
                  connection->settings.origin, connection->address, local, version);
    ql_trace_note(trace, "our connection ID is %s; the server's, until it chooses one, %s",
                  own_text, server_text);
}

static void start_qlog(ql_connection *connection, ngtcp2_settings *settings,
                       const ngtcp2_cid *server)
{
    ql_callbacks_context *context = &connection->context;
    ql_qlog_free(context->qlog); /* of another version */
    context->qlog = ql_qlog_new(connection->settings.qlogs, server);
    settings->qlog_write = context->qlog != NULL ? ql_callbacks_write_qlog : NULL;
    ql_paths_set_qlog(context->paths, context->qlog);
    ql_packets_set_qlog(connection->packets, context->qlog);
}

static bool start_quic(ql_connection *connection, uint32_t original, GError **error)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params parameters;
    ngtcp2_cid server, own;
    const ql_paths *paths = connection->context.paths;
    ngtcp2_path path = ql_path_sockets_path(ql_paths_sockets(paths), ql_paths_current(paths));
    choose_parameters(connection, &settings, &parameters);
    /* With these ngtcp2 notices a Version Negotiation that was forged (RFC 9368, 4). */
    settings.original_version = original;
    uint32_t preferred[QL_QUIC_VERSIONS_AT_MOST];
    if (original != connection->version) {
        settings.preferred_versions = preferred;
        settings.preferred_versionslen =
            ql_quic_settings_usable(&connection->settings.quic, preferred);
    }
    GBytes *token = ql_resumption_take_token(connection->context.resumption);
    if (token != NULL)
        settings.token = g_bytes_get_data(token, &settings.tokenlen);
    choose_cids(&connection->settings.quic, &server, &own);
    start_qlog(connection, &settings, &server);
    int rv = ngtcp2_conn_client_new(&connection->context.quic, &server, &own, &path,
                                    connection->version, ql_callbacks_client(), &settings,
                                    &parameters, NULL, &connection->context);
    if (rv != 0) {
        g_set_error(error, QL_TLS_ERROR, 0, "cannot set up QUIC: %s", ngtcp2_strerror(rv));
        return false;
    }
    ngtcp2_conn_set_tls_native_handle(connection->context.quic,
                                      ql_tls_native_handle(connection->context.tls));
    ql_qlog_connection_started(connection->context.qlog, ql_udp_local(ql_paths_current(paths)),
                               &connection->settings.remote, &own, &server);
    if (connection->settings.trace != NULL)
        trace_start(connection, &server, &own);
    return true;
}

void ql_connection_withdraw(ql_connection *connection)
{
    ql_callbacks_context *context = &connection->context;
    if (!context->handshake_done)
        ql_application_withdraw(context->application);
    ql_early_data_release(&context->held, context->http.waiting);
}

bool ql_connection_start(ql_connection *connection, uint32_t original, GError **error)
{
    ql_callbacks_context *context = &connection->context;
    const ql_connection_settings *settings = &connection->settings;
    const ngtcp2_crypto_conn_ref ref = { conn_of, connection };
    ql_connection_withdraw(connection);
    g_clear_pointer(&context->application, ql_application_free);
    ngtcp2_conn_del(g_steal_pointer(&context->quic));
    ql_tls_free(g_steal_pointer(&context->tls));
    ngtcp2_ccerr_default(&context->why);
    context->tls = ql_tls_client_new(settings->tls, settings->host, &settings->terms, &ref, error);
    if (context->tls == NULL || !start_quic(connection, original, error))
        return false;
    const char *alpn = ql_resumption_begin(context->resumption, context->quic, context->tls);
    context->early_data = alpn != NULL;
    if (!context->early_data)
        return true;
    ql_early_data_hold(context->http.waiting, &context->held);
    if (ql_callbacks_start_application(context, alpn))
        return true;
    g_set_error(error, QL_TLS_ERROR, 0, "cannot send early data: too few streams are allowed");
    return false;
}
