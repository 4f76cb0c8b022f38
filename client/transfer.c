/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transfer.h"

#include "connection.h"
#include "packets.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#define NEVER           UINT64_MAX
#define PROGRESS_PERIOD (200 * NGTCP2_MILLISECONDS)

/* All requests of one origin. */
typedef struct origin_job {
    char *host, *name; /* name: "host:port" */
    uint16_t port;
    GPtrArray *requests; /* ql_request, borrowed */
    GQueue waiting;      /* of them, those that are not sent */
    GArray *addresses;   /* ql_address; NULL: not looked up */
    guint next_address;
    ngtcp2_tstamp connect_deadline; /* 0: set by the next attempt */
    ql_connection *connection;      /* NULL: none now */
    bool moved;                     /* a connection has had its chance to move */
    size_t waiting_before;          /* when the connection was made */
} origin_job;

struct ql_transfer {
    ql_transfer_settings settings;
    GPtrArray *requests; /* ql_request, owned */
    GPtrArray *jobs;     /* origin_job, in the order of their first requests */
    GHashTable *by_name; /* borrowed name -> origin_job */
    GPtrArray *draining; /* of requests, those that outlived their connections */
    GHashTable *said;    /* sentences that need saying once only */
    ngtcp2_tstamp start, deadline, next_drawing;
    unsigned over, failed;
};

static void job_free(void *data)
{
    origin_job *job = data;
    ql_connection_free(job->connection);
    g_ptr_array_unref(job->requests);
    g_queue_clear(&job->waiting);
    if (job->addresses != NULL)
        g_array_unref(job->addresses);
    g_free(job->host);
    g_free(job->name);
    g_free(job);
}

ql_transfer *ql_transfer_new(const ql_transfer_settings *settings)
{
    ql_transfer *transfer = g_new0(ql_transfer, 1);
    transfer->settings = *settings;
    transfer->requests = g_ptr_array_new_with_free_func((GDestroyNotify)ql_request_free);
    transfer->jobs = g_ptr_array_new_with_free_func(job_free);
    transfer->draining = g_ptr_array_new();
    transfer->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    transfer->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return transfer;
}

void ql_transfer_free(ql_transfer *transfer)
{
    if (transfer == NULL)
        return;
    g_hash_table_unref(transfer->by_name);
    g_hash_table_unref(transfer->said);
    g_ptr_array_unref(transfer->jobs);
    g_ptr_array_unref(transfer->draining);
    g_ptr_array_unref(transfer->requests);
    g_free(transfer);
}

static void say(ql_transfer *transfer, const char *sentence)
{
    ql_progress_erase(transfer->settings.progress);
    transfer->settings.report(sentence, transfer->settings.report_user);
}

/* What concerns an output or a connection concerns many requests, and is said once. */
static void say_once(ql_transfer *transfer, const char *sentence)
{
    if (g_hash_table_add(transfer->said, g_strdup(sentence)))
        say(transfer, sentence);
}

static void on_over(ql_request *request, void *user)
{
    ql_transfer *transfer = user;
    const char *failure = ql_request_failure(request);
    transfer->over++;
    if (failure == NULL)
        return;
    transfer->failed++;
    if (ql_request_failed_locally(request)) {
        say_once(transfer, failure);
    } else if (!g_hash_table_contains(transfer->said, failure)) {
        g_autofree char *sentence =
            g_strdup_printf("%s: %s", ql_request_url(request)->text, failure);
        say(transfer, sentence);
    }
}

static origin_job *job_for(ql_transfer *transfer, const ql_url *url)
{
    g_autofree char *name = ql_url_origin(url);
    origin_job *job = g_hash_table_lookup(transfer->by_name, name);
    if (job != NULL)
        return job;
    job = g_new0(origin_job, 1);
    job->host = g_strdup(url->host);
    job->name = g_steal_pointer(&name);
    job->port = url->port;
    job->requests = g_ptr_array_new();
    g_queue_init(&job->waiting);
    g_ptr_array_add(transfer->jobs, job);
    g_hash_table_insert(transfer->by_name, job->name, job);
    return job;
}

void ql_transfer_add(ql_transfer *transfer, ql_request *request)
{
    origin_job *job = job_for(transfer, ql_request_url(request));
    g_ptr_array_add(transfer->requests, request);
    g_ptr_array_add(job->requests, request);
    g_queue_push_tail(&job->waiting, request);
    ql_request_set_observer(request, on_over, transfer);
}

