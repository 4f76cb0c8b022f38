/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_line.h"

#include <glib/gstdio.h>

static void test_options_mean_what_they_mean_in_curl(void)
{
    ql_get_options options;
    g_autoptr(GError) error = NULL;
    g_assert_true(get_line_parse(&options,
                                 "-isvk4 -XDELETE -H a:b -HX: --cacert ca --keys log --capture - "
                                 "--resolve a:1:::1 --connect-timeout 2 -m 0.5 https://a https://b",
                                 &error));
    g_assert_no_error(error);
    g_assert_true(options.include && options.silent && options.verbose && options.tls.insecure);
    g_assert_true(options.ipv4 && !options.ipv6 && !options.show_error && !options.fail);
    g_assert_cmpstr(options.method, ==, "DELETE");
    g_assert_cmpstr(options.headers[1], ==, "X:");
    g_assert_cmpstr(options.tls.ca_file, ==, "ca");
    g_assert_cmpstr(options.record.keys, ==, "log");
    g_assert_cmpstr(options.record.capture, ==, "-");
    g_assert_cmpstr(options.resolve[0], ==, "a:1:::1");
    g_assert_cmpfloat(options.connect_timeout, ==, 2);
    g_assert_cmpfloat(options.max_time, ==, 0.5);
    g_assert_cmpuint(options.urls->len, ==, 2);
    ql_get_options_clear(&options);
}

static void test_what_excludes_each_other_is_refused(void)
{
    get_line_assert_refused("-u a --oauth2-bearer b c", "exclude each other");
    get_line_assert_refused("--http3 --alpn hq-interop c", "--http3 and --alpn exclude");
    get_line_assert_refused("-C 5 --remove-on-error -o a b", "exclude each other");
    get_line_assert_refused("--session s --early-data --delay-requests 1s a", "exclude each other");
    get_line_assert_refused("-s", "no URL");
    get_line_assert_refused("-4 -6 a", "-4 and -6");
    get_line_assert_refused("-d x -T y a", "-d and -T");
    get_line_assert_refused("-T x -T y a", "more -T");
    get_line_assert_refused("-o x -O a", "more -o");
    get_line_assert_refused("-d @- a b", "only once");
    get_line_assert_refused("wss://a wss://b", "only once");
    get_line_assert_refused("-d @- -d @- a", "only once");
    get_line_assert_refused("-T - -T - a b", "only once");
    get_line_assert_refused("--migrate-after soon a", "--migrate-after");
    get_line_assert_refused("--quic-version v2 --available-versions v1 a", "--available-versions");
    get_line_assert_refused("--ciphers RC4 a", "RC4");
    get_line_assert_refused("--reprioritize u=1 a", "--reprioritize takes");
    get_line_assert_refused("--reprioritize -1:u=1 a", "--reprioritize takes");
    get_line_assert_refused("--reprioritize 0: a", "--reprioritize takes");
    get_line_assert_refused("--reprioritize-after 1k a", "needs --reprioritize");
    get_line_assert_refused("--alpn hq-interop --reprioritize 0:u=1 a", "HTTP/0.9");
    get_line_assert_refused("--alpn hq-interop --datagram x a", "HTTP/0.9");
}

static void test_a_config_file_has_options_and_urls(void)
{
    ql_get_options options;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "quiclens-config-test", NULL);
    g_autofree char *line = g_strdup_printf("-s -K %s https://c/", path);
    g_assert_true(g_file_set_contents(path,
                                      "# all of it\nurl = https://a/\nurl=\"https://b/\"\n"
                                      "user-agent \"a b\"\nmax-redirs: 3\n-L\n",
                                      -1, NULL));
    g_assert_true(get_line_parse(&options, line, NULL));
    g_assert_cmpuint(options.urls->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(options.urls, 1), ==, "https://b/");
    g_assert_cmpstr(options.user_agent, ==, "a b");
    g_assert_cmpint(options.max_redirects, ==, 3);
    g_assert_true(options.location && options.silent);
    ql_get_options_clear(&options);

    g_autofree char *itself = g_strdup_printf("config %s\n", path);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(path, itself, -1, NULL));
    g_assert_false(get_line_parse(&options, line, &error));
    g_assert_nonnull(strstr(error->message, "name one another"));
    ql_get_options_clear(&options);

    g_autoptr(GError) unknown = NULL;
    g_autofree char *expected = g_strdup_printf("config file %s: Unknown option --bogus; "
                                                "quiclens get --help lists the options",
                                                path);
    g_assert_true(g_file_set_contents(path, "bogus = 1\n", -1, NULL));
    g_assert_false(get_line_parse(&options, line, &unknown));
    g_assert_cmpstr(unknown->message, ==, expected);
    ql_get_options_clear(&options);
    g_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/get-options/curl", test_options_mean_what_they_mean_in_curl);
    g_test_add_func("/get-options/refused", test_what_excludes_each_other_is_refused);
    g_test_add_func("/get-options/config", test_a_config_file_has_options_and_urls);
    return g_test_run();
}
