/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_settings.h"

#define V1       NGTCP2_PROTO_VER_V1
#define V2       NGTCP2_PROTO_VER_V2
#define RESERVED 0x1a2a3a4au

static void test_versions_have_names_and_numbers(void)
{
    uint32_t version = 0;
    g_assert_true(ql_quic_version_parse("v1", &version) && version == V1);
    g_assert_true(ql_quic_version_parse("V2", &version) && version == V2);
    g_assert_true(ql_quic_version_parse("0x1a2a3a4a", &version) && version == RESERVED);
    g_assert_false(ql_quic_version_parse("0x0", &version));
    g_assert_false(ql_quic_version_parse("3", &version));
    g_assert_false(ql_quic_version_parse("0x123456789", &version));
    g_autofree char *one = ql_quic_version_to_string(V1), *two = ql_quic_version_to_string(V2),
                    *other = ql_quic_version_to_string(RESERVED);
    g_assert_cmpstr(one, ==, "1");
    g_assert_cmpstr(two, ==, "2");
    g_assert_cmpstr(other, ==, "0x1a2a3a4a");
}

static void test_the_first_version_is_the_preferred_one_unless_named(void)
{
    ql_quic_settings settings = { 0 };
    g_assert_cmphex(ql_quic_settings_version(&settings), ==, V1);
    settings.available[0] = V2;
    settings.available_count = 1;
    g_assert_cmphex(ql_quic_settings_version(&settings), ==, V2);
    settings.version = V1;
    g_assert_cmphex(ql_quic_settings_version(&settings), ==, V1);
}

static void test_of_what_a_server_offers_the_preferred_version_is_chosen(void)
{
    static const uint32_t offered[] = { 0xfafafafa, V1, V2 };
    ql_quic_settings settings = { .version = RESERVED };
    g_assert_cmphex(ql_quic_settings_choose(&settings, offered, 3), ==, V1);
    settings.available[0] = V2;
    settings.available[1] = V1;
    settings.available_count = 2;
    g_assert_cmphex(ql_quic_settings_choose(&settings, offered, 3), ==, V2);
    g_assert_cmphex(ql_quic_settings_choose(&settings, offered, 2), ==, V1);
    g_assert_cmphex(ql_quic_settings_choose(&settings, offered, 1), ==, 0);
}

static void test_a_known_version_alone_has_no_other_to_go_on_with(void)
{
    static const uint32_t offered[] = { V2 };
    const ql_quic_settings settings = { .version = V1 };
    g_assert_cmphex(ql_quic_settings_choose(&settings, offered, 1), ==, 0);
}

static void test_what_is_left_open_is_the_same_on_both_sides(void)
{
    ngtcp2_settings client, server;
    ngtcp2_transport_params of_client, of_server;
    const ql_quic_settings usual = { 0 };
    ql_quic_settings_init(&usual, QL_QUIC_CLIENT, V1, &client, &of_client);
    ql_quic_settings_init(&usual, QL_QUIC_SERVER, V1, &server, &of_server);
    g_assert_cmpint(client.cc_algo, ==, NGTCP2_CC_ALGO_CUBIC);
    g_assert_cmpuint(client.initial_rtt, ==, NGTCP2_DEFAULT_INITIAL_RTT);
    g_assert_cmpuint(client.handshake_timeout, ==, UINT64_MAX);
    g_assert_cmpuint(client.available_versionslen, ==, 0);
    g_assert_cmpuint(client.max_window, ==, server.max_window);
    g_assert_cmpuint(client.max_stream_window, ==, server.max_stream_window);
    g_assert_cmpuint(of_client.initial_max_data, ==, of_server.initial_max_data);
    g_assert_cmpuint(of_client.initial_max_stream_data_bidi_local, ==,
                     of_server.initial_max_stream_data_bidi_remote);
    g_assert_cmpuint(of_client.max_udp_payload_size, ==, NGTCP2_DEFAULT_MAX_RECV_UDP_PAYLOAD_SIZE);
    g_assert_cmpuint(ql_quic_settings_cid_length(&usual), ==, QL_QUIC_CID_BYTES);
}

