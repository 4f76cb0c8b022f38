/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_loop.h"

#include "clock.h"
#include "relay_flow.h"
#include "relay_pipe.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* As many as ql_udp reads in one system call, with segmentation: it then keeps nothing back. */
#define DATAGRAMS_AT_ONCE 2048u

#define MOST_FLOWS G_STRINGIFY(QL_RELAY_FLOWS_MAX)

typedef enum trouble { TROUBLE_FULL, TROUBLE_SOCKET, TROUBLES } trouble;

struct ql_relay {
    ql_relay_shared shared;
    void (*on_trouble)(const char *sentence);
    bool told[TROUBLES];
    ql_relay_pipe *pipes[QL_RELAY_SIDES]; /* by sender */
    ql_udp *listener;
    ql_address local; /* from where the server is reached; the port does not count */
    int epoll, timer;
    uint64_t armed_ns; /* when the timer goes off */

    GHashTable *flows; /* client's address -> flow */
    GQueue by_age;     /* the same, the one silent longest at the head */
    bool begun;
    uint64_t rebinds;

    ql_udp_datagram datagrams[DATAGRAMS_AT_ONCE];
};

static bool fail(const char *what, GError **error)
{
    int cause = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(cause), "%s: %s", what,
                g_strerror(cause));
    return false;
}

static bool watch(ql_relay *relay, int fd, void *what, GError **error)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };
    return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
           fail("cannot wait for a descriptor", error);
}

/* The kernel knows which of our addresses leads to the server. */
static bool find_local(ql_relay *relay, const ql_address *server, GError **error)
{
    ql_udp *probe = ql_udp_connect(server, NULL, error);
    if (probe == NULL)
        return false;
    relay->local = *ql_udp_local(probe);
    ql_udp_free(probe);
    return true;
}

ql_relay *ql_relay_new(const ql_relay_options *options, GError **error)
{
    ql_relay *relay = g_new0(ql_relay, 1);
    relay->flows = g_hash_table_new(ql_relay_address_hash, ql_relay_address_equal);
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    relay->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    relay->armed_ns = UINT64_MAX;
    if (relay->epoll < 0 || relay->timer < 0) {
        fail("cannot wait for anything", error);
        goto failed;
    }
    relay->listener = ql_udp_listen(&options->listen, error);
    if (relay->listener == NULL || !find_local(relay, &options->server, error) ||
        !watch(relay, ql_udp_fd(relay->listener), relay->listener, error) ||
        !watch(relay, relay->timer, &relay->timer, error))
        goto failed;
    relay->shared = (ql_relay_shared){
        .scenario = options->scenario,
        .log = options->log,
        .captures = { options->captures[0], options->captures[1] },
        .listener = relay->listener,
        .server = options->server,
    };
    relay->on_trouble = options->on_trouble;
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        relay->pipes[side] = ql_relay_pipe_new(&relay->shared, (ql_relay_side)side);
    return relay;
failed:
    ql_relay_free(relay);
    return NULL;
}

static void forget(ql_relay *relay, ql_relay_flow *flow)
{
    g_hash_table_remove(relay->flows, &flow->client);
    g_queue_unlink(&relay->by_age, &flow->link);
    ql_relay_flow_close(flow);
    ql_relay_flow_unref(flow);
}

void ql_relay_free(ql_relay *relay)
{
    if (relay == NULL)
        return;
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        ql_relay_pipe_free(relay->pipes[side]);
    while (relay->by_age.head != NULL)
        forget(relay, relay->by_age.head->data);
    g_hash_table_unref(relay->flows);
    ql_udp_free(relay->listener);
    if (relay->timer >= 0)
        close(relay->timer);
    if (relay->epoll >= 0)
        close(relay->epoll);
    g_free(relay);
}

const ql_address *ql_relay_address(const ql_relay *relay)
{
    return ql_udp_local(relay->listener);
}

uint64_t ql_relay_packets(const ql_relay *relay, ql_relay_side sender)
{
    return ql_relay_pipe_packets(relay->pipes[sender]);
}

static uint64_t since_begin(const ql_relay *relay, uint64_t now)
{
    return now - relay->shared.begin_ns;
}

