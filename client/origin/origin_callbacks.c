/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_callbacks.h"

#include "origin_alpn.h"
#include "clock.h"
#include "origin_tokens.h"

#include <glib.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>
#include <string.h>

static const ql_origin_application_kind *kind_of(const ql_origin_callbacks_context *c)
{
    return c->application->kind;
}

int ql_origin_callbacks_result(ql_origin_callbacks_context *c, int status)
{
    if (status == 0)
        return 0;
    ngtcp2_ccerr_set_application_error(&c->error, kind_of(c)->error_code(c->application), NULL, 0);
    return NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token,
                      size_t length, void *user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic, (void)length;
    return ql_origin_ids_issue(c->ids, cid, token->data) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_remove_cid(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic;
    ql_origin_ids_remove(c->ids, cid);
    return 0;
}

static int on_tx_key(ngtcp2_conn *quic, ngtcp2_encryption_level level, void *user)
{
    ql_origin_callbacks_context *c = user;
    if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT || c->application != NULL)
        return 0;
    c->application = ql_origin_alpn_application(ql_tls_ssl(c->tls), quic, &c->shared->http);
    if (c->application == NULL)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    if (kind_of(c)->set_qlog != NULL) {
        c->http_qlog = ql_qlog_http3_new(c->qlog, true);
        kind_of(c)->set_qlog(c->application, c->http_qlog);
    }
    return ql_origin_callbacks_result(c, kind_of(c)->start(c->application));
}

/* RFC 9000, 8.1.3: a token for the client's next connection. */
static int on_handshake_completed(ngtcp2_conn *quic, void *user)
{
    const ql_origin_callbacks_context *c = user;
    const ngtcp2_addr *at = &ngtcp2_conn_get_path(quic)->remote;
    ql_address remote = ql_address_from(at->addr, at->addrlen);
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    size_t length =
        ql_origin_token_for_later(c->shared->token_secret, &remote, ql_udp_now(), token);
    const ql_origin_misbehaviour *misbehaviour = c->shared->http.misbehaviour;
    const ngtcp2_duration silence = c->shared->quic.common.keep_alive;
    if (silence > 0)
        ngtcp2_conn_set_keep_alive_timeout(quic, silence);
    ql_origin_drill_handshake(c->drill, ql_clock_now());
    if (c->insertion != NULL)
        ql_origin_insertion_attach(c->insertion, quic);
    if (misbehaviour != NULL && misbehaviour->level == QL_ORIGIN_FAULT_FRAME)
        ql_origin_insertion_keep(c->insertion, (const uint8_t *)misbehaviour->frames.data,
                                 misbehaviour->frames.length, ql_clock_now());
    if (length == 0 || ngtcp2_conn_submit_new_token(quic, token, length) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    return 0;
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream_user)
{
    ql_origin_callbacks_context *c = user;
    bool fin = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    (void)quic, (void)offset, (void)stream_user;
    ql_origin_drill_content(c->drill, length);
    ql_qlog_http3_bytes(c->http_qlog, QL_QLOG_REMOTE, stream, data, length);
    if (c->application == NULL)
        return 0;
    return ql_origin_callbacks_result(
        c, kind_of(c)->receive(c->application, stream, data, length, fin, ql_clock_now()));
}

static int on_acked_data(ngtcp2_conn *quic, int64_t stream, uint64_t offset, uint64_t length,
                         void *user, void *stream_user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic, (void)offset, (void)stream_user;
    return ql_origin_callbacks_result(c, kind_of(c)->acknowledge(c->application, stream, length));
}

static int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t error_code,
                           void *user, void *stream_user)
{
    ql_origin_callbacks_context *c = user;
    (void)stream_user;
    if (ngtcp2_is_bidi_stream(stream) && !ngtcp2_conn_is_local_stream(quic, stream))
        ngtcp2_conn_extend_max_streams_bidi(quic, 1);
    ql_qlog_http3_stream_closed(c->http_qlog, stream);
    if (c->application == NULL)
        return 0;
    if ((flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) == 0)
        error_code = kind_of(c)->no_error;
    return ql_origin_callbacks_result(c,
                                      kind_of(c)->close_stream(c->application, stream, error_code));
}

