/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faulty_server.h"

#include "clock.h"
#include "tls.h"
#include "udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nghttp3/nghttp3.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CID_BYTES 8
#define POLL_MS   5 /* instead of timers: packets on the loopback hardly get lost */

/* What waits to be sent on a stream. */
typedef struct chunk {
    int64_t stream;
    GBytes *bytes;
    bool fin;
} chunk;

typedef struct peer {
    faulty_server *server;
    ql_address remote;
    ngtcp2_conn *quic;
    ql_tls *tls;
    GQueue chunks;
    GPtrArray *sent; /* GBytes that may be sent again */
    uint8_t reset_token[NGTCP2_STATELESS_RESET_TOKENLEN];
    int64_t control;
    unsigned requests;
    bool over;
} peer;

struct faulty_server {
    fault_kind fault;
    SSL_CTX *tls;
    ql_udp *udp;
    int stop_fd;
    GThread *thread;
    GPtrArray *peers;
    unsigned requests;
};

static void push(peer *p, int64_t stream, const void *data, size_t length, bool fin)
{
    chunk *c = g_new(chunk, 1);
    *c = (chunk){ stream, g_bytes_new(data, length), fin };
    g_queue_push_tail(&p->chunks, c);
}

static void send_datagram(peer *p, const uint8_t *data, size_t length)
{
    ql_udp_send(p->server->udp, &(ql_udp_batch){ .to = &p->remote, .data = data, .length = length },
                NULL);
}

