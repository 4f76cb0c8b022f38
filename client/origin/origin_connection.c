/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_connection.h"

#include "clock.h"
#include "origin_callbacks.h"
#include "origin_sender.h"
#include "origin_tls.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

typedef enum state {
    STATE_OPEN,
    STATE_CLOSING,  /* we say so; what still comes is answered with the same packet */
    STATE_DRAINING, /* the client said so; nothing is answered */
    STATE_GONE,
} state;

struct ql_origin_connection {
    ql_origin_callbacks_context context;
    ngtcp2_crypto_conn_ref ref;
    state state;
    uint64_t deadline; /* of the states closing and draining */
    ql_origin_sender *sender;
    GBytes *farewell;                 /* the packet with CONNECTION_CLOSE; NULL: not yet sent */
    unsigned after_farewell;          /* datagrams that came since */
    ngtcp2_path_storage farewell_due; /* where one of them came from, if it is to be answered */
};

static ngtcp2_conn *get_quic(ngtcp2_crypto_conn_ref *ref)
{
    const ql_origin_connection *c = ref->user_data;
    return c->context.quic;
}

static ngtcp2_path path_of(const ql_udp_datagram *datagram)
{
    return (ngtcp2_path){
        .local = { .addr = (ngtcp2_sockaddr *)(uintptr_t)ql_address_sockaddr(&datagram->local),
                   .addrlen = datagram->local.length },
        .remote = { .addr = (ngtcp2_sockaddr *)(uintptr_t)ql_address_sockaddr(&datagram->remote),
                    .addrlen = datagram->remote.length },
    };
}

/* RFC 9000, 7.3: the client compares these with what it saw. */
static void authenticate_cids(const ql_origin_arrival *arrival, ngtcp2_transport_params *params)
{
    params->original_dcid = arrival->initial->dcid;
    params->original_dcid_present = 1;
    if (arrival->token == QL_ORIGIN_TOKEN_RETRY) {
        params->original_dcid = arrival->original;
        params->retry_scid = arrival->initial->dcid;
        params->retry_scid_present = 1;
    }
}

static void set_token(const ql_origin_arrival *arrival, ngtcp2_settings *settings)
{
    if (arrival->token != QL_ORIGIN_TOKEN_RETRY && arrival->token != QL_ORIGIN_TOKEN_NEW)
        return;
    settings->token = arrival->initial->token;
    settings->tokenlen = arrival->initial->tokenlen;
    settings->token_type = arrival->token == QL_ORIGIN_TOKEN_RETRY ? NGTCP2_TOKEN_TYPE_RETRY
                                                                   : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
}

static int make_quic(ql_origin_callbacks_context *context, const ql_origin_arrival *arrival)
{
    ngtcp2_cid scid;
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    const ngtcp2_pkt_hd *initial = arrival->initial;
    ngtcp2_path path = path_of(arrival->datagram);
    ql_origin_transport_init(&context->shared->quic, initial->version, &settings, &params);
    settings.initial_ts = ql_clock_now();
    authenticate_cids(arrival, &params);
    set_token(arrival, &settings);
    context->qlog = ql_qlog_new(context->shared->qlogs, &params.original_dcid);
    settings.qlog_write = context->qlog != NULL ? ql_origin_callbacks_write_qlog : NULL;
    context->path_log = ql_origin_path_log_new(context->qlog, &path);
    ql_origin_ids_add(context->ids, &initial->dcid);
    /* RFC 9000, 5.1.1: the ID of the preferred address has the sequence number 1. */
    if (!ql_origin_ids_issue(context->ids, &scid, params.stateless_reset_token) ||
        (params.preferred_addr_present &&
         !ql_origin_ids_issue(context->ids, &params.preferred_addr.cid,
                              params.preferred_addr.stateless_reset_token)))
        return NGTCP2_ERR_CALLBACK_FAILURE;
    ql_qlog_connection_started(context->qlog, &arrival->datagram->local, &arrival->datagram->remote,
                               &scid, &initial->scid);
    return ngtcp2_conn_server_new(&context->quic, &initial->scid, &scid, &path, initial->version,
                                  ql_origin_callbacks(), &settings, &params, NULL, context);
}

