/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"
#include "connection_inside.h"

#include <poll.h>

#define TICKET_WAIT (300 * NGTCP2_MILLISECONDS)

ql_connection *ql_connection_new(const ql_connection_settings *settings, GError **error)
{
    ql_connection *connection = g_new0(ql_connection, 1);
    ql_callbacks_context *context = &connection->context;
    connection->settings = *settings;
    connection->address = ql_address_to_string(&settings->remote);
    context->trace = settings->trace;
    context->http = settings->http;
    context->remarks = ql_remarks_new();
    context->handshake_time = UINT64_MAX;
    context->settings = &connection->settings.quic;
    connection->version = ql_quic_settings_version(context->settings);
    connection->begun = ql_clock_now();
    context->resumption =
        ql_resumption_new(&settings->resumption, settings->origin, settings->trace);
    ql_path_plan plan = settings->paths;
    plan.no_gso = settings->quic.no_gso;
    plan.local = settings->local;
    context->paths = ql_paths_new(&settings->remote, &plan, settings->trace, error);
    if (context->paths != NULL) {
        connection->packets = ql_packets_new(context->paths, settings->capture);
        ql_packets_set_remarks(connection->packets, context->remarks);
        ql_packets_set_scenario(connection->packets, settings->scenario);
        ql_paths_set_remarks(context->paths, context->remarks);
    }
    if (context->paths == NULL || !ql_connection_start(connection, connection->version, error)) {
        connection->state = QL_CONNECTION_FAILED;
        ql_connection_free(connection);
        return NULL;
    }
    if (settings->capture != NULL)
        ql_self_capture_name(settings->capture, ql_address_sockaddr(&settings->remote),
                             settings->host);
    return connection;
}

void ql_connection_free(ql_connection *connection)
{
    if (connection == NULL)
        return;
    ql_connection_close(connection);
    ql_connection_withdraw(connection);
    ql_callbacks_context *context = &connection->context;
    ql_application_free(context->application);
    ngtcp2_conn_del(context->quic);
    ql_tls_free(context->tls);
    ql_packets_free(connection->packets);
    ql_paths_free(context->paths);
    ql_qlog_free(context->qlog);
    ql_remarks_free(context->remarks);
    ql_resumption_free(context->resumption);
    g_free(context->offered_versions);
    g_free(connection->address);
    g_free(connection->failure);
    g_free(connection);
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
    return ql_connection_check(connection, rv, error);
}

static bool send_all(ql_connection *connection)
{
    GError *error = NULL;
    int rv = ql_packets_send(connection->packets, connection->context.quic,
                             ql_callbacks_write_packet, &error);
    return ql_connection_check(connection, rv, error);
}

/* While there are requests the connection stays, however long the server thinks. */
static void keep_alive(ql_connection *connection)
{
    ngtcp2_duration timeout = ql_connection_idle_timeout(connection);
    ngtcp2_duration wanted = connection->settings.quic.keep_alive;
    if (wanted == 0)
        wanted = timeout == 0 ? UINT64_MAX : timeout / 2;
    ngtcp2_conn_set_keep_alive_timeout(connection->context.quic, wanted);
}

/* ngtcp2 declines as long as the handshake is not confirmed (RFC 9001, 6.1): then the next round
 * tries again. */
static void update_keys(ql_connection *connection, ngtcp2_tstamp now)
{
    const ql_callbacks_context *context = &connection->context;
    const ql_trigger *trigger = &connection->settings.quic.key_update;
    uint64_t content = ql_application_content_bytes(context->application);
    if (connection->keys_are_updated || !context->handshake_done ||
        !ql_trigger_is_due(trigger, content, context->handshake_time, now) ||
        ngtcp2_conn_initiate_key_update(context->quic, now) != 0)
        return;
    connection->keys_are_updated = true;
    ql_trace_note(context->trace, "updating the keys");
    ql_remarks_add(context->remarks, NULL,
                   "key update: the client goes on with new keys (RFC 9001, 6)");
}

/* Requests that are sent when it is time already get their other priority at once. */
static void reprioritize(ql_connection *connection, ngtcp2_tstamp now)
{
    const ql_callbacks_context *context = &connection->context;
    const ql_trigger *trigger = &connection->settings.http.reprioritize;
    uint64_t content = ql_application_content_bytes(context->application);
    if (!context->handshake_done ||
        !ql_trigger_is_due(trigger, content, context->handshake_time, now))
        return;
    connection->reprioritizes = true;
    g_autofree char *done = ql_application_reprioritize(context->application);
    if (done == NULL)
        return;
    ql_trace_note(context->trace, "other priorities: %s", done);
    ql_remarks_add(context->remarks, NULL, "PRIORITY_UPDATE: %s (RFC 9218, 7)", done);
}

