/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include "clock.h"
#include "connection.h"
#include "lookup.h"

#include <poll.h>
#include <string.h>

#define NEVER         UINT64_MAX
#define PARALLEL      100
#define ATTEMPT_DELAY (250 * NGTCP2_MILLISECONDS) /* RFC 8305, 5 */

struct ql_target {
    const ql_transfer_settings *settings;
    ql_target_say say;
    void *user;
    char *host, *name; /* name: "host:port" */
    uint16_t port;
    GQueue waiting;    /* ql_request, borrowed: those that are not sent */
    ql_lookup *lookup; /* NULL: none is under way */
    GArray *addresses; /* ql_address; NULL: not known */
    guint next_address;
    ngtcp2_tstamp looked_up, connect_deadline, next_attempt;
    GPtrArray *attempts;       /* ql_connection, of which the first to open becomes ... */
    ql_connection *connection; /* ... this; NULL: none now */
    bool moved;                /* a connection has had its chance to move */
    size_t given;              /* requests, since the attempts began */
    bool fresh;                /* one came for which there may be room, after the last step */
    ql_connection_figures figures;
};

static void connection_free(void *connection)
{
    ql_connection_free(connection);
}

ql_target *ql_target_new(const ql_transfer_settings *settings, const ql_url *url, ql_target_say say,
                         void *user)
{
    ql_target *target = g_new0(ql_target, 1);
    target->settings = settings;
    target->say = say;
    target->user = user;
    target->host = g_strdup(url->host);
    target->name = ql_url_origin(url);
    target->port = url->port;
    target->attempts = g_ptr_array_new_with_free_func(connection_free);
    g_queue_init(&target->waiting);
    return target;
}

void ql_target_free(ql_target *target)
{
    if (target == NULL)
        return;
    ql_lookup_free(target->lookup);
    g_ptr_array_unref(target->attempts);
    ql_connection_free(target->connection);
    g_queue_clear(&target->waiting);
    if (target->addresses != NULL)
        g_array_unref(target->addresses);
    g_free(target->host);
    g_free(target->name);
    g_free(target);
}

void ql_target_add(ql_target *target, ql_request *request)
{
    target->fresh = target->fresh || g_queue_is_empty(&target->waiting);
    g_queue_push_tail(&target->waiting, request);
    target->given++;
}

static bool has_connection(const ql_target *target)
{
    return target->connection != NULL || target->attempts->len > 0;
}

bool ql_target_is_busy(const ql_target *target)
{
    return has_connection(target) || target->lookup != NULL || target->waiting.length > 0;
}

/* Everything begins anew with the next request, the name service included. */
static void fail_waiting(ql_target *target, const char *sentence, bool for_good)
{
    GQueue failed = target->waiting;
    g_queue_init(&target->waiting);
    g_clear_pointer(&target->addresses, g_array_unref);
    target->connect_deadline = 0;
    target->say(sentence, true, target->user);
    while (!g_queue_is_empty(&failed)) {
        ql_request *request = g_queue_pop_head(&failed);
        if (for_good)
            ql_request_fail_for_good(request, sentence);
        else
            ql_request_fail(request, sentence);
    }
}

/* Families take turns, the one that the name service prefers first (RFC 8305, 4). */
static void interleave(GArray *addresses)
{
    GArray *rest = g_array_copy(addresses);
    sa_family_t wanted = g_array_index(addresses, ql_address, 0).storage.ss_family;
    for (guint i = 0; i < addresses->len; i++) {
        guint pick = 0;
        while (pick < rest->len &&
               g_array_index(rest, ql_address, pick).storage.ss_family != wanted)
            pick++;
        if (pick == rest->len)
            pick = 0;
        g_array_index(addresses, ql_address, i) = g_array_index(rest, ql_address, pick);
        g_array_remove_index(rest, pick);
        sa_family_t taken = g_array_index(addresses, ql_address, i).storage.ss_family;
        wanted = taken == AF_INET6 ? AF_INET : AF_INET6;
    }
    g_array_unref(rest);
}

