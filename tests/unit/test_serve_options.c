/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "serve_options.h"

#include <string.h>

static bool parse(ql_serve_options *options, const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("serve ", line, NULL);
    g_auto(GStrv) words = g_strsplit(g_strchomp(whole), " ", -1);
    return ql_serve_options_parse(options, (int)g_strv_length(words), words, error);
}

static void test_nothing_is_an_ordinary_server(void)
{
    ql_serve_options options;
    g_assert_true(parse(&options, "", NULL));
    ql_origin_quic_settings quic;
    g_assert_true(ql_serve_options_quic(&options, &quic, NULL));
    g_autoptr(GArray) addresses = ql_serve_options_addresses(&options, NULL);
    g_autofree char *address = ql_address_to_string(&g_array_index(addresses, ql_address, 0));
    g_assert_cmpstr(address, ==, "127.0.0.1:4433");
    g_assert_cmpuint(addresses->len, ==, 1);
    g_assert_null(options.folder);
    g_assert_false(quic.retry || ql_quic_settings_cid_length(&quic.common) == 0);
    g_assert_cmpuint(quic.common.version, ==, 0);
    ql_serve_options_clear(&options);
}

static void test_several_addresses_and_a_folder(void)
{
    ql_serve_options options;
    g_assert_true(parse(&options, "-l 127.0.0.1:1 --listen [::1]:2 --quic-version v2 www", NULL));
    g_autoptr(GArray) addresses = ql_serve_options_addresses(&options, NULL);
    g_assert_cmpuint(addresses->len, ==, 2);
    g_autofree char *second = ql_address_to_string(&g_array_index(addresses, ql_address, 1));
    g_assert_cmpstr(second, ==, "[::1]:2");
    g_assert_cmpstr(options.folder, ==, "www");
    ql_origin_quic_settings quic;
    g_assert_true(ql_serve_options_quic(&options, &quic, NULL));
    g_assert_cmphex(quic.common.version, ==, NGTCP2_PROTO_VER_V2);
    ql_serve_options_clear(&options);
}

static void test_one_address_a_family_can_be_preferred(void)
{
    static const char line[] = "--preferred-address 127.0.0.1:1 --preferred-address [::1]:2 "
                               "--key-update-after 200k --retire-after 3M";
    g_autoptr(GError) error = NULL;
    ql_serve_options options;
    ql_origin_quic_settings quic;
    g_assert_true(parse(&options, line, NULL));
    g_assert_true(ql_serve_options_quic(&options, &quic, NULL));
    g_assert_cmpuint(ql_address_port(&quic.preferred_v4), ==, 1);
    g_assert_cmpuint(ql_address_port(&quic.preferred_v6), ==, 2);
    g_assert_cmpuint(quic.common.key_update.bytes, ==, 200000);
    g_assert_cmpuint(quic.retire.bytes, ==, 3000000);
    ql_serve_options_clear(&options);
    g_assert_true(
        parse(&options, "--preferred-address 1.2.3.4:1 --preferred-address 1.2.3.5:1", NULL));
    g_assert_false(ql_serve_options_quic(&options, &quic, &error));
    g_assert_nonnull(strstr(error->message, "of that family"));
    ql_serve_options_clear(&options);
}

static void test_what_a_client_can_choose_a_server_can_too(void)
{
    static const char line[] = "--zero-length-cid --max-streams 3 --cc reno --no-pmtud --ecn off "
                               "--initial-packet-number 9";
    ql_serve_options options;
    ql_origin_quic_settings quic;
    g_assert_true(parse(&options, line, NULL));
    g_assert_true(ql_serve_options_quic(&options, &quic, NULL));
    g_assert_cmpuint(ql_quic_settings_cid_length(&quic.common), ==, 0);
    g_assert_cmpuint(quic.common.max_streams, ==, 3);
    g_assert_cmpint(quic.common.congestion, ==, QL_CONGESTION_RENO);
    g_assert_true(quic.common.no_pmtud && quic.common.no_ecn);
    g_assert_cmpuint(quic.common.initial_packet_number, ==, 9);
    ql_serve_options_clear(&options);
}

static void test_bad_usage_is_explained(void)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        { "a b", "one DIR" },
        { "--cert x", "belong together" },
        { "--key x", "belong together" },
        { "--quic-version v3", "v1 or v2" },
        { "--cid-length 3", "4 to 20" },
        { "--cid-length 21", "0 to 20" },
        { "--zero-length-cid --cid-length 8", "exclude" },
        { "--zero-length-cid --retry", "--retry" },
        { "--cid-length 0 --retry", "--retry" },
        { "--cc vegas", "reno, cubic or bbr" },
        { "--max-connections 4294967296", "--max-connections" },
        { "--max-connections 0", "1 to 2147483647" },
        { "--goaway-after 0", "--goaway-after" },
        { "--zero-length-cid --retire-after 1", "--retire-after" },
        { "--max-data x", "--max-data" },
        { "--retire-after 0", "--retire-after" },
        { "--key-update-after 3m", "--key-update-after" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        ql_serve_options options;
        g_assert_false(parse(&options, cases[i].line, &error));
        g_assert_nonnull(strstr(error->message, cases[i].why));
        ql_serve_options_clear(&options);
    }
}

static void test_addresses_need_a_port(void)
{
    static const char *const bad[] = { "127.0.0.1", ":1", "127.0.0.1:x", "127.0.0.1:65536" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ql_serve_options options;
        g_autofree char *line = g_strconcat("--listen ", bad[i], NULL);
        g_assert_true(parse(&options, line, NULL));
        g_assert_null(ql_serve_options_addresses(&options, &error));
        g_assert_nonnull(strstr(error->message, bad[i]));
        ql_serve_options_clear(&options);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/serve-options/usual", test_nothing_is_an_ordinary_server);
    g_test_add_func("/serve-options/several", test_several_addresses_and_a_folder);
    g_test_add_func("/serve-options/preferred", test_one_address_a_family_can_be_preferred);
    g_test_add_func("/serve-options/common", test_what_a_client_can_choose_a_server_can_too);
    g_test_add_func("/serve-options/usage", test_bad_usage_is_explained);
    g_test_add_func("/serve-options/addresses", test_addresses_need_a_port);
    return g_test_run();
}
