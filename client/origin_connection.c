/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_connection.h"

#include "origin_sender.h"
#include "tls.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#define HANDSHAKE_TIMEOUT (10 * NGTCP2_SECONDS)
#define IDLE_TIMEOUT      (30 * NGTCP2_SECONDS)
#define MAX_STREAMS_BIDI  100
#define STREAM_WINDOW     (256u * 1024u)
#define CONNECTION_WINDOW (1024u * 1024u)

typedef enum state {
    STATE_OPEN,
    STATE_CLOSING,  /* we said so; what still comes is answered with the same packet */
    STATE_DRAINING, /* the client said so; nothing is answered */
    STATE_GONE,
} state;

struct ql_origin_connection {
    const ql_origin_shared *shared;
    void *owner;
    ngtcp2_crypto_conn_ref ref;
    ngtcp2_conn *quic;
    ql_tls *tls;
    ql_origin_http *http;
    GArray *cids; /* ngtcp2_cid: what stands in shared->cids for this connection */
    state state;
    uint64_t deadline; /* of the states closing and draining */
    ql_origin_sender *sender;
    GBytes *farewell;        /* the packet with CONNECTION_CLOSE */
    unsigned after_farewell; /* datagrams that came since */
    ngtcp2_ccerr error;      /* what to close with */
};

uint64_t ql_origin_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NGTCP2_SECONDS + (uint64_t)now.tv_nsec;
}

static ngtcp2_conn *get_quic(ngtcp2_crypto_conn_ref *ref)
{
    ql_origin_connection *c = ref->user_data;
    return c->quic;
}

static void add_cid(ql_origin_connection *c, const ngtcp2_cid *cid)
{
    g_array_append_val(c->cids, *cid);
    ql_origin_cids_add(c->shared->cids, cid, c->owner);
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token,
                      size_t length, void *user)
{
    ql_origin_connection *c = user;
    (void)quic;
    cid->datalen = length;
    if (RAND_bytes(cid->data, (int)length) != 1 ||
        ngtcp2_crypto_generate_stateless_reset_token(token->data, c->shared->reset_secret,
                                                     sizeof c->shared->reset_secret, cid) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    add_cid(c, cid);
    return 0;
}

static int on_remove_cid(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
    ql_origin_connection *c = user;
    (void)quic;
    for (guint i = 0; i < c->cids->len; i++)
        if (ngtcp2_cid_eq(cid, &g_array_index(c->cids, ngtcp2_cid, i))) {
            ql_origin_cids_remove(c->shared->cids, cid);
            g_array_remove_index_fast(c->cids, i);
            break;
        }
    return 0;
}

static int callback_result(ql_origin_connection *c, int http_status)
{
    if (http_status == 0)
        return 0;
    ngtcp2_ccerr_set_application_error(&c->error, ql_origin_http_error_code(c->http), NULL, 0);
    return NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_tx_key(ngtcp2_conn *quic, ngtcp2_encryption_level level, void *user)
{
    ql_origin_connection *c = user;
    (void)quic;
    if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT)
        return 0;
    return callback_result(c, ql_origin_http_start(c->http));
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream_user)
{
    ql_origin_connection *c = user;
    bool fin = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    (void)quic, (void)offset, (void)stream_user;
    return callback_result(
        c, ql_origin_http_receive(c->http, stream, data, length, fin, ql_origin_now()));
}

static int on_acked_data(ngtcp2_conn *quic, int64_t stream, uint64_t offset, uint64_t length,
                         void *user, void *stream_user)
{
    ql_origin_connection *c = user;
    (void)quic, (void)offset, (void)stream_user;
    return callback_result(c, ql_origin_http_acknowledge(c->http, stream, length));
}

static int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t error_code,
                           void *user, void *stream_user)
{
    ql_origin_connection *c = user;
    (void)quic, (void)stream_user;
    if ((flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) == 0)
        error_code = NGHTTP3_H3_NO_ERROR;
    return callback_result(c, ql_origin_http_close_stream(c->http, stream, error_code));
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t stream, uint64_t final_size,
                           uint64_t error_code, void *user, void *stream_user)
{
    ql_origin_connection *c = user;
    (void)quic, (void)final_size, (void)error_code, (void)stream_user;
    return callback_result(c, ql_origin_http_stop_reading(c->http, stream));
}

static int on_stop_reading(ngtcp2_conn *quic, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    ql_origin_connection *c = user;
    (void)quic, (void)error_code, (void)stream_user;
    return callback_result(c, ql_origin_http_stop_reading(c->http, stream));
}

static int on_more_stream_data(ngtcp2_conn *quic, int64_t stream, uint64_t max_data, void *user,
                               void *stream_user)
{
    ql_origin_connection *c = user;
    (void)quic, (void)max_data, (void)stream_user;
    return callback_result(c, ql_origin_http_unblock(c->http, stream));
}

