/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_pipe.h"

#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MS 1000000u

/* A pipe of what the client sends, and the server at its end. */
typedef struct line {
    ql_relay_scenario scenario;
    ql_relay_shared shared;
    ql_relay_pipe *pipe;
    ql_relay_flow *flow;
    ql_udp *server;
    int epoll;
    uint64_t sent;
} line;

static void begin(line *l, const char *scenario)
{
    g_autoptr(GError) error = NULL;
    struct sockaddr_in loopback = { .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    ql_address any = ql_address_from((const struct sockaddr *)&loopback, sizeof loopback);
    *l = (line){ .epoll = epoll_create1(EPOLL_CLOEXEC), .server = ql_udp_listen(&any, &error) };
    g_assert_no_error(error);
    ql_relay_scenario_init(&l->scenario, 1);
    ql_relay_scenario_parse(&l->scenario, scenario, &error);
    g_assert_no_error(error);
    l->shared = (ql_relay_shared){ .scenario = &l->scenario,
                                   .log = ql_relay_log_new("/dev/null", true, &error),
                                   .listener = ql_udp_listen(&any, &error),
                                   .server = *ql_udp_local(l->server) };
    l->flow = ql_relay_flow_new(&any, &any, l->epoll, &error);
    g_assert_no_error(error);
    l->pipe = ql_relay_pipe_new(&l->shared, QL_RELAY_CLIENT);
}

static void end(line *l)
{
    g_autoptr(GError) error = NULL;
    ql_relay_pipe_free(l->pipe);
    ql_relay_flow_unref(l->flow);
    ql_udp_free(l->shared.listener);
    ql_udp_free(l->server);
    ql_relay_log_close(l->shared.log, (uint64_t[]){ l->sent, 0 }, &error);
    g_assert_no_error(error);
    close(l->epoll);
}

/* A datagram of 60 bytes, all of them content. */
static void take(line *l, uint8_t content, bool old_binding, uint64_t now)
{
    uint8_t data[60];
    memset(data, content, sizeof data);
    const ql_udp_datagram datagram = { .data = data, .length = sizeof data, .ecn = 2 };
    ql_relay_pipe_take(l->pipe, l->flow, &datagram, old_binding, now);
    l->sent++;
    g_assert_cmpuint(ql_relay_pipe_packets(l->pipe), ==, l->sent);
}

/* What reaches the server at this time: the last byte of each, 'x' if another byte differs. */
static void assert_arrives(line *l, uint64_t now, const char *expected)
{
    ql_udp_datagram got[64];
    g_autoptr(GString) seen = g_string_new(NULL);
    ql_relay_pipe_deliver(l->pipe, now);
    while (seen->len < strlen(expected)) {
        struct pollfd readable = { .fd = ql_udp_fd(l->server), .events = POLLIN };
        g_assert_cmpint(poll(&readable, 1, 5000), ==, 1);
        int count = ql_udp_receive(l->server, got, G_N_ELEMENTS(got), NULL);
        for (int i = 0; i < count; i++) {
            guint different = 0;
            for (size_t at = 0; at < got[i].length; at++)
                different += got[i].data[at] != got[i].data[59];
            g_assert_cmpuint(got[i].ecn, ==, 2);
            g_assert_cmpuint(different, <=, 1);
            g_string_append_c(seen, different == 1 ? 'x' : (char)got[i].data[59]);
        }
    }
    g_assert_cmpstr(seen->str, ==, expected);
    g_assert_cmpint(ql_udp_receive(l->server, got, 1, NULL), ==, 0);
}

static void test_listed_numbers_do_not_arrive(void)
{
    line l;
    begin(&l, "delay=5ms drop=client:2-3");
    for (uint8_t c = 'a'; c <= 'e'; c++)
        take(&l, c, false, 0);
    g_assert_cmpuint(ql_relay_pipe_due(l.pipe), ==, 5 * MS);
    assert_arrives(&l, 5 * MS - 1, "");
    assert_arrives(&l, 5 * MS, "ade");
    end(&l);
}

static void test_what_a_rule_hits_arrives_so(void)
{
    line l;
    begin(&l, "duplicate-rate=100");
    take(&l, 'a', false, 0);
    take(&l, 'b', false, 0);
    assert_arrives(&l, 0, "aabb");
    end(&l);
    begin(&l, "corrupt-rate=100 corrupt-burst=1");
    for (uint8_t c = 'a'; c <= 'd'; c++)
        take(&l, c, false, 0);
    assert_arrives(&l, 0, "xbxd");
    end(&l);
    begin(&l, "reorder-rate=100 reorder-by=7ms");
    take(&l, 'a', false, 0);
    assert_arrives(&l, 7 * MS - 1, "");
    assert_arrives(&l, 7 * MS, "a");
    end(&l);
}

static void test_a_black_hole_swallows_in_its_time(void)
{
    line l;
    begin(&l, "blackhole=10ms,5ms");
    take(&l, 'a', false, 9 * MS);
    take(&l, 'b', false, 10 * MS);
    take(&l, 'c', false, 14 * MS);
    take(&l, 'd', false, 15 * MS);
    assert_arrives(&l, 15 * MS, "ad");
    end(&l);
}

static void test_old_bindings_lead_nowhere(void)
{
    line l;
    begin(&l, "");
    take(&l, 'a', true, 0);
    take(&l, 'b', false, 0);
    assert_arrives(&l, 0, "b");
    end(&l);
}

static void test_a_full_queue_drops_the_last(void)
{
    line l;
    begin(&l, "bandwidth=88kbit queue=2"); /* 60 bytes and the headers: 8 ms */
    for (uint8_t c = 'a'; c <= 'e'; c++)
        take(&l, c, false, 0);
    assert_arrives(&l, 8 * MS, "a");
    assert_arrives(&l, 1000 * MS, "bc");
    end(&l);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_pipe/listed_numbers_do_not_arrive", test_listed_numbers_do_not_arrive);
    g_test_add_func("/relay_pipe/what_a_rule_hits_arrives_so", test_what_a_rule_hits_arrives_so);
    g_test_add_func("/relay_pipe/a_black_hole_swallows_in_its_time",
                    test_a_black_hole_swallows_in_its_time);
    g_test_add_func("/relay_pipe/old_bindings_lead_nowhere", test_old_bindings_lead_nowhere);
    g_test_add_func("/relay_pipe/a_full_queue_drops_the_last", test_a_full_queue_drops_the_last);
    return g_test_run();
}
