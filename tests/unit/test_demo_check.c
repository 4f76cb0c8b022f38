/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_check.h"

#include "facts_sample.h"

#include <string.h>

/* What the client of the sample would say. */
static ql_demo_record *faithful_record(void)
{
    static const char trace[] =
        "* connecting to localhost:443 (127.0.0.1:443) from 127.0.0.1:50000\n"
        "* our connection ID is 0xeeeeeeee; the server's, until it chooses one, 0xaaaaaaaa\n"
        "* the server's connection ID is 0xbbbbbbbb\n"
        "* using the server's connection ID 0xcccccccc (sequence 1)\n"
        "* moved to 127.0.0.1:50001: the path was validated in 10.1 ms\n";
    ql_demo_record *record = ql_demo_record_new();
    ql_demo_record_add_trace(record, trace);
    ql_recorded_request *get = g_new0(ql_recorded_request, 1);
    *get = (ql_recorded_request){ .stream = 0,
                                  .method = g_strdup("GET"),
                                  .path = g_strdup("/a"),
                                  .status = 200,
                                  .received = 1048576,
                                  .received_sha256 = g_strdup("abcd") };
    ql_recorded_request *post = g_new0(ql_recorded_request, 1);
    *post = (ql_recorded_request){ .stream = 4,
                                   .method = g_strdup("POST"),
                                   .path = g_strdup("/echo"),
                                   .status = 200,
                                   .sent = 5,
                                   .sent_sha256 = g_strdup("1234"),
                                   .received = 1,
                                   .received_sha256 = g_strdup("ef01") };
    g_ptr_array_add(record->requests, get);
    g_ptr_array_add(record->requests, post);
    return record;
}

/* The differences, one a line. */
static char *check(const ql_demo_record *record, const char *lines)
{
    g_autoptr(ql_facts) facts = ql_facts_parse(lines, strlen(lines), NULL);
    g_assert_nonnull(facts);
    g_autoptr(GPtrArray) differences = ql_demo_check(record, facts);
    g_ptr_array_add(differences, NULL);
    return g_strjoinv("\n", (char **)differences->pdata);
}

static void assert_differences(const char *lines, const char *expected)
{
    ql_demo_record *record = faithful_record();
    g_autofree char *found = check(record, lines);
    g_assert_cmpstr(found, ==, expected);
    ql_demo_record_free(record);
}

/* The sample's lines with one text for another. */
static char *with(const char *old, const char *fresh)
{
    g_auto(GStrv) parts = g_strsplit(FACTS_SESSION, old, -1);
    g_assert_cmpuint(g_strv_length(parts), >, 1);
    return g_strjoinv(fresh, parts);
}

static void assert_difference_for(const char *old, const char *fresh, const char *expected)
{
    g_autofree char *lines = with(old, fresh);
    assert_differences(lines, expected);
}

static void test_what_is_the_same_has_no_difference(void)
{
    assert_differences(FACTS_SESSION, "");
}

static void test_each_property_of_a_request_is_compared(void)
{
    assert_difference_for("\"GET\"", "\"PUT\"",
                          "stream 0, method: the client says GET, the plugin says PUT");
    assert_difference_for("\"/echo\"", "null",
                          "stream 4, path: the client says /echo, the plugin says there is none");
    assert_difference_for("\"path\":\"/a\",\"status\":200", "\"path\":\"/a\",\"status\":404",
                          "stream 0, status: the client says 200, the plugin says 404");
    assert_difference_for("1048576", "1048575",
                          "stream 0, size of the response's content: the client says 1048576, the "
                          "plugin says 1048575");
    assert_difference_for("\"abcd\"", "\"abce\"",
                          "stream 0, digest of the response's content: the client says abcd, the "
                          "plugin says abce");
    assert_difference_for("\"1234\"", "\"4321\"",
                          "stream 4, digest of the request's content: the client says 1234, the "
                          "plugin says 4321");
    assert_difference_for("\"duration\":1.5,\"complete\":true", "\"complete\":false",
                          "stream 0: the plugin did not see all of it");
}

static void test_requests_too_many_or_too_few_are_told(void)
{
    assert_differences(FACTS_CONNECTION FACTS_PATHS FACTS_CIDS FACTS_GET,
                       "requests: the client says 2, the plugin says 1\n"
                       "stream 4: the client asked POST /echo, the plugin saw nothing");
    assert_differences(FACTS_SESSION FACTS_POST, "requests: the client says 2, the plugin says 3");
}

static void test_connection_ids_are_compared_both_ways(void)
{
    assert_difference_for(
        "cccccccc", "cccccccd",
        "connection ID cccccccc: the client used it, the plugin did not see that\n"
        "connection ID cccccccd: the plugin says that the client used it, it did not");
    assert_difference_for(
        "eeeeeeee", "eeeeeeef",
        "connection ID eeeeeeee: the client issued it, the plugin did not see that\n"
        "connection ID eeeeeeef: the plugin says that the client issued it, it did not");
}

static void test_a_record_without_connection_ids_is_no_proof(void)
{
    ql_demo_record *record = faithful_record();
    g_hash_table_remove_all(record->own_cids);
    g_autofree char *found = check(record, FACTS_SESSION);
    g_assert_cmpstr(
        found, ==,
        "the client's record has no connection IDs that it issued\n"
        "connection ID eeeeeeee: the plugin says that the client issued it, it did not");
    ql_demo_record_free(record);
}

static void test_the_move_is_compared(void)
{
    assert_difference_for("\"migration\"", "\"rebinding\"",
                          "path 1: the plugin says that its cause is rebinding\n"
                          "the address that the client moved to: the client says 127.0.0.1:50001, "
                          "the plugin says there is none");
    assert_difference_for("\"validation_time\":0.0101,\"validated\":true",
                          "\"validation_time\":null,\"validated\":false",
                          "the new path: the plugin did not see that it was validated");
}

static void test_a_move_after_all_answers_is_told(void)
{
    assert_difference_for("\"end_frame\":60", "\"end_frame\":31",
                          "the move: all answers had come before it");
}

static void test_the_end_is_compared(void)
{
    assert_difference_for("\"sender\":\"client\"", "\"sender\":\"server\"",
                          "who closes the connection: the client says client, the plugin says "
                          "server");
    assert_difference_for("\"error\":256", "\"error\":257",
                          "error code at the end: the client says 256, the plugin says 257");
}

static void test_a_capture_that_says_nothing_differs_in_everything(void)
{
    ql_demo_record *record = faithful_record();
    g_autofree char *found = check(record, "");
    g_auto(GStrv) lines = g_strsplit(found, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 10);
    ql_demo_record_free(record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/demo-check/same", test_what_is_the_same_has_no_difference);
    g_test_add_func("/demo-check/request", test_each_property_of_a_request_is_compared);
    g_test_add_func("/demo-check/count", test_requests_too_many_or_too_few_are_told);
    g_test_add_func("/demo-check/cids", test_connection_ids_are_compared_both_ways);
    g_test_add_func("/demo-check/no-cids", test_a_record_without_connection_ids_is_no_proof);
    g_test_add_func("/demo-check/move", test_the_move_is_compared);
    g_test_add_func("/demo-check/late-move", test_a_move_after_all_answers_is_told);
    g_test_add_func("/demo-check/end", test_the_end_is_compared);
    g_test_add_func("/demo-check/nothing", test_a_capture_that_says_nothing_differs_in_everything);
    return g_test_run();
}
