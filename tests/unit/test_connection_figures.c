/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection_figures.h"

#include "own_connection.h"

#define V1 0x00000001u
#define V2 0x6b3343cfu

/* The origin goes on in version 2 where the client has it. */
static void set_up(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_start(f, &(ql_origin_options){ .quic.common.version = V2 });
    own_connection_keep(f);
    f->settings.quic.version = V1;
    f->settings.quic.available[0] = V2;
    f->settings.quic.available[1] = V1;
    f->settings.quic.available_count = 2;
}

static void tear_down(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_stop(f);
}

static void test_nothing_is_measured_before_an_answer(own_connection *f, gconstpointer unused)
{
    (void)unused;
    own_connection_go_nowhere(f);
    own_connection_open(f);
    ql_connection_step(f->connection);
    ql_connection_figures figures = ql_connection_figures_of(f->connection);
    g_assert_cmpuint(figures.version, ==, V1);
    g_assert_cmpuint(figures.opened, ==, 0);
    g_assert_cmpuint(figures.rtt, ==, 0);
    g_assert_cmpuint(figures.min_rtt, ==, 0);
    g_assert_cmpuint(figures.packets_sent, ==, own_connection_count_heard(f));
    g_assert_cmpuint(figures.packets_received, ==, 0);
    g_assert_cmpuint(figures.bytes_sent, >=, 1200);
    g_assert_cmpuint(ql_address_port(&figures.local), ==, ntohs(f->peer.sin_port));
}

static void test_the_version_is_the_one_that_was_agreed_on(own_connection *f, gconstpointer unused)
{
    (void)unused;
    ngtcp2_tstamp before = ql_clock_now();
    own_connection_open(f);
    own_connection_run(f, own_connection_is_confirmed);
    ql_connection_figures figures = ql_connection_figures_of(f->connection);
    g_assert_cmpuint(figures.version, ==, V2);
    g_assert_cmpuint(figures.opened, >=, before);
    g_assert_cmpuint(figures.opened, <=, ql_clock_now());
    g_assert_cmpuint(figures.rtt, >, 0);
    g_assert_cmpuint(figures.min_rtt, >, 0);
    g_assert_cmpuint(figures.packets_received, >, 0);
    g_assert_cmpuint(figures.bytes_received, >, figures.packets_received);
    g_assert_cmpuint(ql_address_port(&figures.remote), ==, f->base.origin.port);
    g_assert_true(ngtcp2_cid_eq(&figures.dcid, ngtcp2_conn_get_dcid(f->connection->context.quic)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add("/connection_figures/" name, own_connection, NULL, set_up, test, tear_down)
    ADD("nothing is measured before an answer", test_nothing_is_measured_before_an_answer);
    ADD("the version is the one that was agreed on",
        test_the_version_is_the_one_that_was_agreed_on);
    return g_test_run();
}
