/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/path_table.h"

#include "quic_builder.h"

static const uint8_t one[8] = "one", two[8] = "two";

static ql_path *path_from(ql_path_table *table, uint16_t port, bool *fresh)
{
    ql_endpoint client = quic_endpoint(1, port), server = quic_endpoint(2, 443);
    return ql_path_table_get(table, &client, &server, fresh);
}

static ql_where at_ms(uint32_t ms)
{
    return (ql_where){ .frame = ms, .time_ns = ms * UINT64_C(1000000) };
}

static void test_get(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh;
    ql_path *a = path_from(table, 1000, &fresh);
    g_assert_true(fresh);
    ql_path *b = path_from(table, 1001, &fresh);
    g_assert_true(fresh);
    g_assert_true(path_from(table, 1000, &fresh) == a);
    g_assert_false(fresh);
    g_assert_cmpuint(a->id, ==, 0);
    g_assert_cmpuint(b->id, ==, 1);
    g_assert_cmpuint(b->client.port, ==, 1001);
    g_assert_cmpuint(b->server.port, ==, 443);
    g_assert_cmpuint(ql_path_table_paths(table)->len, ==, 2);
    g_assert_true(ql_path_table_find(table, &a->client, &a->server) == a);
    g_assert_null(ql_path_table_find(table, &a->server, &a->client));
    ql_path_table_free(table);
}

static void test_full(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh;
    ql_path *last = NULL;
    for (unsigned i = 0; i < QL_PATHS_MAX; i++) {
        last = path_from(table, (uint16_t)(1 + i), &fresh);
        g_assert_true(fresh);
    }
    g_assert_true(path_from(table, 60000, &fresh) == last);
    g_assert_false(fresh);
    g_assert_true(path_from(table, 1, &fresh) == g_ptr_array_index(ql_path_table_paths(table), 0));
    g_assert_cmpuint(ql_path_table_paths(table)->len, ==, QL_PATHS_MAX);
    ql_path_table_free(table);
}

static void test_validation(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh, before;
    ql_path *path = path_from(table, 1000, &fresh);
    ql_where asked = at_ms(10), answered = at_ms(35);
    ql_path_table_challenge(table, path, QL_SERVER, one, &asked);
    g_assert_false(path->validated);
    g_assert_cmpuint(path->challenge_frame, ==, 10);

    g_assert_true(ql_path_table_respond(table, QL_CLIENT, one, &answered, &before) == path);
    g_assert_false(before);
    g_assert_true(path->validated);
    g_assert_true(path->validated_for_server);
    g_assert_cmpuint(path->response_frame, ==, 35);
    g_assert_cmpuint(path->validation_ns, ==, 25000000);
    ql_path_table_free(table);
}

static void test_client_asks(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh, before;
    ql_path *path = path_from(table, 1000, &fresh);
    ql_where asked = at_ms(10), answered = at_ms(11);
    ql_path_table_challenge(table, path, QL_CLIENT, one, &asked);
    g_assert_true(ql_path_table_respond(table, QL_SERVER, one, &answered, &before) == path);
    g_assert_true(path->validated);
    g_assert_false(path->validated_for_server);
    ql_path_table_free(table);
}

static void test_no_match(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh, before;
    ql_path *path = path_from(table, 1000, &fresh);
    ql_where asked = at_ms(10), answered = at_ms(12);
    ql_path_table_challenge(table, path, QL_CLIENT, one, &asked);
    g_assert_null(ql_path_table_respond(table, QL_SERVER, two, &answered, &before));
    g_assert_null(ql_path_table_respond(table, QL_CLIENT, one, &answered, &before));
    g_assert_false(path->validated);
    g_assert_nonnull(ql_path_table_respond(table, QL_SERVER, one, &answered, &before));
    g_assert_null(ql_path_table_respond(table, QL_SERVER, one, &answered, &before));
    ql_path_table_free(table);
}

static void test_repeated_challenges(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh, before;
    ql_path *path = path_from(table, 1000, &fresh);
    ql_where first = at_ms(10), second = at_ms(40), answer = at_ms(60), late = at_ms(70);
    ql_path_table_challenge(table, path, QL_CLIENT, one, &first);
    ql_path_table_challenge(table, path, QL_CLIENT, two, &second);
    g_assert_nonnull(ql_path_table_respond(table, QL_SERVER, two, &answer, &before));
    g_assert_cmpuint(path->challenge_frame, ==, 40);
    g_assert_cmpuint(path->response_frame, ==, 60);
    g_assert_cmpuint(path->validation_ns, ==, 20000000);
    g_assert_nonnull(ql_path_table_respond(table, QL_SERVER, one, &late, &before));
    g_assert_true(before);
    g_assert_cmpuint(path->response_frame, ==, 60);
    ql_path_table_free(table);
}

