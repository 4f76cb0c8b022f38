/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remarks.h"

#include <netinet/in.h>

static ql_address at_port(uint16_t port)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static void assert_taken(ql_remarks *remarks, uint16_t port, const char *expected)
{
    const ql_address local = at_port(port);
    g_autofree char *taken = ql_remarks_take(remarks, &local);
    g_assert_cmpstr(taken, ==, expected);
}

static void test_each_is_taken_once_where_it_belongs(void)
{
    const ql_address second = at_port(2);
    ql_remarks *remarks = ql_remarks_new();
    ql_remarks_add(remarks, &second, "moved to %d", 2);
    ql_remarks_add(remarks, NULL, "anywhere");
    ql_remarks_add(remarks, &second, "and more");
    assert_taken(remarks, 1, "anywhere");
    assert_taken(remarks, 1, NULL);
    assert_taken(remarks, 2, "moved to 2; and more");
    assert_taken(remarks, 2, NULL);
    ql_remarks_add(remarks, &second, "never sent");
    ql_remarks_free(remarks);
}

static void test_none_take_nothing(void)
{
    ql_remarks_add(NULL, NULL, "x");
    assert_taken(NULL, 1, NULL);
    ql_remarks_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/remarks/each is taken once, where it belongs",
                    test_each_is_taken_once_where_it_belongs);
    g_test_add_func("/remarks/without remarks there is nothing to take", test_none_take_nothing);
    return g_test_run();
}
