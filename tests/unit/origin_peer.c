/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_peer.h"

#include "clock.h"
#include "origin_alpn.h"
#include "origin_fixture.h"
#include "origin_tls.h"
#include "tls.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/rand.h>
#include <poll.h>

#define PLENTY    (UINT64_C(1) << 30)
#define IDLE_MS   1
#define CID_BYTES 8u

/* What is to be sent on a stream. */
typedef struct chunk {
    int64_t stream;
    GBytes *bytes;
    size_t sent;
    bool fin;
} chunk;

struct origin_peer {
    origin_peer_options options;
    ql_origin_certificate certificate;
    ql_origin_content *content;
    GBytes *alpn;
    ql_origin_shared shared;
    ql_origin_connection *origin;
    int owner; /* its address stands in the table of connection IDs */
    SSL_CTX *context;
    ql_tls *tls;
    ngtcp2_crypto_conn_ref ref;
    ngtcp2_conn *quic;
    ql_udp *udp;
    GHashTable *streams; /* origin_stream, owned, by int64_t */
    GQueue chunks;
    GPtrArray *kept; /* GBytes: what was sent may be sent again */
    origin_told told;
};

static origin_stream *find(const origin_peer *peer, int64_t stream)
{
    origin_stream *s = g_hash_table_lookup(peer->streams, &stream);
    if (s != NULL)
        return s;
    s = g_new0(origin_stream, 1);
    s->data = g_byte_array_new();
    g_hash_table_insert(peer->streams, g_memdup2(&stream, sizeof stream), s);
    return s;
}

static void stream_free(gpointer data)
{
    origin_stream *s = data;
    g_byte_array_unref(s->data);
    g_free(s);
}

static void chunk_free(gpointer data)
{
    chunk *c = data;
    g_bytes_unref(c->bytes);
    g_free(c);
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t stream, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream_user)
{
    origin_peer *peer = user;
    origin_stream *s = find(peer, stream);
    (void)stream_user;
    g_assert_cmpuint(offset, ==, s->data->len);
    g_byte_array_append(s->data, data, (guint)length);
    s->ended = s->ended || (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    ngtcp2_conn_extend_max_offset(quic, length);
    return 0;
}

static int on_acked(ngtcp2_conn *quic, int64_t stream, uint64_t offset, uint64_t length, void *user,
                    void *stream_user)
{
    (void)quic, (void)stream_user;
    find(user, stream)->acknowledged = offset + length;
    return 0;
}

static int on_reset(ngtcp2_conn *quic, int64_t stream, uint64_t final_size, uint64_t code,
                    void *user, void *stream_user)
{
    origin_stream *s = find(user, stream);
    (void)quic, (void)final_size, (void)stream_user;
    s->reset = true;
    s->reset_code = code;
    return 0;
}

static int on_token(ngtcp2_conn *quic, const uint8_t *token, size_t length, void *user)
{
    origin_peer *peer = user;
    (void)quic;
    g_byte_array_append(peer->told.token, token, (guint)length);
    return 0;
}

static int on_datagram(ngtcp2_conn *quic, uint32_t flags, const uint8_t *data, size_t length,
                       void *user)
{
    origin_peer *peer = user;
    GByteArray *copy = g_byte_array_new();
    (void)quic, (void)flags;
    g_byte_array_append(copy, data, (guint)length);
    g_ptr_array_add(peer->told.datagrams, copy);
    return 0;
}

static int on_key_update(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
                         ngtcp2_crypto_aead_ctx *rx_aead_ctx, uint8_t *rx_iv,
                         ngtcp2_crypto_aead_ctx *tx_aead_ctx, uint8_t *tx_iv,
                         const uint8_t *current_rx_secret, const uint8_t *current_tx_secret,
                         size_t length, void *user)
{
    origin_peer *peer = user;
    peer->told.key_updates++;
    return ngtcp2_crypto_update_key_cb(quic, rx_secret, tx_secret, rx_aead_ctx, rx_iv, tx_aead_ctx,
                                       tx_iv, current_rx_secret, current_tx_secret, length, user);
}

static void on_random(uint8_t *data, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    g_assert_cmpint(RAND_bytes(data, (int)length), ==, 1);
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token,
                      size_t length, void *user)
{
    (void)quic, (void)user;
    on_random(cid->data, length, NULL);
    on_random(token->data, sizeof token->data, NULL);
    cid->datalen = length;
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .update_key = on_key_update,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
    .rand = on_random,
    .get_new_connection_id2 = on_new_cid,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_acked,
    .stream_reset = on_reset,
    .recv_new_token = on_token,
    .recv_datagram = on_datagram,
};

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((origin_peer *)ref->user_data)->quic;
}

