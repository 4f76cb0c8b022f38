/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection's context holds once ngtcp2 has called. */
#include "callbacks.h"

#include "faulty_server.h"
#include "own_connection.h"

static void test_a_handshake_leaves_its_time_and_the_application(own_connection *f,
                                                                 gconstpointer unused)
{
    (void)unused;
    ngtcp2_tstamp before = ql_clock_now();
    own_connection_open(f);
    const ql_callbacks_context *context = ql_connection_context(f->connection);
    g_assert_false(context->handshake_done);
    g_assert_cmpuint(context->handshake_time, ==, UINT64_MAX);
    g_assert_null(context->application);
    own_connection_run(f, own_connection_is_confirmed);
    g_assert_true(context->handshake_done);
    g_assert_cmpuint(context->handshake_time, >=, before);
    g_assert_cmpuint(ql_application_active(context->application), ==, 1);
    g_assert_cmpuint(context->why.error_code, ==, NGTCP2_NO_ERROR);
    g_autofree char *said = client_fixture_trace(&f->base);
    g_assert_nonnull(strstr(said, "handshake completed, QUIC version 0x00000001"));
    g_assert_nonnull(strstr(said, "the server allows "));
    g_assert_nonnull(strstr(said, "handshake confirmed"));
}

static void test_a_server_without_a_protocol_is_told_an_alert(own_connection *f,
                                                              gconstpointer unused)
{
    (void)unused;
    const ql_origin_certificate *own = &f->base.origin.certificate;
    faulty_server *server = faulty_server_start(FAULT_ALPN_IGNORED, own->certificate, own->key);
    own_connection_go_to(f, faulty_server_port(server));
    own_connection_open(f);
    own_connection_run(f, own_connection_is_over);
    const ql_callbacks_context *context = ql_connection_context(f->connection);
    g_assert_cmpuint(context->why.error_code, ==, 0x100 + 120); /* RFC 9001, 8.1 */
    g_assert_false(context->handshake_done);
    faulty_server_stop(server);
}

static void test_offered_versions_are_noted(own_connection *f, gconstpointer unused)
{
    (void)unused;
    uint8_t data[2048], answer[256];
    const uint32_t offered[] = { 0x0a0a0a0a, 0x6b3343cf };
    f->settings.quic.version = 0x1a2a3a4a;
    own_connection_go_nowhere(f);
    own_connection_open(f);
    ql_connection_step(f->connection);
    g_assert_cmpuint(own_connection_heard(f, data, sizeof data), >, 0);
    const uint8_t *dcid = data + 6, *scid = dcid + data[5] + 1;
    ngtcp2_ssize length = ngtcp2_pkt_write_version_negotiation(
        answer, sizeof answer, 0, scid, scid[-1], dcid, dcid[-1], offered, G_N_ELEMENTS(offered));
    own_connection_answer(f, answer, (size_t)length);
    ql_connection_step(f->connection);
    const ql_callbacks_context *context = ql_connection_context(f->connection);
    g_assert_cmpstr(context->offered_versions, ==, "0x0a0a0a0a, 0x6b3343cf");
    g_assert_cmpuint(context->chosen_version, ==, 0x6b3343cf);
    g_assert_false(context->stateless_reset);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add("/callbacks/" name, own_connection, NULL, own_connection_set_up, test,              \
               own_connection_tear_down)
    ADD("a handshake leaves its time and the application",
        test_a_handshake_leaves_its_time_and_the_application);
    ADD("a server without a protocol is told an alert",
        test_a_server_without_a_protocol_is_told_an_alert);
    ADD("offered versions are noted", test_offered_versions_are_noted);
    return g_test_run();
}