/* On which address a client is, after so many rebindings of all. */
static const ql_address *binding_address(const ql_relay *relay, uint64_t rebinds)
{
    const ql_relay_scenario *scenario = relay->shared.scenario;
    if (rebinds == 0 || scenario->rebind_address_count == 0)
        return &relay->local;
    return &scenario->rebind_addresses[(rebinds - 1) % scenario->rebind_address_count];
}

/* A flood of clients must not become one of words. */
static void tell_once(ql_relay *relay, trouble what, const char *sentence, uint64_t now)
{
    if (relay->told[what])
        return;
    relay->told[what] = true;
    ql_relay_log_trouble(relay->shared.log, since_begin(relay, now), sentence);
    if (relay->on_trouble != NULL)
        relay->on_trouble(sentence);
}

/* Without a socket for it, the client that was silent longest makes room. */
static ql_relay_flow *open_flow(ql_relay *relay, const ql_address *client, uint64_t now)
{
    const ql_address *local = binding_address(relay, relay->rebinds);
    g_autoptr(GError) error = NULL;
    ql_relay_flow *flow = ql_relay_flow_new(client, local, relay->epoll, &error);
    if (flow != NULL)
        return flow;
    tell_once(relay, TROUBLE_SOCKET, error->message, now);
    if (relay->by_age.head == NULL)
        return NULL;
    forget(relay, relay->by_age.head->data);
    return ql_relay_flow_new(client, local, relay->epoll, NULL);
}

static ql_relay_flow *add_flow(ql_relay *relay, const ql_address *client, uint64_t now)
{
    static const char too_many[] =
        "there are " MOST_FLOWS " clients, the most at one time: for each new one, the one that "
        "was silent longest is forgotten";
    if (g_hash_table_size(relay->flows) >= QL_RELAY_FLOWS_MAX) {
        tell_once(relay, TROUBLE_FULL, too_many, now);
        forget(relay, relay->by_age.head->data);
    }
    ql_relay_flow *flow = open_flow(relay, client, now);
    if (flow == NULL)
        return NULL;
    g_hash_table_insert(relay->flows, &flow->client, flow);
    g_queue_push_tail_link(&relay->by_age, &flow->link);
    ql_relay_log_binding(relay->shared.log, since_begin(relay, now), &flow->client, NULL,
                         ql_udp_local(flow->now->udp));
    return flow;
}

static void touch(ql_relay *relay, ql_relay_flow *flow, uint64_t now)
{
    flow->active_ns = now;
    g_queue_unlink(&relay->by_age, &flow->link);
    g_queue_push_tail_link(&relay->by_age, &flow->link);
}

