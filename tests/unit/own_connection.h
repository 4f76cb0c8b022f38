/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection of the client, for tests of its rooms: to an origin, or to a socket that only
 * listens, so that the test sees its datagrams and says what comes back. */
#pragma once

#include "clock.h"
#include "client_fixture.h"
#include "connection.h"
#include "connection_inside.h"

#include <poll.h>

typedef struct own_connection {
    client_fixture base; /* the origin, TLS and what -v would say */
    GPtrArray *requests; /* ql_request */
    GQueue waiting;      /* of these */
    ql_connection_settings settings;
    ql_connection *connection; /* NULL: not made yet */
    int mute;                  /* the socket that only listens */
    struct sockaddr_in peer;   /* who sent what came last to it */
} own_connection;

static inline void own_connection_go_to(own_connection *f, uint16_t port)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    f->settings.remote = ql_address_from((const struct sockaddr *)&to, sizeof to);
}

static inline void own_connection_start(own_connection *f, const ql_origin_options *origin)
{
    memset(f, 0, sizeof *f);
    client_fixture_start_as(&f->base, origin);
    f->requests = g_ptr_array_new_with_free_func((GDestroyNotify)ql_request_free);
    g_queue_init(&f->waiting);
    f->mute = -1;
    f->settings = (ql_connection_settings){ .tls = f->base.tls,
                                            .host = "localhost",
                                            .origin = "localhost:1",
                                            .trace = f->base.settings.trace,
                                            .handshake_timeout = 10 * NGTCP2_SECONDS,
                                            .idle_timeout = 10 * NGTCP2_SECONDS };
    f->settings.http = (ql_http_settings){ .waiting = &f->waiting, .requests_at_once = 100 };
    own_connection_go_to(f, f->base.origin.port);
}

/* From here on the connection goes to the socket that only listens. */
static inline void own_connection_go_nowhere(own_connection *f)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof address;
    f->mute = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(f->mute, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(getsockname(f->mute, (struct sockaddr *)&address, &length), ==, 0);
    own_connection_go_to(f, ntohs(address.sin_port));
}

static inline void own_connection_open(own_connection *f)
{
    g_autoptr(GError) error = NULL;
    f->connection = ql_connection_new(&f->settings, &error);
    g_assert_no_error(error);
}

static inline void own_connection_stop(own_connection *f)
{
    ql_connection_free(f->connection);
    g_queue_clear(&f->waiting);
    g_ptr_array_unref(f->requests);
    client_fixture_stop(&f->base);
    if (f->mute >= 0)
        close(f->mute);
}

/* The next datagram that has come to the listening socket, at most size bytes of it; 0: none has.
 */
static inline size_t own_connection_heard(own_connection *f, uint8_t *data, size_t size)
{
    socklen_t length = sizeof f->peer;
    ssize_t got = recvfrom(f->mute, data, size, 0, (struct sockaddr *)&f->peer, &length);
    return got < 0 ? 0 : (size_t)got;
}

static inline unsigned own_connection_count_heard(own_connection *f)
{
    uint8_t data[2048];
    unsigned count = 0;
    while (own_connection_heard(f, data, sizeof data) > 0)
        count++;
    return count;
}

/* To whoever sent the last one. */
static inline void own_connection_answer(const own_connection *f, const void *data, size_t length)
{
    g_assert_cmpint(
        sendto(f->mute, data, length, 0, (const struct sockaddr *)&f->peer, sizeof f->peer), ==,
        (ssize_t)length);
}

/* Moves on until the condition holds, and fails if it never does. */
static inline void own_connection_run(own_connection *f, bool (*until)(const ql_connection *))
{
    ngtcp2_tstamp limit = ql_clock_now() + 30 * NGTCP2_SECONDS;
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    for (ql_connection_step(f->connection); !until(f->connection);
         ql_connection_step(f->connection)) {
        ngtcp2_tstamp now = ql_clock_now(), next = ql_connection_expiry(f->connection);
        g_assert_cmpuint(now, <, limit);
        g_array_set_size(fds, 0);
        ql_connection_add_pollfds(f->connection, fds);
        next = MIN(MAX(next, now), limit);
        poll((struct pollfd *)(void *)fds->data, fds->len,
             (int)((next - now) / NGTCP2_MILLISECONDS) + 1);
    }
}

static inline bool own_connection_is_confirmed(const ql_connection *connection)
{
    return connection->context.confirmed;
}

static inline bool own_connection_is_over(const ql_connection *connection)
{
    return connection->state != QL_CONNECTION_OPEN;
}

/* A request that never ends, so that the connection stays. */
static inline void own_connection_keep(own_connection *f)
{
    ql_body *body = ql_body_new();
    ql_body_hold(body);
    ql_request *request = ql_request_new(ql_url_new("https://localhost/echo", NULL),
                                         &(ql_request_settings){ .method = "POST" }, body,
                                         ql_output_new_nowhere(), NULL);
    g_ptr_array_add(f->requests, request);
    g_queue_push_tail(&f->waiting, request);
}

/* For g_test_add: a connection to an origin of its own, which stays, and its end. */
static inline void own_connection_set_up(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_start(f, &(ql_origin_options){ 0 });
    own_connection_keep(f);
}

static inline void own_connection_tear_down(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_stop(f);
}
