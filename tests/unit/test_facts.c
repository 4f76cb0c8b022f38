/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include "facts_sample.h"

#include <string.h>

static ql_facts *parse(const char *text)
{
    GError *error = NULL;
    ql_facts *facts = ql_facts_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_assert_nonnull(facts);
    return facts;
}

static void test_a_connection_is_read_with_its_close(void)
{
    g_autoptr(ql_facts) facts = parse(FACTS_CONNECTION);
    g_assert_cmpuint(facts->connections->len, ==, 1);
    const ql_fact_connection *fact = g_ptr_array_index(facts->connections, 0);
    g_assert_cmpstr(fact->version, ==, "0x00000001");
    g_assert_cmpstr(fact->alpn, ==, "h3");
    g_assert_cmpstr(fact->client, ==, "127.0.0.1:50000");
    g_assert_cmpuint(fact->last_frame, ==, 90);
    g_assert_cmpuint(fact->packets, ==, 120);
    g_assert_cmpuint(fact->close_frame, ==, 90);
    g_assert_cmpstr(fact->close_sender, ==, "client");
    g_assert_true(fact->close_by_application);
    g_assert_cmpuint(fact->close_error, ==, 256);
}

static void test_an_exchange_is_read(void)
{
    g_autoptr(ql_facts) facts = parse(FACTS_GET);
    g_assert_cmpuint(facts->exchanges->len, ==, 1);
    const ql_fact_exchange *fact = g_ptr_array_index(facts->exchanges, 0);
    g_assert_cmpstr(fact->method, ==, "GET");
    g_assert_cmpstr(fact->path, ==, "/a");
    g_assert_cmpuint(fact->status, ==, 200);
    g_assert_cmpstr(fact->content_type, ==, "text/html");
    g_assert_cmpuint(fact->response_body_size, ==, 1048576);
    g_assert_cmpstr(fact->response_body_sha256, ==, "abcd");
    g_assert_null(fact->request_body_sha256);
    g_assert_cmpuint(fact->end_frame, ==, 60);
    g_assert_cmpfloat(fact->time_to_first_byte, ==, 0.0123);
    g_assert_true(fact->complete);
}

static void test_absent_frames_are_zero(void)
{
    g_autoptr(ql_facts) facts = parse(FACTS_CIDS FACTS_PATHS);
    g_assert_cmpuint(facts->cids->len, ==, 5);
    const ql_fact_cid *first = g_ptr_array_index(facts->cids, 0);
    const ql_fact_cid *used = g_ptr_array_index(facts->cids, 2);
    g_assert_false(first->has_sequence);
    g_assert_cmpuint(first->issued_frame, ==, 0);
    g_assert_true(used->has_sequence);
    g_assert_cmpuint(used->sequence, ==, 1);
    g_assert_cmpuint(used->retired_frame, ==, 0);
    const ql_fact_path *path = g_ptr_array_index(facts->paths, 0);
    g_assert_cmpfloat(path->validation_time, <, 0);
}

static void test_a_finding_is_read(void)
{
    g_autoptr(ql_facts) facts = parse(FACTS_FINDING);
    g_assert_cmpuint(facts->findings->len, ==, 1);
    const ql_fact_finding *fact = g_ptr_array_index(facts->findings, 0);
    g_assert_true(fact->has_connection);
    g_assert_cmpstr(fact->code, ==, "secrets.missing");
    g_assert_cmpstr(fact->rfc, ==, "RFC 9001, 5.1");
}

static void test_what_is_not_known_is_passed_over(void)
{
    g_autoptr(ql_facts) facts = parse("{\"type\":\"weather\",\"wind\":3}\n\n" FACTS_FINDING);
    g_assert_cmpuint(facts->findings->len, ==, 1);
    g_autoptr(ql_facts) odd = parse("{\"type\":\"exchange\",\"stream\":\"x\",\"path\":7,"
                                    "\"status\":-5,\"response_headers\":[7,[\"a\"],[8,9]],"
                                    "\"request_frame\":99999999999}");
    const ql_fact_exchange *fact = g_ptr_array_index(odd->exchanges, 0);
    g_assert_null(fact->path);
    g_assert_cmpuint(fact->status, ==, 0);
    g_assert_cmpuint(fact->request_frame, ==, UINT32_MAX);
}

static void test_a_bad_line_is_named(void)
{
    static const char *const bad[] = { FACTS_FINDING "{\"type\":", FACTS_FINDING "[1]",
                                       FACTS_FINDING "{\"kind\":\"cid\"}" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        GError *error = NULL;
        g_assert_null(ql_facts_parse(bad[i], strlen(bad[i]), &error));
        g_assert_error(error, QL_FACTS_ERROR, 0);
        g_assert_true(g_str_has_prefix(error->message, "line 2 "));
        g_error_free(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/facts/connection", test_a_connection_is_read_with_its_close);
    g_test_add_func("/facts/exchange", test_an_exchange_is_read);
    g_test_add_func("/facts/absent", test_absent_frames_are_zero);
    g_test_add_func("/facts/finding", test_a_finding_is_read);
    g_test_add_func("/facts/unknown", test_what_is_not_known_is_passed_over);
    g_test_add_func("/facts/bad", test_a_bad_line_is_named);
    return g_test_run();
}