ql_origin_connection *ql_origin_connection_new(const ql_origin_shared *shared, void *owner,
                                               const ql_origin_arrival *arrival, GError **error)
{
    ql_origin_connection *c = g_new0(ql_origin_connection, 1);
    const ql_origin_ids_place place = {
        .table = shared->cids,
        .owner = owner,
        .reset_secret = shared->reset_secret,
        .length = ql_quic_settings_cid_length(&shared->quic.common),
    };
    ql_origin_callbacks_context *context = &c->context;
    context->shared = shared;
    context->ids = ql_origin_ids_new(&place, &arrival->datagram->remote);
    context->datagrams = ql_datagram_queue_new();
    if (ql_trigger_is_set(&shared->quic.retire) || shared->http.misbehaviour != NULL)
        context->insertion = ql_origin_insertion_new();
    context->drill = ql_origin_drill_new(&shared->quic, context->ids, context->insertion);
    ngtcp2_ccerr_default(&context->error);
    ngtcp2_path_storage_zero(&c->farewell_due);
    c->ref = (ngtcp2_crypto_conn_ref){ .get_conn = get_quic, .user_data = c };
    c->sender = ql_origin_sender_new(shared->sockets);
    int status = make_quic(context, arrival);
    if (status != 0)
        g_set_error(error, QL_TLS_ERROR, 0, "a connection cannot be made: %s",
                    ngtcp2_strerror(status));
    else
        context->tls = ql_origin_tls_new(shared->tls, &c->ref, error);
    if (context->tls == NULL) {
        ql_origin_connection_free(c);
        return NULL;
    }
    ngtcp2_conn_set_tls_native_handle(context->quic, ql_tls_native_handle(context->tls));
    return c;
}

/* All that an open connection needs and one that ends does not: most of its memory. */
static void release(ql_origin_callbacks_context *context)
{
    if (context->application != NULL)
        context->application->kind->free(context->application);
    context->application = NULL;
    g_clear_pointer(&context->quic, ngtcp2_conn_del);
    g_clear_pointer(&context->http_qlog, ql_qlog_http3_free);
    g_clear_pointer(&context->path_log, ql_origin_path_log_free);
    g_clear_pointer(&context->qlog, ql_qlog_free);
    g_clear_pointer(&context->tls, ql_tls_free);
    g_clear_pointer(&context->datagrams, ql_datagram_queue_free);
    g_clear_pointer(&context->drill, ql_origin_drill_free);
    g_clear_pointer(&context->insertion, ql_origin_insertion_free);
}

void ql_origin_connection_free(ql_origin_connection *c)
{
    if (c == NULL)
        return;
    ql_origin_ids_free(c->context.ids);
    release(&c->context);
    g_clear_pointer(&c->farewell, g_bytes_unref);
    ql_origin_sender_free(c->sender);
    g_free(c);
}

/* Three times the probe timeout, as RFC 9000, 10.2 wants it. */
static void begin_ending(ql_origin_connection *c, state next)
{
    c->state = next;
    c->deadline = ql_clock_now() + 3 * ngtcp2_conn_get_pto(c->context.quic);
}

static void end_with(ql_origin_connection *c, int status)
{
    ngtcp2_ccerr *error = &c->context.error;
    switch (status) {
    case NGTCP2_ERR_DRAINING:
        begin_ending(c, STATE_DRAINING);
        release(&c->context);
        return;
    case NGTCP2_ERR_CLOSING:
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY: c->state = STATE_GONE; return;
    case NGTCP2_ERR_CRYPTO:
        ngtcp2_ccerr_set_tls_alert(error, ngtcp2_conn_get_tls_alert(c->context.quic), NULL, 0);
        break;
    default:
        if (error->error_code == 0)
            ngtcp2_ccerr_set_liberr(error, status, NULL, 0);
    }
    begin_ending(c, STATE_CLOSING);
}

/* Fewer and fewer answers, the more comes after the end (RFC 9000, 10.2.1). */
static void note_after_farewell(ql_origin_connection *c, const ql_udp_datagram *datagram)
{
    unsigned count = ++c->after_farewell;
    ngtcp2_path path = path_of(datagram);
    if (c->farewell != NULL && (count & (count - 1)) == 0)
        ngtcp2_path_copy(&c->farewell_due.path, &path);
}

void ql_origin_connection_receive(ql_origin_connection *c, const ql_udp_datagram *datagram)
{
    if (c->state == STATE_CLOSING)
        note_after_farewell(c, datagram);
    if (c->state != STATE_OPEN)
        return;
    ngtcp2_path path = path_of(datagram);
    ngtcp2_pkt_info info = { .ecn = datagram->ecn };
    ql_qlog_arrival_begin(c->context.qlog);
    int status = ngtcp2_conn_read_pkt(c->context.quic, &path, &info, datagram->data,
                                      datagram->length, ql_clock_now());
    ql_qlog_arrival_end(c->context.qlog);
    if (status != 0)
        end_with(c, status);
    else
        ql_origin_path_log_on_datagram(c->context.path_log, c->context.quic, datagram);
}

