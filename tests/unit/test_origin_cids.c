/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_cids.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>

static const ngtcp2_cid four = { .datalen = 4, .data = { 1, 2, 3, 4 } };
static const ngtcp2_cid three = { .datalen = 3, .data = { 1, 2, 3 } };

static void test_ids_are_found_by_value_and_length(void)
{
    int a, b;
    ql_origin_cids *cids = ql_origin_cids_new();
    ql_origin_cids_add(cids, &four, &a);
    g_assert_true(ql_origin_cids_find(cids, four.data, 4) == &a);
    g_assert_null(ql_origin_cids_find(cids, four.data, 3));
    ql_origin_cids_add(cids, &three, &b);
    g_assert_true(ql_origin_cids_find(cids, four.data, 3) == &b);
    g_assert_true(ql_origin_cids_find(cids, four.data, 4) == &a);
    ql_origin_cids_free(cids);
}

static void test_removed_ids_belong_to_nobody(void)
{
    int a, b;
    ql_origin_cids *cids = ql_origin_cids_new();
    ql_origin_cids_add(cids, &four, &a);
    ql_origin_cids_remove(cids, &three, &a);
    ql_origin_cids_remove(cids, &four, &b);
    g_assert_nonnull(ql_origin_cids_find(cids, four.data, 4));
    ql_origin_cids_remove(cids, &four, &a);
    g_assert_null(ql_origin_cids_find(cids, four.data, 4));
    ql_origin_cids_free(cids);
}

static void test_an_overlong_id_belongs_to_nobody(void)
{
    static const uint8_t overlong[255];
    ql_origin_cids *cids = ql_origin_cids_new();
    g_assert_null(ql_origin_cids_find(cids, overlong, sizeof overlong));
    ql_origin_cids_free(cids);
}

static ql_address address_of(const char *host, uint16_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET, host, &v4.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&v4, sizeof v4);
}

static void test_clients_without_ids_are_found_by_host_and_port(void)
{
    int a, b;
    ql_origin_cids *cids = ql_origin_cids_new();
    const ql_address first = address_of("127.0.0.1", 1000), second = address_of("127.0.0.1", 1001);
    const ql_address third = address_of("127.0.0.2", 1000);
    ql_origin_cids_add_remote(cids, &first, &a);
    ql_origin_cids_add_remote(cids, &second, &b);
    g_assert_true(ql_origin_cids_find_remote(cids, &first) == &a);
    g_assert_true(ql_origin_cids_find_remote(cids, &second) == &b);
    g_assert_null(ql_origin_cids_find_remote(cids, &third));
    ql_origin_cids_add_remote(cids, &first, &b); /* its port came back to another client */
    ql_origin_cids_remove_remote(cids, &first, &a);
    g_assert_true(ql_origin_cids_find_remote(cids, &first) == &b);
    ql_origin_cids_remove_remote(cids, &first, &b);
    g_assert_null(ql_origin_cids_find_remote(cids, &first));
    ql_origin_cids_free(cids);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-cids/find", test_ids_are_found_by_value_and_length);
    g_test_add_func("/origin-cids/remove", test_removed_ids_belong_to_nobody);
    g_test_add_func("/origin-cids/overlong", test_an_overlong_id_belongs_to_nobody);
    g_test_add_func("/origin-cids/remotes", test_clients_without_ids_are_found_by_host_and_port);
    return g_test_run();
}
