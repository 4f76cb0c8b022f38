/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_options.h"

#include <string.h>

static bool parse(const char *line, ql_quic_settings *settings, GError **error)
{
    const ql_option_group groups[] = { { "Versions", ql_version_option_table, settings },
                                       { "Flow control", ql_flow_option_table, settings },
                                       { "Recovery", ql_recovery_option_table, settings },
                                       { "Numbers", ql_number_option_table, settings },
                                       { "First IDs", ql_first_cid_option_table, settings },
                                       { NULL, NULL, NULL } };
    g_autofree char *whole = g_strconcat("get ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    *settings = (ql_quic_settings){ 0 };
    g_auto(GStrv) rest = ql_options_parse(groups, (int)g_strv_length(words), words, "", "", error);
    return rest != NULL && ql_quic_options_check(settings, error);
}

static void assert_refused(const char *line, const char *words)
{
    ql_quic_settings settings;
    g_autoptr(GError) error = NULL;
    g_assert_false(parse(line, &settings, &error));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_each_option_sets_what_it_names(void)
{
    ql_quic_settings s;
    g_assert_true(parse("--max-data 64k --max-stream-data 1M --max-streams 5 --window 2M --cc bbr "
                        "--initial-rtt 50ms --handshake-timeout 2 --keep-alive 1.5s "
                        "--max-udp-payload 1400 --key-update-after 100k --no-pmtud --no-gso "
                        "--ecn off",
                        &s, NULL));
    g_assert_cmpuint(s.max_data, ==, 64000);
    g_assert_cmpuint(s.max_stream_data, ==, 1000000);
    g_assert_cmpuint(s.max_streams, ==, 5);
    g_assert_cmpuint(s.window, ==, 2000000);
    g_assert_cmpint(s.congestion, ==, QL_CONGESTION_BBR);
    g_assert_cmpuint(s.initial_rtt, ==, 50 * NGTCP2_MILLISECONDS);
    g_assert_cmpuint(s.handshake_timeout, ==, 2 * NGTCP2_SECONDS);
    g_assert_cmpuint(s.keep_alive, ==, 1500 * NGTCP2_MILLISECONDS);
    g_assert_cmpuint(s.max_udp_payload, ==, 1400);
    g_assert_cmpuint(s.key_update.bytes, ==, 100000);
    g_assert_true(s.no_pmtud && s.no_gso && s.no_ecn);
    g_assert_true(parse("--ecn off --ecn on", &s, NULL));
    g_assert_false(s.no_ecn);
}

static void test_sizes_of_probes_come_in_their_order(void)
{
    ql_quic_settings s;
    g_assert_true(parse("--pmtud-probes 1300,1250,1452 --ack-threshold 7", &s, NULL));
    g_assert_cmpuint(s.probe_count, ==, 3);
    g_assert_cmpuint(s.probes[0], ==, 1300);
    g_assert_cmpuint(s.probes[1], ==, 1250);
    g_assert_cmpuint(s.probes[2], ==, 1452);
    g_assert_cmpuint(s.ack_threshold, ==, 7);
    assert_refused("--pmtud-probes 1200", "1201 to 65527");
    assert_refused("--pmtud-probes 1300,65528", "1201 to 65527");
    assert_refused("--pmtud-probes 1300,", "1201 to 65527");
    assert_refused("--pmtud-probes 1201,1202,1203,1204,1205,1206,1207,1208,1209", "eight sizes");
    assert_refused("--ack-threshold 0", "1 to 1000 packets");
}

static void test_versions_come_in_their_order(void)
{
    ql_quic_settings s;
    g_assert_true(parse("--quic-version v1 --available-versions v2,v1,0x1a2a3a4a", &s, NULL));
    g_assert_cmphex(s.version, ==, NGTCP2_PROTO_VER_V1);
    g_assert_cmpuint(s.available_count, ==, 3);
    g_assert_cmphex(s.available[0], ==, NGTCP2_PROTO_VER_V2);
    g_assert_cmphex(s.available[2], ==, 0x1a2a3a4a);
    g_assert_true(parse("--quic-version 0xabcd1234 --available-versions v2", &s, NULL));
}

static void test_connection_ids_are_hexadecimal(void)
{
    ql_quic_settings settings;
    g_assert_true(
        parse("--scid 0a0B --dcid 0x0102030405060708 --initial-packet-number 77", &settings, NULL));
    g_assert_cmpuint(settings.scid.datalen, ==, 2);
    g_assert_cmphex(settings.scid.data[1], ==, 0x0b);
    g_assert_cmpuint(settings.dcid.datalen, ==, 8);
    g_assert_cmphex(settings.dcid.data[7], ==, 8);
    g_assert_cmpuint(settings.initial_packet_number, ==, 77);
    g_assert_true(parse("--cid-length 0", &settings, NULL));
    g_assert_true(settings.has_cid_length && settings.cid_length == 0);
    assert_refused("--scid 0a0b --cid-length 0", "all our IDs have one length");
}

static void test_what_is_out_of_bounds_is_refused_by_name(void)
{
    assert_refused("--max-udp-payload 1199", "--max-udp-payload: 1200 to 65527");
    assert_refused("--max-udp-payload 65528", "--max-udp-payload");
    assert_refused("--max-data 0", "--max-data");
    assert_refused("--max-streams 2G0", "--max-streams");
    assert_refused("--initial-rtt 0", "--initial-rtt");
    assert_refused("--keep-alive soon", "--keep-alive");
    assert_refused("--cc vegas", "--cc: reno, cubic or bbr");
    assert_refused("--ecn perhaps", "--ecn: on or off");
    assert_refused("--quic-version three", "--quic-version");
    assert_refused("--available-versions v1,0xabcd1234", "0xabcd1234");
    assert_refused("--available-versions v1,v1,v1,v1,v1,v1,v1,v1,v1", "eight");
    assert_refused("--key-update-after never", "--key-update-after");
    assert_refused("--scid 0a0", "--scid: 1 to 20 bytes");
    assert_refused("--scid xx", "--scid");
    assert_refused("--scid 000000000000000000000000000000000000000000", "--scid");
    assert_refused("--dcid 01020304050607", "--dcid: 8 to 20 bytes");
    assert_refused("--cid-length 21", "--cid-length: 0 to 20");
    assert_refused("--initial-packet-number 2147483648", "--initial-packet-number");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quic-options/each", test_each_option_sets_what_it_names);
    g_test_add_func("/quic-options/versions", test_versions_come_in_their_order);
    g_test_add_func("/quic-options/probes", test_sizes_of_probes_come_in_their_order);
    g_test_add_func("/quic-options/cids", test_connection_ids_are_hexadecimal);
    g_test_add_func("/quic-options/refused", test_what_is_out_of_bounds_is_refused_by_name);
    return g_test_run();
}