static ql_address loopback(void)
{
    const struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    return ql_address_from((const struct sockaddr *)&at, sizeof at);
}

static ngtcp2_path path_of(const origin_peer *peer)
{
    const ql_address *local = ql_udp_local(peer->udp);
    const ql_address *remote = ql_origin_sockets_local(peer->shared.sockets, 0);
    return (ngtcp2_path){ { (ngtcp2_sockaddr *)(uintptr_t)&local->storage, local->length },
                          { (ngtcp2_sockaddr *)(uintptr_t)&remote->storage, remote->length },
                          NULL };
}

static void start_client(origin_peer *peer)
{
    const char *alpn = peer->options.alpn != NULL ? peer->options.alpn : "h3";
    uint64_t window = peer->options.stream_window > 0 ? peer->options.stream_window : PLENTY;
    ngtcp2_settings settings;
    ngtcp2_transport_params parameters;
    ngtcp2_cid server = { .datalen = CID_BYTES }, own = { .datalen = CID_BYTES };
    ngtcp2_path path = path_of(peer);
    on_random(server.data, CID_BYTES, NULL);
    on_random(own.data, CID_BYTES, NULL);
    ngtcp2_settings_default(&settings);
    settings.initial_ts = ql_clock_now();
    ngtcp2_transport_params_default(&parameters);
    parameters.initial_max_data = PLENTY;
    parameters.initial_max_stream_data_bidi_local = window;
    parameters.initial_max_stream_data_uni = PLENTY;
    parameters.initial_max_streams_uni = 100;
    parameters.max_datagram_frame_size = UINT16_MAX;
    peer->context = ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    peer->ref = (ngtcp2_crypto_conn_ref){ conn_of, peer };
    peer->tls = ql_tls_client_new(peer->context, "localhost", &(ql_tls_terms){ .alpn = alpn },
                                  &peer->ref, NULL);
    g_assert_cmpint(ngtcp2_conn_client_new(&peer->quic, &server, &own, &path, NGTCP2_PROTO_VER_V1,
                                           &callbacks, &settings, &parameters, NULL, peer),
                    ==, 0);
    ngtcp2_conn_set_tls_native_handle(peer->quic, ql_tls_native_handle(peer->tls));
}

static void prepare_origin(origin_peer *peer)
{
    ql_origin_shared *shared = &peer->shared;
    const ql_address at = loopback();
    g_autoptr(GError) error = NULL;
    peer->alpn =
        ql_origin_alpn_parse(peer->options.alpn != NULL ? peer->options.alpn : "h3", &error);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    peer->certificate =
        (ql_origin_certificate){ .certificate = certificate_new(key, "localhost", -DAY, DAY),
                                 .key = key };
    const ql_origin_tls_settings tls = { .certificate = &peer->certificate, .alpn = peer->alpn };
    shared->quic = peer->options.quic;
    shared->http = peer->options.http;
    peer->content = ql_origin_content_new(NULL, &error);
    shared->http.content = peer->content;
    shared->sockets = ql_origin_sockets_new(NULL, true);
    shared->cids = ql_origin_cids_new();
    shared->buffer = g_malloc(QL_ORIGIN_SEND_BYTES);
    on_random(shared->reset_secret, sizeof shared->reset_secret, NULL);
    on_random(shared->token_secret, sizeof shared->token_secret, NULL);
    shared->tls = ql_origin_tls_context_new(&tls, &error);
    g_assert_no_error(error);
    g_assert_true(ql_origin_sockets_listen(shared->sockets, &at, &error));
    peer->udp = ql_udp_connect(ql_origin_sockets_local(shared->sockets, 0), NULL, &error);
    g_assert_no_error(error);
}

