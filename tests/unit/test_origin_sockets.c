/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_sockets.h"

#include "assert_bytes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static ql_address v4(const char *host)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    g_assert_cmpint(inet_pton(AF_INET, host, &address.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

/* What came to the client: from where, with g_free's result. */
static char *received_from(ql_udp *client)
{
    ql_udp_datagram datagram;
    struct pollfd fd = { .fd = ql_udp_fd(client), .events = POLLIN };
    g_assert_cmpint(poll(&fd, 1, 5000), ==, 1);
    g_assert_cmpint(ql_udp_receive(client, &datagram, 1, NULL), ==, 1);
    assert_bytes(datagram.data, datagram.length, "hello", 5);
    return ql_address_to_string(&datagram.remote);
}

static void assert_sent_from(ql_origin_sockets *sockets, const ql_address *from)
{
    const ql_address any = v4("127.0.0.1");
    ql_udp *client = ql_udp_listen(&any, NULL);
    const ql_udp_batch batch = {
        .from = from, .to = ql_udp_local(client), .data = (const uint8_t *)"hello", .length = 5
    };
    g_assert_cmpuint(ql_origin_sockets_send(sockets, &batch), ==, 5);
    g_autofree char *expected = ql_address_to_string(from);
    g_autofree char *got = received_from(client);
    g_assert_cmpstr(got, ==, expected);
    ql_udp_free(client);
}

static void test_a_packet_leaves_by_the_socket_of_its_address(void)
{
    const ql_address one = v4("127.0.0.1"), two = v4("127.0.0.2");
    ql_origin_sockets *sockets = ql_origin_sockets_new(NULL, true);
    g_assert_true(ql_origin_sockets_listen(sockets, &one, NULL));
    g_assert_true(ql_origin_sockets_listen(sockets, &two, NULL));
    g_assert_true(ql_origin_sockets_listen(sockets, &one, NULL));
    g_assert_cmpuint(ql_origin_sockets_count(sockets), ==, 3);
    for (size_t i = 0; i < 3; i++)
        assert_sent_from(sockets, ql_origin_sockets_local(sockets, i));
    ql_origin_sockets_free(sockets);
}

static void test_a_wildcard_socket_sends_from_any_address(void)
{
    const ql_address any = v4("0.0.0.0");
    ql_address from = v4("127.0.0.3");
    ql_origin_sockets *sockets = ql_origin_sockets_new(NULL, true);
    g_assert_true(ql_origin_sockets_listen(sockets, &any, NULL));
    ql_address_set_port(&from, ql_address_port(ql_origin_sockets_local(sockets, 0)));
    assert_sent_from(sockets, &from);
    ql_origin_sockets_free(sockets);
}

static void test_a_packet_of_no_socket_is_lost(void)
{
    const ql_address one = v4("127.0.0.1"), strange = v4("127.0.0.9");
    ql_origin_sockets *sockets = ql_origin_sockets_new(NULL, true);
    g_assert_true(ql_origin_sockets_listen(sockets, &one, NULL));
    const ql_udp_batch batch = {
        .from = &strange, .to = &one, .data = (const uint8_t *)"hello", .length = 5
    };
    g_assert_cmpuint(ql_origin_sockets_send(sockets, &batch), ==, 5);
    ql_origin_sockets_free(sockets);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-sockets/address", test_a_packet_leaves_by_the_socket_of_its_address);
    g_test_add_func("/origin-sockets/wildcard", test_a_wildcard_socket_sends_from_any_address);
    g_test_add_func("/origin-sockets/none", test_a_packet_of_no_socket_is_lost);
    return g_test_run();
}
