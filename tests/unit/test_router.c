/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/router.h"

#include "quic_builder.h"

/* The router never looks into a connection. */
#define A ((struct ql_connection *)0x100)
#define B ((struct ql_connection *)0x200)

static ql_datagram datagram_of(ql_endpoint source, ql_endpoint destination)
{
    return (ql_datagram){ .where = { 1, 1 }, .source = source, .destination = destination };
}

static ql_endpoint client(uint16_t port)
{
    return quic_endpoint(1, port);
}

static ql_endpoint server(void)
{
    return quic_endpoint(2, 443);
}

static void add_path(ql_router *router, struct ql_connection *connection, uint16_t port)
{
    ql_endpoint from = client(port), to = server();
    ql_router_add_path(router, connection, &from, &to);
}

static void assert_candidate(const ql_candidate *candidate, struct ql_connection *connection,
                             ql_side sender, ql_match match)
{
    g_assert_true(candidate->connection == connection);
    g_assert_cmpint(candidate->sender, ==, sender);
    g_assert_cmpint(candidate->match, ==, match);
}

static void test_by_cid(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    ql_cid known = quic_cid("01020304"), other = quic_cid("01020305");
    ql_router_add_cid(router, A, QL_SERVER, &known);
    g_assert_cmpuint(ql_router_propose_by_cid(router, &known, out), ==, 1);
    assert_candidate(&out[0], A, QL_CLIENT, QL_MATCH_CID);
    g_assert_cmpuint(out[0].dcid_length, ==, 4);
    g_assert_cmpuint(ql_router_propose_by_cid(router, &other, out), ==, 0);
    ql_router_free(router);
}

static void test_by_prefix(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    ql_cid lengthy = quic_cid("0102030405060708"), brief = quic_cid("0102");
    ql_router_add_cid(router, A, QL_SERVER, &brief);
    ql_router_add_cid(router, B, QL_CLIENT, &lengthy);
    g_autoptr(GByteArray) bytes = quic_put_hex(quic_bytes(), "0102030405060708ffffff");
    g_assert_cmpuint(ql_router_propose_by_prefix(router, quic_slice(bytes), out), ==, 2);
    assert_candidate(&out[0], B, QL_SERVER, QL_MATCH_CID);
    assert_candidate(&out[1], A, QL_CLIENT, QL_MATCH_CID);
    g_assert_cmpuint(ql_router_propose_by_prefix(router, (ql_slice){ bytes->data, 7 }, out), ==, 1);
    assert_candidate(&out[0], A, QL_CLIENT, QL_MATCH_CID);
    g_assert_cmpuint(ql_router_propose_by_prefix(router, (ql_slice){ bytes->data, 1 }, out), ==, 0);
    g_assert_cmpuint(ql_router_propose_by_prefix(router, (ql_slice){ NULL, 0 }, out), ==, 0);
    ql_router_free(router);
}

static void test_empty_id(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    ql_cid empty = quic_cid("");
    ql_router_add_cid(router, A, QL_CLIENT, &empty);
    g_assert_cmpuint(ql_router_propose_by_cid(router, &empty, out), ==, 0);
    ql_router_free(router);
}

static void test_by_pair(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    add_path(router, A, 1000);
    ql_datagram forth = datagram_of(client(1000), server());
    g_assert_cmpuint(ql_router_propose_by_address(router, &forth, out, 0), ==, 1);
    assert_candidate(&out[0], A, QL_CLIENT, QL_MATCH_PAIR);
    ql_datagram back = datagram_of(server(), client(1000));
    g_assert_cmpuint(ql_router_propose_by_address(router, &back, out, 0), ==, 1);
    assert_candidate(&out[0], A, QL_SERVER, QL_MATCH_PAIR);
    ql_router_free(router);
}

static void test_newest_of_a_pair_first(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    ql_datagram forth = datagram_of(client(1000), server());
    add_path(router, A, 1000);
    add_path(router, B, 1000);
    g_assert_cmpuint(ql_router_propose_by_address(router, &forth, out, 0), ==, 2);
    g_assert_true(out[0].connection == B && out[1].connection == A);
    add_path(router, A, 1000);
    g_assert_cmpuint(ql_router_propose_by_address(router, &forth, out, 0), ==, 2);
    g_assert_true(out[0].connection == A && out[1].connection == B);
    ql_router_free(router);
}

