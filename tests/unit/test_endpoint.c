/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint.h"

#include "options.h"

#include <string.h>

static void test_addresses_and_names_have_a_port(void)
{
    static const struct {
        const char *text, *address;
    } cases[] = {
        { "127.0.0.1:4433", "127.0.0.1:4433" },
        { "[::1]:0", "[::1]:0" },
        { "0.0.0.0:65535", "0.0.0.0:65535" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ql_address address;
        g_assert_true(ql_endpoint_parse("--listen", cases[i].text, 0, &address, NULL));
        g_autofree char *text = ql_address_to_string(&address);
        g_assert_cmpstr(text, ==, cases[i].address);
    }
}

static void test_what_is_none_is_named_with_its_option(void)
{
    static const char *const bad[] = { "127.0.0.1", ":1",          "127.0.0.1:x", "127.0.0.1:65536",
                                       "",          "[1.2.3.4]:1", "127.0.0.1:0", "[]:1" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ql_address address = { .length = 0 };
        g_assert_false(ql_endpoint_parse("--to", bad[i], 1, &address, &error));
        g_assert_error(error, QL_OPTIONS_ERROR, 0);
        g_autofree char *start = g_strconcat("--to ", bad[i], ": ", NULL);
        g_assert_true(g_str_has_prefix(error->message, start));
        g_assert_cmpuint(address.length, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/good", test_addresses_and_names_have_a_port);
    g_test_add_func("/endpoint/bad", test_what_is_none_is_named_with_its_option);
    return g_test_run();
}
