/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lookup.h"

#include <poll.h>
#include <sys/socket.h>

static ql_resolver *resolver_new(void)
{
    return ql_resolver_new(AF_UNSPEC, NULL, NULL);
}

static void test_an_address_needs_no_name_service(void)
{
    ql_resolver *resolver = resolver_new();
    ql_lookup *lookup = ql_lookup_new(resolver, "192.0.2.1", 443);
    g_assert_true(ql_lookup_is_done(lookup));
    g_autoptr(GArray) addresses = ql_lookup_take(lookup, NULL);
    g_assert_cmpuint(addresses->len, ==, 1);
    ql_lookup_free(lookup);
    ql_resolver_free(resolver);
}

static void test_an_answer_is_told_by_its_descriptor(void)
{
    ql_resolver *resolver = resolver_new();
    g_autoptr(GError) error = NULL;
    ql_lookup *lookup = ql_lookup_new(resolver, "localhost", 443);
    struct pollfd answer = { .fd = ql_lookup_fd(lookup), .events = POLLIN };
    g_assert_cmpint(poll(&answer, 1, 30000), ==, 1);
    g_assert_true(ql_lookup_is_done(lookup));
    g_autoptr(GArray) addresses = ql_lookup_take(lookup, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(addresses->len, >, 0);
    ql_lookup_free(lookup);
    ql_resolver_free(resolver);
}

static void test_nobody_waits_for_an_answer_that_is_given_up(void)
{
    ql_resolver *resolver = resolver_new();
    for (int i = 0; i < 20; i++)
        ql_lookup_free(ql_lookup_new(resolver, "no-such-host.invalid", 443));
    ql_resolver_free(resolver);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lookup/an address needs no name service",
                    test_an_address_needs_no_name_service);
    g_test_add_func("/lookup/an answer is told by its descriptor",
                    test_an_answer_is_told_by_its_descriptor);
    g_test_add_func("/lookup/nobody waits for an answer that is given up",
                    test_nobody_waits_for_an_answer_that_is_given_up);
    return g_test_run();
}