static void send_farewell(ql_origin_connection *c)
{
    ngtcp2_path_storage storage;
    ngtcp2_pkt_info info;
    uint8_t *buffer = c->context.shared->buffer;
    ngtcp2_path_storage_zero(&storage);
    ngtcp2_ssize length = ngtcp2_conn_write_connection_close(c->context.quic, &storage.path, &info,
                                                             buffer, NGTCP2_MAX_UDP_PAYLOAD_SIZE,
                                                             &c->context.error, ql_clock_now());
    if (length <= 0) {
        c->state = STATE_GONE;
        return;
    }
    c->farewell = g_bytes_new(buffer, (gsize)length);
    ql_origin_sender_send(c->sender, &storage.path, info.ecn, buffer, (size_t)length, 0);
    release(&c->context);
}

static void send_closing(ql_origin_connection *c)
{
    gsize length;
    if (c->farewell == NULL) {
        send_farewell(c);
    } else if (c->farewell_due.path.remote.addrlen > 0) {
        const uint8_t *packet = g_bytes_get_data(c->farewell, &length);
        ql_origin_sender_send(c->sender, &c->farewell_due.path, 0, packet, length, 0);
        ngtcp2_path_storage_zero(&c->farewell_due);
    }
}

static bool is_done(const ql_origin_connection *c)
{
    const ql_origin_application *app = c->context.application;
    return app != NULL && app->kind->is_done != NULL && app->kind->is_done(app);
}

static void send_open(ql_origin_connection *c)
{
    ql_origin_callbacks_context *context = &c->context;
    while (c->state == STATE_OPEN && ql_origin_sender_flush(c->sender)) {
        ngtcp2_path_storage storage;
        ngtcp2_pkt_info info;
        size_t segment = 0;
        ngtcp2_path_storage_zero(&storage);
        ql_origin_drill_tick(context->drill, context->quic, ql_clock_now());
        ql_origin_insertion_tick(context->insertion, ql_clock_now());
        ngtcp2_ssize length = ngtcp2_conn_write_aggregate_pkt(
            context->quic, &storage.path, &info, context->shared->buffer, QL_ORIGIN_SEND_BYTES,
            &segment, ql_origin_callbacks_write_packet, ql_clock_now());
        if (length == NGTCP2_ERR_CALLBACK_FAILURE && context->error.error_code == 0 &&
            context->application != NULL)
            ql_origin_callbacks_result(context, -1);
        if (length < 0)
            end_with(c, (int)length);
        if (length <= 0)
            break;
        ql_origin_sender_send(c->sender, &storage.path, info.ecn, context->shared->buffer,
                              (size_t)length, segment);
    }
    if (c->state == STATE_OPEN && is_done(c))
        ql_origin_connection_close(c);
}

void ql_origin_connection_send(ql_origin_connection *c)
{
    send_open(c);
    if (c->state == STATE_CLOSING && ql_origin_sender_flush(c->sender))
        send_closing(c);
}

uint64_t ql_origin_connection_expiry(const ql_origin_connection *c)
{
    const ql_origin_application *app = c->context.application;
    if (c->state != STATE_OPEN)
        return c->deadline;
    uint64_t expiry =
        MIN(ngtcp2_conn_get_expiry(c->context.quic), ql_origin_drill_expiry(c->context.drill));
    expiry = MIN(expiry, ql_origin_insertion_expiry(c->context.insertion));
    if (app != NULL && app->kind->expiry != NULL)
        expiry = MIN(expiry, app->kind->expiry(app));
    return expiry;
}

void ql_origin_connection_expire(ql_origin_connection *c)
{
    uint64_t now = ql_clock_now();
    ql_origin_application *app = c->context.application;
    if (c->state != STATE_OPEN) {
        if (now >= c->deadline)
            c->state = STATE_GONE;
        return;
    }
    int status = 0;
    if (app != NULL && app->kind->expire != NULL && app->kind->expiry(app) <= now)
        status = ql_origin_callbacks_result(&c->context, app->kind->expire(app, now));
    if (status == 0 && ngtcp2_conn_get_expiry(c->context.quic) <= now)
        status = ngtcp2_conn_handle_expiry(c->context.quic, now);
    if (status != 0)
        end_with(c, status);
}

bool ql_origin_connection_is_blocked(const ql_origin_connection *c)
{
    return ql_origin_sender_is_blocked(c->sender);
}

bool ql_origin_connection_is_open(const ql_origin_connection *c)
{
    return c->state == STATE_OPEN;
}

bool ql_origin_connection_is_gone(const ql_origin_connection *c)
{
    return c->state == STATE_GONE;
}

void ql_origin_connection_close(ql_origin_connection *c)
{
    const ql_origin_application *app = c->context.application;
    if (c->state != STATE_OPEN)
        return;
    if (app != NULL)
        ngtcp2_ccerr_set_application_error(&c->context.error, app->kind->no_error, NULL, 0);
    begin_ending(c, STATE_CLOSING);
}
