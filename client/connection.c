/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection.h"

#include "callbacks.h"
#include "failure.h"
#include "packets.h"

#include <nghttp3/nghttp3.h>
#include <openssl/rand.h>
#include <poll.h>

#define FIRST_DCID_BYTES      18
#define OWN_CID_BYTES         8
#define STREAM_WINDOW         524288u   /* at the beginning; ngtcp2 makes it larger ... */
#define STREAM_WINDOW_MAX     16777216u /* ... where that is what holds the server back */
#define CONNECTION_WINDOW     1048576u
#define CONNECTION_WINDOW_MAX 25165824u
#define UNI_STREAMS           100
#define OWN_CIDS_AT_MOST      8
#define REFUSALS_AT_MOST      3 /* ICMP can be forged: one is not enough once there are keys */

struct ql_connection {
    ql_connection_settings settings;
    ql_connection_state state;
    ql_callbacks_context context;
    ql_packets *packets;
    char *address; /* of the server, for messages */
    int refusals;  /* in a row */
    char *failure;
    bool failed_by_address, failure_may_pass;
};

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

static void choose_parameters(const ql_connection *connection, ngtcp2_settings *settings,
                              ngtcp2_transport_params *parameters)
{
    ngtcp2_settings_default(settings);
    settings->initial_ts = ql_packets_now();
    settings->handshake_timeout = connection->settings.handshake_timeout;
    settings->max_window = CONNECTION_WINDOW_MAX;
    settings->max_stream_window = STREAM_WINDOW_MAX;
    ngtcp2_transport_params_default(parameters);
    parameters->initial_max_data = CONNECTION_WINDOW;
    parameters->initial_max_stream_data_bidi_local = STREAM_WINDOW;
    parameters->initial_max_stream_data_uni = STREAM_WINDOW;
    parameters->initial_max_streams_uni = UNI_STREAMS;
    parameters->max_idle_timeout = connection->settings.idle_timeout;
    parameters->active_connection_id_limit = OWN_CIDS_AT_MOST;
}

static bool start_quic(ql_connection *connection, GError **error)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params parameters;
    ngtcp2_cid server, own;
    ngtcp2_path path = ql_paths_first(connection->context.paths);
    choose_parameters(connection, &settings, &parameters);
    random_cid(&server, FIRST_DCID_BYTES);
    random_cid(&own, OWN_CID_BYTES);
    connection->context.qlog = ql_qlog_new(connection->settings.qlogs, &server);
    settings.qlog_write = connection->context.qlog != NULL ? ql_callbacks_write_qlog : NULL;
    int rv = ngtcp2_conn_client_new(&connection->context.quic, &server, &own, &path,
                                    NGTCP2_PROTO_VER_V1, ql_callbacks_client(), &settings,
                                    &parameters, NULL, &connection->context);
    if (rv != 0) {
        g_set_error(error, QL_TLS_ERROR, 0, "cannot set up QUIC: %s", ngtcp2_strerror(rv));
        return false;
    }
    ngtcp2_conn_set_tls_native_handle(connection->context.quic,
                                      ql_tls_native_handle(connection->context.tls));
    ql_qlog_connection_started(connection->context.qlog,
                               ql_udp_local(ql_paths_socket(connection->context.paths, 0)),
                               &connection->settings.remote, &own, &server);
    ql_paths_set_qlog(connection->context.paths, connection->context.qlog);
    if (connection->settings.trace != NULL) {
        ql_udp *udp = ql_paths_socket(connection->context.paths, 0);
        g_autofree char *local = ql_address_to_string(ql_udp_local(udp));
        g_autofree char *own_text = ql_trace_cid(&own), *server_text = ql_trace_cid(&server);
        ql_trace_note(connection->settings.trace, "connecting to %s (%s) from %s",
                      connection->settings.origin, connection->address, local);
        ql_trace_note(connection->settings.trace,
                      "our connection ID is %s; the server's, until it chooses one, %s", own_text,
                      server_text);
    }
    return true;
}

