/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include <string.h>

/* What came of a request that got that status and Location. */
static void init(ql_outcome *outcome, const char *status, const char *location)
{
    const ql_connection_figures figures = { .rtt = 4 * NGTCP2_MILLISECONDS, .packets_lost = 2 };
    ql_request *request =
        ql_request_new(ql_url_new("https://a/dir/x", NULL), &(ql_request_settings){ 0 }, NULL,
                       ql_output_new_nowhere(), NULL);
    ql_request_begin(request);
    ql_request_on_sent(request, 8, NULL);
    g_assert_true(ql_request_on_field(request, ":status", 7, status, strlen(status)));
    if (location != NULL)
        g_assert_true(ql_request_on_field(request, "location", 8, location, strlen(location)));
    ql_request_on_fields_end(request, false, NULL);
    ql_request_on_data(request, (const uint8_t *)"12345", 5);
    ql_request_on_end(request);
    ql_outcome_init(outcome, request, &figures, 3);
    ql_request_free(request);
}

static void assert_value(const ql_outcome *outcome, const char *name, const char *value)
{
    g_autofree char *text = ql_outcome_value(outcome, name);
    g_assert_cmpstr(text, ==, value);
}

static void test_values_have_curl_s_names(void)
{
    ql_outcome outcome;
    init(&outcome, "200", NULL);
    assert_value(&outcome, "http_code", "200");
    assert_value(&outcome, "size_download", "5");
    assert_value(&outcome, "urlnum", "3");
    assert_value(&outcome, "method", "GET");
    assert_value(&outcome, "redirect_url", "");
    assert_value(&outcome, "num_connects", "0");
    assert_value(&outcome, "quic_rtt", "0.004000");
    assert_value(&outcome, "quic_packets_lost", "2");
    assert_value(&outcome, "quic_dcid", "");
    assert_value(&outcome, "no_such_name", NULL);
    ql_outcome_clear(&outcome);
}

static void test_where_a_redirection_would_lead(void)
{
    ql_outcome outcome;
    init(&outcome, "302", "../y");
    assert_value(&outcome, "redirect_url", "https://a/y");
    ql_outcome_clear(&outcome);
}

static void test_what_was_never_sent_has_values_too(void)
{
    ql_outcome outcome;
    ql_request *request =
        ql_request_new(ql_url_new("https://a/", NULL), &(ql_request_settings){ 0 }, NULL,
                       ql_output_new_nowhere(), NULL);
    ql_request_begin(request);
    ql_request_give_up(request, "it was broken off");
    ql_outcome_init(&outcome, request, &(ql_connection_figures){ 0 }, 0);
    assert_value(&outcome, "http_code", "000");
    assert_value(&outcome, "exitcode", "1");
    assert_value(&outcome, "errormsg", "it was broken off");
    assert_value(&outcome, "remote_ip", "");
    ql_request_free(request);
    ql_outcome_clear(&outcome);
}

static void test_all_values_are_in_the_object(void)
{
    ql_outcome outcome;
    init(&outcome, "404", NULL);
    g_autoptr(JsonNode) node = ql_outcome_to_json(&outcome);
    JsonObject *object = json_node_get_object(node);
    g_assert_cmpint(json_object_get_int_member(object, "http_code"), ==, 404);
    g_assert_cmpfloat(json_object_get_double_member(object, "quic_rtt"), ==, 0.004);
    g_assert_true(json_object_get_null_member(object, "errormsg"));
    GList *names = json_object_get_members(object);
    for (GList *at = names; at != NULL; at = at->next) {
        g_autofree char *text = ql_outcome_value(&outcome, at->data);
        g_assert_nonnull(text);
    }
    g_list_free(names);
    ql_outcome_clear(&outcome);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outcome/names", test_values_have_curl_s_names);
    g_test_add_func("/outcome/redirection", test_where_a_redirection_would_lead);
    g_test_add_func("/outcome/never-sent", test_what_was_never_sent_has_values_too);
    g_test_add_func("/outcome/object", test_all_values_are_in_the_object);
    return g_test_run();
}