origin_peer *origin_peer_new(const origin_peer_options *options)
{
    uint8_t first[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    origin_peer *peer = g_new0(origin_peer, 1);
    peer->options = *options;
    peer->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, stream_free);
    peer->kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    peer->told.token = g_byte_array_new();
    peer->told.datagrams = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    g_queue_init(&peer->chunks);
    prepare_origin(peer);
    start_client(peer);
    origin_peer_hand_over(peer, first, origin_peer_write_datagram(peer, first, sizeof first));
    return peer;
}

void origin_peer_free(origin_peer *peer)
{
    ql_origin_connection_free(peer->origin);
    ngtcp2_conn_del(peer->quic);
    ql_tls_free(peer->tls);
    SSL_CTX_free(peer->context);
    SSL_CTX_free(peer->shared.tls);
    ql_udp_free(peer->udp);
    ql_origin_sockets_free(peer->shared.sockets);
    ql_origin_cids_free(peer->shared.cids);
    ql_origin_content_free(peer->content);
    g_bytes_unref(peer->alpn);
    g_free(peer->shared.buffer);
    X509_free(peer->certificate.certificate);
    EVP_PKEY_free(peer->certificate.key);
    g_queue_clear_full(&peer->chunks, chunk_free);
    g_hash_table_unref(peer->streams);
    g_ptr_array_unref(peer->kept);
    g_byte_array_unref(peer->told.token);
    g_ptr_array_unref(peer->told.datagrams);
    g_free(peer);
}

ql_origin_connection *origin_peer_origin(const origin_peer *peer)
{
    return peer->origin;
}

const ql_origin_shared *origin_peer_shared(const origin_peer *peer)
{
    return &peer->shared;
}

ngtcp2_conn *origin_peer_client(const origin_peer *peer)
{
    return peer->quic;
}

const origin_told *origin_peer_told(const origin_peer *peer)
{
    return &peer->told;
}

const origin_stream *origin_peer_stream(const origin_peer *peer, int64_t stream)
{
    return find(peer, stream);
}

size_t origin_peer_write_datagram(origin_peer *peer, uint8_t *data, size_t capacity)
{
    chunk *c = g_queue_peek_head(&peer->chunks);
    gsize length = 0;
    const uint8_t *bytes = c == NULL ? NULL : g_bytes_get_data(c->bytes, &length);
    ngtcp2_ssize taken = -1;
    ngtcp2_vec vector = { (uint8_t *)(uintptr_t)bytes, length };
    if (c != NULL) {
        vector.base += c->sent;
        vector.len -= c->sent;
    }
    ngtcp2_ssize written = ngtcp2_conn_writev_stream(
        peer->quic, NULL, NULL, data, capacity, &taken,
        c != NULL && c->fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE,
        c == NULL ? -1 : c->stream, &vector, c == NULL ? 0 : 1, ql_clock_now());
    if (taken >= 0)
        c->sent += (size_t)taken;
    if (taken >= 0 && c->sent == length) {
        g_ptr_array_add(peer->kept, g_bytes_ref(c->bytes));
        chunk_free(g_queue_pop_head(&peer->chunks));
    }
    return written > 0 ? (size_t)written : 0;
}

static void accept_client(origin_peer *peer, const ql_udp_datagram *datagram)
{
    ngtcp2_pkt_hd initial;
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ngtcp2_accept(&initial, datagram->data, datagram->length), ==, 0);
    const ql_origin_arrival arrival = { .initial = &initial, .datagram = datagram };
    peer->origin = ql_origin_connection_new(&peer->shared, &peer->owner, &arrival, &error);
    g_assert_no_error(error);
}

void origin_peer_hand_over(origin_peer *peer, const uint8_t *data, size_t length)
{
    const ql_udp_datagram datagram = { .local = *ql_origin_sockets_local(peer->shared.sockets, 0),
                                       .remote = *ql_udp_local(peer->udp),
                                       .data = data,
                                       .length = length };
    if (peer->origin == NULL)
        accept_client(peer, &datagram);
    ql_origin_connection_receive(peer->origin, &datagram);
}