static int on_more_streams(ngtcp2_conn *quic, uint64_t max_streams, void *user)
{
    ql_origin_connection *c = user;
    (void)quic;
    ql_origin_http_allow_streams(c->http, max_streams);
    return 0;
}

static void on_random(uint8_t *bytes, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    if (RAND_bytes(bytes, (int)length) != 1)
        memset(bytes, 0, length); /* padding and probes; keys never come from here */
}

static const ngtcp2_callbacks callbacks = {
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .rand = on_random,
    .get_new_connection_id2 = on_new_cid,
    .remove_connection_id = on_remove_cid,
    .recv_tx_key = on_tx_key,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_acked_data,
    .stream_close = on_stream_close,
    .stream_reset = on_stream_reset,
    .stream_stop_sending = on_stop_reading,
    .extend_max_stream_data = on_more_stream_data,
    .extend_max_remote_streams_bidi = on_more_streams,
};

static void set_parameters(ngtcp2_transport_params *params, const ngtcp2_pkt_hd *initial)
{
    ngtcp2_transport_params_default(params);
    params->original_dcid = initial->dcid;
    params->original_dcid_present = 1;
    params->initial_max_stream_data_bidi_remote = STREAM_WINDOW;
    params->initial_max_stream_data_uni = STREAM_WINDOW;
    params->initial_max_data = CONNECTION_WINDOW;
    params->initial_max_streams_bidi = MAX_STREAMS_BIDI;
    params->initial_max_streams_uni = 3;
    params->max_idle_timeout = IDLE_TIMEOUT;
    params->active_connection_id_limit = 7;
    params->stateless_reset_token_present = 1;
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

static int make_quic(ql_origin_connection *c, const ngtcp2_pkt_hd *initial,
                     const ql_udp_datagram *datagram)
{
    ngtcp2_cid scid = { .datalen = QL_ORIGIN_CID_BYTES };
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    ngtcp2_path path = path_of(datagram);
    set_parameters(&params, initial);
    ngtcp2_settings_default(&settings);
    settings.initial_ts = ql_origin_now();
    settings.handshake_timeout = HANDSHAKE_TIMEOUT;
    if (RAND_bytes(scid.data, (int)scid.datalen) != 1 ||
        ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token,
                                                     c->shared->reset_secret,
                                                     sizeof c->shared->reset_secret, &scid) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    int status = ngtcp2_conn_server_new(&c->quic, &initial->scid, &scid, &path, initial->version,
                                        &callbacks, &settings, &params, NULL, c);
    if (status != 0)
        return status;
    add_cid(c, &initial->dcid);
    add_cid(c, &scid);
    return 0;
}

ql_origin_connection *ql_origin_connection_new(const ql_origin_shared *shared, void *owner,
                                               const ngtcp2_pkt_hd *initial,
                                               const ql_udp_datagram *datagram, GError **error)
{
    ql_origin_connection *c = g_new0(ql_origin_connection, 1);
    c->shared = shared;
    c->owner = owner;
    c->ref = (ngtcp2_crypto_conn_ref){ .get_conn = get_quic, .user_data = c };
    c->sender = ql_origin_sender_new(shared->udp);
    c->cids = g_array_new(FALSE, FALSE, sizeof(ngtcp2_cid));
    ngtcp2_ccerr_default(&c->error);
    int status = make_quic(c, initial, datagram);
    if (status != 0)
        g_set_error(error, QL_TLS_ERROR, 0, "a connection cannot be made: %s",
                    ngtcp2_strerror(status));
    else
        c->tls = ql_tls_server_new(shared->tls, &c->ref, error);
    if (c->tls == NULL) {
        ql_origin_connection_free(c);
        return NULL;
    }
    ngtcp2_conn_set_tls_native_handle(c->quic, ql_tls_native_handle(c->tls));
    c->http = ql_origin_http_new(c->quic, &shared->http);
    return c;
}

void ql_origin_connection_free(ql_origin_connection *c)
{
    if (c == NULL)
        return;
    for (guint i = 0; i < c->cids->len; i++)
        ql_origin_cids_remove(c->shared->cids, &g_array_index(c->cids, ngtcp2_cid, i));
    g_array_unref(c->cids);
    ql_origin_http_free(c->http);
    ngtcp2_conn_del(c->quic);
    ql_tls_free(c->tls);
    g_clear_pointer(&c->farewell, g_bytes_unref);
    ql_origin_sender_free(c->sender);
    g_free(c);
}

/* Three times the probe timeout, as RFC 9000, 10.2 wants it. */
static void begin_ending(ql_origin_connection *c, state next)
{
    c->state = next;
    c->deadline = ql_origin_now() + 3 * ngtcp2_conn_get_pto(c->quic);
}

static void send_farewell(ql_origin_connection *c)
{
    ngtcp2_path_storage storage;
    ngtcp2_pkt_info info;
    ngtcp2_path_storage_zero(&storage);
    ngtcp2_ssize length =
        ngtcp2_conn_write_connection_close(c->quic, &storage.path, &info, c->shared->buffer,
                                           NGTCP2_MAX_UDP_PAYLOAD_SIZE, &c->error, ql_origin_now());
    if (length <= 0) {
        c->state = STATE_GONE;
        return;
    }
    begin_ending(c, STATE_CLOSING);
    c->farewell = g_bytes_new(c->shared->buffer, (gsize)length);
    ql_origin_sender_send(c->sender, &storage.path, info.ecn, c->shared->buffer, (size_t)length, 0);
}

static void end_with(ql_origin_connection *c, int status)
{
    switch (status) {
    case NGTCP2_ERR_DRAINING: begin_ending(c, STATE_DRAINING); return;
    case NGTCP2_ERR_CLOSING:
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY: c->state = STATE_GONE; return;
    case NGTCP2_ERR_CRYPTO:
        ngtcp2_ccerr_set_tls_alert(&c->error, ngtcp2_conn_get_tls_alert(c->quic), NULL, 0);
        break;
    default:
        if (c->error.error_code == 0)
            ngtcp2_ccerr_set_liberr(&c->error, status, NULL, 0);
    }
    send_farewell(c);
}

/* Fewer and fewer answers, the more comes after the end (RFC 9000, 10.2.1). */
static void answer_after_farewell(ql_origin_connection *c, const ql_udp_datagram *datagram)
{
    unsigned count = ++c->after_farewell;
    ngtcp2_path path = path_of(datagram);
    gsize length;
    const uint8_t *packet = g_bytes_get_data(c->farewell, &length);
    if ((count & (count - 1)) == 0 && !ql_origin_sender_is_blocked(c->sender))
        ql_origin_sender_send(c->sender, &path, 0, packet, length, 0);
}

void ql_origin_connection_receive(ql_origin_connection *c, const ql_udp_datagram *datagram)
{
    if (c->state == STATE_CLOSING)
        answer_after_farewell(c, datagram);
    if (c->state != STATE_OPEN)
        return;
    ngtcp2_path path = path_of(datagram);
    ngtcp2_pkt_info info = { .ecn = datagram->ecn };
    int status = ngtcp2_conn_read_pkt(c->quic, &path, &info, datagram->data, datagram->length,
                                      ql_origin_now());
    if (status != 0)
        end_with(c, status);
}

static ngtcp2_ssize write_packet(ngtcp2_conn *quic, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                 uint8_t *packet, size_t capacity, ngtcp2_tstamp now, void *user)
{
    ql_origin_connection *c = user;
    (void)quic;
    return ql_origin_http_write(c->http, path, info, packet, capacity, now);
}

void ql_origin_connection_send(ql_origin_connection *c)
{
    while (ql_origin_sender_flush(c->sender) && c->state == STATE_OPEN) {
        ngtcp2_path_storage storage;
        ngtcp2_pkt_info info;
        size_t segment = 0;
        ngtcp2_path_storage_zero(&storage);
        ngtcp2_ssize length = ngtcp2_conn_write_aggregate_pkt(
            c->quic, &storage.path, &info, c->shared->buffer, QL_ORIGIN_SEND_BYTES, &segment,
            write_packet, ql_origin_now());
        if (length == NGTCP2_ERR_CALLBACK_FAILURE && c->error.error_code == 0)
            callback_result(c, NGHTTP3_ERR_CALLBACK_FAILURE);
        if (length < 0)
            end_with(c, (int)length);
        if (length <= 0)
            return;
        ql_origin_sender_send(c->sender, &storage.path, info.ecn, c->shared->buffer, (size_t)length,
                              segment);
    }
}

uint64_t ql_origin_connection_expiry(const ql_origin_connection *c)
{
    return c->state == STATE_OPEN ? ngtcp2_conn_get_expiry(c->quic) : c->deadline;
}

void ql_origin_connection_expire(ql_origin_connection *c)
{
    uint64_t now = ql_origin_now();
    if (c->state != STATE_OPEN) {
        if (now >= c->deadline)
            c->state = STATE_GONE;
        return;
    }
    int status = ngtcp2_conn_handle_expiry(c->quic, now);
    if (status != 0)
        end_with(c, status);
}

bool ql_origin_connection_is_blocked(const ql_origin_connection *c)
{
    return ql_origin_sender_is_blocked(c->sender);
}

bool ql_origin_connection_is_gone(const ql_origin_connection *c)
{
    return c->state == STATE_GONE;
}

void ql_origin_connection_close(ql_origin_connection *c)
{
    if (c->state != STATE_OPEN)
        return;
    ngtcp2_ccerr_set_application_error(&c->error, NGHTTP3_H3_NO_ERROR, NULL, 0);
    send_farewell(c);
}