static void test_clock_goes_back(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh, before;
    ql_path *path = path_from(table, 1000, &fresh);
    ql_where asked = at_ms(40), answered = at_ms(30);
    ql_path_table_challenge(table, path, QL_CLIENT, one, &asked);
    g_assert_nonnull(ql_path_table_respond(table, QL_SERVER, one, &answered, &before));
    g_assert_cmpuint(path->validation_ns, ==, 0);
    ql_path_table_free(table);
}

static void test_oldest_challenge_gives_way(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh, before;
    ql_path *path = path_from(table, 1000, &fresh);
    ql_where where = at_ms(1);
    for (uint8_t i = 0; i <= QL_CHALLENGES_MAX; i++) {
        const uint8_t data[8] = { i };
        ql_path_table_challenge(table, path, QL_CLIENT, data, &where);
    }
    const uint8_t oldest[8] = { 0 }, next[8] = { 1 }, newest[8] = { QL_CHALLENGES_MAX };
    g_assert_null(ql_path_table_respond(table, QL_SERVER, oldest, &where, &before));
    g_assert_nonnull(ql_path_table_respond(table, QL_SERVER, next, &where, &before));
    g_assert_nonnull(ql_path_table_respond(table, QL_SERVER, newest, &where, &before));
    ql_path_table_free(table);
}

/* The proof is opened late: what was captured behind it does not count. */
static void test_late_proof(void)
{
    ql_path_table *table = ql_path_table_new();
    bool fresh;
    ql_path *path = path_from(table, 1000, &fresh);
    for (uint32_t frame = 1; frame <= 200; frame++)
        ql_path_count_early(path, frame % 2 == 1 ? QL_CLIENT : QL_SERVER, 100 + frame, frame);
    ql_where proof = at_ms(4), second = at_ms(2);
    ql_path_validate_for_server(path, &proof);
    ql_path_validate_for_server(path, &second);
    g_assert_cmpuint(path->before_validation[QL_CLIENT], ==, 101 + 103);
    g_assert_cmpuint(path->before_validation[QL_SERVER], ==, 102);
    g_assert_cmpuint(path->validated_for_server_ns, ==, proof.time_ns);

    ql_path *slow = path_from(table, 1001, &fresh);
    for (uint32_t frame = 1; frame <= 200; frame++)
        ql_path_count_early(slow, QL_SERVER, 1, frame);
    proof = at_ms(201);
    ql_path_validate_for_server(slow, &proof);
    g_assert_cmpuint(slow->before_validation[QL_SERVER], ==, 200);
    ql_path_table_free(table);
}

static void test_names(void)
{
    g_assert_cmpstr(ql_path_cause_name(QL_PATH_CAUSE_INITIAL), ==, "initial");
    g_assert_cmpstr(ql_path_cause_name(QL_PATH_CAUSE_MIGRATION), ==, "migration");
    g_assert_cmpstr(ql_path_cause_name(QL_PATH_CAUSE_REBINDING), ==, "rebinding");
    g_assert_cmpstr(ql_path_cause_name(QL_PATH_CAUSE_PREFERRED_ADDRESS), ==, "preferred-address");
    g_assert_cmpstr(ql_path_cause_name(QL_PATH_CAUSE_PROBE), ==, "probe");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/path_table/a pair of ends is one path", test_get);
    g_test_add_func("/path_table/beyond the cap the last path stands for all", test_full);
    g_test_add_func("/path_table/a response validates the challenged path", test_validation);
    g_test_add_func("/path_table/a client's challenge says nothing to the server",
                    test_client_asks);
    g_test_add_func("/path_table/a response has to fit a challenge of the other side",
                    test_no_match);
    g_test_add_func("/path_table/the pair that validated is the one that is told",
                    test_repeated_challenges);
    g_test_add_func("/path_table/a clock that goes back gives no negative time",
                    test_clock_goes_back);
    g_test_add_func("/path_table/the oldest waiting challenge gives way",
                    test_oldest_challenge_gives_way);
    g_test_add_func("/path_table/a proof that is opened late counts from its frame",
                    test_late_proof);
    g_test_add_func("/path_table/causes have the names of the report", test_names);
    return g_test_run();
}
