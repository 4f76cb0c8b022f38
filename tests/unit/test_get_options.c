/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_options.h"

#include <glib/gstdio.h>
#include <string.h>

static bool parse(ql_get_options *options, const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("get ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    return ql_get_options_parse(options, (int)g_strv_length(words), words, error);
}

static void assert_refused(const char *line, const char *why)
{
    ql_get_options options;
    g_autoptr(GError) error = NULL;
    g_assert_false(parse(&options, line, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, why));
    ql_get_options_clear(&options);
}

static void test_options_mean_what_they_mean_in_curl(void)
{
    ql_get_options options;
    g_autoptr(GError) error = NULL;
    g_assert_true(parse(&options,
                        "-isvk4 -XDELETE -H a:b -HX: --cacert ca --keys log --capture - "
                        "--resolve a:1:::1 --connect-timeout 2 --max-time 0.5 https://a https://b",
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

static void test_outputs_keep_the_order_of_o_and_O(void)
{
    ql_get_options options;
    g_assert_true(parse(&options, "-o x -O -o - a b c", NULL));
    g_assert_cmpuint(options.outputs->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(options.outputs, 0), ==, "x");
    g_assert_cmpstr(g_ptr_array_index(options.outputs, 1), ==, "");
    g_assert_cmpstr(g_ptr_array_index(options.outputs, 2), ==, "-");
    ql_get_options_clear(&options);
}

static void test_data_knows_files_and_line_ends(void)
{
    ql_get_options options;
    g_assert_true(parse(&options, "-d a=b -d @file --data-binary @- a", NULL));
    const ql_get_data *data = &g_array_index(options.data, ql_get_data, 0);
    g_assert_true(strcmp(data[0].text, "a=b") == 0 && !data[0].file && data[0].strip);
    g_assert_true(strcmp(data[1].text, "file") == 0 && data[1].file && data[1].strip);
    g_assert_true(strcmp(data[2].text, "-") == 0 && data[2].file && !data[2].strip);
    ql_get_options_clear(&options);
}

static void test_data_is_encoded_but_for_its_name(void)
{
    static const char *const given[][2] = {
        { "a&b", "a%26b" },   { "=a=b", "a%3Db" },          { "n=ä/", "n=%C3%A4%2F" },
        { "n=@x", "n=%40x" }, { "@encoded", "%00%0A%20x" }, { "n@encoded", "n=%00%0A%20x" },
    };
    g_assert_true(g_file_set_contents("encoded", "\0\n x", 4, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
        ql_get_options options;
        g_autofree char *line =
            g_strdup_printf("--data-urlencode %s --url-query %s a", given[i][0], given[i][0]);
        g_assert_true(parse(&options, line, NULL));
        const ql_get_data *data = &g_array_index(options.data, ql_get_data, 0);
        g_assert_cmpstr(data->text, ==, given[i][1]);
        g_assert_false(data->file);
        g_assert_cmpstr(g_ptr_array_index(options.queries, 0), ==, given[i][1]);
        ql_get_options_clear(&options);
    }
    g_remove("encoded");
    assert_refused("--data-urlencode n@encoded a", "encoded");
}

static void test_sizes_have_units_of_1024(void)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = { { "7", 7 }, { "2k", 2048 }, { "3m", 3145728 }, { "1G", 1073741824 } };
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ql_get_options options;
        g_autofree char *line = g_strdup_printf("--max-filesize %s a", sizes[i].text);
        g_assert_true(parse(&options, line, NULL));
        g_assert_cmpuint(options.max_filesize, ==, sizes[i].bytes);
        ql_get_options_clear(&options);
    }
    assert_refused("--max-filesize 2x a", "--max-filesize takes a number of bytes");
}

static void test_what_excludes_each_other_is_refused(void)
{
    assert_refused("-u a --oauth2-bearer b c", "exclude each other");
    assert_refused("-C 5 --remove-on-error -o a b", "exclude each other");
    assert_refused("-s", "no URL");
    assert_refused("-4 -6 a", "-4 and -6");
    assert_refused("-d x -T y a", "-d and -T");
    assert_refused("-T x -T y a", "more -T");
    assert_refused("-o x -O a", "more -o");
    assert_refused("-d @- a b", "only once");
    assert_refused("wss://a wss://b", "only once");
    assert_refused("-d @- -d @- a", "only once");
    assert_refused("-T - -T - a b", "only once");
    assert_refused("--migrate-after soon a", "--migrate-after");
    assert_refused("--quic-version v2 --available-versions v1 a", "--available-versions");
    assert_refused("--ciphers RC4 a", "RC4");
    assert_refused("--reprioritize u=1 a", "--reprioritize takes");
    assert_refused("--reprioritize -1:u=1 a", "--reprioritize takes");
    assert_refused("--reprioritize 0: a", "--reprioritize takes");
    assert_refused("--reprioritize-after 1k a", "needs --reprioritize");
    assert_refused("--alpn hq-interop --reprioritize 0:u=1 a", "HTTP/0.9");
    assert_refused("--alpn hq-interop --datagram x a", "HTTP/0.9");
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
    g_assert_true(parse(&options, line, NULL));
    g_assert_cmpuint(options.urls->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(options.urls, 1), ==, "https://b/");
    g_assert_cmpstr(options.user_agent, ==, "a b");
    g_assert_cmpint(options.max_redirects, ==, 3);
    g_assert_true(options.location && options.silent);
    ql_get_options_clear(&options);

    g_autofree char *itself = g_strdup_printf("config %s\n", path);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(path, itself, -1, NULL));
    g_assert_false(parse(&options, line, &error));
    g_assert_nonnull(strstr(error->message, "name one another"));
    ql_get_options_clear(&options);

    g_autoptr(GError) unknown = NULL;
    g_autofree char *expected = g_strdup_printf("config file %s: Unknown option --bogus; "
                                                "quiclens get --help lists the options",
                                                path);
    g_assert_true(g_file_set_contents(path, "bogus = 1\n", -1, NULL));
    g_assert_false(parse(&options, line, &unknown));
    g_assert_cmpstr(unknown->message, ==, expected);
    ql_get_options_clear(&options);
    g_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/get-options/curl", test_options_mean_what_they_mean_in_curl);
    g_test_add_func("/get-options/outputs", test_outputs_keep_the_order_of_o_and_O);
    g_test_add_func("/get-options/data", test_data_knows_files_and_line_ends);
    g_test_add_func("/get-options/data is encoded but for its name",
                    test_data_is_encoded_but_for_its_name);
    g_test_add_func("/get-options/sizes have units of 1024", test_sizes_have_units_of_1024);
    g_test_add_func("/get-options/refused", test_what_excludes_each_other_is_refused);
    g_test_add_func("/get-options/config", test_a_config_file_has_options_and_urls);
    return g_test_run();
}
