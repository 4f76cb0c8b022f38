/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static ql_address ipv4(const char *text, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET, text, &address.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static ql_address ipv6(const char *text, uint16_t port, uint32_t scope)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6,
                                    .sin6_port = htons(port),
                                    .sin6_scope_id = scope };
    g_assert_cmpint(inet_pton(AF_INET6, text, &address.sin6_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static void assert_text(ql_address address, const char *expected)
{
    g_autofree char *text = ql_address_to_string(&address);
    g_assert_cmpstr(text, ==, expected);
}

static void test_addresses_are_written_with_their_port(void)
{
    assert_text(ipv4("192.0.2.1", 443), "192.0.2.1:443");
    assert_text(ipv6("2001:db8::1", 4433, 0), "[2001:db8::1]:4433");
    assert_text(ipv6("fe80::1", 1, 7), "[fe80::1%7]:1");
    assert_text((ql_address){ .length = 0 }, "no address");
}

static void test_host_port_and_scope_make_addresses_equal(void)
{
    ql_address a = ipv4("192.0.2.1", 443), b = ipv4("192.0.2.1", 443), c = ipv4("192.0.2.1", 444),
               d = ipv4("192.0.2.2", 443);
    g_assert_true(ql_address_equal(&a, &b));
    g_assert_false(ql_address_equal(&a, &c));
    g_assert_false(ql_address_equal(&a, &d));
    ql_address e = ipv6("fe80::1", 1, 7), f = ipv6("fe80::1", 1, 8), g = ipv6("fe80::1", 1, 7);
    g_assert_false(ql_address_equal(&e, &f));
    g_assert_true(ql_address_equal(&e, &g));
    g_assert_false(ql_address_equal(&a, &e));
}

static void test_flow_labels_make_no_difference(void)
{
    ql_address a = ipv6("2001:db8::1", 1, 0), b = a;
    ((struct sockaddr_in6 *)&b.storage)->sin6_flowinfo = htonl(5);
    g_assert_true(ql_address_equal(&a, &b));
}

static void test_the_port_can_be_read_and_set(void)
{
    ql_address a = ipv4("192.0.2.1", 443), b = ipv6("::1", 1, 0), none = { .length = 0 };
    ql_address_set_port(&a, 8443);
    ql_address_set_port(&b, 8444);
    ql_address_set_port(&none, 1);
    g_assert_cmpuint(ql_address_port(&a), ==, 8443);
    g_assert_cmpuint(ql_address_port(&b), ==, 8444);
    g_assert_cmpuint(ql_address_port(&none), ==, 0);
}

static void test_all_of_127_and_one_of_ipv6_are_loopback(void)
{
    ql_address yes[] = { ipv4("127.0.0.1", 1), ipv4("127.9.9.9", 1), ipv6("::1", 1, 0) };
    ql_address no[] = { ipv4("128.0.0.1", 1), ipv6("::2", 1, 0), { .length = 0 } };
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
        g_assert_true(ql_address_is_loopback(&yes[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
        g_assert_false(ql_address_is_loopback(&no[i]));
}

static void test_zero_is_any_address(void)
{
    ql_address yes[] = { ipv4("0.0.0.0", 1), ipv6("::", 1, 0) };
    ql_address no[] = { ipv4("127.0.0.1", 1), ipv6("::1", 1, 0), { .length = 0 } };
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
        g_assert_true(ql_address_is_any(&yes[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
        g_assert_false(ql_address_is_any(&no[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address/text", test_addresses_are_written_with_their_port);
    g_test_add_func("/address/equal", test_host_port_and_scope_make_addresses_equal);
    g_test_add_func("/address/flow", test_flow_labels_make_no_difference);
    g_test_add_func("/address/port", test_the_port_can_be_read_and_set);
    g_test_add_func("/address/loopback", test_all_of_127_and_one_of_ipv6_are_loopback);
    g_test_add_func("/address/any", test_zero_is_any_address);
    return g_test_run();
}
