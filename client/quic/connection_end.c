/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection_inside.h"

#include "failure.h"

#define REFUSALS_AT_MOST 3 /* ICMP can be forged: one is not enough once there are keys */

static void fail(ql_connection *connection, const ql_failure *cause)
{
    ql_failure failure = *cause;
    ql_connection_withdraw(connection);
    failure.origin = connection->settings.origin;
    failure.address = connection->address;
    failure.alpn = connection->settings.terms.alpn;
    failure.version = connection->version;
    failure.in_handshake = !connection->context.handshake_done;
    connection->state = QL_CONNECTION_FAILED;
    connection->failure = ql_failure_to_sentence(&failure);
    connection->failed_by_address = ql_failure_is_of_address(&failure);
    connection->failure_may_pass = ql_failure_may_pass(&failure);
    ql_trace_note(connection->settings.trace, "failed: %s", connection->failure);
}

static void end(ql_connection *connection)
{
    connection->state = QL_CONNECTION_ENDED;
    ql_trace_note(connection->settings.trace, "connection to %s closed",
                  connection->settings.origin);
}

static void close_with(ql_connection *connection, const ngtcp2_ccerr *why)
{
    ql_packets_close(connection->packets, connection->context.quic, why);
}

static void on_closed_by_peer(ql_connection *connection)
{
    const ql_callbacks_context *context = &connection->context;
    const ngtcp2_ccerr *error = ngtcp2_conn_get_ccerr(context->quic);
    bool good = error->type == NGTCP2_CCERR_TYPE_APPLICATION
                    ? error->error_code == ql_application_no_error(context->application)
                    : error->error_code == NGTCP2_NO_ERROR;
    if (context->stateless_reset)
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_STATELESS_RESET });
    else if (good && context->application != NULL &&
             ql_application_active(context->application) == 0)
        end(connection);
    else
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = error });
}

ngtcp2_duration ql_connection_idle_timeout(const ql_connection *connection)
{
    const ngtcp2_transport_params *peer =
        connection->context.handshake_done
            ? ngtcp2_conn_get_remote_transport_params(connection->context.quic)
            : NULL;
    ngtcp2_duration own = connection->settings.idle_timeout;
    if (peer == NULL || peer->max_idle_timeout == 0)
        return own;
    return own == 0 ? peer->max_idle_timeout : MIN(own, peer->max_idle_timeout);
}

/* A fault that was found on this side is told to the peer. */
static void on_fault(ql_connection *connection, int rv)
{
    ql_callbacks_context *context = &connection->context;
    const char *rejection = ql_tls_rejection(context->tls);
    bool found = context->why.error_code != NGTCP2_NO_ERROR;
    uint8_t alert = ngtcp2_conn_get_tls_alert(context->quic);
    const char *complaint = rv == NGTCP2_ERR_CRYPTO ? ql_tls_complaint() : NULL;
    if (!found && rv == NGTCP2_ERR_CRYPTO && alert != 0)
        ngtcp2_ccerr_set_tls_alert(&context->why, alert, NULL, 0);
    else if (!found)
        ngtcp2_ccerr_set_liberr(&context->why, rv, NULL, 0);
    close_with(connection, &context->why);
    if (rv == NGTCP2_ERR_CRYPTO && rejection != NULL)
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_CERTIFICATE, .detail = rejection });
    else if (rv == NGTCP2_ERR_NOMEM || rv == NGTCP2_ERR_INTERNAL ||
             (rv == NGTCP2_ERR_CALLBACK_FAILURE && !found))
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_LOCAL, .detail = ngtcp2_strerror(rv) });
    else
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_FAULT_OF_PEER,
                                        .detail = complaint,
                                        .error = &context->why });
}

/* With a version that both sides have, all begins anew on the same path (RFC 9368, 2.1). */
static void on_version_negotiation(ql_connection *connection)
{
    const ql_callbacks_context *context = &connection->context;
    uint32_t original = connection->version;
    g_autoptr(GError) error = NULL;
    if (context->chosen_version == 0) {
        fail(connection,
             &(ql_failure){ .cause = QL_FAILURE_VERSION, .detail = context->offered_versions });
        return;
    }
    connection->version = context->chosen_version;
    if (!ql_connection_start(connection, original, &error))
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_LOCAL, .detail = error->message });
}

static void on_handshake_timeout(ql_connection *connection)
{
    const ql_connection_settings *settings = &connection->settings;
    ngtcp2_duration own = settings->quic.handshake_timeout;
    bool for_one = own > 0 && own < settings->handshake_timeout;
    fail(connection, &(ql_failure){ .cause = QL_FAILURE_HANDSHAKE_TIMEOUT,
                                    .limit = for_one ? own : settings->handshake_timeout,
                                    .detail = for_one ? "--handshake-timeout TIME"
                                                      : "--connect-timeout SECONDS" });
}

static void on_error(ql_connection *connection, int rv)
{
    switch (rv) {
    case NGTCP2_ERR_DRAINING: on_closed_by_peer(connection); break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION: on_version_negotiation(connection); break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT: on_handshake_timeout(connection); break;
    case NGTCP2_ERR_IDLE_CLOSE:
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_IDLE_TIMEOUT,
                                        .limit = ql_connection_idle_timeout(connection) });
        break;
    default: on_fault(connection, rv); break;
    }
}

/* A socket reported an error. During the handshake it is believed; later it has to come again and
 * again with nothing in between. */
static void on_socket_error(ql_connection *connection, const GError *error)
{
    ql_trace_note(connection->settings.trace, "%s", error->message);
    bool believed = !connection->context.handshake_done;
    if (g_error_matches(error, QL_UDP_ERROR, QL_UDP_ERROR_REFUSED)) {
        if (believed || ++connection->refusals >= REFUSALS_AT_MOST)
            fail(connection, &(ql_failure){ .cause = QL_FAILURE_REFUSED });
    } else if (g_error_matches(error, QL_UDP_ERROR, QL_UDP_ERROR_UNREACHABLE)) {
        if (believed)
            fail(connection,
                 &(ql_failure){ .cause = QL_FAILURE_UNREACHABLE, .detail = error->message });
    } else {
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_LOCAL, .detail = error->message });
    }
}

bool ql_connection_check(ql_connection *connection, int rv, GError *error)
{
    if (connection->state == QL_CONNECTION_OPEN && rv != 0)
        on_error(connection, rv);
    if (connection->state == QL_CONNECTION_OPEN && error != NULL)
        on_socket_error(connection, error);
    g_clear_error(&error);
    return connection->state == QL_CONNECTION_OPEN;
}

void ql_connection_close(ql_connection *connection)
{
    ngtcp2_ccerr why;
    if (connection->state != QL_CONNECTION_OPEN)
        return;
    ngtcp2_ccerr_set_application_error(
        &why, ql_application_no_error(connection->context.application), NULL, 0);
    close_with(connection, &why);
    end(connection);
}