ql_connection *ql_connection_new(const ql_connection_settings *settings, GError **error)
{
    ql_connection *connection = g_new0(ql_connection, 1);
    ql_callbacks_context *context = &connection->context;
    const ngtcp2_crypto_conn_ref ref = { conn_of, connection };
    connection->settings = *settings;
    connection->address = ql_address_to_string(&settings->remote);
    context->trace = settings->trace;
    context->waiting = settings->waiting;
    ngtcp2_ccerr_default(&context->why);
    context->paths = ql_paths_new(&settings->remote, &settings->move, settings->trace, error);
    if (context->paths != NULL)
        context->tls = ql_tls_client_new(settings->tls, settings->host, &ref, error);
    if (context->tls == NULL || !start_quic(connection, error)) {
        connection->state = QL_CONNECTION_FAILED;
        ql_connection_free(connection);
        return NULL;
    }
    connection->packets = ql_packets_new(context->paths, settings->capture);
    ql_packets_set_qlog(connection->packets, context->qlog);
    return connection;
}

void ql_connection_free(ql_connection *connection)
{
    if (connection == NULL)
        return;
    ql_connection_close(connection);
    ql_callbacks_context *context = &connection->context;
    ql_http3_free(context->http3);
    ngtcp2_conn_del(context->quic);
    ql_tls_free(context->tls);
    ql_packets_free(connection->packets);
    ql_paths_free(context->paths);
    ql_qlog_free(context->qlog);
    g_free(context->offered_versions);
    g_free(connection->address);
    g_free(connection->failure);
    g_free(connection);
}

static void fail(ql_connection *connection, const ql_failure *cause)
{
    ql_failure failure = *cause;
    failure.origin = connection->settings.origin;
    failure.address = connection->address;
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

static size_t active_requests(const ql_connection *connection)
{
    return connection->context.http3 == NULL ? 0 : ql_http3_active(connection->context.http3);
}

static void on_closed_by_peer(ql_connection *connection)
{
    const ql_callbacks_context *context = &connection->context;
    const ngtcp2_ccerr *error = ngtcp2_conn_get_ccerr(context->quic);
    bool good = error->type == NGTCP2_CCERR_TYPE_APPLICATION
                    ? error->error_code == NGHTTP3_H3_NO_ERROR
                    : error->error_code == NGTCP2_NO_ERROR;
    if (context->stateless_reset)
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_STATELESS_RESET });
    else if (good && context->http3 != NULL && active_requests(connection) == 0)
        end(connection);
    else
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_CLOSED_BY_PEER, .error = error });
}

/* The shorter one of both sides' (RFC 9000, 10.1). */
static ngtcp2_duration idle_timeout(const ql_connection *connection)
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
        fail(connection,
             &(ql_failure){ .cause = QL_FAILURE_FAULT_OF_PEER, .error = &context->why });
}