static bool receive(ql_relay *relay, ql_udp *udp, int *count, GError **error)
{
    g_autoptr(GError) failure = NULL;
    *count = ql_udp_receive(udp, relay->datagrams, DATAGRAMS_AT_ONCE, &failure);
    if (*count < 0 && g_error_matches(failure, QL_UDP_ERROR, QL_UDP_ERROR_FAILED)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    return true;
}

static bool receive_from_clients(ql_relay *relay, GError **error)
{
    int count;
    if (!receive(relay, relay->listener, &count, error))
        return false;
    uint64_t now = ql_clock_now();
    if (count > 0 && !relay->begun) {
        relay->begun = true;
        relay->shared.begin_ns = now;
    }
    for (int i = 0; i < count; i++) {
        const ql_udp_datagram *datagram = &relay->datagrams[i];
        ql_relay_flow *flow = g_hash_table_lookup(relay->flows, &datagram->remote);
        if (flow == NULL)
            flow = add_flow(relay, &datagram->remote, now);
        if (flow == NULL)
            continue;
        flow->facing = datagram->local;
        touch(relay, flow, now);
        ql_relay_pipe_take(relay->pipes[QL_RELAY_CLIENT], flow, datagram, false, now);
    }
    return true;
}

static bool receive_from_server(ql_relay *relay, ql_relay_binding *binding, GError **error)
{
    int count;
    if (!receive(relay, binding->udp, &count, error))
        return false;
    uint64_t now = ql_clock_now();
    for (int i = 0; i < count; i++) {
        const ql_udp_datagram *datagram = &relay->datagrams[i];
        if (!ql_address_equal(&datagram->remote, &relay->shared.server))
            continue; /* strangers are not relayed */
        touch(relay, binding->flow, now);
        ql_relay_pipe_take(relay->pipes[QL_RELAY_SERVER], binding->flow, datagram,
                           binding != binding->flow->now, now);
    }
    return true;
}

static uint64_t next_rebind(const ql_relay *relay)
{
    uint64_t time = ql_relay_scenario_rebind_time(relay->shared.scenario, relay->rebinds);
    return !relay->begun || time == UINT64_MAX ? UINT64_MAX : relay->shared.begin_ns + time;
}

static void rebind_all(ql_relay *relay, uint64_t now)
{
    const ql_address *local = binding_address(relay, relay->rebinds);
    for (GList *at = relay->by_age.head; at != NULL; at = at->next) {
        ql_relay_flow *flow = at->data;
        g_autoptr(GError) error = NULL;
        ql_address was = *ql_udp_local(flow->now->udp);
        if (ql_relay_flow_rebind(flow, local, relay->epoll, &error))
            ql_relay_log_binding(relay->shared.log, since_begin(relay, now), &flow->client, &was,
                                 ql_udp_local(flow->now->udp));
        else
            tell_once(relay, TROUBLE_SOCKET, error->message, now);
    }
}

/* All that is due by time. */
static void keep_time(ql_relay *relay)
{
    uint64_t now = ql_clock_now();
    bool rebind = false;
    for (; next_rebind(relay) <= now; rebind = true)
        relay->rebinds++;
    if (rebind)
        rebind_all(relay, now);
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        ql_relay_pipe_deliver(relay->pipes[side], now);
    for (GList *first; (first = relay->by_age.head) != NULL;) {
        ql_relay_flow *flow = first->data;
        if (flow->active_ns + QL_RELAY_FLOW_IDLE_NS > now)
            break;
        forget(relay, flow);
    }
}

static bool arm_timer(ql_relay *relay, GError **error)
{
    uint64_t next = next_rebind(relay);
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        next = MIN(next, ql_relay_pipe_due(relay->pipes[side]));
    if (relay->by_age.head != NULL)
        next = MIN(next,
                   ((ql_relay_flow *)relay->by_age.head->data)->active_ns + QL_RELAY_FLOW_IDLE_NS);
    if (next == relay->armed_ns)
        return true;
    struct itimerspec at = { .it_value = { 0, 0 } }; /* which disarms it */
    if (next != UINT64_MAX)
        at.it_value = (struct timespec){ (time_t)(next / 1000000000u), (long)(next % 1000000000u) };
    relay->armed_ns = next;
    return timerfd_settime(relay->timer, TFD_TIMER_ABSTIME, &at, NULL) == 0 ||
           fail("cannot set the timer", error);
}

/* One event at a time: what it handles may close sockets that others would name. */
static bool handle(ql_relay *relay, void *what, GError **error)
{
    uint64_t expirations;
    if (what == relay->listener)
        return receive_from_clients(relay, error);
    if (what == &relay->timer) {
        relay->armed_ns = UINT64_MAX;
        return read(relay->timer, &expirations, sizeof expirations) > 0 || errno == EAGAIN ||
               fail("cannot read the timer", error);
    }
    return receive_from_server(relay, what, error);
}

bool ql_relay_run(ql_relay *relay, int stop_fd, GError **error)
{
    struct epoll_event event;
    if (!watch(relay, stop_fd, NULL, error))
        return false;
    for (;;) {
        ql_relay_log_flush(relay->shared.log);
        if (!arm_timer(relay, error))
            return false;
        int count = epoll_wait(relay->epoll, &event, 1, -1);
        if (count < 0 && errno != EINTR)
            return fail("waiting for datagrams", error);
        if (count == 1 && event.data.ptr == NULL)
            return true;
        if (count == 1 && !handle(relay, event.data.ptr, error))
            return false;
        keep_time(relay);
    }
}
