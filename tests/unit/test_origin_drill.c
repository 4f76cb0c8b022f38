/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_drill.h"

#include <glib.h>
#include <netinet/in.h>

static const uint8_t secret[QL_ORIGIN_SECRET_BYTES] = "a secret of the origin's";

typedef struct fixture {
    ql_origin_cids *table;
    ql_origin_ids *ids;
    ql_origin_insertion *insertion;
    ngtcp2_cid first;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    const ql_address remote = ql_address_from((const struct sockaddr *)&v4, sizeof v4);
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
    ngtcp2_cid cid;
    (void)unused;
    f->table = ql_origin_cids_new();
    f->ids = ql_origin_ids_new(&(ql_origin_ids_place){ f->table, f, secret, 8 }, &remote);
    f->insertion = ql_origin_insertion_new();
    g_assert_true(ql_origin_ids_issue(f->ids, &f->first, token));
    g_assert_true(ql_origin_ids_issue(f->ids, &cid, token));
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_origin_insertion_free(f->insertion);
    ql_origin_ids_free(f->ids);
    ql_origin_cids_free(f->table);
}

static void test_ids_are_retired_after_so_much_content(fixture *f, gconstpointer unused)
{
    const ql_origin_quic_settings settings = { .retire = { .bytes = 1000 } };
    ql_origin_drill *drill = ql_origin_drill_new(&settings, f->ids, f->insertion);
    (void)unused;
    ql_origin_drill_content(drill, 1000);
    ql_origin_drill_tick(drill, NULL, 1);
    g_assert_false(ql_origin_insertion_is_waiting(f->insertion)); /* not in the handshake */
    ql_origin_drill_handshake(drill, 2);
    ql_origin_drill_tick(drill, NULL, 3);
    g_assert_true(ql_origin_insertion_is_waiting(f->insertion));
    ql_origin_drill_free(drill);
}

static void test_it_is_asked_for_until_the_client_obeys(fixture *f, gconstpointer unused)
{
    const ql_origin_quic_settings settings = { .retire = { .bytes = 1 } };
    ql_origin_drill *drill = ql_origin_drill_new(&settings, f->ids, f->insertion);
    (void)unused;
    ql_origin_drill_handshake(drill, 0);
    ql_origin_drill_content(drill, 1);
    ql_origin_drill_tick(drill, NULL, 1);
    ngtcp2_tstamp again = ql_origin_insertion_expiry(f->insertion);
    g_assert_cmpuint(again, >, 1);
    g_assert_cmpuint(again, <, UINT64_MAX);
    ql_origin_drill_tick(drill, NULL, again);
    g_assert_cmpuint(ql_origin_insertion_expiry(f->insertion), <, UINT64_MAX);
    ql_origin_ids_remove(f->ids, &f->first);
    ql_origin_drill_tick(drill, NULL, again + 1);
    g_assert_cmpuint(ql_origin_insertion_expiry(f->insertion), ==, UINT64_MAX);
    ql_origin_drill_free(drill);
}

static void test_a_time_counts_from_the_handshake(fixture *f, gconstpointer unused)
{
    const ql_origin_quic_settings settings = { .retire = { .duration = 50 } };
    ql_origin_drill *drill = ql_origin_drill_new(&settings, f->ids, f->insertion);
    (void)unused;
    g_assert_cmpuint(ql_origin_drill_expiry(drill), ==, UINT64_MAX);
    ql_origin_drill_handshake(drill, 100);
    g_assert_cmpuint(ql_origin_drill_expiry(drill), ==, 150);
    ql_origin_drill_tick(drill, NULL, 149);
    g_assert_false(ql_origin_insertion_is_waiting(f->insertion));
    ql_origin_drill_tick(drill, NULL, 150);
    g_assert_true(ql_origin_insertion_is_waiting(f->insertion));
    ql_origin_drill_free(drill);
}

static void test_most_connections_have_none(void)
{
    const ql_origin_quic_settings settings = { .retry = true };
    g_assert_null(ql_origin_drill_new(&settings, NULL, NULL));
    ql_origin_drill_handshake(NULL, 1);
    ql_origin_drill_content(NULL, 1);
    ql_origin_drill_tick(NULL, NULL, 1);
    g_assert_cmpuint(ql_origin_drill_expiry(NULL), ==, UINT64_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/origin-drill/content", fixture, NULL, set_up,
               test_ids_are_retired_after_so_much_content, tear_down);
    g_test_add("/origin-drill/again", fixture, NULL, set_up,
               test_it_is_asked_for_until_the_client_obeys, tear_down);
    g_test_add("/origin-drill/time", fixture, NULL, set_up, test_a_time_counts_from_the_handshake,
               tear_down);
    g_test_add_func("/origin-drill/none", test_most_connections_have_none);
    return g_test_run();
}
