/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "local_end.h"
#include "udp.h"

#include <netinet/in.h>
#include <string.h>

static ql_address loopback(uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    return ql_address_from((const struct sockaddr *)&in, sizeof in);
}

static void test_a_range_gives_its_first_free_port(void)
{
    ql_local_end end = { .first_port = 0 };
    ql_address remote = loopback(9), any = loopback(0);
    ql_udp *other = ql_udp_listen(&any, NULL);
    uint16_t taken = ql_address_port(ql_udp_local(other));
    g_autofree char *range = g_strdup_printf("%u-%u", taken, MIN(taken + 50u, UINT16_MAX));
    g_assert_true(ql_local_end_parse_ports(&end, range, NULL));
    ql_udp *udp = ql_udp_connect(&remote, &end, NULL);
    g_assert_nonnull(udp);
    g_assert_cmpuint(ql_address_port(ql_udp_local(udp)), >, taken);
    g_assert_cmpuint(ql_address_port(ql_udp_local(udp)), <=, end.last_port);
    ql_udp_free(udp);

    g_autoptr(GError) error = NULL;
    end.last_port = taken;
    g_assert_null(ql_udp_connect(&remote, &end, &error));
    g_assert_error(error, QL_LOCAL_END_ERROR, 0);
    ql_udp_free(other);
}

static void test_an_address_is_sent_from(void)
{
    ql_local_end end = { .first_port = 0 };
    ql_address remote = loopback(9);
    g_assert_true(ql_local_end_parse_interface(&end, "127.0.0.7", NULL));
    ql_udp *udp = ql_udp_connect(&remote, &end, NULL);
    g_autofree char *text = ql_address_to_string(ql_udp_local(udp));
    g_assert_true(g_str_has_prefix(text, "127.0.0.7:"));
    ql_udp_free(udp);

    g_autoptr(GError) error = NULL;
    g_assert_true(ql_local_end_parse_interface(&end, "::1", NULL));
    g_assert_null(ql_udp_connect(&remote, &end, &error));
    g_assert_nonnull(strstr(error->message, "another family"));
}

static void test_what_is_none_is_refused(void)
{
    static const char *const ports[] = { "", "0", "x", "1-", "5-4", "1-65536", "1-2-3" };
    ql_local_end end = { .first_port = 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++)
        g_assert_false(ql_local_end_parse_ports(&end, ports[i], NULL));
    g_assert_false(ql_local_end_parse_interface(&end, "no-such-interface-here", NULL));
    g_assert_true(ql_local_end_parse_interface(&end, "lo", NULL));
    g_assert_cmpstr(end.interface, ==, "lo");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local-end/a range gives its first free port",
                    test_a_range_gives_its_first_free_port);
    g_test_add_func("/local-end/an address is sent from", test_an_address_is_sent_from);
    g_test_add_func("/local-end/what is none is refused", test_what_is_none_is_refused);
    return g_test_run();
}