static int stop_reading(ql_origin_callbacks_context *c, int64_t stream)
{
    if (c->application == NULL)
        return 0;
    return ql_origin_callbacks_result(c, kind_of(c)->stop_reading(c->application, stream));
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t stream, uint64_t final_size,
                           uint64_t error_code, void *user, void *stream_user)
{
    (void)quic, (void)final_size, (void)error_code, (void)stream_user;
    return stop_reading(user, stream);
}

static int on_stop_reading(ngtcp2_conn *quic, int64_t stream, uint64_t error_code, void *user,
                           void *stream_user)
{
    (void)quic, (void)error_code, (void)stream_user;
    return stop_reading(user, stream);
}

static int on_more_stream_data(ngtcp2_conn *quic, int64_t stream, uint64_t max_data, void *user,
                               void *stream_user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic, (void)max_data, (void)stream_user;
    return ql_origin_callbacks_result(c, kind_of(c)->unblock(c->application, stream));
}

static int on_more_streams(ngtcp2_conn *quic, uint64_t max_streams, void *user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic;
    if (c->application != NULL && kind_of(c)->allow_streams != NULL)
        kind_of(c)->allow_streams(c->application, max_streams);
    return 0;
}

static int on_datagram(ngtcp2_conn *quic, uint32_t flags, const uint8_t *data, size_t length,
                       void *user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic, (void)flags;
    ql_datagram_queue_add(c->datagrams, data, length);
    return 0;
}

static int on_cid_used(ngtcp2_conn *quic, ngtcp2_connection_id_status_type type, uint64_t sequence,
                       const ngtcp2_cid *cid, const uint8_t *token, void *user)
{
    const ql_origin_callbacks_context *c = user;
    (void)quic, (void)sequence, (void)token;
    if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE)
        ql_origin_path_log_on_cid(c->path_log, cid);
    return 0;
}

static int on_path_challenged(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
                              const ngtcp2_path *fallback, void *user)
{
    const ql_origin_callbacks_context *c = user;
    (void)quic, (void)flags, (void)fallback;
    ql_origin_path_log_on_challenge(c->path_log, path);
    return 0;
}

static int on_path_validated(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
                             const ngtcp2_path *fallback, ngtcp2_path_validation_result outcome,
                             void *user)
{
    const ql_origin_callbacks_context *c = user;
    (void)quic, (void)flags, (void)fallback;
    ql_origin_path_log_on_validated(c->path_log, path, outcome);
    return 0;
}

static void on_random(uint8_t *bytes, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    if (RAND_bytes(bytes, (int)length) != 1)
        memset(bytes, 0, length); /* padding and probes; keys never come from here */
}

const ngtcp2_callbacks *ql_origin_callbacks(void)
{
    static const ngtcp2_callbacks callbacks = {
        .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
        .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
        .encrypt = ql_origin_insertion_encrypt,
        .decrypt = ql_origin_insertion_decrypt,
        .hp_mask = ngtcp2_crypto_hp_mask_cb,
        .update_key = ql_origin_insertion_update_key,
        .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
        .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
        .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
        .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
        .rand = on_random,
        .get_new_connection_id2 = on_new_cid,
        .remove_connection_id = on_remove_cid,
        .recv_tx_key = on_tx_key,
        .handshake_completed = on_handshake_completed,
        .recv_stream_data = on_stream_data,
        .acked_stream_data_offset = on_acked_data,
        .stream_close = on_stream_close,
        .stream_reset = on_stream_reset,
        .stream_stop_sending = on_stop_reading,
        .extend_max_stream_data = on_more_stream_data,
        .extend_max_remote_streams_bidi = on_more_streams,
        .recv_datagram = on_datagram,
        .dcid_status = on_cid_used,
        .begin_path_validation = on_path_challenged,
        .path_validation = on_path_validated,
    };
    return &callbacks;
}

/* What the application has to send next, if anything may be sent. */
static ngtcp2_ssize next_data(const ql_origin_callbacks_context *c, int64_t *stream, bool *fin,
                              ngtcp2_vec *vectors)
{
    *stream = -1;
    *fin = false;
    if (c->application == NULL || ngtcp2_conn_get_max_data_left(c->quic) == 0)
        return 0;
    return kind_of(c)->next(c->application, stream, fin, vectors);
}

