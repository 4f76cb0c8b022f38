/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_record.h"

static const char trace[] =
    "* connecting to localhost:4433 (127.0.0.1:4433) from 127.0.0.1:50000 by QUIC version 1\n"
    "* our connection ID is 0x0102; the server's, until it chooses one, 0xaabbcc\n"
    "* issued connection ID 0x0304\n"
    "> GET / HTTP/3\n"
    "< * moved to 192.0.2.1:1: \n"
    "* the server's connection ID is 0xdd\n"
    "* using the server's connection ID 0xee (sequence 1)\n"
    "* retiring the server's connection ID 0xdd (sequence 0)\n"
    "* moving to 127.0.0.1:50001: validating the new path\n"
    "* moved to 127.0.0.1:50001: the path was validated in 0.200 ms\n"
    "* handshake confirmed\n";

static ql_demo_record *read_sample(void)
{
    ql_demo_record *record = ql_demo_record_new();
    ql_demo_record_add_trace(record, trace);
    return record;
}

static void test_connection_ids_of_both_sides_are_recorded(void)
{
    ql_demo_record *record = read_sample();
    g_assert_cmpuint(g_hash_table_size(record->own_cids), ==, 2);
    g_assert_true(g_hash_table_contains(record->own_cids, "0102"));
    g_assert_true(g_hash_table_contains(record->own_cids, "0304"));
    g_assert_cmpuint(g_hash_table_size(record->server_cids), ==, 3);
    g_assert_true(g_hash_table_contains(record->server_cids, "aabbcc"));
    g_assert_true(g_hash_table_contains(record->server_cids, "dd"));
    g_assert_true(g_hash_table_contains(record->server_cids, "ee"));
    ql_demo_record_free(record);
}

static void test_the_move_is_recorded_when_it_is_done(void)
{
    ql_demo_record *record = read_sample();
    g_assert_cmpuint(record->connections, ==, 1);
    g_assert_cmpstr(record->first_address, ==, "127.0.0.1:50000");
    g_assert_cmpstr(record->last_address, ==, "127.0.0.1:50001");
    ql_demo_record_free(record);

    record = ql_demo_record_new();
    ql_demo_record_add_trace(record, "* moving to 127.0.0.1:50001: validating the new path\n");
    g_assert_null(record->last_address);
    ql_demo_record_free(record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/demo-record/cids", test_connection_ids_of_both_sides_are_recorded);
    g_test_add_func("/demo-record/move", test_the_move_is_recorded_when_it_is_done);
    return g_test_run();
}