/* The client's packets go over at once. True: there were some. */
static bool client_sends(origin_peer *peer)
{
    uint8_t data[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    size_t length;
    bool sent = false;
    if (peer->told.closed)
        return false;
    if (ngtcp2_conn_get_expiry(peer->quic) <= ql_clock_now())
        g_assert_cmpint(ngtcp2_conn_handle_expiry(peer->quic, ql_clock_now()), ==, 0);
    while ((length = origin_peer_write_datagram(peer, data, sizeof data)) > 0) {
        origin_peer_hand_over(peer, data, length);
        sent = true;
    }
    return sent;
}

static bool client_receives(origin_peer *peer)
{
    ql_udp_datagram datagram;
    ngtcp2_path path = path_of(peer);
    bool received = false;
    while (ql_udp_receive(peer->udp, &datagram, 1, NULL) == 1) {
        const ngtcp2_pkt_info info = { .ecn = datagram.ecn };
        received = true;
        peer->told.packets++;
        peer->told.marked += datagram.ecn != 0;
        if (peer->told.closed)
            continue;
        int status = ngtcp2_conn_read_pkt(peer->quic, &path, &info, datagram.data, datagram.length,
                                          ql_clock_now());
        peer->told.closed = status == NGTCP2_ERR_DRAINING;
        if (status != 0 && !peer->told.closed)
            g_error("the client: %s", ngtcp2_strerror(status));
    }
    return received;
}

void origin_peer_step(origin_peer *peer)
{
    bool moved = client_sends(peer);
    if (ql_origin_connection_expiry(peer->origin) <= ql_clock_now())
        ql_origin_connection_expire(peer->origin);
    ql_origin_connection_send(peer->origin);
    moved = client_receives(peer) || moved;
    struct pollfd fd = { .fd = ql_udp_fd(peer->udp), .events = POLLIN };
    if (!moved && ngtcp2_conn_get_expiry(peer->quic) > ql_clock_now() + NGTCP2_MILLISECONDS)
        poll(&fd, 1, IDLE_MS);
}

void origin_peer_connect(origin_peer *peer)
{
    RUN_UNTIL(peer, peer->told.token->len > 0 && ngtcp2_conn_get_handshake_completed(peer->quic));
}

int64_t origin_peer_open(origin_peer *peer, bool bidirectional)
{
    int64_t stream;
    int status = bidirectional ? ngtcp2_conn_open_bidi_stream(peer->quic, &stream, NULL)
                               : ngtcp2_conn_open_uni_stream(peer->quic, &stream, NULL);
    g_assert_cmpint(status, ==, 0);
    return stream;
}

void origin_peer_write(origin_peer *peer, int64_t stream, const void *data, size_t length, bool fin)
{
    chunk *c = g_new0(chunk, 1);
    *c = (chunk){ .stream = stream, .bytes = g_bytes_new(data, length), .fin = fin };
    g_queue_push_tail(&peer->chunks, c);
}

void origin_peer_send_datagram(origin_peer *peer, const char *text)
{
    uint8_t packet[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    ngtcp2_vec vector = { (uint8_t *)(uintptr_t)text, strlen(text) };
    int accepted = 0;
    ngtcp2_ssize written = ngtcp2_conn_writev_datagram(
        peer->quic, NULL, NULL, packet, sizeof packet, &accepted, 0, 0, &vector, 1, ql_clock_now());
    g_assert_true(accepted != 0 && written > 0);
    origin_peer_hand_over(peer, packet, (size_t)written);
}

void origin_peer_take(origin_peer *peer, int64_t stream, uint64_t bytes)
{
    g_assert_cmpint(ngtcp2_conn_extend_max_stream_offset(peer->quic, stream, bytes), ==, 0);
}

unsigned origin_peer_throw_away(origin_peer *peer)
{
    ql_udp_datagram datagram;
    unsigned count = 0;
    while (ql_udp_receive(peer->udp, &datagram, 1, NULL) == 1)
        count++;
    return count;
}
