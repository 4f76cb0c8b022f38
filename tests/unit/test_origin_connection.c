/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection of the origin's from its first packet to its end, with a client of ngtcp2's own. */
#include "clock.h"
#include "origin_connection.h"

#include "origin_peer.h"

#include <string.h>

#define H3_NO_ERROR 0x100u

static void test_the_first_packet_is_answered_only_when_sending(void)
{
    origin_peer *peer = origin_peer_new(&(origin_peer_options){ 0 });
    ql_origin_connection *origin = origin_peer_origin(peer);
    g_assert_false(ql_origin_connection_is_gone(origin));
    g_assert_false(ql_origin_connection_is_blocked(origin));
    g_assert_cmpuint(origin_peer_throw_away(peer), ==, 0);
    origin_peer_connect(peer);
    g_assert_cmpuint(ql_origin_connection_expiry(origin), <, UINT64_MAX);
    origin_peer_free(peer);
}

static void test_parameters_are_those_of_the_settings(void)
{
    const origin_peer_options options = { .quic.common = { .max_data = 12345,
                                                           .max_udp_payload = 1400,
                                                           .has_cid_length = true,
                                                           .cid_length = 17 } };
    origin_peer *peer = origin_peer_new(&options);
    origin_peer_connect(peer);
    ngtcp2_conn *client = origin_peer_client(peer);
    const ngtcp2_transport_params *told = ngtcp2_conn_get_remote_transport_params(client);
    g_assert_cmpuint(told->initial_max_data, ==, 12345);
    g_assert_cmpuint(told->max_udp_payload_size, ==, 1400);
    g_assert_cmpuint(ngtcp2_conn_get_dcid(client)->datalen, ==, 17);
    origin_peer_free(peer);
}

static void test_a_close_is_said_with_no_error(void)
{
    origin_peer *peer = origin_peer_new(&(origin_peer_options){ 0 });
    origin_peer_connect(peer);
    ql_origin_connection_close(origin_peer_origin(peer));
    RUN_UNTIL(peer, origin_peer_told(peer)->closed);
    const ngtcp2_ccerr *why = ngtcp2_conn_get_ccerr(origin_peer_client(peer));
    g_assert_cmpint(why->type, ==, NGTCP2_CCERR_TYPE_APPLICATION);
    g_assert_cmphex(why->error_code, ==, H3_NO_ERROR);
    g_assert_false(ql_origin_connection_is_gone(origin_peer_origin(peer)));
    RUN_UNTIL(peer, ql_origin_connection_is_gone(origin_peer_origin(peer)));
    origin_peer_free(peer);
}

/* RFC 9000, 10.2.1: the first datagram behind the end, the second, the fourth, the eighth ... */
static void test_what_comes_after_the_end_is_answered_less_and_less(void)
{
    origin_peer *peer = origin_peer_new(&(origin_peer_options){ 0 });
    ql_origin_connection *origin = origin_peer_origin(peer);
    uint8_t datagram[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    unsigned answers = 0;
    origin_peer_connect(peer);
    origin_peer_write(peer, origin_peer_open(peer, true), "x", 1, false);
    size_t length = origin_peer_write_datagram(peer, datagram, sizeof datagram);
    g_assert_cmpuint(length, >, 0);
    origin_peer_throw_away(peer);
    ql_origin_connection_close(origin);
    ql_origin_connection_send(origin);
    g_assert_cmpuint(origin_peer_throw_away(peer), ==, 1);
    for (unsigned i = 0; i < 20; i++) {
        origin_peer_hand_over(peer, datagram, length);
        ql_origin_connection_send(origin);
        answers += origin_peer_throw_away(peer);
    }
    g_assert_cmpuint(answers, ==, 5);
    origin_peer_free(peer);
}

static void test_a_client_that_leaves_is_not_answered(void)
{
    origin_peer *peer = origin_peer_new(&(origin_peer_options){ 0 });
    ql_origin_connection *origin = origin_peer_origin(peer);
    uint8_t datagram[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
    ngtcp2_ccerr why;
    origin_peer_connect(peer);
    ngtcp2_ccerr_default(&why);
    ngtcp2_ssize length = ngtcp2_conn_write_connection_close(
        origin_peer_client(peer), NULL, NULL, datagram, sizeof datagram, &why, ql_clock_now());
    g_assert_cmpint(length, >, 0);
    origin_peer_throw_away(peer);
    origin_peer_hand_over(peer, datagram, (size_t)length);
    origin_peer_hand_over(peer, datagram, (size_t)length);
    ql_origin_connection_send(origin);
    g_assert_cmpuint(origin_peer_throw_away(peer), ==, 0);
    while (!ql_origin_connection_is_gone(origin)) {
        uint64_t now = ql_clock_now(), expiry = ql_origin_connection_expiry(origin);
        g_usleep(expiry > now ? (expiry - now) / 1000 + 1 : 0);
        ql_origin_connection_expire(origin);
    }
    origin_peer_free(peer);
}

static void test_a_client_that_falls_silent_in_the_handshake_is_given_up(void)
{
    const origin_peer_options options = { .quic.common.handshake_timeout =
                                              20 * NGTCP2_MILLISECONDS };
    origin_peer *peer = origin_peer_new(&options);
    ql_origin_connection *origin = origin_peer_origin(peer);
    for (unsigned round = 0; !ql_origin_connection_is_gone(origin); round++) {
        g_assert_cmpuint(round, <, 1000);
        g_usleep(1000);
        ql_origin_connection_expire(origin);
        ql_origin_connection_send(origin);
    }
    origin_peer_free(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-connection/first",
                    test_the_first_packet_is_answered_only_when_sending);
    g_test_add_func("/origin-connection/parameters", test_parameters_are_those_of_the_settings);
    g_test_add_func("/origin-connection/close", test_a_close_is_said_with_no_error);
    g_test_add_func("/origin-connection/behind",
                    test_what_comes_after_the_end_is_answered_less_and_less);
    g_test_add_func("/origin-connection/draining", test_a_client_that_leaves_is_not_answered);
    g_test_add_func("/origin-connection/silence",
                    test_a_client_that_falls_silent_in_the_handshake_is_given_up);
    return g_test_run();
}