static void close_connection(peer *p, const ngtcp2_ccerr *why)
{
    uint8_t data[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    ngtcp2_ssize length = ngtcp2_conn_write_connection_close(p->quic, NULL, NULL, data, sizeof data,
                                                             why, ql_clock_now());
    if (length > 0)
        send_datagram(p, data, (size_t)length);
    p->over = true;
}

static void close_as_application(peer *p, uint64_t code, const char *reason)
{
    ngtcp2_ccerr why;
    ngtcp2_ccerr_set_application_error(&why, code, (const uint8_t *)reason, strlen(reason));
    close_connection(p, &why);
}

static void forget_connection(peer *p)
{
    uint8_t data[60];
    g_assert_cmpint(RAND_bytes(data, sizeof data), ==, 1);
    data[0] = (uint8_t)(0x40 | (data[0] & 0x3f)); /* as a short header (RFC 9000, 10.3) */
    memcpy(data + sizeof data - sizeof p->reset_token, p->reset_token, sizeof p->reset_token);
    send_datagram(p, data, sizeof data);
    p->over = true;
}

/* HEADERS with :status 200, which QPACK's static table has at index 25 (RFC 9204, appendix A). */
static void answer(peer *p, int64_t stream)
{
    static const uint8_t headers[] = { 0x01, 3, 0, 0, 0xd9 };
    push(p, stream, headers, sizeof headers, true);
}

static void answer_with_wrong_length(peer *p, int64_t stream)
{
    static const uint8_t headers[] = { 0x01, 6, 0, 0, 0xd9, 0x54, 1, '5' };
    push(p, stream, headers, sizeof headers, true);
}

static void go_away(peer *p, int64_t stream)
{
    static const uint8_t frame[] = { 0x07, 1, 4 }; /* stream 4 and those behind it */
    if (p->server->peers->len > 1 || p->requests == 1)
        answer(p, stream);
    if (p->server->peers->len == 1 && p->requests == 1)
        push(p, p->control, frame, sizeof frame, false);
}

/* :status 200 becomes the dynamic table's first entry; the section that refers to it has a Required
 * Insert Count of 1 (RFC 9204, 4.5.1). The stream is over before the entry is there. */
static void answer_ahead_of_instructions(peer *p, int64_t stream)
{
    static const uint8_t headers[] = { 0x01, 3, 2, 0, 0x80 };
    static const uint8_t capacity[] = { 0x02, 0x3f, 0x45 }; /* encoder stream, 100 bytes */
    static const uint8_t insert[] = { 0xd9, 3, '2', '0', '0' };
    int64_t encoder;
    push(p, stream, headers, sizeof headers, true);
    if (p->requests > 1)
        return;
    g_assert_cmpint(ngtcp2_conn_open_uni_stream(p->quic, &encoder, NULL), ==, 0);
    push(p, encoder, capacity, sizeof capacity, false);
    push(p, encoder, insert, sizeof insert, false);
}

static void on_request(peer *p, int64_t stream)
{
    ngtcp2_ccerr why;
    p->requests++;
    p->server->requests++;
    switch (p->server->fault) {
    case FAULT_STREAM_RESET:
        ngtcp2_conn_shutdown_stream(p->quic, 0, stream, NGHTTP3_H3_INTERNAL_ERROR);
        break;
    case FAULT_STREAM_REJECTED:
        if (p->requests > 1) {
            answer(p, stream);
            break;
        }
        G_GNUC_FALLTHROUGH;
    case FAULT_STREAM_REJECTED_EVER:
        ngtcp2_conn_shutdown_stream(p->quic, 0, stream, NGHTTP3_H3_REQUEST_REJECTED);
        break;
    case FAULT_STREAM_ENDED: push(p, stream, "", 0, true); break;
    case FAULT_LENGTH: answer_with_wrong_length(p, stream); break;
    case FAULT_CLOSED: close_as_application(p, NGHTTP3_H3_EXCESSIVE_LOAD, "too\x1b much"); break;
    case FAULT_CLOSED_SILENTLY: close_as_application(p, NGHTTP3_H3_NO_ERROR, ""); break;
    case FAULT_CLOSED_TRANSPORT:
        ngtcp2_ccerr_set_transport_error(&why, NGTCP2_PROTOCOL_VIOLATION, NULL, 0);
        close_connection(p, &why);
        break;
    case FAULT_STATELESS_RESET: forget_connection(p); break;
    case FAULT_GOES_AWAY: go_away(p, stream); break;
    case FAULT_QPACK_LATE: answer_ahead_of_instructions(p, stream); break;
    case FAULT_ALPN_REFUSED:
    case FAULT_ALPN_IGNORED:
    case FAULT_CONTROL_FRAME: answer(p, stream); break;
    }
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream_user)
{
    (void)offset;
    (void)data;
    (void)stream_user;
    ngtcp2_conn_extend_max_stream_offset(quic, stream, length);
    ngtcp2_conn_extend_max_offset(quic, length);
    if (ngtcp2_is_bidi_stream(stream) && (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0)
        on_request(user, stream);
    return 0;
}

static int on_handshake_completed(ngtcp2_conn *quic, void *user)
{
    static const uint8_t settings[] = { 0x00, 0x04, 0x00 }; /* control stream, no settings */
    static const uint8_t wrong[] = { 0x00, 0x01, 'x' };     /* DATA */
    peer *p = user;
    g_assert_cmpint(ngtcp2_conn_open_uni_stream(quic, &p->control, NULL), ==, 0);
    push(p, p->control, settings, sizeof settings, false);
    if (p->server->fault == FAULT_CONTROL_FRAME)
        push(p, p->control, wrong, sizeof wrong, false);
    return 0;
}

static void random_bytes(uint8_t *data, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    g_assert_cmpint(RAND_bytes(data, (int)length), ==, 1);
}

static int new_connection_id(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t length,
                             void *user)
{
    (void)quic;
    (void)user;
    random_bytes(cid->data, length, NULL);
    random_bytes(token, NGTCP2_STATELESS_RESET_TOKENLEN, NULL);
    cid->datalen = length;
    return 0;
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
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .handshake_completed = on_handshake_completed,
    .recv_stream_data = on_stream_data,
    .rand = random_bytes,
    .get_new_connection_id = new_connection_id,
};

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((peer *)ref->user_data)->quic;
}

static ngtcp2_path path_of(const peer *p)
{
    const ql_address *local = ql_udp_local(p->server->udp);
    return (ngtcp2_path){ { (ngtcp2_sockaddr *)&local->storage, local->length },
                          { (ngtcp2_sockaddr *)&p->remote.storage, p->remote.length },
                          NULL };
}

static void start_quic(peer *p, const ngtcp2_pkt_hd *header)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params parameters;
    ngtcp2_cid own = { .datalen = CID_BYTES };
    const ngtcp2_crypto_conn_ref ref = { conn_of, p };
    ngtcp2_path path = path_of(p);
    random_bytes(own.data, own.datalen, NULL);
    random_bytes(p->reset_token, sizeof p->reset_token, NULL);
    ngtcp2_settings_default(&settings);
    settings.initial_ts = ql_clock_now();
    ngtcp2_transport_params_default(&parameters);
    parameters.original_dcid = header->dcid;
    parameters.original_dcid_present = 1;
    parameters.initial_max_data = parameters.initial_max_stream_data_bidi_remote =
        parameters.initial_max_stream_data_uni = 1 << 20;
    parameters.initial_max_streams_bidi = parameters.initial_max_streams_uni = 100;
    parameters.stateless_reset_token_present = 1;
    memcpy(parameters.stateless_reset_token, p->reset_token, sizeof p->reset_token);
    p->tls = ql_tls_server_new(p->server->tls, &ref, NULL);
    g_assert_cmpint(ngtcp2_conn_server_new(&p->quic, &header->scid, &own, &path, header->version,
                                           &callbacks, &settings, &parameters, NULL, p),
                    ==, 0);
    ngtcp2_conn_set_tls_native_handle(p->quic, ql_tls_native_handle(p->tls));
}

static void peer_free(void *data)
{
    peer *p = data;
    for (chunk *c = g_queue_pop_head(&p->chunks); c != NULL; c = g_queue_pop_head(&p->chunks)) {
        g_bytes_unref(c->bytes);
        g_free(c);
    }
    ngtcp2_conn_del(p->quic);
    ql_tls_free(p->tls);
    g_ptr_array_unref(p->sent);
    g_free(p);
}

