/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection does about its paths on purpose, with an origin in the same process. */
#include "client_fixture.h"
#include "path.h"

typedef struct stage {
    client_fixture client;
    char *said; /* by the client, as with -v */
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_start(&s->client, &(ql_origin_tls_settings){ 0 });
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_stop(&s->client);
    g_free(s->said);
}

/* Three times the pattern, as planned. */
static void carry_out(stage *s, const ql_path_plan *plan)
{
    s->client.settings.paths = *plan;
    ql_transfer *transfer = ql_transfer_new(&s->client.settings);
    for (unsigned i = 0; i < 3; i++)
        ql_transfer_add(transfer,
                        client_fixture_request(&s->client, NULL, QL_ORIGIN_PATTERN_PATH, NULL));
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 0);
    const GPtrArray *requests = ql_transfer_requests(transfer);
    for (guint i = 0; i < requests->len; i++)
        g_assert_cmpuint(ql_request_received(g_ptr_array_index(requests, i)), ==,
                         QL_ORIGIN_PATTERN_BYTES);
    ql_transfer_free(transfer);
    s->said = client_fixture_trace(&s->client);
}

static unsigned count(const stage *s, const char *words)
{
    unsigned found = 0;
    for (const char *at = s->said; (at = strstr(at, words)) != NULL; at++)
        found++;
    return found;
}

static void assert_nothing_undone(const stage *s)
{
    g_assert_cmpstr(s->client.reports->str, ==, "");
}

static void test_a_move_takes_another_port_and_id(stage *s, gconstpointer unused)
{
    (void)unused;
    carry_out(s, &(ql_path_plan){ .move = { .bytes = 200000 } });
    assert_nothing_undone(s);
    g_assert_cmpuint(count(s, "* moved to 127.0.0.1:"), ==, 1);
    g_assert_cmpuint(count(s, "* using the server's connection ID"), ==, 2);
}

static void test_a_move_goes_to_the_address_that_was_named(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_path_plan plan = { .move = { .bytes = 200000 } };
    g_assert_true(ql_local_end_parse_interface(&plan.other, "127.0.0.2", NULL));
    carry_out(s, &plan);
    assert_nothing_undone(s);
    g_assert_cmpuint(count(s, "* moved to 127.0.0.2:"), ==, 1);
}

static void test_rebinding_changes_the_port_alone(stage *s, gconstpointer unused)
{
    (void)unused;
    carry_out(s, &(ql_path_plan){ .rebind = { .bytes = 200000 } });
    assert_nothing_undone(s);
    g_assert_cmpuint(count(s, "without a word (rebinding)"), ==, 1);
    g_assert_cmpuint(count(s, "* using the server's connection ID"), ==, 1);
}

static void test_a_probe_comes_back(stage *s, gconstpointer unused)
{
    (void)unused;
    carry_out(s, &(ql_path_plan){ .probe = { .bytes = 200000 } });
    assert_nothing_undone(s);
    g_assert_cmpuint(count(s, "* the probed path works"), ==, 1);
    g_assert_cmpuint(count(s, "* moved to"), ==, 0);
    /* The first, that of the probe, and another one for the old path (RFC 9000, 9.5). */
    g_assert_cmpuint(count(s, "* using the server's connection ID"), ==, 3);
}

static void test_rotation_takes_another_id_on_the_same_path(stage *s, gconstpointer unused)
{
    (void)unused;
    carry_out(s, &(ql_path_plan){ .rotate = { .bytes = 200000 } });
    assert_nothing_undone(s);
    g_assert_cmpuint(count(s, "* using the server's connection ID"), ==, 2);
    g_assert_cmpuint(count(s, "* moved to"), ==, 0);
}

static void test_what_never_became_due_is_told(stage *s, gconstpointer unused)
{
    (void)unused;
    const ql_trigger late = { .duration = 3600 * NGTCP2_SECONDS };
    carry_out(s, &(ql_path_plan){ .move = late, .rebind = late, .probe = late, .rotate = late });
    static const char *const told[] = { "did not move to another port: the transfer was over",
                                        "did not take another port", "did not probe another path",
                                        "did not change the connection ID" };
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
        g_assert_nonnull(strstr(s->client.reports->str, told[i]));
}

static void test_an_address_that_cannot_be_had_is_told(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_path_plan plan = { .probe = { .bytes = 200000 } };
    g_assert_true(ql_local_end_parse_interface(&plan.other, "192.0.2.1", NULL));
    carry_out(s, &plan);
    g_assert_nonnull(
        strstr(s->client.reports->str, "did not probe another path: cannot send from 192.0.2.1:0"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function) g_test_add("/path/" name, stage, NULL, set_up, function, tear_down)
    TEST("move", test_a_move_takes_another_port_and_id);
    TEST("move-to", test_a_move_goes_to_the_address_that_was_named);
    TEST("rebind", test_rebinding_changes_the_port_alone);
    TEST("probe", test_a_probe_comes_back);
    TEST("rotate", test_rotation_takes_another_id_on_the_same_path);
    TEST("late", test_what_never_became_due_is_told);
    TEST("unavailable", test_an_address_that_cannot_be_had_is_told);
    return g_test_run();
}