/* Requests, and what they send, are left alone until then. */
static bool may_begin(const ql_connection *connection, ngtcp2_tstamp now)
{
    const ql_trigger *begin = &connection->settings.http.begin;
    return !ql_trigger_is_set(begin) ||
           ql_trigger_is_due(begin, 0, connection->context.handshake_time, now);
}

/* Servers may send a ticket behind the last response. */
static bool wants_to_linger(ql_connection *connection)
{
    ngtcp2_tstamp now = ql_clock_now();
    if (!ql_resumption_is_waiting(connection->context.resumption))
        return false;
    if (connection->linger == 0)
        connection->linger = now + TICKET_WAIT;
    return now < connection->linger;
}

static bool is_finished(const ql_connection *connection)
{
    const ql_callbacks_context *context = &connection->context;
    return context->handshake_done && ql_application_active(context->application) == 0 &&
           (g_queue_is_empty(context->http.waiting) ||
            ql_application_is_going_away(context->application)) &&
           !ql_paths_are_busy(context->paths);
}

ql_connection_state ql_connection_step(ql_connection *connection)
{
    ql_callbacks_context *context = &connection->context;
    bool was_done = context->handshake_done;
    if (connection->state != QL_CONNECTION_OPEN || !receive(connection))
        return connection->state;
    if (!was_done && context->handshake_done)
        keep_alive(connection);
    ngtcp2_tstamp now = ql_clock_now();
    if (ngtcp2_conn_get_expiry(context->quic) <= now &&
        !ql_connection_check(connection, ngtcp2_conn_handle_expiry(context->quic, now), NULL))
        return connection->state;
    if (context->application != NULL) {
        if (may_begin(connection, now) &&
            !ql_connection_check(connection, ql_application_tick(context->application), NULL))
            return connection->state;
        ql_paths_tick(context->paths, context->quic,
                      ql_application_content_bytes(context->application), now);
        update_keys(connection, now);
        reprioritize(connection, now);
    }
    if (!send_all(connection))
        return connection->state;
    if (is_finished(connection) && !wants_to_linger(connection))
        ql_connection_close(connection);
    return connection->state;
}

void ql_connection_add_pollfds(const ql_connection *connection, GArray *pollfds)
{
    const ql_callbacks_context *context = &connection->context;
    int blocked = ql_packets_blocked_fd(connection->packets);
    const ql_path_sockets *sockets = ql_paths_sockets(context->paths);
    for (size_t i = 0; i < ql_path_sockets_count(sockets); i++) {
        int fd = ql_udp_fd(ql_path_sockets_at(sockets, i));
        struct pollfd socket = { .fd = fd, .events = fd == blocked ? POLLIN | POLLOUT : POLLIN };
        g_array_append_val(pollfds, socket);
    }
    if (context->application != NULL)
        ql_application_add_pollfds(context->application, pollfds);
}

ngtcp2_tstamp ql_connection_expiry(const ql_connection *connection)
{
    const ql_callbacks_context *context = &connection->context;
    ngtcp2_tstamp expiry = ql_paths_expiry(context->paths);
    ngtcp2_tstamp update =
        ql_trigger_expiry(&connection->settings.quic.key_update, context->handshake_time);
    if (connection->linger != 0)
        expiry = MIN(expiry, connection->linger);
    if (!connection->keys_are_updated && context->confirmed)
        expiry = MIN(expiry, update);
    if (!may_begin(connection, ql_clock_now()))
        expiry = MIN(expiry,
                     ql_trigger_expiry(&connection->settings.http.begin, context->handshake_time));
    if (!connection->reprioritizes)
        expiry = MIN(expiry, ql_trigger_expiry(&connection->settings.http.reprioritize,
                                               context->handshake_time));
    /* What waits for the socket has to wait for nothing else. */
    if (ql_packets_blocked_fd(connection->packets) >= 0)
        return expiry;
    expiry = MIN(expiry, ql_packets_expiry(connection->packets));
    return MIN(expiry, ngtcp2_conn_get_expiry(context->quic));
}

void ql_connection_fail_requests(ql_connection *connection, const char *sentence)
{
    if (connection->context.application != NULL)
        ql_application_fail_active(connection->context.application, sentence);
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

GPtrArray *ql_connection_undone(const ql_connection *connection)
{
    GPtrArray *sentences = g_ptr_array_new_with_free_func(g_free);
    ql_paths_add_refusals(connection->context.paths, sentences);
    if (ql_trigger_is_set(&connection->settings.quic.key_update) && !connection->keys_are_updated)
        g_ptr_array_add(sentences,
                        g_strdup("did not update the keys: the transfer was over before"));
    if (ql_application_priorities_left(connection->context.application) > 0)
        g_ptr_array_add(sentences, g_strdup("did not send a PRIORITY_UPDATE for every request that "
                                            "was to get one: some were over before"));
    return sentences;
}
