/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "callbacks.h"

#include "clock.h"
#include "early_data.h"
#include "tls_trace.h"

#include <inttypes.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>

#define ALERT_NO_APPLICATION_PROTOCOL 120 /* RFC 7301, 3.2; RFC 9001, 8.1 */

static int result(int rv)
{
    return rv == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

bool ql_callbacks_start_application(ql_callbacks_context *context, const char *alpn)
{
    context->application = ql_application_new(alpn, context->quic, &context->http, &context->why);
    if (context->application == NULL)
        return false;
    ql_application_set_qlog(context->application, context->qlog);
    return true;
}

static int on_rx_key(ngtcp2_conn *quic, ngtcp2_encryption_level level, void *user)
{
    (void)quic;
    ql_callbacks_context *context = user;
    if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT || context->application != NULL)
        return 0;
    g_autofree char *alpn = ql_tls_alpn(context->tls);
    if (alpn == NULL || !ql_application_is_known(alpn))
        return 0; /* on_handshake_completed says so */
    return ql_callbacks_start_application(context, alpn) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

/* All that was sent early is as if it had never been (RFC 9001, 4.6.2). */
static int on_early_data_rejected(ngtcp2_conn *quic, void *user)
{
    (void)quic;
    ql_callbacks_context *context = user;
    g_autofree char *alpn = ql_tls_alpn(context->tls);
    ql_trace_note(context->trace, "the server rejected the early data; it is sent again");
    ql_application_withdraw(context->application);
    g_clear_pointer(&context->application, ql_application_free);
    if (alpn == NULL || !ql_application_is_known(alpn))
        return 0;
    return ql_callbacks_start_application(context, alpn) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_new_token(ngtcp2_conn *quic, const uint8_t *token, size_t length, void *user)
{
    (void)quic;
    const ql_callbacks_context *context = user;
    ql_resumption_on_token(context->resumption, token, length);
    return 0;
}

/* The fate of early data. */
static int settle_early_data(ql_callbacks_context *context, ngtcp2_conn *quic)
{
    ql_early_data_release(&context->held, context->http.waiting);
    if (!context->early_data)
        return 0;
    if (SSL_get_early_data_status(ql_tls_ssl(context->tls)) != SSL_EARLY_DATA_ACCEPTED)
        return ngtcp2_conn_tls_early_data_rejected(quic);
    ql_trace_note(context->trace, "the server accepted the early data");
    return 0;
}

static void trace_handshake(const ql_callbacks_context *context, ngtcp2_conn *quic)
{
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params(quic);
    if (context->trace == NULL)
        return;
    g_autofree char *remote = ql_trace_cid(ngtcp2_conn_get_dcid(quic));
    ql_trace_note(context->trace, "handshake completed, QUIC version 0x%08" PRIx32,
                  ngtcp2_conn_get_negotiated_version(quic));
    ql_tls_trace(context->tls, context->trace);
    ql_trace_note(context->trace, "the server's connection ID is %s", remote);
    if (peer != NULL)
        ql_trace_note(context->trace,
                      "the server allows %" PRIu64 " streams, %" PRIu64 " bytes, %" PRIu64
                      " connection IDs, idle for %" PRIu64 " ms%s",
                      peer->initial_max_streams_bidi, peer->initial_max_data,
                      peer->active_connection_id_limit,
                      peer->max_idle_timeout / NGTCP2_MILLISECONDS,
                      peer->disable_active_migration ? ", no migration" : "");
}

static int on_handshake_completed(ngtcp2_conn *quic, void *user)
{
    ql_callbacks_context *context = user;
    if (settle_early_data(context, quic) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    if (context->application == NULL) {
        ngtcp2_ccerr_set_tls_alert(&context->why, ALERT_NO_APPLICATION_PROTOCOL, NULL, 0);
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    context->handshake_done = true;
    context->handshake_time = ql_clock_now();
    ql_paths_on_handshake(context->paths, context->handshake_time);
    ql_resumption_on_handshake(context->resumption, quic, context->tls);
    trace_handshake(context, quic);
    return 0;
}

static int on_handshake_confirmed(ngtcp2_conn *quic, void *user)
{
    (void)quic;
    ql_callbacks_context *context = user;
    context->confirmed = true;
    ql_paths_on_confirmed(context->paths);
    ql_trace_note(context->trace, "handshake confirmed");
    return 0;
}

static int on_version_negotiation(ngtcp2_conn *quic, const ngtcp2_pkt_hd *header,
                                  const uint32_t *versions, size_t count, void *user)
{
    (void)quic;
    (void)header;
    ql_callbacks_context *context = user;
    GString *list = g_string_new(NULL);
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(list, "%s0x%08" PRIx32, i > 0 ? ", " : "", versions[i]);
    g_free(context->offered_versions);
    context->offered_versions = g_string_free(list, FALSE);
    context->chosen_version = ql_quic_settings_choose(context->settings, versions, count);
    ql_trace_note(context->trace, "Version Negotiation: the server offers %s",
                  context->offered_versions);
    return 0;
}

static int on_retry(ngtcp2_conn *quic, const ngtcp2_pkt_hd *header, void *user)
{
    const ql_callbacks_context *context = user;
    ql_trace_note(context->trace, "Retry: the server wants the address to be validated first");
    return ngtcp2_crypto_recv_retry_cb(quic, header, user);
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream)
{
    (void)quic;
    (void)offset;
    (void)stream;
    ql_callbacks_context *context = user;
    return result(ql_application_on_stream_data(context->application, id, data, length,
                                                (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0,
                                                ql_clock_now(), &context->why));
}

static int on_acknowledged(ngtcp2_conn *quic, int64_t id, uint64_t offset, uint64_t length,
                           void *user, void *stream)
{
    (void)quic;
    (void)offset;
    (void)stream;
    ql_callbacks_context *context = user;
    return result(ql_application_on_acknowledged(context->application, id, length, &context->why));
}

static int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code, void *user,
                           void *stream)
{
    (void)stream;
    ql_callbacks_context *context = user;
    bool has_code = (flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0;
    if (!ngtcp2_is_bidi_stream(id) && !ngtcp2_conn_is_local_stream(quic, id))
        ngtcp2_conn_extend_max_streams_uni(quic, 1);
    return result(ql_application_on_stream_close(context->application, id, has_code ? &code : NULL,
                                                 &context->why));
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final_size, uint64_t code,
                           void *user, void *stream)
{
    (void)quic;
    (void)final_size;
    (void)stream;
    ql_callbacks_context *context = user;
    return result(ql_application_on_reset(context->application, id, code, &context->why));
}

static int on_reading_over(ngtcp2_conn *quic, int64_t id, uint64_t code, void *user, void *stream)
{
    (void)quic;
    (void)code;
    (void)stream;
    ql_callbacks_context *context = user;
    return result(ql_application_on_reading_over(context->application, id, &context->why));
}

static int on_more_stream_data(ngtcp2_conn *quic, int64_t id, uint64_t limit, void *user,
                               void *stream)
{
    (void)quic;
    (void)limit;
    (void)stream;
    const ql_callbacks_context *context = user;
    if (context->application != NULL)
        ql_application_on_more_stream_data(context->application, id);
    return 0;
}

static int on_stateless_reset(ngtcp2_conn *quic, const ngtcp2_pkt_stateless_reset *reset,
                              void *user)
{
    (void)quic;
    (void)reset;
    ql_callbacks_context *context = user;
    context->stateless_reset = true;
    return 0;
}

static void random_bytes(uint8_t *data, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    if (RAND_bytes(data, (int)length) != 1)
        g_error("no random numbers can be had");
}

static int new_connection_id(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t length,
                             void *user)
{
    (void)quic;
    const ql_callbacks_context *context = user;
    if (RAND_bytes(cid->data, (int)length) != 1 ||
        RAND_bytes(token, NGTCP2_STATELESS_RESET_TOKENLEN) != 1)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    cid->datalen = length;
    g_autofree char *text = context->trace == NULL ? NULL : ql_trace_cid(cid);
    ql_trace_note(context->trace, "issued connection ID %s", text);
    return 0;
}

static int on_connection_id_retired(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
    (void)quic;
    const ql_callbacks_context *context = user;
    g_autofree char *text = context->trace == NULL ? NULL : ql_trace_cid(cid);
    ql_trace_note(context->trace, "the server retired our connection ID %s", text);
    return 0;
}

static int on_connection_id_used(ngtcp2_conn *quic, ngtcp2_connection_id_status_type type,
                                 uint64_t sequence, const ngtcp2_cid *cid, const uint8_t *token,
                                 void *user)
{
    (void)quic;
    (void)token;
    const ql_callbacks_context *context = user;
    g_autofree char *text = context->trace == NULL ? NULL : ql_trace_cid(cid);
    if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE)
        ql_qlog_connection_id_updated(context->qlog, QL_QLOG_REMOTE, cid);
    ql_trace_note(context->trace, "%s the server's connection ID %s (sequence %" PRIu64 ")",
                  type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE ? "using" : "retiring", text,
                  sequence);
    return 0;
}

static int on_path_validated(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
                             const ngtcp2_path *fallback, ngtcp2_path_validation_result outcome,
                             void *user)
{
    (void)flags;
    (void)fallback;
    ql_callbacks_context *context = user;
    if (outcome != NGTCP2_PATH_VALIDATION_RESULT_ABORTED)
        ql_paths_on_validated(context->paths, path,
                              outcome == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS,
                              ngtcp2_conn_get_pto(quic), ql_clock_now());
    return 0;
}

static int on_preferred_address(ngtcp2_conn *quic, ngtcp2_path *path,
                                const ngtcp2_preferred_addr *address, void *user)
{
    (void)quic;
    const ql_callbacks_context *context = user;
    ql_paths_on_preferred_address(context->paths, address, path, ql_clock_now());
    return 0;
}

static int on_datagram(ngtcp2_conn *quic, uint32_t flags, const uint8_t *data, size_t length,
                       void *user)
{
    (void)quic;
    (void)flags;
    const ql_callbacks_context *context = user;
    ql_application_on_datagram(context->application, data, length);
    return 0;
}

const ngtcp2_callbacks *ql_callbacks_client(void)
{
    static const ngtcp2_callbacks callbacks = {
        .client_initial = ngtcp2_crypto_client_initial_cb,
        .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
        .encrypt = ngtcp2_crypto_encrypt_cb,
        .decrypt = ngtcp2_crypto_decrypt_cb,
        .hp_mask = ngtcp2_crypto_hp_mask_cb,
        .update_key = ngtcp2_crypto_update_key_cb,
        .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
        .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
        .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
        .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
        .recv_retry = on_retry,
        .recv_version_negotiation = on_version_negotiation,
        .recv_rx_key = on_rx_key,
        .tls_early_data_rejected = on_early_data_rejected,
        .recv_new_token = on_new_token,
        .handshake_completed = on_handshake_completed,
        .handshake_confirmed = on_handshake_confirmed,
        .recv_stream_data = on_stream_data,
        .acked_stream_data_offset = on_acknowledged,
        .stream_close = on_stream_close,
        .stream_reset = on_stream_reset,
        .stream_stop_sending = on_reading_over,
        .extend_max_stream_data = on_more_stream_data,
        .recv_stateless_reset = on_stateless_reset,
        .rand = random_bytes,
        .get_new_connection_id = new_connection_id,
        .remove_connection_id = on_connection_id_retired,
        .dcid_status = on_connection_id_used,
        .path_validation = on_path_validated,
        .select_preferred_addr = on_preferred_address,
        .recv_datagram = on_datagram,
    };
    return &callbacks;
}

void ql_callbacks_write_qlog(void *user, uint32_t flags, const void *data, size_t length)
{
    (void)flags;
    const ql_callbacks_context *context = user;
    ql_qlog_write_quic(context->qlog, data, length);
}

ngtcp2_ssize ql_callbacks_write_packet(ngtcp2_conn *quic, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                       uint8_t *data, size_t length, ngtcp2_tstamp now, void *user)
{
    ql_callbacks_context *context = user;
    if (!ql_path_batch_goes_on(&context->batch, data))
        return 0;
    ngtcp2_ssize written = ql_application_write_packet(context->application, quic, path, info, data,
                                                       length, now, &context->why);
    if (written > 0)
        ql_path_batch_note(&context->batch, ngtcp2_path_eq(path, ngtcp2_conn_get_path(quic)) != 0,
                           data, written);
    /* ngtcp2 then finds that nobody reports marks, as on a path that clears them (RFC
     * 9000, 13.4.2). */
    if (context->settings->no_ecn)
        info->ecn = NGTCP2_ECN_NOT_ECT;
    return written;
}
