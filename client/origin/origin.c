/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin.h"

#include "clock.h"
#include "origin_alpn.h"
#include "origin_connection.h"
#include "origin_stateless.h"

#include <errno.h>
#include <poll.h>

#define RECEIVE_BATCH 64

typedef struct slot {
    ql_origin_connection *connection;
    GSequenceIter *place; /* in ql_origin.slots */
    uint64_t expiry;      /* by which it stands there */
    bool touched, is_open;
} slot;

struct ql_origin {
    ql_origin_shared shared;
    GSequence *slots;   /* slot, owned, by expiry */
    GPtrArray *touched; /* slot, borrowed: have something to send */
    unsigned open, most;
    void (*on_full)(unsigned most, void *user); /* NULL: nobody is told (any more) */
    void *user;
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

/* The address becomes that of the socket. */
static bool listen_where_preferred(ql_origin_shared *shared, ql_address *address, GError **error)
{
    if (address->length == 0)
        return true;
    if (!ql_origin_sockets_listen(shared->sockets, address, error))
        return false;
    *address =
        *ql_origin_sockets_local(shared->sockets, ql_origin_sockets_count(shared->sockets) - 1);
    return true;
}

static bool prepare(ql_origin *origin, const ql_origin_options *options, GError **error)
{
    ql_origin_shared *shared = &origin->shared;
    EVP_PKEY *key = options->tls.certificate->key;
    if (!ql_origin_secret_derive(key, "quiclens origin stateless reset", shared->reset_secret,
                                 error) ||
        !ql_origin_secret_derive(key, "quiclens origin token", shared->token_secret, error))
        return false;
    shared->tls = ql_origin_tls_context_new(&options->tls, error);
    if (shared->tls == NULL)
        return false;
    if (shared->http.misbehaviour != NULL &&
        shared->http.misbehaviour->level == QL_ORIGIN_FAULT_ALPN)
        ql_origin_alpn_misbehave(shared->tls, shared->http.misbehaviour);
    for (size_t i = 0; i < options->listen_count; i++)
        if (!ql_origin_sockets_listen(shared->sockets, &options->listen[i], error))
            return false;
    return listen_where_preferred(shared, &shared->quic.preferred_v4, error) &&
           listen_where_preferred(shared, &shared->quic.preferred_v6, error);
}

ql_origin *ql_origin_new(const ql_origin_options *options, GError **error)
{
    ql_origin *origin = g_new0(ql_origin, 1);
    ql_origin_shared *shared = &origin->shared;
    origin->slots = g_sequence_new(slot_free);
    origin->touched = g_ptr_array_new();
    origin->most =
        options->max_connections > 0 ? options->max_connections : QL_ORIGIN_MAX_CONNECTIONS;
    origin->on_full = options->on_full;
    origin->user = options->user;
    shared->sockets = ql_origin_sockets_new(options->capture, !options->quic.common.no_gso);
    shared->cids = ql_origin_cids_new();
    shared->buffer = g_malloc(QL_ORIGIN_SEND_BYTES);
    shared->qlogs = options->qlogs;
    shared->quic = options->quic;
    shared->http = options->http;
    shared->http.mirrored = &shared->mirrored;
    if (!prepare(origin, options, error))
        g_clear_pointer(&origin, ql_origin_free);
    return origin;
}

void ql_origin_free(ql_origin *origin)
{
    if (origin == NULL)
        return;
    g_sequence_free(origin->slots);
    g_ptr_array_unref(origin->touched);
    ql_origin_sockets_free(origin->shared.sockets);
    SSL_CTX_free(origin->shared.tls);
    ql_origin_cids_free(origin->shared.cids);
    g_free(origin->shared.buffer);
    OPENSSL_cleanse(origin->shared.reset_secret, sizeof origin->shared.reset_secret);
    OPENSSL_cleanse(origin->shared.token_secret, sizeof origin->shared.token_secret);
    g_free(origin);
}

const ql_address *ql_origin_address(const ql_origin *origin, size_t index)
{
    return ql_origin_sockets_local(origin->shared.sockets, index);
}

/* Sends the packet of that length in the shared buffer back to where the datagram came from. */
static void answer(ql_origin *origin, const ql_udp_datagram *datagram, size_t length)
{
    const ql_udp_batch batch = { .from = &datagram->local,
                                 .to = &datagram->remote,
                                 .data = origin->shared.buffer,
                                 .length = length };
    ql_origin_sockets_processed(origin->shared.sockets, datagram);
    if (length > 0)
        ql_origin_sockets_send(origin->shared.sockets, &batch);
}

static bool is_full(ql_origin *origin)
{
    guint ending = (guint)g_sequence_get_length(origin->slots) - origin->open;
    if (origin->open < origin->most && ending < QL_ORIGIN_MAX_ENDING)
        return false;
    if (origin->on_full != NULL)
        origin->on_full(origin->most, origin->user);
    origin->on_full = NULL;
    return true;
}

static void note_end(ql_origin *origin, slot *s)
{
    if (!s->is_open || ql_origin_connection_is_open(s->connection))
        return;
    s->is_open = false;
    origin->open--;
}

static slot *make_slot(ql_origin *origin, const ql_origin_arrival *arrival)
{
    slot *s = g_new0(slot, 1);
    s->connection = ql_origin_connection_new(&origin->shared, s, arrival, NULL);
    if (s->connection == NULL) {
        g_free(s);
        return NULL;
    }
    s->place = g_sequence_insert_sorted(origin->slots, s, compare_expiry, NULL);
    s->is_open = true;
    origin->open++;
    return s;
}

/* NULL: the client was not let in, and knows. */
static slot *accept_client(ql_origin *origin, const ql_udp_datagram *datagram)
{
    const ql_origin_shared *shared = &origin->shared;
    ngtcp2_pkt_hd initial;
    uint64_t now = ql_udp_now();
    if (ngtcp2_accept(&initial, datagram->data, datagram->length) != 0) {
        answer(origin, datagram, 0);
        return NULL;
    }
    ql_origin_arrival arrival = { .initial = &initial, .datagram = datagram };
    arrival.token = ql_origin_token_judge(shared->token_secret, &initial, &datagram->remote, now,
                                          &arrival.original);
    if (shared->quic.retry && arrival.token == QL_ORIGIN_TOKEN_NONE) {
        answer(origin, datagram,
               ql_origin_stateless_retry(shared->token_secret, &initial, &datagram->remote,
                                         MAX(ql_quic_settings_cid_length(&shared->quic.common), 1),
                                         now, shared->buffer));
        return NULL;
    }
    bool invalid = arrival.token == QL_ORIGIN_TOKEN_INVALID;
    slot *s = invalid || is_full(origin) ? NULL : make_slot(origin, &arrival);
    if (s == NULL)
        answer(origin, datagram,
               ql_origin_stateless_refusal(
                   &initial, invalid ? NGTCP2_INVALID_TOKEN : NGTCP2_CONNECTION_REFUSED,
                   shared->buffer));
    return s;
}

/* RFC 9000, 17.3. Version 0 says less: Version Negotiation has it, too. */
static bool is_short(const ql_udp_datagram *datagram)
{
    return (datagram->data[0] & 0x80) == 0;
}

static slot *find_slot(const ql_origin *origin, const ql_udp_datagram *datagram,
                       const ngtcp2_version_cid *ids)
{
    const ql_origin_shared *shared = &origin->shared;
    if (ids->dcidlen == 0)
        return ql_origin_cids_find_remote(shared->cids, &datagram->remote);
    return ql_origin_cids_find(shared->cids, ids->dcid, ids->dcidlen);
}

/* Something happened to it: it may have more to send, or be at its end. */
static void touch(ql_origin *origin, slot *s)
{
    note_end(origin, s);
    if (!s->touched)
        g_ptr_array_add(origin->touched, s);
    s->touched = true;
}

static void route(ql_origin *origin, const ql_udp_datagram *datagram)
{
    const ql_origin_shared *shared = &origin->shared;
    ngtcp2_version_cid ids;
    int status = ngtcp2_pkt_decode_version_cid(&ids, datagram->data, datagram->length,
                                               ql_quic_settings_cid_length(&shared->quic.common));
    if (status != 0) {
        answer(origin, datagram,
               status == NGTCP2_ERR_VERSION_NEGOTIATION
                   ? ql_origin_stateless_versions(&ids, shared->buffer)
                   : 0);
        return;
    }
    slot *s = find_slot(origin, datagram, &ids);
    if (s == NULL && is_short(datagram))
        answer(origin, datagram,
               ql_origin_stateless_reset(shared->reset_secret, &ids, datagram->length,
                                         shared->buffer));
    else if (s == NULL)
        s = accept_client(origin, datagram);
    if (s == NULL)
        return;
    ql_origin_connection_receive(s->connection, datagram);
    ql_origin_sockets_processed(shared->sockets, datagram);
    touch(origin, s);
}

static bool receive_all(ql_origin *origin, size_t index, GError **error)
{
    ql_udp_datagram datagrams[RECEIVE_BATCH];
    g_autoptr(GError) failure = NULL;
    int count = ql_origin_sockets_receive(origin->shared.sockets, index, datagrams, RECEIVE_BATCH,
                                          &failure);
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
    uint64_t now = ql_clock_now();
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
        note_end(origin, s);
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
    uint64_t now = ql_clock_now();
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
        ql_origin_connection_send(s->connection);
    }
}

