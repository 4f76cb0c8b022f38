/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/exchange.h"

#include <math.h>

#include "decoded_section.h"

static void assert_url(const char *const *pairs, const char *expected)
{
    ql_exchange *exchange = ql_exchange_new(0, 4);
    ql_exchange_set_request(exchange, decoded_section(pairs));
    g_autofree char *url = ql_exchange_url(exchange);
    g_assert_cmpstr(url, ==, expected);
    ql_exchange_free(exchange);
}

static void test_url(void)
{
    assert_url(
        FIELDS(":method", "GET", ":scheme", "https", ":authority", "host:443", ":path", "/a?b"),
        "https://host:443/a?b");
    assert_url(FIELDS(":method", "GET", ":scheme", "https", ":path", "/a", "host", "old"),
               "https://old/a");
    assert_url(FIELDS(":method", "CONNECT", ":authority", "host:443"), "CONNECT host:443");
    assert_url(FIELDS(":method", "CONNECT", ":protocol", "websocket", ":scheme", "https",
                      ":authority", "host", ":path", "/chat"),
               "https://host/chat");
    assert_url(FIELDS(":method", "OPTIONS"), "://");
    ql_exchange *exchange = ql_exchange_new(0, 4);
    g_assert_null(ql_exchange_url(exchange));
    ql_exchange_free(exchange);
}

static void test_url_in_part(void)
{
    ql_exchange *exchange = ql_exchange_new(0, 4);
    ql_section *section =
        decoded_section(FIELDS(":method", "GET", ":scheme", "https", ":path", "/a"));
    section->left_out = 1;
    ql_exchange_set_request(exchange, section);
    g_autofree char *url = ql_exchange_url(exchange);
    g_assert_cmpstr(url, ==, "https://?/a");
    ql_exchange_free(exchange);
}

static void test_times(void)
{
    ql_exchange *exchange = ql_exchange_new(0, 4);
    exchange->request.first = (ql_where){ 1, 1000000000 };
    g_assert_cmpfloat(ql_exchange_time_to_first_byte(exchange), <, 0);
    exchange->response.first = (ql_where){ 2, 1250000000 };
    exchange->response.last = (ql_where){ 3, 2000000000 };
    g_assert_cmpfloat(fabs(ql_exchange_time_to_first_byte(exchange) - 0.25), <, 1e-9);
    g_assert_cmpfloat(ql_exchange_duration(exchange), <, 0);
    exchange->response.complete = true;
    g_assert_cmpfloat(fabs(ql_exchange_duration(exchange) - 1.0), <, 1e-9);
    exchange->request.first.time_ns = 1500000000;
    g_assert_cmpfloat(ql_exchange_time_to_first_byte(exchange), <, 0);
    ql_exchange_free(exchange);
}

static void test_values(void)
{
    ql_section *section = decoded_section(FIELDS("a", "1", "b", "", "a", "2"));
    g_assert_cmpstr(ql_section_value(section, "a"), ==, "1");
    g_assert_cmpstr(ql_section_value(section, "b"), ==, "");
    g_assert_null(ql_section_value(section, "c"));
    g_assert_null(ql_section_value(NULL, "a"));
    ql_section_free(section);
    ql_section_free(decoded_section((const char *const[]){ NULL, NULL }));
    ql_section_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exchange/the URL is put together from the request's fields", test_url);
    g_test_add_func("/exchange/what is not known of a URL is a question mark", test_url_in_part);
    g_test_add_func("/exchange/times are negative where an end is not known", test_times);
    g_test_add_func("/exchange/the first field of a name gives its value", test_values);
    return g_test_run();
}