static void fail_waiting(ql_transfer *transfer, origin_job *job, const char *sentence)
{
    say_once(transfer, sentence);
    while (!g_queue_is_empty(&job->waiting))
        ql_request_fail(g_queue_pop_head(&job->waiting), sentence);
}

static void look_up(ql_transfer *transfer, origin_job *job)
{
    g_autoptr(GError) error = NULL;
    job->addresses = ql_resolver_lookup(transfer->settings.resolver, job->host, job->port, &error);
    if (job->addresses == NULL)
        fail_waiting(transfer, job, error->message);
}

/* Each address gets its share of what is left of the time for connecting. */
static void connect_next(ql_transfer *transfer, origin_job *job)
{
    g_autoptr(GError) error = NULL;
    ngtcp2_tstamp now = ql_packets_now();
    if (job->connect_deadline == 0)
        job->connect_deadline = now + transfer->settings.connect_timeout;
    ngtcp2_duration left = job->connect_deadline > now ? job->connect_deadline - now : 1;
    const ql_connection_settings settings = {
        .tls = transfer->settings.tls,
        .host = job->host,
        .origin = job->name,
        .remote = g_array_index(job->addresses, ql_address, job->next_address),
        .capture = transfer->settings.capture,
        .trace = transfer->settings.trace,
        .move = job->moved ? (ql_move_trigger){ 0 } : transfer->settings.move,
        .handshake_timeout = left / (job->addresses->len - job->next_address),
        .idle_timeout = transfer->settings.idle_timeout,
        .waiting = &job->waiting,
    };
    job->next_address++;
    job->waiting_before = job->waiting.length;
    job->connection = ql_connection_new(&settings, &error);
    if (job->connection == NULL && job->next_address == job->addresses->len)
        fail_waiting(transfer, job, error->message);
}

/* A connection is over. What is still waiting goes to the next address, or to a new connection to
 * the same one if this one was of use. */
static void after_connection(ql_transfer *transfer, origin_job *job)
{
    ql_connection *connection = job->connection;
    const char *failure = ql_connection_failure(connection);
    const char *refusal = ql_connection_move_refusal(connection);
    bool useful = job->waiting.length < job->waiting_before;
    if (ql_connection_was_open(connection)) {
        job->moved = true;
        if (refusal != NULL)
            say_once(transfer, refusal);
    }
    if (failure == NULL && useful) {
        job->next_address--;
        job->connect_deadline = 0;
    } else if (failure == NULL) {
        if (!g_queue_is_empty(&job->waiting))
            fail_waiting(transfer, job, "the server takes no requests: it goes away (GOAWAY)");
    } else if (!ql_connection_failed_by_address(connection) ||
               job->next_address == job->addresses->len) {
        fail_waiting(transfer, job, failure);
        ql_connection_fail_requests(connection, failure);
    }
    ql_connection_free(connection);
    job->connection = NULL;
    for (guint i = 0; i < job->requests->len; i++)
        if (ql_request_get_state(g_ptr_array_index(job->requests, i)) == QL_REQUEST_ENDED)
            g_ptr_array_add(transfer->draining, g_ptr_array_index(job->requests, i));
}

static void step_job(ql_transfer *transfer, origin_job *job)
{
    if (job->connection == NULL && g_queue_is_empty(&job->waiting))
        return;
    if (job->connection == NULL)
        connect_next(transfer, job);
    while (job->connection != NULL && ql_connection_step(job->connection) != QL_CONNECTION_OPEN) {
        after_connection(transfer, job);
        if (!g_queue_is_empty(&job->waiting))
            connect_next(transfer, job);
    }
}

/* Responses that came whole, but whose outputs are slower than the connection was. */
static void flush_draining(ql_transfer *transfer, GArray *pollfds)
{
    for (guint i = 0; i < transfer->draining->len; i++) {
        ql_request *request = g_ptr_array_index(transfer->draining, i);
        ql_request_flush(request);
        struct pollfd output = { .fd = ql_request_output_fd(request), .events = POLLOUT };
        if (output.fd >= 0)
            g_array_append_val(pollfds, output);
    }
}

static void draw(ql_transfer *transfer, ngtcp2_tstamp now)
{
    ql_progress_figures figures = { .requests = transfer->requests->len,
                                    .over = transfer->over,
                                    .failed = transfer->failed,
                                    .seconds = (double)(now - transfer->start) / 1e9 };
    if (transfer->settings.progress == NULL || now < transfer->next_drawing)
        return;
    for (guint i = 0; i < transfer->requests->len; i++) {
        const ql_request *request = g_ptr_array_index(transfer->requests, i);
        int64_t expected = ql_request_expected(request);
        figures.received += ql_request_received(request);
        figures.sent += ql_request_uploaded(request);
        if (figures.expected >= 0)
            figures.expected = expected < 0 ? -1 : figures.expected + expected;
    }
    ql_progress_draw(transfer->settings.progress, &figures);
    transfer->next_drawing = now + PROGRESS_PERIOD;
}