static void test_by_end(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    add_path(router, A, 1000);
    ql_datagram moved = datagram_of(client(2000), server());
    g_assert_cmpuint(ql_router_propose_by_address(router, &moved, out, 0), ==, 1);
    assert_candidate(&out[0], A, QL_CLIENT, QL_MATCH_END);
    ql_datagram answer = datagram_of(server(), client(2000));
    g_assert_cmpuint(ql_router_propose_by_address(router, &answer, out, 0), ==, 1);
    assert_candidate(&out[0], A, QL_SERVER, QL_MATCH_END);
    ql_datagram foreign = datagram_of(quic_endpoint(8, 1), quic_endpoint(9, 1));
    g_assert_cmpuint(ql_router_propose_by_address(router, &foreign, out, 0), ==, 0);
    ql_router_free(router);
}

/* Who shares an end with a known pair is not asked: the server's end has them all. */
static void test_known_pair_asks_no_others(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    add_path(router, A, 1000);
    add_path(router, B, 2000);
    ql_datagram forth = datagram_of(client(1000), server());
    g_assert_cmpuint(ql_router_propose_by_address(router, &forth, out, 0), ==, 1);
    assert_candidate(&out[0], A, QL_CLIENT, QL_MATCH_PAIR);
    ql_router_free(router);
}

static void test_none_twice(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    ql_cid cid = quic_cid("01020304");
    ql_datagram forth = datagram_of(client(1000), server());
    ql_router_add_cid(router, A, QL_SERVER, &cid);
    add_path(router, A, 1000);
    add_path(router, B, 1000);
    unsigned by_cid = ql_router_propose_by_cid(router, &cid, out);
    g_assert_cmpuint(ql_router_propose_by_address(router, &forth, out, by_cid), ==, 2);
    assert_candidate(&out[0], A, QL_CLIENT, QL_MATCH_CID);
    assert_candidate(&out[1], B, QL_CLIENT, QL_MATCH_PAIR);
    ql_router_free(router);
}

static void test_caps(void)
{
    ql_router *router = ql_router_new();
    ql_candidate out[QL_CANDIDATES_MAX];
    ql_cid cid = quic_cid("01020304");
    for (uintptr_t i = 1; i <= 3 * QL_CONNECTIONS_KEPT; i++) {
        ql_router_add_cid(router, (struct ql_connection *)(i << 8), QL_SERVER, &cid);
        add_path(router, (struct ql_connection *)(i << 8), 1000);
    }
    g_assert_cmpuint(ql_router_propose_by_cid(router, &cid, out), ==, QL_CONNECTIONS_KEPT);
    g_assert_true(out[0].connection ==
                  (struct ql_connection *)(uintptr_t)(3 * QL_CONNECTIONS_KEPT << 8));
    ql_datagram moved = datagram_of(client(2000), server());
    g_assert_cmpuint(ql_router_propose_by_address(router, &moved, out, 0), <=, QL_CANDIDATES_MAX);
    ql_router_free(router);
}

static void test_reset_token(void)
{
    ql_router *router = ql_router_new();
    struct ql_connection *connection = NULL;
    ql_side issuer;
    const uint8_t token[16] = "a stateless one", other[16] = "a stateless two";
    ql_router_add_reset_token(router, A, QL_SERVER, token);
    g_assert_true(ql_router_find_reset(router, token, &connection, &issuer));
    g_assert_true(connection == A);
    g_assert_cmpint(issuer, ==, QL_SERVER);
    g_assert_false(ql_router_find_reset(router, other, &connection, &issuer));
    ql_router_free(router);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/router/an ID leads to its connection", test_by_cid);
    g_test_add_func("/router/a short header is tried with long IDs first", test_by_prefix);
    g_test_add_func("/router/an empty ID leads nowhere", test_empty_id);
    g_test_add_func("/router/an address pair leads to its connection, both ways", test_by_pair);
    g_test_add_func("/router/the newest connection of a pair comes first",
                    test_newest_of_a_pair_first);
    g_test_add_func("/router/one known end of a new pair is a hint", test_by_end);
    g_test_add_func("/router/a known pair asks nobody else", test_known_pair_asks_no_others);
    g_test_add_func("/router/no connection is proposed twice", test_none_twice);
    g_test_add_func("/router/the oldest connections of a key give way", test_caps);
    g_test_add_func("/router/a reset token leads to its connection", test_reset_token);
    return g_test_run();
}