static const ql_quic_settings chosen = { .available = { V2, V1 },
                                         .available_count = 2,
                                         .max_data = 10,
                                         .max_stream_data = 20,
                                         .max_streams = 30,
                                         .window = 40,
                                         .congestion = QL_CONGESTION_RENO,
                                         .initial_rtt = 50,
                                         .handshake_timeout = 60,
                                         .max_udp_payload = 1300,
                                         .no_pmtud = true,
                                         .probes = { 1300, 1400 },
                                         .probe_count = 2,
                                         .ack_threshold = 5,
                                         .initial_packet_number = 70 };

static void test_what_is_set_goes_where_it_belongs(void)
{
    static const ql_quic_side sides[] = { QL_QUIC_CLIENT, QL_QUIC_SERVER };
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        ngtcp2_settings native;
        ngtcp2_transport_params parameters;
        ql_quic_settings_init(&chosen, sides[i], V1, &native, &parameters);
        g_assert_cmpuint(native.available_versionslen, ==, 2);
        g_assert_cmpuint(native.max_window, ==, 40);
        g_assert_cmpint(native.cc_algo, ==, NGTCP2_CC_ALGO_RENO);
        g_assert_cmpuint(native.initial_rtt, ==, 50);
        g_assert_cmpuint(native.handshake_timeout, ==, 60);
        g_assert_cmpuint(native.initial_pkt_num, ==, 70);
        g_assert_cmpuint(native.ack_thresh, ==, 5);
        g_assert_cmpuint(native.pmtud_probeslen, ==, 2);
        g_assert_cmpuint(native.pmtud_probes[1], ==, 1400);
        g_assert_cmpuint(native.max_tx_udp_payload_size, ==, 1300);
        g_assert_true(native.no_pmtud && native.no_tx_udp_payload_size_shaping);
        g_assert_cmpuint(parameters.initial_max_data, ==, 10);
        g_assert_cmpuint(parameters.initial_max_stream_data_uni, ==, 20);
        g_assert_cmpuint(parameters.max_udp_payload_size, ==, 1300);
    }
}

static void test_a_probe_may_be_larger_than_usual(void)
{
    ngtcp2_settings native;
    ngtcp2_transport_params parameters;
    ql_quic_settings settings = { .probes = { 1300, 9000, 1400 }, .probe_count = 3 };
    ql_quic_settings_init(&settings, QL_QUIC_CLIENT, V1, &native, &parameters);
    g_assert_cmpuint(native.max_tx_udp_payload_size, ==, 9000);
    settings.probes[1] = 1250;
    ql_quic_settings_init(&settings, QL_QUIC_CLIENT, V1, &native, &parameters);
    g_assert_cmpuint(native.max_tx_udp_payload_size, <, 1500);
}

static void test_each_side_opens_other_streams(void)
{
    ngtcp2_settings native;
    ngtcp2_transport_params parameters;
    ql_quic_settings_init(&chosen, QL_QUIC_CLIENT, V1, &native, &parameters);
    g_assert_cmpuint(parameters.initial_max_stream_data_bidi_local, ==, 20);
    g_assert_cmpuint(parameters.initial_max_streams_uni, ==, 30);
    g_assert_cmpuint(parameters.initial_max_streams_bidi, ==, 0);
    ql_quic_settings_init(&chosen, QL_QUIC_SERVER, V1, &native, &parameters);
    g_assert_cmpuint(parameters.initial_max_stream_data_bidi_remote, ==, 20);
    g_assert_cmpuint(parameters.initial_max_streams_bidi, ==, 30);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quic-settings/names", test_versions_have_names_and_numbers);
    g_test_add_func("/quic-settings/first",
                    test_the_first_version_is_the_preferred_one_unless_named);
    g_test_add_func("/quic-settings/chosen",
                    test_of_what_a_server_offers_the_preferred_version_is_chosen);
    g_test_add_func("/quic-settings/alone", test_a_known_version_alone_has_no_other_to_go_on_with);
    g_test_add_func("/quic-settings/open", test_what_is_left_open_is_the_same_on_both_sides);
    g_test_add_func("/quic-settings/set", test_what_is_set_goes_where_it_belongs);
    g_test_add_func("/quic-settings/probes", test_a_probe_may_be_larger_than_usual);
    g_test_add_func("/quic-settings/sides", test_each_side_opens_other_streams);
    return g_test_run();
}