/* Returns whether the transfer is to be broken off. */
static bool wait_for_something(ql_transfer *transfer, GArray *pollfds, ngtcp2_tstamp expiry)
{
    struct pollfd stop = { .fd = transfer->settings.stop_fd, .events = POLLIN };
    g_array_append_val(pollfds, stop);
    if (transfer->settings.progress != NULL)
        expiry = MIN(expiry, transfer->next_drawing);
    ngtcp2_tstamp now = ql_packets_now();
    ngtcp2_duration left = expiry > now ? expiry - now : 0;
    struct timespec timeout = { .tv_sec = (time_t)(left / NGTCP2_SECONDS),
                                .tv_nsec = (long)(left % NGTCP2_SECONDS) };
    if (left > 0 && transfer->settings.capture != NULL)
        ql_self_capture_flush(transfer->settings.capture);
    struct pollfd *list = (struct pollfd *)(void *)pollfds->data;
    int ready = ppoll(list, pollfds->len, expiry == NEVER ? NULL : &timeout, NULL);
    return ready > 0 && list[pollfds->len - 1].revents != 0;
}

static void break_off(ql_transfer *transfer, const char *sentence)
{
    say_once(transfer, sentence);
    for (guint i = 0; i < transfer->jobs->len; i++) {
        origin_job *job = g_ptr_array_index(transfer->jobs, i);
        if (job->connection != NULL)
            ql_connection_close(job->connection);
        g_queue_clear(&job->waiting);
    }
    for (guint i = 0; i < transfer->requests->len; i++)
        ql_request_fail(g_ptr_array_index(transfer->requests, i), sentence);
}

/* One round of the loop. Returns when the next is due at the latest. */
static ngtcp2_tstamp step(ql_transfer *transfer, GArray *pollfds)
{
    ngtcp2_tstamp expiry = transfer->deadline;
    for (guint i = 0; i < transfer->jobs->len; i++) {
        origin_job *job = g_ptr_array_index(transfer->jobs, i);
        step_job(transfer, job);
        if (job->connection == NULL) {
            expiry = g_queue_is_empty(&job->waiting) ? expiry : 0;
            continue;
        }
        ql_connection_add_pollfds(job->connection, pollfds);
        expiry = MIN(expiry, ql_connection_expiry(job->connection));
    }
    return expiry;
}

static bool is_connected(const ql_transfer *transfer)
{
    for (guint i = 0; i < transfer->jobs->len; i++) {
        const origin_job *job = g_ptr_array_index(transfer->jobs, i);
        if (job->connection != NULL)
            return true;
    }
    return false;
}

void ql_transfer_look_up(ql_transfer *transfer)
{
    for (guint i = 0; i < transfer->jobs->len; i++) {
        origin_job *job = g_ptr_array_index(transfer->jobs, i);
        if (job->addresses == NULL && !g_queue_is_empty(&job->waiting))
            look_up(transfer, job);
    }
}

static bool is_under_way(const ql_transfer *transfer)
{
    return transfer->over < transfer->requests->len || is_connected(transfer);
}

unsigned ql_transfer_run(ql_transfer *transfer)
{
    g_autoptr(GArray) pollfds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    ql_transfer_look_up(transfer);
    transfer->start = ql_packets_now();
    transfer->next_drawing = transfer->start + PROGRESS_PERIOD;
    transfer->deadline =
        transfer->settings.max_time == 0 ? NEVER : transfer->start + transfer->settings.max_time;
    while (is_under_way(transfer)) {
        g_array_set_size(pollfds, 0);
        ngtcp2_tstamp expiry = step(transfer, pollfds);
        flush_draining(transfer, pollfds);
        ngtcp2_tstamp now = ql_packets_now();
        draw(transfer, now);
        if (!is_under_way(transfer))
            break;
        if (now >= transfer->deadline)
            break_off(transfer, "the transfer was broken off: the time of --max-time is over");
        else if (wait_for_something(transfer, pollfds, expiry))
            break_off(transfer, "the transfer was broken off by a signal");
    }
    ql_progress_erase(transfer->settings.progress);
    return transfer->failed;
}
