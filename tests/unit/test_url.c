/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "url.h"

#include <string.h>

static void assert_url(const char *text, const char *host, uint16_t port, const char *authority,
                       const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ql_url) url = ql_url_new(text, &error);
    g_assert_no_error(error);
    g_assert_nonnull(url);
    g_assert_cmpstr(url->host, ==, host);
    g_assert_cmpuint(url->port, ==, port);
    g_assert_cmpstr(url->authority, ==, authority);
    g_assert_cmpstr(url->path, ==, path);
    g_autofree char *whole = g_strconcat("https://", authority, path, NULL);
    g_assert_cmpstr(url->text, ==, whole);
}

static void assert_refused(const char *text, const char *rule)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ql_url) url = ql_url_new(text, &error);
    g_assert_null(url);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, rule));
}

static void test_a_url_is_taken_apart(void)
{
    assert_url("https://Example.ORG/a/b?c=d&e", "example.org", 443, "example.org", "/a/b?c=d&e");
    assert_url("https://example.org:8443", "example.org", 8443, "example.org:8443", "/");
    assert_url("https://example.org:443/", "example.org", 443, "example.org", "/");
    assert_url("HTTPS://a/", "a", 443, "a", "/");
}

static void test_a_websocket_has_a_scheme_of_its_own(void)
{
    g_autoptr(ql_url) url = ql_url_new("WSS://a/b", NULL);
    g_assert_true(url->websocket);
    g_assert_cmpstr(url->text, ==, "wss://a/b");
    g_assert_cmpuint(url->port, ==, 443);
    g_autoptr(ql_url) other = ql_url_new("https://a/b", NULL);
    g_assert_false(other->websocket);
}

static void test_https_is_meant_without_a_scheme(void)
{
    assert_url("localhost:4433/x", "localhost", 4433, "localhost:4433", "/x");
    assert_url("example.org", "example.org", 443, "example.org", "/");
    assert_url("example.org/a://b", "example.org", 443, "example.org", "/a://b");
    assert_url("example.org?q", "example.org", 443, "example.org", "/?q");
}

static void test_addresses_can_be_hosts(void)
{
    assert_url("https://127.0.0.1:1/", "127.0.0.1", 1, "127.0.0.1:1", "/");
    assert_url("https://[2001:DB8::1]/x", "2001:db8::1", 443, "[2001:db8::1]", "/x");
    assert_url("[::1]:4433", "::1", 4433, "[::1]:4433", "/");
}

static void test_the_fragment_is_not_sent(void)
{
    assert_url("https://a/b?c#d", "a", 443, "a", "/b?c");
}

static void test_dot_segments_are_removed(void)
{
    assert_url("https://a/b/../c/./d", "a", 443, "a", "/c/d");
    assert_url("https://a/../../c", "a", 443, "a", "/c");
}

static void test_what_may_not_stand_in_a_url_is_encoded(void)
{
    assert_url("https://a/b c\"\xc3\xbc", "a", 443, "a", "/b%20c%22%C3%BC");
    assert_url("https://a/%41?%zz", "a", 443, "a", "/A?%25zz");
}

static void test_international_names_become_ascii(void)
{
    assert_url("https://b\xc3\xbc"
               "cher.example/",
               "xn--bcher-kva.example", 443, "xn--bcher-kva.example", "/");
}

static void test_bad_urls_are_refused_with_the_rule(void)
{
    assert_refused("http://a/", "https only");
    assert_refused("ftp://a/", "neither https nor wss");
    assert_refused("ht|p://a/", "neither https nor wss");
    assert_refused("1s://a/", "neither https nor wss");
    assert_refused("https://user:secret@a/", "user name");
    assert_refused("https://", "host");
    assert_refused("https:///x", "host");
    assert_refused("", "host");
    assert_refused("https://a:0/", "port 0");
    assert_refused("https://a:99999/", "");
    assert_refused("https://a b/", "");
    assert_refused("https://a_\x1b/", "\\x1b");
}

static void assert_file_name(const char *text, const char *expected)
{
    g_autoptr(ql_url) url = ql_url_new(text, NULL);
    g_autofree char *name = ql_url_file_name(url);
    g_assert_cmpstr(name, ==, expected);
}

static void test_the_last_segment_is_the_files_name(void)
{
    assert_file_name("https://a/b/c.txt?d=/e", "c.txt");
    assert_file_name("https://a/b/", "index.html");
    assert_file_name("https://a", "index.html");
    assert_file_name("https://a/b%20c", "b%20c");
}

static void test_a_file_name_cannot_leave_its_folder(void)
{
    assert_file_name("https://a/b/%2e%2e%2fetc", "_.%2Fetc");
    assert_file_name("https://a/..%5c..%5cx", "_.%5C..%5Cx");
    assert_file_name("https://a/.bashrc", "_bashrc");
    assert_file_name("https://a/x:y|z*", "x_y%7Cz_");
}

static void test_a_file_name_has_at_most_200_bytes(void)
{
    g_autofree char *name = g_strnfill(500, 'x');
    g_autofree char *text = g_strconcat("https://a/", name, NULL);
    g_autoptr(ql_url) url = ql_url_new(text, NULL);
    g_autofree char *cut = ql_url_file_name(url);
    g_assert_cmpuint(strlen(cut), ==, 200);
}

static void test_an_origin_always_has_its_port(void)
{
    g_autoptr(ql_url) name = ql_url_new("https://A/x", NULL);
    g_autoptr(ql_url) address = ql_url_new("https://[::1]:5/x", NULL);
    g_autofree char *first = ql_url_origin(name), *second = ql_url_origin(address);
    g_assert_cmpstr(first, ==, "a:443");
    g_assert_cmpstr(second, ==, "[::1]:5");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/url/parts", test_a_url_is_taken_apart);
    g_test_add_func("/url/websocket", test_a_websocket_has_a_scheme_of_its_own);
    g_test_add_func("/url/no-scheme", test_https_is_meant_without_a_scheme);
    g_test_add_func("/url/addresses", test_addresses_can_be_hosts);
    g_test_add_func("/url/fragment", test_the_fragment_is_not_sent);
    g_test_add_func("/url/dots", test_dot_segments_are_removed);
    g_test_add_func("/url/encoding", test_what_may_not_stand_in_a_url_is_encoded);
    g_test_add_func("/url/international", test_international_names_become_ascii);
    g_test_add_func("/url/refused", test_bad_urls_are_refused_with_the_rule);
    g_test_add_func("/url/file-name", test_the_last_segment_is_the_files_name);
    g_test_add_func("/url/file-name-safe", test_a_file_name_cannot_leave_its_folder);
    g_test_add_func("/url/file-name-long", test_a_file_name_has_at_most_200_bytes);
    g_test_add_func("/url/origin", test_an_origin_always_has_its_port);
    return g_test_run();
}
