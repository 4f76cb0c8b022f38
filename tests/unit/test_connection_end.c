/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a connection of the client ends, and what is told of it. */
#include "own_connection.h"

static void assert_failed(const own_connection *f, const char *words)
{
    g_assert_cmpint(f->connection->state, ==, QL_CONNECTION_FAILED);
    if (strstr(ql_connection_failure(f->connection), words) == NULL)
        g_error("\"%s\" is missing in: %s", words, ql_connection_failure(f->connection));
}

static void test_a_closed_port_leaves_the_request_to_another_address(own_connection *f,
                                                                     gconstpointer unused)
{
    (void)unused;
    own_connection_go_nowhere(f);
    close(f->mute);
    f->mute = -1;
    own_connection_open(f);
    own_connection_run(f, own_connection_is_over);
    assert_failed(f, "refused");
    g_assert_true(ql_connection_failed_by_address(f->connection));
    g_assert_false(ql_connection_was_open(f->connection));
    g_assert_cmpuint(f->waiting.length, ==, 1);
}

static void test_silence_names_the_limit_that_was_reached(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_go_nowhere(f);
    f->settings.quic.handshake_timeout = 50 * NGTCP2_MILLISECONDS;
    own_connection_open(f);
    own_connection_run(f, own_connection_is_over);
    assert_failed(f, "--handshake-timeout");
    g_clear_pointer(&f->connection, ql_connection_free);
    f->settings.handshake_timeout = 40 * NGTCP2_MILLISECONDS;
    own_connection_open(f);
    own_connection_run(f, own_connection_is_over);
    assert_failed(f, "--connect-timeout");
}

static void test_no_common_version_is_told_with_the_offer(own_connection *f, gconstpointer unused)
{
    (void)unused;
    uint8_t data[2048], answer[256];
    const uint32_t offered[] = { 0x12345678, 0x0a0a0a0a };
    own_connection_go_nowhere(f);
    own_connection_open(f);
    ql_connection_step(f->connection);
    g_assert_cmpuint(own_connection_heard(f, data, sizeof data), >, 0);
    const uint8_t *dcid = data + 6, *scid = dcid + data[5] + 1;
    ngtcp2_ssize length = ngtcp2_pkt_write_version_negotiation(
        answer, sizeof answer, 0, scid, scid[-1], dcid, dcid[-1], offered, G_N_ELEMENTS(offered));
    own_connection_answer(f, answer, (size_t)length);
    own_connection_run(f, own_connection_is_over);
    assert_failed(f, "0x12345678, 0x0a0a0a0a");
    g_assert_false(ql_connection_failure_may_pass(f->connection));
}

static void test_a_close_is_said_once(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_go_nowhere(f);
    own_connection_open(f);
    ql_connection_step(f->connection);
    g_assert_cmpuint(own_connection_count_heard(f), >, 0);
    ql_connection_close(f->connection);
    g_assert_cmpint(f->connection->state, ==, QL_CONNECTION_ENDED);
    g_assert_null(ql_connection_failure(f->connection));
    g_assert_cmpuint(own_connection_count_heard(f), ==, 1);
    ql_connection_close(f->connection);
    g_assert_cmpuint(own_connection_count_heard(f), ==, 0);
}

static void test_the_shorter_idle_timeout_counts(own_connection *f, gconstpointer unused)
{
    (void)unused;
    f->settings.idle_timeout = 0;
    own_connection_open(f);
    g_assert_cmpuint(ql_connection_idle_timeout(f->connection), ==, 0);
    own_connection_run(f, own_connection_is_confirmed);
    ngtcp2_duration peers =
        ngtcp2_conn_get_remote_transport_params(f->connection->context.quic)->max_idle_timeout;
    g_assert_cmpuint(peers, >, 1);
    g_assert_cmpuint(ql_connection_idle_timeout(f->connection), ==, peers);
    f->connection->settings.idle_timeout = peers - 1;
    g_assert_cmpuint(ql_connection_idle_timeout(f->connection), ==, peers - 1);
    f->connection->settings.idle_timeout = peers + 1;
    g_assert_cmpuint(ql_connection_idle_timeout(f->connection), ==, peers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add("/connection_end/" name, own_connection, NULL, own_connection_set_up, test,         \
               own_connection_tear_down)
    ADD("a closed port leaves the request to another address",
        test_a_closed_port_leaves_the_request_to_another_address);
    ADD("silence names the limit that was reached", test_silence_names_the_limit_that_was_reached);
    ADD("no common version is told with the offer", test_no_common_version_is_told_with_the_offer);
    ADD("a close is said once", test_a_close_is_said_once);
    ADD("the shorter idle timeout counts", test_the_shorter_idle_timeout_counts);
    return g_test_run();
}
