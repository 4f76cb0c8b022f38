/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "write_out.h"

#include <arpa/inet.h>
#include <string.h>

/* A request with a response of four bytes, on a connection with figures. */
typedef struct stage {
    ql_request *request;
    ql_connection_figures figures;
    ql_outcome outcome;
} stage;

static ql_address address_of(const char *text, uint16_t port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET, text, &in.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&in, sizeof in);
}

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    s->request = ql_request_new(ql_url_new("https://a/x", NULL), &(ql_request_settings){ 0 }, NULL,
                                ql_output_new_file("/dev/null"), NULL);
    ql_request_begin(s->request);
    ql_request_on_sent(s->request, 4, NULL);
    g_assert_true(ql_request_on_field(s->request, ":status", 7, "404", 3));
    g_assert_true(ql_request_on_field(s->request, "x-e", 3, "\x1b[31m", 5));
    ql_request_on_fields_end(s->request, false, NULL);
    ql_request_on_data(s->request, (const uint8_t *)"text", 4);
    ql_request_on_end(s->request);
    s->figures = (ql_connection_figures){ .local = address_of("127.0.0.1", 4321),
                                          .remote = address_of("192.0.2.1", 443),
                                          .version = 1,
                                          .rtt = 20 * NGTCP2_MILLISECONDS,
                                          .packets_sent = 12,
                                          .dcid = { .datalen = 2, .data = { 0xab, 0xcd } } };
    ql_outcome_init(&s->outcome, s->request, &s->figures, 3);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_outcome_clear(&s->outcome);
    ql_request_free(s->request);
}

static void assert_text(stage *s, const char *format, bool terminal, const char *out,
                        const char *err)
{
    g_autoptr(GString) to_out = g_string_new(NULL), to_err = g_string_new(NULL);
    ql_write_out(format, &s->outcome, ql_response_header(ql_request_get_response(s->request)),
                 terminal, to_out, to_err);
    g_assert_cmpstr(to_out->str, ==, out);
    g_assert_cmpstr(to_err->str, ==, err);
}

static void test_variables_have_values(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_text(s, "%{http_code} %{method} %{url} %{size_download} %{urlnum}\\n", false,
                "404 GET https://a/x 4 3\n", "");
    assert_text(s, "%{local_ip}:%{local_port} %{remote_ip}:%{remote_port} %{filename_effective}",
                false, "127.0.0.1:4321 192.0.2.1:443 /dev/null", "");
    assert_text(s, "%{quic_version} %{quic_rtt} %{quic_packets_sent} %{quic_dcid} %{quic_stream}",
                false, "0x00000001 0.020000 12 abcd 4", "");
}

static void test_what_is_no_variable_stays(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_text(s, "%{no_such} %% %x %{open", false, "%{no_such} % %x %{open", "");
    assert_text(s, "a\\tb\\x\\", false, "a\tb\\x\\", "");
}

static void test_streams_can_be_chosen(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_text(s, "a%{stderr}b%{stdout}c", false, "ac", "b");
    assert_text(s, "a%{onerror}b", false, "a", "");
}

static void test_no_field_reaches_a_terminal_unescaped(stage *s, gconstpointer unused)
{
    (void)unused;
    assert_text(s, "%header{X-E}", false, "\x1b[31m", "");
    assert_text(s, "%header{X-E}", true, "\\x1b[31m", "");
    assert_text(s, "%{stderr}%header{x-e}", false, "", "\\x1b[31m");
}

static void test_json_has_all_of_it(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GString) out = g_string_new(NULL), err = g_string_new(NULL);
    ql_write_out("%{json}", &s->outcome, ql_response_header(ql_request_get_response(s->request)),
                 false, out, err);
    g_autoptr(JsonNode) node = json_from_string(out->str, NULL);
    JsonObject *object = json_node_get_object(node);
    g_assert_cmpint(json_object_get_int_member(object, "http_code"), ==, 404);
    g_assert_cmpstr(json_object_get_string_member(object, "quic_dcid"), ==, "abcd");
    g_assert_true(json_object_get_null_member(object, "errormsg"));

    g_autoptr(GPtrArray) outcomes = g_ptr_array_new();
    g_ptr_array_add(outcomes, &s->outcome);
    g_ptr_array_add(outcomes, &s->outcome);
    g_autofree char *summary = ql_write_out_summary(outcomes, 1.5);
    g_autoptr(JsonNode) whole = json_from_string(summary, NULL);
    object = json_node_get_object(whole);
    g_assert_cmpint(json_object_get_int_member(object, "count"), ==, 2);
    g_assert_cmpint(json_object_get_int_member(object, "size_download"), ==, 8);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(object, "requests")), ==,
                     2);
}

static void test_very_short_times_are_json(stage *s, gconstpointer unused)
{
    (void)unused;
    for (int exponent = 4; exponent < 12; exponent++) {
        for (int digit = 1; digit < 10; digit++) {
            g_autofree char *number = g_strdup_printf("%de-%d", digit, exponent);
            s->outcome.total = g_ascii_strtod(number, NULL);
            g_autoptr(JsonNode) node = ql_outcome_to_json(&s->outcome);
            g_autofree char *text = json_to_string(node, FALSE);
            g_autoptr(JsonNode) again = json_from_string(text, NULL);
            if (again == NULL)
                g_error("%s makes no JSON: %s", number, text);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/write-out/" name, stage, NULL, set_up, function, tear_down)
    TEST("variables have values", test_variables_have_values);
    TEST("what is no variable stays", test_what_is_no_variable_stays);
    TEST("streams can be chosen", test_streams_can_be_chosen);
    TEST("no field reaches a terminal unescaped", test_no_field_reaches_a_terminal_unescaped);
    TEST("json has all of it", test_json_has_all_of_it);
    TEST("very short times are json", test_very_short_times_are_json);
    return g_test_run();
}
