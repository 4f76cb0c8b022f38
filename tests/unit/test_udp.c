/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "udp.h"

#include "assert_bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

static ql_address ipv4(const char *text)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    g_assert_cmpint(inet_pton(AF_INET, text, &address.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static ql_address ipv6(const char *text)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
    g_assert_cmpint(inet_pton(AF_INET6, text, &address.sin6_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static ql_udp *listen_on(ql_address address)
{
    g_autoptr(GError) error = NULL;
    ql_udp *udp = ql_udp_listen(&address, &error);
    g_assert_no_error(error);
    return udp;
}

static ql_udp *connect_to(const ql_address *address)
{
    g_autoptr(GError) error = NULL;
    ql_udp *udp = ql_udp_connect(address, NULL, &error);
    g_assert_no_error(error);
    return udp;
}

static bool wait_for(const ql_udp *udp)
{
    struct pollfd poller = { .fd = ql_udp_fd(udp), .events = POLLIN };
    return poll(&poller, 1, 5000) == 1;
}

static void send_all(ql_udp *udp, ql_udp_batch batch)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ql_udp_send(udp, &batch, &error), ==, (gssize)batch.length);
    g_assert_no_error(error);
}

/* One datagram, which must come. */
static ql_udp_datagram receive_one(ql_udp *udp)
{
    ql_udp_datagram datagram;
    int count = ql_udp_receive(udp, &datagram, 1, NULL);
    if (count == 0) {
        g_assert_true(wait_for(udp));
        count = ql_udp_receive(udp, &datagram, 1, NULL);
    }
    g_assert_cmpint(count, ==, 1);
    return datagram;
}

static void check_both_ways(ql_address wildcard, ql_address target)
{
    ql_udp *server = listen_on(wildcard);
    ql_address_set_port(&target, ql_address_port(ql_udp_local(server)));
    ql_udp *client = connect_to(&target);
    uint64_t before = ql_udp_now();
    send_all(client, (ql_udp_batch){ .ecn = 2, .data = (const uint8_t *)"ping", .length = 4 });
    ql_udp_datagram got = receive_one(server);
    assert_bytes(got.data, got.length, "ping", 4);
    g_assert_cmpuint(got.ecn, ==, 2);
    g_assert_cmpuint(got.ttl, ==, ql_udp_ttl(client));
    g_assert_cmpuint(got.time_ns, >=, before);
    g_assert_cmpuint(got.time_ns, <=, ql_udp_now());
    g_assert_true(ql_address_equal(&got.local, &target));
    g_assert_true(ql_address_equal(&got.remote, ql_udp_local(client)));
    send_all(server, (ql_udp_batch){ .from = &got.local,
                                     .to = &got.remote,
                                     .ecn = 1,
                                     .data = (const uint8_t *)"pong",
                                     .length = 4 });
    got = receive_one(client);
    assert_bytes(got.data, got.length, "pong", 4);
    g_assert_cmpuint(got.ecn, ==, 1);
    g_assert_true(ql_address_equal(&got.remote, &target));
    ql_udp_free(client);
    ql_udp_free(server);
}

static void test_ipv4_addresses_ecn_and_time_are_known(void)
{
    check_both_ways(ipv4("0.0.0.0"), ipv4("127.0.0.2"));
}

static void test_ipv6_addresses_ecn_and_time_are_known(void)
{
    ql_address loopback = ipv6("::1");
    ql_udp *probe = ql_udp_listen(&loopback, NULL);
    if (probe == NULL) {
        g_test_skip("there is no IPv6 here");
        return;
    }
    ql_udp_free(probe);
    check_both_ways(ipv6("::"), ipv6("::1"));
}

static void test_a_batch_arrives_as_separate_datagrams(void)
{
    uint8_t data[10 * 1200 + 100];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i / 1200);
    ql_udp *server = listen_on(ipv4("127.0.0.1"));
    ql_udp *client = connect_to(ql_udp_local(server));
    send_all(client, (ql_udp_batch){ .data = data, .length = sizeof data, .segment = 1200 });
    for (size_t i = 0; i < 11; i++) {
        ql_udp_datagram got = receive_one(server);
        assert_bytes(got.data, got.length, data + i * 1200, i < 10 ? 1200 : 100);
    }
    ql_udp_free(client);
    ql_udp_free(server);
}

static void test_small_arrays_get_the_rest_later(void)
{
    uint8_t data[5 * 1000];
    ql_udp_datagram datagrams[2];
    size_t found = 0;
    memset(data, 7, sizeof data);
    ql_udp *server = listen_on(ipv4("127.0.0.1"));
    ql_udp *client = connect_to(ql_udp_local(server));
    send_all(client, (ql_udp_batch){ .data = data, .length = sizeof data, .segment = 1000 });
    g_assert_true(wait_for(server));
    for (int count = 2; count > 0; found += (size_t)count) {
        count = ql_udp_receive(server, datagrams, 2, NULL);
        g_assert_cmpint(count, >=, 0);
    }
    g_assert_cmpuint(found, ==, 5);
    ql_udp_free(client);
    ql_udp_free(server);
}

static void test_nothing_there_is_no_error(void)
{
    ql_udp_datagram datagram;
    g_autoptr(GError) error = NULL;
    ql_udp *server = listen_on(ipv4("127.0.0.1"));
    g_assert_cmpint(ql_udp_receive(server, &datagram, 1, &error), ==, 0);
    g_assert_no_error(error);
    ql_udp_free(server);
}

/* More than any socket has room for, while nobody reads. */
static void test_what_the_kernel_had_no_room_for_is_counted(void)
{
    static const uint8_t data[1400];
    enum { SENT = 20000 };
    ql_udp_datagram got[64];
    uint64_t lost = 0, come = 0;
    ql_udp *server = listen_on(ipv4("127.0.0.1"));
    ql_udp *client = connect_to(ql_udp_local(server));
    for (int i = 0; i < SENT; i++)
        send_all(client, (ql_udp_batch){ .data = data, .length = sizeof data });
    for (int count; (count = ql_udp_receive(server, got, G_N_ELEMENTS(got), NULL)) != 0;) {
        g_assert_cmpint(count, >, 0);
        for (int i = 0; i < count; i++)
            lost += got[i].lost;
        come += (uint64_t)count;
    }
    g_assert_cmpuint(lost, ==, 0); /* they were lost behind these */
    for (int i = 0; i < 2; i++) {
        send_all(client, (ql_udp_batch){ .data = data, .length = sizeof data });
        lost = receive_one(server).lost;
        g_assert_cmpuint(lost, ==, i == 0 ? SENT - come : 0);
    }
    g_assert_cmpuint(come, <, SENT);
    ql_udp_free(client);
    ql_udp_free(server);
}

static void test_a_closed_port_is_learned_of(void)
{
    ql_udp_datagram datagram;
    g_autoptr(GError) error = NULL;
    ql_udp *server = listen_on(ipv4("127.0.0.1"));
    ql_udp *client = connect_to(ql_udp_local(server));
    ql_udp_free(server);
    send_all(client, (ql_udp_batch){ .data = (const uint8_t *)"x", .length = 1 });
    g_assert_true(wait_for(client));
    g_assert_cmpint(ql_udp_receive(client, &datagram, 1, &error), ==, -1);
    g_assert_error(error, QL_UDP_ERROR, QL_UDP_ERROR_REFUSED);
    g_clear_error(&error);
    g_assert_cmpint(ql_udp_receive(client, &datagram, 1, &error), ==, 0);
    ql_udp_free(client);
}

static void test_a_port_that_is_taken_is_named(void)
{
    g_autoptr(GError) error = NULL;
    ql_udp *first = listen_on(ipv4("127.0.0.1"));
    g_assert_null(ql_udp_listen(ql_udp_local(first), &error));
    g_autofree char *address = ql_address_to_string(ql_udp_local(first));
    g_assert_nonnull(strstr(error->message, address));
    g_assert_nonnull(strstr(error->message, g_strerror(EADDRINUSE)));
    ql_udp_free(first);
}

static void test_a_datagram_larger_than_the_path_takes_is_lost_silently(void)
{
    g_autofree uint8_t *data = g_malloc0(65507);
    g_autoptr(GError) error = NULL;
    ql_udp *server = listen_on(ipv4("127.0.0.1"));
    ql_udp *client = connect_to(ql_udp_local(server));
    ql_udp_batch batch = { .data = data, .length = 65507 };
    g_assert_cmpint(ql_udp_send(client, &batch, &error), ==, 65507);
    g_assert_no_error(error);
    ql_udp_free(client);
    ql_udp_free(server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/udp/ipv4", test_ipv4_addresses_ecn_and_time_are_known);
    g_test_add_func("/udp/ipv6", test_ipv6_addresses_ecn_and_time_are_known);
    g_test_add_func("/udp/batch", test_a_batch_arrives_as_separate_datagrams);
    g_test_add_func("/udp/rest", test_small_arrays_get_the_rest_later);
    g_test_add_func("/udp/nothing", test_nothing_there_is_no_error);
    g_test_add_func("/udp/lost", test_what_the_kernel_had_no_room_for_is_counted);
    g_test_add_func("/udp/closed", test_a_closed_port_is_learned_of);
    g_test_add_func("/udp/taken", test_a_port_that_is_taken_is_named);
    g_test_add_func("/udp/too-large", test_a_datagram_larger_than_the_path_takes_is_lost_silently);
    return g_test_run();
}
