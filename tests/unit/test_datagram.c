/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/datagram.h"

static void test_text(void)
{
    ql_endpoint v4 = { .address = { 192, 0, 2, 1 }, .port = 443, .family = 4 };
    ql_endpoint v6 = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
                       .port = 50000,
                       .family = 6 };
    ql_endpoint unknown = { .port = 1 };
    g_autofree char *v4_text = ql_endpoint_text(&v4), *v6_text = ql_endpoint_text(&v6);
    g_autofree char *unknown_text = ql_endpoint_text(&unknown);

    g_assert_cmpstr(v4_text, ==, "192.0.2.1:443");
    g_assert_cmpstr(v6_text, ==, "[2001:db8::1]:50000");
    g_assert_cmpstr(unknown_text, ==, "unknown:1");
}

static void test_equality(void)
{
    ql_endpoint a = { .address = { 127, 0, 0, 1 }, .port = 443, .family = 4 };
    ql_endpoint same = a, other_port = a, other_address = a, other_family = a;
    other_port.port = 444;
    other_address.address[3] = 2;
    other_family.family = 6;

    g_assert_true(ql_endpoint_equal(&a, &same));
    g_assert_false(ql_endpoint_equal(&a, &other_port));
    g_assert_false(ql_endpoint_equal(&a, &other_address));
    g_assert_false(ql_endpoint_equal(&a, &other_family));
}

static void test_sides(void)
{
    g_assert_cmpstr(ql_side_name(QL_CLIENT), ==, "client");
    g_assert_cmpstr(ql_side_name(ql_side_other(QL_CLIENT)), ==, "server");
    g_assert_cmpint(ql_side_other(QL_SERVER), ==, QL_CLIENT);
}

static void test_ecn(void)
{
    g_assert_cmpstr(ql_ecn_name(0), ==, "Not-ECT");
    g_assert_cmpstr(ql_ecn_name(2), ==, "ECT(0)");
    g_assert_cmpstr(ql_ecn_name(QL_ECN_CE), ==, "CE");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datagram/an endpoint is written as in a URL", test_text);
    g_test_add_func("/datagram/endpoints differ by family, address and port", test_equality);
    g_test_add_func("/datagram/each side has a name and another side", test_sides);
    g_test_add_func("/datagram/ECN has its names", test_ecn);
    return g_test_run();
}