static bool note_outcome(const ql_origin_callbacks_context *c, int64_t stream, ngtcp2_ssize outcome,
                         ngtcp2_ssize taken)
{
    if (c->application != NULL && stream >= 0)
        return kind_of(c)->sent(c->application, stream, outcome, taken);
    return outcome >= 0 || outcome == NGTCP2_ERR_WRITE_MORE;
}

/* So little that the packet has room for frames that are to be inserted. */
#define BYTES_BESIDE_INSERTION 64u

static size_t leave_room(ngtcp2_vec *vectors, size_t count, bool *fin)
{
    if (count == 0 || (count == 1 && vectors[0].len <= BYTES_BESIDE_INSERTION))
        return count;
    vectors[0].len = MIN(vectors[0].len, BYTES_BESIDE_INSERTION);
    *fin = false;
    return 1;
}

static void log_sent(const ql_origin_callbacks_context *c, int64_t stream, const ngtcp2_vec *vector,
                     size_t taken)
{
    for (; taken > 0; vector++) {
        size_t length = MIN(vector->len, taken);
        ql_qlog_http3_bytes(c->http_qlog, QL_QLOG_LOCAL, stream, vector->base, length);
        taken -= length;
    }
}

void ql_origin_callbacks_write_qlog(void *user, uint32_t flags, const void *data, size_t length)
{
    const ql_origin_callbacks_context *c = user;
    (void)flags;
    ql_qlog_write_quic(c->qlog, data, length);
}

/* One packet with what waits to be sent. */
static ngtcp2_ssize write_packet(ql_origin_callbacks_context *c, ngtcp2_path *path,
                                 ngtcp2_pkt_info *info, uint8_t *packet, size_t capacity,
                                 ngtcp2_tstamp now)
{
    ngtcp2_ssize written =
        ql_datagram_queue_write(c->datagrams, c->quic, path, info, packet, capacity, now);
    if (written != NGTCP2_ERR_WRITE_MORE && written != NGTCP2_ERR_NOBUF)
        return written;
    for (;;) {
        ngtcp2_vec vectors[QL_ORIGIN_APPLICATION_VECTORS];
        ngtcp2_ssize taken = -1;
        int64_t stream;
        bool fin;
        ngtcp2_ssize count = next_data(c, &stream, &fin, vectors);
        if (count < 0)
            return NGTCP2_ERR_CALLBACK_FAILURE;
        uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE | NGTCP2_WRITE_STREAM_FLAG_PADDING;
        if (ql_origin_insertion_is_waiting(c->insertion)) {
            count = (ngtcp2_ssize)leave_room(vectors, (size_t)count, &fin);
            flags &= ~NGTCP2_WRITE_STREAM_FLAG_MORE;
        }
        flags |= fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0u;
        written = ngtcp2_conn_writev_stream(c->quic, path, info, packet, capacity, &taken, flags,
                                            stream, vectors, (size_t)count, now);
        if (!note_outcome(c, stream, written, taken))
            return written < 0 && written != NGTCP2_ERR_WRITE_MORE ? written
                                                                   : NGTCP2_ERR_CALLBACK_FAILURE;
        if (taken > 0) {
            ql_origin_drill_content(c->drill, (size_t)taken);
            log_sent(c, stream, vectors, (size_t)taken);
        }
        if (written >= 0)
            return written;
    }
}

ngtcp2_ssize ql_origin_callbacks_write_packet(ngtcp2_conn *quic, ngtcp2_path *path,
                                              ngtcp2_pkt_info *info, uint8_t *packet,
                                              size_t capacity, ngtcp2_tstamp now, void *user)
{
    ql_origin_callbacks_context *c = user;
    (void)quic;
    ngtcp2_ssize written = write_packet(c, path, info, packet, capacity, now);
    /* As on a path that clears marks (RFC 9000, 13.4.2). */
    if (c->shared->quic.common.no_ecn)
        info->ecn = NGTCP2_ECN_NOT_ECT;
    return written;
}
