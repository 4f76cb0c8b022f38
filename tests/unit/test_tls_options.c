/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_options.h"

#include <string.h>

static bool parse(ql_tls_options *options, const char *line, GError **error)
{
    const ql_option_group groups[] = { { "TLS", ql_tls_option_table, options },
                                       { NULL, NULL, NULL } };
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    *options = (ql_tls_options){ 0 };
    g_auto(GStrv) words =
        ql_options_parse(groups, (int)g_strv_length(argv), argv, "", "Gets.", error);
    return words != NULL && ql_tls_options_check(options, error);
}

static void test_what_is_not_given_stays_with_the_library(void)
{
    ql_tls_options options;
    g_assert_true(parse(&options, "get", NULL));
    ql_tls_client_options context = ql_tls_options_for_context(&options);
    ql_tls_terms terms = ql_tls_options_for_connections(&options);
    g_assert_true(context.ca_file == NULL && context.ciphers == NULL && !context.insecure);
    g_assert_true(terms.sni == NULL && terms.alpn == NULL && terms.pins == NULL);
    ql_tls_options_clear(&options);
}

static void test_what_is_given_goes_where_it_belongs(void)
{
    ql_tls_options options;
    g_autoptr(GError) error = NULL;
    g_assert_true(parse(&options,
                        "get --cacert a --capath b -k -E c --key d --sni e --alpn h3,x "
                        "--ciphers AES-128-GCM --groups P-256 --session f --early-data",
                        &error));
    g_assert_no_error(error);
    ql_tls_client_options context = ql_tls_options_for_context(&options);
    ql_tls_terms terms = ql_tls_options_for_connections(&options);
    g_assert_cmpstr(context.ca_file, ==, "a");
    g_assert_cmpstr(context.ca_path, ==, "b");
    g_assert_true(context.insecure);
    g_assert_cmpstr(context.certificate, ==, "c");
    g_assert_cmpstr(context.key, ==, "d");
    g_assert_cmpstr(context.ciphers, ==, "AES-128-GCM");
    g_assert_cmpstr(context.groups, ==, "P-256");
    g_assert_cmpstr(terms.sni, ==, "e");
    g_assert_cmpstr(terms.alpn, ==, "h3,x");
    g_assert_cmpstr(options.session, ==, "f");
    g_assert_true(options.early_data);
    ql_tls_options_clear(&options);
}

static void assert_refused(const char *line, const char *words)
{
    ql_tls_options options;
    g_autoptr(GError) error = NULL;
    g_assert_false(parse(&options, line, &error));
    g_assert_nonnull(error);
    if (strstr(error->message, words) == NULL)
        g_error("%s: \"%s\" has no \"%s\"", line, error->message, words);
    ql_tls_options_clear(&options);
}

static void test_what_makes_no_sense_is_refused(void)
{
    assert_refused("get --early-data", "--session FILE");
    assert_refused("get --key d", "--cert FILE");
    assert_refused("get --ciphers RC4", "RC4");
    assert_refused("get --groups none", "none");
    assert_refused("get --alpn a,,b", "1 to 255 bytes");
    assert_refused("get --pinnedpubkey md5//x", "sha256//");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
    g_test_add_func("/tls_options/none", test_what_is_not_given_stays_with_the_library);
    g_test_add_func("/tls_options/all", test_what_is_given_goes_where_it_belongs);
    g_test_add_func("/tls_options/refused", test_what_makes_no_sense_is_refused);
    return g_test_run();
}
