/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_cids.h"

#include <glib.h>

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
    int a;
    ql_origin_cids *cids = ql_origin_cids_new();
    ql_origin_cids_add(cids, &four, &a);
    ql_origin_cids_remove(cids, &three);
    g_assert_nonnull(ql_origin_cids_find(cids, four.data, 4));
    ql_origin_cids_remove(cids, &four);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-cids/find", test_ids_are_found_by_value_and_length);
    g_test_add_func("/origin-cids/remove", test_removed_ids_belong_to_nobody);
    g_test_add_func("/origin-cids/overlong", test_an_overlong_id_belongs_to_nobody);
    return g_test_run();
}
