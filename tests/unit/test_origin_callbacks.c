/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ngtcp2 calls for a connection of the origin's, made to happen by a client of its own. */
#include "origin_callbacks.h"

#include "assert_bytes.h"
#include "origin_peer.h"

#include <string.h>

static origin_peer *connected(const origin_peer_options *options)
{
    origin_peer *peer = origin_peer_new(options);
    origin_peer_connect(peer);
    return peer;
}

static const origin_stream *ask(origin_peer *peer, const char *line)
{
    int64_t stream = origin_peer_open(peer, true);
    origin_peer_write(peer, stream, line, strlen(line), true);
    return origin_peer_stream(peer, stream);
}

static void test_a_client_gets_a_token_for_its_next_connection(void)
{
    origin_peer *peer = connected(&(origin_peer_options){ 0 });
    const GByteArray *token = origin_peer_told(peer)->token;
    const ngtcp2_path *path = ngtcp2_conn_get_path(origin_peer_client(peer));
    const ngtcp2_pkt_hd initial = { .version = NGTCP2_PROTO_VER_V1,
                                    .token = token->data,
                                    .tokenlen = token->len };
    const ql_address remote = ql_address_from(path->local.addr, path->local.addrlen);
    ngtcp2_cid original;
    g_assert_cmpint(ql_origin_token_judge(origin_peer_shared(peer)->token_secret, &initial, &remote,
                                          ql_udp_now(), &original),
                    ==, QL_ORIGIN_TOKEN_NEW);
    origin_peer_free(peer);
}

static void test_the_ids_of_a_connection_are_found_until_it_is_freed(void)
{
    origin_peer *peer = connected(&(origin_peer_options){ 0 });
    const ql_origin_cids *table = origin_peer_shared(peer)->cids;
    const ngtcp2_cid *now = ngtcp2_conn_get_dcid(origin_peer_client(peer));
    g_assert_cmpuint(now->datalen, ==, QL_QUIC_CID_BYTES);
    g_assert_nonnull(ql_origin_cids_find(table, now->data, now->datalen));
    origin_peer_free(peer);
}

static void test_datagrams_come_back(void)
{
    origin_peer *peer = connected(&(origin_peer_options){ 0 });
    const GPtrArray *datagrams = origin_peer_told(peer)->datagrams;
    origin_peer_send_datagram(peer, "one");
    origin_peer_send_datagram(peer, "two");
    RUN_UNTIL(peer, datagrams->len == 2);
    const GByteArray *first = g_ptr_array_index(datagrams, 0);
    assert_bytes(first->data, first->len, "one", 3);
    origin_peer_free(peer);
}

static void test_a_stream_that_ends_makes_room_for_another(void)
{
    const origin_peer_options options = { .alpn = "hq-interop", .quic.common.max_streams = 1 };
    origin_peer *peer = connected(&options);
    int64_t stream;
    for (unsigned i = 0; i < 3; i++) {
        const origin_stream *answer = ask(peer, "GET /data.json\r\n");
        g_assert_cmpint(ngtcp2_conn_open_bidi_stream(origin_peer_client(peer), &stream, NULL), ==,
                        NGTCP2_ERR_STREAM_ID_BLOCKED);
        RUN_UNTIL(peer, answer->ended);
        RUN_UNTIL(peer, ngtcp2_conn_get_streams_bidi_left(origin_peer_client(peer)) > 0);
    }
    origin_peer_free(peer);
}

static void test_what_is_sent_can_carry_marks_or_none(void)
{
    for (int off = 0; off <= 1; off++) {
        const origin_peer_options options = { .alpn = "hq-interop",
                                              .quic.common.no_ecn = off != 0 };
        origin_peer *peer = connected(&options);
        const origin_told *told = origin_peer_told(peer);
        const origin_stream *answer = ask(peer, "GET /1m.bin\r\n");
        RUN_UNTIL(peer, answer->ended);
        g_assert_cmpuint(told->packets, >, 2);
        g_assert_true((told->marked == 0) == (off != 0));
        origin_peer_free(peer);
    }
}

static void test_the_drill_counts_what_is_sent(void)
{
    const origin_peer_options options = {
        .alpn = "hq-interop",
        .quic.common = { .key_update = { .bytes = 100000 }, .keep_alive = 5 * NGTCP2_MILLISECONDS },
    };
    origin_peer *peer = connected(&options);
    const origin_told *told = origin_peer_told(peer);
    const origin_stream *answer = ask(peer, "GET /data.json\r\n");
    RUN_UNTIL(peer, answer->ended);
    unsigned packets = told->packets, prepared = told->key_updates;
    RUN_UNTIL(peer, told->packets > packets + 50);
    g_assert_cmpuint(told->key_updates, ==, prepared);
    answer = ask(peer, "GET /1m.bin\r\n");
    /* The keys behind the next are made some time after those were taken. */
    RUN_UNTIL(peer, answer->ended && told->key_updates > prepared);
    origin_peer_free(peer);
}

static void test_a_silence_is_broken_when_told(void)
{
    const origin_peer_options options = { .quic.common.keep_alive = 20 * NGTCP2_MILLISECONDS };
    origin_peer *peer = connected(&options);
    unsigned before = origin_peer_told(peer)->packets;
    RUN_UNTIL(peer, origin_peer_told(peer)->packets > before + 5);
    origin_peer_free(peer);
}

static void test_a_failure_of_the_application_closes_with_its_code(void)
{
    static const uint8_t data_on_control[] = { 0x00, 0x00, 0x01, 'x' };
    origin_peer *peer = connected(&(origin_peer_options){ 0 });
    int64_t control = origin_peer_open(peer, false);
    origin_peer_write(peer, control, data_on_control, sizeof data_on_control, false);
    RUN_UNTIL(peer, origin_peer_told(peer)->closed);
    const ngtcp2_ccerr *why = ngtcp2_conn_get_ccerr(origin_peer_client(peer));
    g_assert_cmpint(why->type, ==, NGTCP2_CCERR_TYPE_APPLICATION);
    g_assert_cmphex(why->error_code, ==, 0x10a); /* H3_MISSING_SETTINGS */
    origin_peer_free(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-callbacks/token", test_a_client_gets_a_token_for_its_next_connection);
    g_test_add_func("/origin-callbacks/ids",
                    test_the_ids_of_a_connection_are_found_until_it_is_freed);
    g_test_add_func("/origin-callbacks/datagrams", test_datagrams_come_back);
    g_test_add_func("/origin-callbacks/streams", test_a_stream_that_ends_makes_room_for_another);
    g_test_add_func("/origin-callbacks/ecn", test_what_is_sent_can_carry_marks_or_none);
    g_test_add_func("/origin-callbacks/drill", test_the_drill_counts_what_is_sent);
    g_test_add_func("/origin-callbacks/keep-alive", test_a_silence_is_broken_when_told);
    g_test_add_func("/origin-callbacks/failure",
                    test_a_failure_of_the_application_closes_with_its_code);
    return g_test_run();
}