static peer *peer_for(faulty_server *server, const ql_udp_datagram *datagram)
{
    ngtcp2_pkt_hd header;
    for (guint i = 0; i < server->peers->len; i++) {
        peer *known = g_ptr_array_index(server->peers, i);
        if (ql_address_equal(&known->remote, &datagram->remote))
            return known;
    }
    if (ngtcp2_accept(&header, datagram->data, datagram->length) != 0)
        return NULL;
    peer *p = g_new0(peer, 1);
    p->server = server;
    p->remote = datagram->remote;
    p->sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_queue_init(&p->chunks);
    start_quic(p, &header);
    g_ptr_array_add(server->peers, p);
    return p;
}

static void receive(faulty_server *server)
{
    ql_udp_datagram datagram;
    ngtcp2_pkt_info info = { 0 };
    while (ql_udp_receive(server->udp, &datagram, 1, NULL) == 1) {
        peer *p = peer_for(server, &datagram);
        if (p == NULL || p->over)
            continue;
        ngtcp2_path path = path_of(p);
        int rv = ngtcp2_conn_read_pkt(p->quic, &path, &info, datagram.data, datagram.length,
                                      ql_clock_now());
        ngtcp2_ccerr why;
        ngtcp2_ccerr_set_tls_alert(&why, ngtcp2_conn_get_tls_alert(p->quic), NULL, 0);
        if (rv == NGTCP2_ERR_CRYPTO)
            close_connection(p, &why);
        else if (rv != 0)
            p->over = true;
    }
}

/* One packet, with the next chunk where there is one. Returns its length, 0 if there is nothing. */
static size_t write_packet(peer *p, uint8_t *data, size_t capacity)
{
    chunk *c = g_queue_peek_head(&p->chunks);
    gsize length = 0;
    const void *bytes = c == NULL ? NULL : g_bytes_get_data(c->bytes, &length);
    ngtcp2_vec vector = { (uint8_t *)(uintptr_t)bytes, length };
    ngtcp2_ssize taken = -1;
    ngtcp2_ssize written = ngtcp2_conn_writev_stream(
        p->quic, NULL, NULL, data, capacity, &taken,
        c != NULL && c->fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE,
        c == NULL ? -1 : c->stream, &vector, c == NULL ? 0 : 1, ql_clock_now());
    if (taken >= 0) { /* chunks are small: one is taken whole or not at all */
        g_ptr_array_add(p->sent, c->bytes);
        g_free(g_queue_pop_head(&p->chunks));
    }
    return written > 0 ? (size_t)written : 0;
}

static void send_all(peer *p)
{
    uint8_t data[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    size_t length = 1;
    if (!p->over && ngtcp2_conn_get_expiry(p->quic) <= ql_clock_now() &&
        ngtcp2_conn_handle_expiry(p->quic, ql_clock_now()) != 0)
        p->over = true;
    while (!p->over && length > 0) {
        length = write_packet(p, data, sizeof data);
        if (length > 0)
            send_datagram(p, data, length);
    }
}

static gpointer run(gpointer data)
{
    faulty_server *server = data;
    struct pollfd fds[] = { { .fd = ql_udp_fd(server->udp), .events = POLLIN },
                            { .fd = server->stop_fd, .events = POLLIN } };
    while (fds[1].revents == 0) {
        poll(fds, G_N_ELEMENTS(fds), POLL_MS);
        receive(server);
        for (guint i = 0; i < server->peers->len; i++)
            send_all(g_ptr_array_index(server->peers, i));
    }
    return NULL;
}

static int ignore_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                       const unsigned char *offered, unsigned int length, void *refuse)
{
    (void)ssl;
    (void)out;
    (void)out_length;
    (void)offered;
    (void)length;
    return refuse != NULL ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

faulty_server *faulty_server_start(fault_kind fault, X509 *certificate, EVP_PKEY *key)
{
    struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    ql_address address = ql_address_from((const struct sockaddr *)&loopback, sizeof loopback);
    faulty_server *server = g_new0(faulty_server, 1);
    server->fault = fault;
    server->tls = ql_tls_server_context_new(certificate, key, NULL, NULL);
    if (fault == FAULT_ALPN_IGNORED || fault == FAULT_ALPN_REFUSED)
        SSL_CTX_set_alpn_select_cb(server->tls, ignore_alpn,
                                   fault == FAULT_ALPN_REFUSED ? server : NULL);
    server->udp = ql_udp_listen(&address, NULL);
    g_assert_nonnull(server->udp);
    server->peers = g_ptr_array_new_with_free_func(peer_free);
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    server->thread = g_thread_new("faulty", run, server);
    return server;
}

void faulty_server_stop(faulty_server *server)
{
    g_assert_cmpint(eventfd_write(server->stop_fd, 1), ==, 0);
    g_thread_join(server->thread);
    g_ptr_array_unref(server->peers);
    SSL_CTX_free(server->tls);
    ql_udp_free(server->udp);
    close(server->stop_fd);
    g_free(server);
}

uint16_t faulty_server_port(const faulty_server *server)
{
    return ql_address_port(ql_udp_local(server->udp));
}

unsigned faulty_server_connections(const faulty_server *server)
{
    return server->peers->len;
}

unsigned faulty_server_requests(const faulty_server *server)
{
    return server->requests;
}
