/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin.h"

#include "origin_cids.h"
#include "origin_connection.h"
#include "tls.h"
#include "udp.h"

#include <errno.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <poll.h>

#define RECEIVE_BATCH 64

/* RFC 9000, 10.3.3: a reset is shorter than the packet that it answers, lest two endpoints without
 * state answer each other for ever; 10.3: and looks like a packet of an ordinary size. */
#define MIN_RESET_BYTES (NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN)
#define MAX_RESET_BYTES 43u

typedef struct slot {
    ql_origin_connection *connection;
    GSequenceIter *place; /* in ql_origin.slots */
    uint64_t expiry;      /* by which it stands there */
    bool touched;
} slot;

struct ql_origin {
    ql_origin_shared shared;
    ql_udp *udp;
    GSequence *slots;   /* slot, owned, by expiry */
    GPtrArray *touched; /* slot, borrowed: have something to send */
};

static void slot_free(gpointer data)
{
    slot *s = data;
    ql_origin_connection_free(s->connection);
    g_free(s);
}

static int compare_expiry(gconstpointer a, gconstpointer b, gpointer unused)
{
    const slot *first = a, *second = b;
    (void)unused;
    return (first->expiry > second->expiry) - (first->expiry < second->expiry);
}

/* The same key gives the same tokens after a restart, so that clients of the origin's former life
 * learn that it is over. */
static bool derive_reset_secret(ql_origin_shared *shared, EVP_PKEY *key, GError **error)
{
    static const char purpose[] = "quiclens origin stateless reset";
    unsigned char *encoded = NULL;
    unsigned length = 0;
    int encoded_length = i2d_PrivateKey(key, &encoded);
    bool ok = encoded_length > 0 &&
              HMAC(EVP_sha256(), encoded, encoded_length, (const unsigned char *)purpose,
                   sizeof purpose - 1, shared->reset_secret, &length) != NULL;
    OPENSSL_clear_free(encoded, encoded_length > 0 ? (size_t)encoded_length : 0);
    if (!ok)
        g_set_error_literal(error, QL_TLS_ERROR, 0, "the origin's key cannot be encoded");
    return ok;
}

ql_origin *ql_origin_new(const ql_origin_options *options, GError **error)
{
    ql_origin *origin = g_new0(ql_origin, 1);
    ql_origin_shared *shared = &origin->shared;
    origin->slots = g_sequence_new(slot_free);
    origin->touched = g_ptr_array_new();
    shared->cids = ql_origin_cids_new();
    shared->buffer = g_malloc(QL_ORIGIN_SEND_BYTES);
    shared->http = options->http;
    if (derive_reset_secret(shared, options->certificate->key, error) &&
        (shared->tls =
             ql_tls_server_context_new(options->certificate->certificate, options->certificate->key,
                                       options->keylog, error)) != NULL)
        shared->udp = origin->udp = ql_udp_listen(&options->listen, error);
    if (origin->udp == NULL)
        g_clear_pointer(&origin, ql_origin_free);
    return origin;
}

void ql_origin_free(ql_origin *origin)
{
    if (origin == NULL)
        return;
    g_sequence_free(origin->slots);
    g_ptr_array_unref(origin->touched);
    ql_udp_free(origin->udp);
    SSL_CTX_free(origin->shared.tls);
    ql_origin_cids_free(origin->shared.cids);
    g_free(origin->shared.buffer);
    OPENSSL_cleanse(origin->shared.reset_secret, sizeof origin->shared.reset_secret);
    g_free(origin);
}

const ql_address *ql_origin_address(const ql_origin *origin)
{
    return ql_udp_local(origin->udp);
}

static void answer(ql_origin *origin, const ql_udp_datagram *datagram, ngtcp2_ssize length)
{
    ql_udp_batch batch = { .from = &datagram->local,
                           .to = &datagram->remote,
                           .data = origin->shared.buffer,
                           .length = (size_t)length };
    if (length > 0)
        ql_udp_send(origin->udp, &batch, NULL);
}

