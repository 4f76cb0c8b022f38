/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_batch.h"

#include <glib.h>

static const uint8_t buffer[4000];

static void test_packets_of_the_current_path_follow_one_another(void)
{
    ql_path_batch batch = { 0 };
    g_assert_true(ql_path_batch_goes_on(&batch, buffer));
    ql_path_batch_note(&batch, true, buffer, 1200);
    g_assert_true(ql_path_batch_goes_on(&batch, buffer + 1200));
}

static void test_nothing_follows_a_packet_of_another_path(void)
{
    ql_path_batch batch = { 0 };
    ql_path_batch_note(&batch, false, buffer, 1200);
    g_assert_false(ql_path_batch_goes_on(&batch, buffer + 1200));
    ql_path_batch_note(&batch, true, buffer + 1200, 0); /* nothing was written */
    g_assert_false(ql_path_batch_goes_on(&batch, buffer + 1200));
}

static void test_the_next_batch_is_free_again(void)
{
    ql_path_batch batch = { 0 };
    ql_path_batch_note(&batch, false, buffer, 1200);
    g_assert_true(ql_path_batch_goes_on(&batch, buffer));
    ql_path_batch_note(&batch, true, buffer, 1200);
    g_assert_true(ql_path_batch_goes_on(&batch, buffer + 1200));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/path-batch/current", test_packets_of_the_current_path_follow_one_another);
    g_test_add_func("/path-batch/other", test_nothing_follows_a_packet_of_another_path);
    g_test_add_func("/path-batch/next", test_the_next_batch_is_free_again);
    return g_test_run();
}
