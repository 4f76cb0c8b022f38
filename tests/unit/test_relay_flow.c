/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_flow.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

static ql_address address_of(const char *text, uint16_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET, text, &v4.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&v4, sizeof v4);
}

static void test_a_rebinding_takes_another_port_and_keeps_the_old_one_open(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    g_autoptr(GError) error = NULL;
    ql_address client = address_of("127.0.0.1", 4711), local = address_of("127.0.0.1", 9);
    ql_address other = address_of("127.0.0.2", 0);
    ql_relay_flow *flow = ql_relay_flow_new(&client, &local, epoll, &error);
    g_assert_no_error(error);
    ql_relay_binding *first = flow->now;
    g_assert_true(ql_relay_flow_rebind(flow, &local, epoll, &error));
    g_assert_true(first == flow->old[0]);
    g_assert_false(ql_address_equal(ql_udp_local(first->udp), ql_udp_local(flow->now->udp)));
    g_assert_true(ql_relay_flow_rebind(flow, &other, epoll, &error));
    g_autofree char *text = ql_address_to_string(ql_udp_local(flow->now->udp));
    g_assert_true(g_str_has_prefix(text, "127.0.0.2:"));
    for (int i = 0; i < 100; i++)
        g_assert_true(ql_relay_flow_rebind(flow, &local, epoll, &error));
    g_assert_cmpuint(flow->rebinds, ==, 102);
    ql_relay_flow_unref(flow);
    close(epoll);
}

static void test_a_rebinding_that_fails_changes_nothing(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    g_autoptr(GError) error = NULL;
    ql_address client = address_of("127.0.0.1", 4711), local = address_of("127.0.0.1", 0);
    ql_address stranger = address_of("192.0.2.1", 0); /* RFC 5737: nobody's */
    ql_relay_flow *flow = ql_relay_flow_new(&client, &local, epoll, &error);
    ql_relay_binding *first = flow->now;
    g_assert_false(ql_relay_flow_rebind(flow, &stranger, epoll, &error));
    g_assert_error(error, QL_UDP_ERROR, QL_UDP_ERROR_FAILED);
    g_assert_true(flow->now == first);
    g_assert_cmpuint(flow->rebinds, ==, 0);
    ql_relay_flow_unref(flow);
    close(epoll);
}

static void test_what_arrives_finds_its_binding(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event;
    ql_address client = address_of("127.0.0.1", 4711), local = address_of("127.0.0.1", 0);
    ql_relay_flow *flow = ql_relay_flow_new(&client, &local, epoll, NULL);
    ql_udp *sender = ql_udp_connect(ql_udp_local(flow->now->udp), NULL, NULL);
    const ql_udp_batch batch = { .data = (const uint8_t *)"x", .length = 1 };
    g_assert_cmpint(ql_udp_send(sender, &batch, NULL), ==, 1);
    g_assert_cmpint(epoll_wait(epoll, &event, 1, 5000), ==, 1);
    g_assert_true(event.data.ptr == flow->now);
    g_assert_true(flow->now->flow == flow);
    ql_udp_free(sender);
    ql_relay_flow_unref(flow);
    close(epoll);
}

static void test_clients_are_told_apart_by_address_and_port(void)
{
    ql_address a = address_of("127.0.0.1", 1), b = address_of("127.0.0.1", 2);
    ql_address c = address_of("127.0.0.2", 1), same = address_of("127.0.0.1", 1);
    g_assert_true(ql_relay_address_equal(&a, &same));
    g_assert_cmpuint(ql_relay_address_hash(&a), ==, ql_relay_address_hash(&same));
    g_assert_false(ql_relay_address_equal(&a, &b));
    g_assert_cmpuint(ql_relay_address_hash(&a), !=, ql_relay_address_hash(&b));
    g_assert_false(ql_relay_address_equal(&a, &c));
    g_assert_cmpuint(ql_relay_address_hash(&a), !=, ql_relay_address_hash(&c));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_flow/a_rebinding_takes_another_port_and_keeps_the_old_one_open",
                    test_a_rebinding_takes_another_port_and_keeps_the_old_one_open);
    g_test_add_func("/relay_flow/a_rebinding_that_fails_changes_nothing",
                    test_a_rebinding_that_fails_changes_nothing);
    g_test_add_func("/relay_flow/what_arrives_finds_its_binding",
                    test_what_arrives_finds_its_binding);
    g_test_add_func("/relay_flow/clients_are_told_apart_by_address_and_port",
                    test_clients_are_told_apart_by_address_and_port);
    return g_test_run();
}