static void offer_versions(ql_origin *origin, const ql_udp_datagram *datagram,
                           const ngtcp2_version_cid *ids)
{
    static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2 };
    uint8_t unused = 0;
    RAND_bytes(&unused, sizeof unused);
    answer(origin, datagram,
           ngtcp2_pkt_write_version_negotiation(origin->shared.buffer, NGTCP2_MAX_UDP_PAYLOAD_SIZE,
                                                unused, ids->scid, ids->scidlen, ids->dcid,
                                                ids->dcidlen, versions, G_N_ELEMENTS(versions)));
}

/* RFC 9000, 17.3. Version 0 says less: Version Negotiation has it, too. */
static bool is_short(const ql_udp_datagram *datagram)
{
    return (datagram->data[0] & 0x80) == 0;
}

static void reset_statelessly(ql_origin *origin, const ql_udp_datagram *datagram,
                              const ngtcp2_version_cid *ids)
{
    ngtcp2_stateless_reset_token token;
    ngtcp2_cid cid;
    uint8_t random[MAX_RESET_BYTES - NGTCP2_STATELESS_RESET_TOKENLEN];
    if (datagram->length <= MIN_RESET_BYTES || RAND_bytes(random, sizeof random) != 1)
        return;
    size_t length = MIN(datagram->length - 1, MAX_RESET_BYTES);
    ngtcp2_cid_init(&cid, ids->dcid, ids->dcidlen);
    if (ngtcp2_crypto_generate_stateless_reset_token(token.data, origin->shared.reset_secret,
                                                     sizeof origin->shared.reset_secret, &cid) != 0)
        return;
    answer(origin, datagram,
           ngtcp2_pkt_write_stateless_reset2(origin->shared.buffer, length, &token, random,
                                             length - NGTCP2_STATELESS_RESET_TOKENLEN));
}

static void refuse(ql_origin *origin, const ql_udp_datagram *datagram, const ngtcp2_pkt_hd *initial)
{
    answer(origin, datagram,
           ngtcp2_crypto_write_connection_close(origin->shared.buffer, NGTCP2_MAX_UDP_PAYLOAD_SIZE,
                                                initial->version, &initial->scid, &initial->dcid,
                                                NGTCP2_CONNECTION_REFUSED, NULL, 0));
}

/* A packet of no connection: it begins one, or cannot be told from one of a connection long gone.
 */
static slot *accept_client(ql_origin *origin, const ql_udp_datagram *datagram,
                           const ngtcp2_version_cid *ids)
{
    ngtcp2_pkt_hd initial;
    if (is_short(datagram)) {
        reset_statelessly(origin, datagram, ids);
        return NULL;
    }
    if (ngtcp2_accept(&initial, datagram->data, datagram->length) != 0)
        return NULL;
    if (g_sequence_get_length(origin->slots) >= (int)QL_ORIGIN_MAX_CONNECTIONS) {
        refuse(origin, datagram, &initial);
        return NULL;
    }
    slot *s = g_new0(slot, 1);
    s->connection = ql_origin_connection_new(&origin->shared, s, &initial, datagram, NULL);
    if (s->connection == NULL) {
        refuse(origin, datagram, &initial);
        g_free(s);
        return NULL;
    }
    s->place = g_sequence_insert_sorted(origin->slots, s, compare_expiry, NULL);
    return s;
}

static void touch(ql_origin *origin, slot *s)
{
    if (!s->touched)
        g_ptr_array_add(origin->touched, s);
    s->touched = true;
}

static void route(ql_origin *origin, const ql_udp_datagram *datagram)
{
    ngtcp2_version_cid ids;
    int status =
        ngtcp2_pkt_decode_version_cid(&ids, datagram->data, datagram->length, QL_ORIGIN_CID_BYTES);
    if (status == NGTCP2_ERR_VERSION_NEGOTIATION)
        offer_versions(origin, datagram, &ids);
    if (status != 0)
        return;
    slot *s = ql_origin_cids_find(origin->shared.cids, ids.dcid, ids.dcidlen);
    if (s == NULL)
        s = accept_client(origin, datagram, &ids);
    if (s == NULL)
        return;
    ql_origin_connection_receive(s->connection, datagram);
    touch(origin, s);
}