/* Returns whether the addresses are known now. */
static bool look_up(ql_target *target)
{
    g_autoptr(GError) error = NULL;
    if (target->addresses != NULL)
        return true;
    if (target->lookup == NULL)
        target->lookup = ql_lookup_new(target->settings->resolver, target->host, target->port);
    if (!ql_lookup_is_done(target->lookup))
        return false;
    target->addresses = ql_lookup_take(target->lookup, &error);
    target->looked_up = ql_clock_now();
    g_clear_pointer(&target->lookup, ql_lookup_free);
    if (target->addresses == NULL) {
        fail_waiting(target, error->message, false);
        return false;
    }
    interleave(target->addresses);
    return true;
}

/* Begins another attempt. The time for connecting is that of all of them together. */
static void connect_next(ql_target *target)
{
    g_autoptr(GError) error = NULL;
    const ql_transfer_settings *from = target->settings;
    ngtcp2_tstamp now = ql_clock_now();
    if (target->connect_deadline == 0) {
        target->connect_deadline = now + from->connect_timeout;
        target->given = target->waiting.length;
    }
    const ql_connection_settings settings = {
        .tls = from->tls,
        .terms = from->terms,
        .quic = from->quic,
        .resumption = from->resumption,
        .host = target->host,
        .origin = target->name,
        .remote = g_array_index(target->addresses, ql_address, target->next_address),
        .local = from->local,
        .capture = from->capture,
        .trace = from->trace,
        .qlogs = from->qlogs,
        .scenario = from->scenario,
        .paths = target->moved ? ql_path_plan_of_later(&from->paths) : from->paths,
        .handshake_timeout = target->connect_deadline > now ? target->connect_deadline - now : 1,
        .idle_timeout = from->idle_timeout,
        .http = { .waiting = &target->waiting,
                  .requests_at_once =
                      from->requests_at_once > 0 ? from->requests_at_once : PARALLEL,
                  .datagrams = from->datagrams,
                  .begin = from->begin,
                  .reprioritize = from->reprioritize,
                  .trace = from->trace,
                  .trace_frames = from->trace_frames },
    };
    target->next_address++;
    target->next_attempt = now + ATTEMPT_DELAY;
    ql_connection *connection = ql_connection_new(&settings, &error);
    if (connection != NULL)
        g_ptr_array_add(target->attempts, connection);
    else if (target->next_address == target->addresses->len && target->attempts->len == 0)
        fail_waiting(target, error->message, true);
}

static bool has_next_address(const ql_target *target)
{
    return target->addresses != NULL && target->next_address < target->addresses->len;
}

static void note_figures(ql_target *target, const ql_connection *connection)
{
    uint64_t number = target->figures.number;
    target->figures = ql_connection_figures_of(connection);
    target->figures.looked_up = target->looked_up;
    target->figures.number = number;
}

/* The others lose; what they had sent as early data waits for this one again. Later connections go
 * to its address. */
static void win(ql_target *target, guint index)
{
    target->connection = g_ptr_array_steal_index(target->attempts, index);
    g_ptr_array_set_size(target->attempts, 0);
    target->moved = true;
    target->figures.number++;
    target->figures.remote = ql_connection_figures_of(target->connection).remote;
    g_array_set_size(target->addresses, 0);
    g_array_append_val(target->addresses, target->figures.remote);
}

/* An attempt failed before it was open. */
static void after_attempt(ql_target *target, guint index)
{
    ql_connection *attempt = g_ptr_array_steal_index(target->attempts, index);
    const char *failure = ql_connection_failure(attempt);
    bool other = ql_connection_failed_by_address(attempt);
    note_figures(target, attempt);
    target->next_attempt = 0;
    if (failure == NULL)
        failure = "the connection was closed before it was open";
    if (!other)
        g_ptr_array_set_size(target->attempts, 0);
    if (!other || (target->attempts->len == 0 && !has_next_address(target))) {
        fail_waiting(target, failure, !ql_connection_failure_may_pass(attempt));
        ql_connection_fail_requests(attempt, failure);
    }
    ql_connection_free(attempt);
}