static void on_error(ql_connection *connection, int rv)
{
    const ql_callbacks_context *context = &connection->context;
    switch (rv) {
    case NGTCP2_ERR_DRAINING: on_closed_by_peer(connection); break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
        fail(connection,
             &(ql_failure){ .cause = QL_FAILURE_VERSION, .detail = context->offered_versions });
        break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        fail(connection, &(ql_failure){ .cause = QL_FAILURE_HANDSHAKE_TIMEOUT,
                                        .limit = connection->settings.handshake_timeout });
        break;
    case NGTCP2_ERR_IDLE_CLOSE:
        fail(connection,
             &(ql_failure){ .cause = QL_FAILURE_IDLE_TIMEOUT, .limit = idle_timeout(connection) });
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

/* Returns whether the connection is still open. */
static bool check(ql_connection *connection, int rv, GError *error)
{
    if (connection->state == QL_CONNECTION_OPEN && rv != 0)
        on_error(connection, rv);
    if (connection->state == QL_CONNECTION_OPEN && error != NULL)
        on_socket_error(connection, error);
    g_clear_error(&error);
    return connection->state == QL_CONNECTION_OPEN;
}

static bool receive(ql_connection *connection)
{
    GError *error = NULL;
    ngtcp2_conn_info before, after;
    ngtcp2_conn_get_conn_info(connection->context.quic, &before);
    int rv = ql_packets_receive(connection->packets, connection->context.quic, &error);
    ngtcp2_conn_get_conn_info(connection->context.quic, &after);
    if (after.pkt_recv > before.pkt_recv)
        connection->refusals = 0;
    return check(connection, rv, error);
}

static bool send_all(ql_connection *connection)
{
    GError *error = NULL;
    int rv = ql_packets_send(connection->packets, connection->context.quic,
                             ql_callbacks_write_packet, &error);
    return check(connection, rv, error);
}

/* While there are requests the connection stays, however long the server thinks. */
static void keep_alive(ql_connection *connection)
{
    ngtcp2_duration timeout = idle_timeout(connection);
    ngtcp2_conn_set_keep_alive_timeout(connection->context.quic,
                                       timeout == 0 ? UINT64_MAX : timeout / 2);
}

static bool is_finished(const ql_connection *connection)
{
    const ql_callbacks_context *context = &connection->context;
    return context->http3 != NULL && active_requests(connection) == 0 &&
           (g_queue_is_empty(context->waiting) || ql_http3_is_going_away(context->http3)) &&
           !ql_paths_is_moving(context->paths);
}

ql_connection_state ql_connection_step(ql_connection *connection)
{
    ql_callbacks_context *context = &connection->context;
    bool was_done = context->handshake_done;
    if (connection->state != QL_CONNECTION_OPEN || !receive(connection))
        return connection->state;
    if (!was_done && context->handshake_done)
        keep_alive(connection);
    ngtcp2_tstamp now = ql_packets_now();
    if (ngtcp2_conn_get_expiry(context->quic) <= now &&
        !check(connection, ngtcp2_conn_handle_expiry(context->quic, now), NULL))
        return connection->state;
    if (context->http3 != NULL) {
        if (!check(connection, ql_http3_tick(context->http3), NULL))
            return connection->state;
        ql_paths_tick(context->paths, context->quic, ql_http3_content_bytes(context->http3), now);
    }
    if (!send_all(connection))
        return connection->state;
    if (is_finished(connection))
        ql_connection_close(connection);
    return connection->state;
}

void ql_connection_add_pollfds(const ql_connection *connection, GArray *pollfds)
{
    const ql_callbacks_context *context = &connection->context;
    int blocked = ql_packets_blocked_fd(connection->packets);
    for (size_t i = 0; i < ql_paths_count(context->paths); i++) {
        int fd = ql_udp_fd(ql_paths_socket(context->paths, i));
        struct pollfd socket = { .fd = fd, .events = fd == blocked ? POLLIN | POLLOUT : POLLIN };
        g_array_append_val(pollfds, socket);
    }
    if (context->http3 != NULL)
        ql_http3_add_pollfds(context->http3, pollfds);
}

ngtcp2_tstamp ql_connection_expiry(const ql_connection *connection)
{
    ngtcp2_tstamp paths = ql_paths_expiry(connection->context.paths);
    /* What waits for the socket has to wait for nothing else. */
    if (ql_packets_blocked_fd(connection->packets) >= 0)
        return paths;
    return MIN(paths, ngtcp2_conn_get_expiry(connection->context.quic));
}

void ql_connection_close(ql_connection *connection)
{
    ngtcp2_ccerr why;
    if (connection->state != QL_CONNECTION_OPEN)
        return;
    ngtcp2_ccerr_set_application_error(&why, NGHTTP3_H3_NO_ERROR, NULL, 0);
    close_with(connection, &why);
    end(connection);
}

void ql_connection_fail_requests(ql_connection *connection, const char *sentence)
{
    if (connection->context.http3 != NULL)
        ql_http3_fail_active(connection->context.http3, sentence);
}

const char *ql_connection_failure(const ql_connection *connection)
{
    return connection->failure;
}

bool ql_connection_failed_by_address(const ql_connection *connection)
{
    return connection->failed_by_address;
}

bool ql_connection_failure_may_pass(const ql_connection *connection)
{
    return connection->failure_may_pass;
}

const ql_callbacks_context *ql_connection_context(const ql_connection *connection)
{
    return &connection->context;
}

bool ql_connection_was_open(const ql_connection *connection)
{
    return connection->context.handshake_done;
}

const char *ql_connection_move_refusal(const ql_connection *connection)
{
    return ql_paths_refusal(connection->context.paths);
}