/* False and error if waiting fails. A socket has something if its entry of fds says so; the last
 * entry is that of stop_fd. */
static bool wait_for_clients(ql_origin *origin, struct pollfd *fds, size_t count, GError **error)
{
    struct timespec wait;
    ql_origin_sockets_flush(origin->shared.sockets);
    if (origin->shared.qlogs != NULL)
        ql_qlog_book_flush(origin->shared.qlogs);
    if (ppoll(fds, count + 1, time_to_wait(origin, &wait), NULL) < 0 && errno != EINTR) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "waiting for clients: %s", g_strerror(errno));
        return false;
    }
    return true;
}

bool ql_origin_run(ql_origin *origin, int stop_fd, GError **error)
{
    size_t count = ql_origin_sockets_count(origin->shared.sockets);
    struct pollfd fds[QL_ORIGIN_MAX_SOCKETS + 1];
    for (;;) {
        ql_origin_sockets_watch(origin->shared.sockets, fds, origin->touched->len > 0);
        fds[count] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
        if (!wait_for_clients(origin, fds, count, error))
            return false;
        if (fds[count].revents != 0)
            break;
        for (size_t i = 0; i < count; i++)
            if (fds[i].revents != 0 && !receive_all(origin, i, error))
                return false;
        expire_due(origin);
        send_touched(origin);
    }
    say_goodbye(origin);
    return true;
}