static void step_attempts(ql_target *target)
{
    ngtcp2_tstamp now = ql_clock_now();
    if (target->connect_deadline == 0)
        target->next_address = 0;
    if (has_next_address(target) && (target->attempts->len == 0 || now >= target->next_attempt))
        connect_next(target);
    for (guint i = 0; i < target->attempts->len;) {
        ql_connection *attempt = g_ptr_array_index(target->attempts, i);
        ql_connection_state state = ql_connection_step(attempt);
        if (ql_connection_was_open(attempt)) {
            win(target, i);
            return;
        }
        if (state == QL_CONNECTION_OPEN)
            i++;
        else
            after_attempt(target, i);
    }
}

/* A connection is over. What is still waiting goes to a new connection to the same address if this
 * one was of use. */
static void after_connection(ql_target *target)
{
    ql_connection *connection = target->connection;
    const char *failure = ql_connection_failure(connection);
    g_autoptr(GPtrArray) undone = ql_connection_undone(connection);
    bool useful = target->waiting.length < target->given;
    for (guint i = 0; i < undone->len; i++)
        target->say(g_ptr_array_index(undone, i), false, target->user);
    target->connect_deadline = 0;
    if (failure == NULL && !useful && target->waiting.length > 0) {
        fail_waiting(target, "the server takes no requests: it goes away (GOAWAY)", false);
    } else if (failure != NULL) {
        fail_waiting(target, failure, false);
        ql_connection_fail_requests(connection, failure);
    }
    ql_connection_free(connection);
    target->connection = NULL;
}

static void step_connection(ql_target *target)
{
    ql_connection_state state = ql_connection_step(target->connection);
    note_figures(target, target->connection);
    if (state != QL_CONNECTION_OPEN)
        after_connection(target);
}

void ql_target_step(ql_target *target)
{
    target->fresh = false;
    if (target->connection != NULL)
        step_connection(target);
    else if (target->attempts->len > 0 || (!g_queue_is_empty(&target->waiting) && look_up(target)))
        step_attempts(target);
}

void ql_target_add_pollfds(const ql_target *target, GArray *pollfds)
{
    if (target->lookup != NULL) {
        struct pollfd answer = { .fd = ql_lookup_fd(target->lookup), .events = POLLIN };
        g_array_append_val(pollfds, answer);
    }
    if (target->connection != NULL)
        ql_connection_add_pollfds(target->connection, pollfds);
    for (guint i = 0; i < target->attempts->len; i++)
        ql_connection_add_pollfds(g_ptr_array_index(target->attempts, i), pollfds);
}

ngtcp2_tstamp ql_target_expiry(const ql_target *target)
{
    if (target->fresh)
        return 0;
    if (target->connection != NULL)
        return ql_connection_expiry(target->connection);
    if (target->lookup != NULL)
        return NEVER;
    if (target->attempts->len == 0)
        return target->waiting.length == 0 ? NEVER : 0;
    ngtcp2_tstamp expiry = has_next_address(target) ? target->next_attempt : NEVER;
    for (guint i = 0; i < target->attempts->len; i++)
        expiry = MIN(expiry, ql_connection_expiry(g_ptr_array_index(target->attempts, i)));
    return expiry;
}

void ql_target_close(ql_target *target)
{
    if (target->connection != NULL)
        ql_connection_close(target->connection);
    g_ptr_array_set_size(target->attempts, 0);
    g_clear_pointer(&target->lookup, ql_lookup_free);
    g_queue_clear(&target->waiting);
}

ql_connection_figures ql_target_figures(ql_target *target)
{
    if (target->connection != NULL) {
        note_figures(target, target->connection);
        return target->figures;
    }
    /* A response to early data comes in the round in which an attempt becomes the connection. */
    for (guint i = 0; i < target->attempts->len; i++) {
        if (!ql_connection_was_open(g_ptr_array_index(target->attempts, i)))
            continue;
        note_figures(target, g_ptr_array_index(target->attempts, i));
        ql_connection_figures figures = target->figures;
        figures.number++;
        return figures;
    }
    return target->figures;
}
