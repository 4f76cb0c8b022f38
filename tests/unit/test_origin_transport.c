/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_transport.h"

#include <glib.h>
#include <netinet/in.h>

static void test_an_ordinary_server_follows_the_client(void)
{
    const ql_origin_quic_settings usual = { .retry = false };
    ngtcp2_settings quic;
    ngtcp2_transport_params params;
    ql_origin_transport_init(&usual, 1, &quic, &params);
    g_assert_cmpuint(quic.preferred_versionslen, ==, 0);
    g_assert_cmpuint(quic.available_versionslen, ==, 2);
    g_assert_cmpuint(params.initial_max_streams_bidi, ==, 100);
    g_assert_cmpuint(params.initial_max_data, >=, params.initial_max_stream_data_bidi_remote);
    g_assert_false(params.disable_active_migration);
    g_assert_true(params.stateless_reset_token_present);
}

static void test_a_version_can_be_preferred(void)
{
    static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2 };
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        const ql_origin_quic_settings settings = { .common.version = versions[i] };
        ngtcp2_settings quic;
        ngtcp2_transport_params params;
        ql_origin_transport_init(&settings, 1, &quic, &params);
        g_assert_cmpuint(quic.preferred_versionslen, ==, 2);
        g_assert_cmphex(quic.preferred_versions[0], ==, versions[i]);
    }
}

static void test_windows_are_as_small_as_asked_for(void)
{
    const ql_origin_quic_settings settings = {
        .common = { .max_data = 1000, .max_stream_data = 10, .max_streams = 3 }
    };
    ngtcp2_settings quic;
    ngtcp2_transport_params params;
    ql_origin_transport_init(&settings, 1, &quic, &params);
    g_assert_cmpuint(params.initial_max_data, ==, 1000);
    g_assert_cmpuint(params.initial_max_stream_data_bidi_remote, ==, 10);
    g_assert_cmpuint(params.initial_max_streams_bidi, ==, 3);
}

static void test_timeouts_are_as_long_as_asked_for(void)
{
    ql_origin_quic_settings settings = { .retry = false };
    ngtcp2_settings quic;
    ngtcp2_transport_params params;
    ql_origin_transport_init(&settings, NGTCP2_PROTO_VER_V1, &quic, &params);
    g_assert_cmpuint(quic.handshake_timeout, ==, 10 * NGTCP2_SECONDS);
    g_assert_cmpuint(params.max_idle_timeout, ==, 30 * NGTCP2_SECONDS);
    settings.common.handshake_timeout = 25 * NGTCP2_SECONDS;
    settings.idle_timeout = 2 * NGTCP2_SECONDS;
    ql_origin_transport_init(&settings, NGTCP2_PROTO_VER_V1, &quic, &params);
    g_assert_cmpuint(quic.handshake_timeout, ==, 25 * NGTCP2_SECONDS);
    g_assert_cmpuint(params.max_idle_timeout, ==, 2 * NGTCP2_SECONDS);
}

static void test_without_ids_nobody_may_move(void)
{
    const ql_origin_quic_settings settings = { .common.has_cid_length = true };
    ngtcp2_settings quic;
    ngtcp2_transport_params params;
    ql_origin_transport_init(&settings, 1, &quic, &params);
    g_assert_true(params.disable_active_migration);
}

static void test_a_preferred_address_is_offered_by_family(void)
{
    const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(5) };
    const ql_origin_quic_settings settings = { .preferred_v6 = ql_address_from(
                                                   (const struct sockaddr *)&v6, sizeof v6) };
    ngtcp2_settings quic;
    ngtcp2_transport_params params;
    ql_origin_transport_init(&settings, 1, &quic, &params);
    g_assert_true(params.preferred_addr_present && params.preferred_addr.ipv6_present);
    g_assert_false(params.preferred_addr.ipv4_present);
    g_assert_cmpuint(params.preferred_addr.ipv6.sin6_port, ==, htons(5));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-transport/timeouts", test_timeouts_are_as_long_as_asked_for);
    g_test_add_func("/origin-transport/usual", test_an_ordinary_server_follows_the_client);
    g_test_add_func("/origin-transport/version", test_a_version_can_be_preferred);
    g_test_add_func("/origin-transport/windows", test_windows_are_as_small_as_asked_for);
    g_test_add_func("/origin-transport/no-ids", test_without_ids_nobody_may_move);
    g_test_add_func("/origin-transport/preferred", test_a_preferred_address_is_offered_by_family);
    return g_test_run();
}
