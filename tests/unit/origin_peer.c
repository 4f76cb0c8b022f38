/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_peer.h"

#include "clock.h"
#include "origin_alpn.h"
#include "origin_fixture.h"
#include "origin_tls.h"
#include "tls.h"

#include <ngtcp2/ngtcp2_crypto.h>
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
    origin_notes *notes;
    GQueue chunks;
    GPtrArray *kept;   /* GBytes: what was sent may be sent again */
    origin_told *told; /* of notes */
};

static void chunk_free(gpointer data)
{
    chunk *c = data;
    g_bytes_unref(c->bytes);
    g_free(c);
}

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
    origin_notes_random(server.data, CID_BYTES, NULL);
    origin_notes_random(own.data, CID_BYTES, NULL);
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
                                           &origin_notes_callbacks, &settings, &parameters, NULL,
                                           peer->notes),
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
    shared->http.mirrored = &shared->mirrored;
    peer->content = ql_origin_content_new(NULL, &error);
    shared->http.content = peer->content;
    shared->sockets = ql_origin_sockets_new(NULL, true);
    shared->cids = ql_origin_cids_new();
    shared->buffer = g_malloc(QL_ORIGIN_SEND_BYTES);
    origin_notes_random(shared->reset_secret, sizeof shared->reset_secret, NULL);
    origin_notes_random(shared->token_secret, sizeof shared->token_secret, NULL);
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
    peer->notes = origin_notes_new();
    peer->told = origin_notes_told(peer->notes);
    peer->kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
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
    origin_notes_free(peer->notes);
    g_ptr_array_unref(peer->kept);
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
    return peer->told;
}

const origin_stream *origin_peer_stream(const origin_peer *peer, int64_t stream)
{
    return origin_notes_stream(peer->notes, stream);
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
    if (peer->told->closed)
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
        peer->told->packets++;
        peer->told->marked += datagram.ecn != 0;
        if (peer->told->closed)
            continue;
        int status = ngtcp2_conn_read_pkt(peer->quic, &path, &info, datagram.data, datagram.length,
                                          ql_clock_now());
        peer->told->closed = status == NGTCP2_ERR_DRAINING;
        if (status != 0 && !peer->told->closed)
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
    RUN_UNTIL(peer, peer->told->token->len > 0 && ngtcp2_conn_get_handshake_completed(peer->quic));
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