static bool receive_all(ql_origin *origin, GError **error)
{
    ql_udp_datagram datagrams[RECEIVE_BATCH];
    g_autoptr(GError) failure = NULL;
    int count = ql_udp_receive(origin->udp, datagrams, RECEIVE_BATCH, &failure);
    /* A client's ICMP error concerns that client, whose connection will notice; it is not ours. */
    if (count < 0 && g_error_matches(failure, QL_UDP_ERROR, QL_UDP_ERROR_FAILED)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    for (int i = 0; i < count; i++)
        route(origin, &datagrams[i]);
    return true;
}

static void expire_due(ql_origin *origin)
{
    uint64_t now = ql_origin_now();
    for (GSequenceIter *at = g_sequence_get_begin_iter(origin->slots); !g_sequence_iter_is_end(at);
         at = g_sequence_iter_next(at)) {
        slot *s = g_sequence_get(at);
        if (s->expiry > now)
            break;
        ql_origin_connection_expire(s->connection);
        touch(origin, s);
    }
}

/* Sends for all that were touched. Those for which the socket was full stay. */
static void send_touched(ql_origin *origin)
{
    guint left = 0;
    for (guint i = 0; i < origin->touched->len; i++) {
        slot *s = g_ptr_array_index(origin->touched, i);
        ql_origin_connection_send(s->connection);
        if (ql_origin_connection_is_gone(s->connection)) {
            g_sequence_remove(s->place);
            continue;
        }
        s->expiry = ql_origin_connection_expiry(s->connection);
        g_sequence_sort_changed(s->place, compare_expiry, NULL);
        s->touched = ql_origin_connection_is_blocked(s->connection);
        if (s->touched)
            origin->touched->pdata[left++] = s;
    }
    g_ptr_array_set_size(origin->touched, (gint)left);
}

/* To the nanosecond, as pacing counts in fractions of a millisecond. NULL: for ever. */
static struct timespec *time_to_wait(const ql_origin *origin, struct timespec *wait)
{
    GSequenceIter *first = g_sequence_get_begin_iter(origin->slots);
    if (g_sequence_iter_is_end(first))
        return NULL;
    const slot *s = g_sequence_get(first);
    uint64_t now = ql_origin_now();
    uint64_t left = s->expiry > now ? MIN(s->expiry - now, 60 * NGTCP2_SECONDS) : 0;
    wait->tv_sec = (time_t)(left / NGTCP2_SECONDS);
    wait->tv_nsec = (long)(left % NGTCP2_SECONDS);
    return wait;
}

static void say_goodbye(ql_origin *origin)
{
    for (GSequenceIter *at = g_sequence_get_begin_iter(origin->slots); !g_sequence_iter_is_end(at);
         at = g_sequence_iter_next(at)) {
        slot *s = g_sequence_get(at);
        ql_origin_connection_close(s->connection);
    }
}

bool ql_origin_run(ql_origin *origin, int stop_fd, GError **error)
{
    for (;;) {
        struct pollfd fds[] = {
            { .fd = ql_udp_fd(origin->udp), .events = POLLIN },
            { .fd = stop_fd, .events = POLLIN },
        };
        if (origin->touched->len > 0)
            fds[0].events |= POLLOUT;
        struct timespec wait;
        if (ppoll(fds, G_N_ELEMENTS(fds), time_to_wait(origin, &wait), NULL) < 0 &&
            errno != EINTR) {
            g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                        "waiting for clients: %s", g_strerror(errno));
            return false;
        }
        if (fds[1].revents != 0)
            break;
        if (fds[0].revents != 0 && !receive_all(origin, error))
            return false;
        expire_due(origin);
        send_touched(origin);
    }
    say_goodbye(origin);
    return true;
}
