/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_tokens.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#define NOW (1700000000 * NGTCP2_SECONDS)

static const uint8_t secret[QL_ORIGIN_SECRET_BYTES] = "a secret of the origin's";
static const uint8_t other_secret[QL_ORIGIN_SECRET_BYTES] = "a secret of another one";
static const ngtcp2_cid retry_scid = { .datalen = 4, .data = { 5, 6, 7, 8 } };

static ql_address address_of(const char *host)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(1000) };
    g_assert_cmpint(inet_pton(AF_INET, host, &v4.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&v4, sizeof v4);
}

static ngtcp2_pkt_hd first_initial(void)
{
    return (ngtcp2_pkt_hd){ .version = NGTCP2_PROTO_VER_V1,
                            .dcid = { .datalen = 8, .data = "original" },
                            .scid = { .datalen = 4, .data = "scid" } };
}

/* The packet with which the client comes again. */
static ngtcp2_pkt_hd second_initial(const uint8_t *token, size_t length)
{
    ngtcp2_pkt_hd initial = first_initial();
    initial.dcid = retry_scid;
    initial.token = token;
    initial.tokenlen = length;
    return initial;
}

static void test_a_retry_token_gives_the_original_id_back(void)
{
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    const ql_address client = address_of("192.0.2.1");
    const ngtcp2_pkt_hd first = first_initial();
    ngtcp2_cid original;
    size_t length = ql_origin_token_for_retry(secret, &first, &retry_scid, &client, NOW, token);
    ngtcp2_pkt_hd second = second_initial(token, length);
    g_assert_cmpint(ql_origin_token_judge(secret, &second, &client, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_RETRY);
    g_assert_true(ngtcp2_cid_eq(&original, &first.dcid));
}

static void test_a_retry_token_of_another_address_or_time_is_invalid(void)
{
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    const ql_address client = address_of("192.0.2.1"), other = address_of("192.0.2.2");
    const ngtcp2_pkt_hd first = first_initial();
    uint64_t late = NOW + (QL_ORIGIN_RETRY_SECONDS + 1) * NGTCP2_SECONDS;
    ngtcp2_cid original;
    size_t length = ql_origin_token_for_retry(secret, &first, &retry_scid, &client, NOW, token);
    ngtcp2_pkt_hd second = second_initial(token, length);
    g_assert_cmpint(ql_origin_token_judge(secret, &second, &other, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_INVALID);
    g_assert_cmpint(ql_origin_token_judge(secret, &second, &client, late, &original), ==,
                    QL_ORIGIN_TOKEN_INVALID);
}

static void test_a_retry_token_counts_under_its_own_id_only(void)
{
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    const ql_address client = address_of("192.0.2.1");
    const ngtcp2_pkt_hd first = first_initial();
    ngtcp2_cid original;
    size_t length = ql_origin_token_for_retry(secret, &first, &retry_scid, &client, NOW, token);
    ngtcp2_pkt_hd second = second_initial(token, length);
    second.dcid = first.dcid;
    g_assert_cmpint(ql_origin_token_judge(secret, &second, &client, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_NONE);
}

static void test_a_new_token_proves_the_host_for_a_day(void)
{
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    ql_address client = address_of("192.0.2.1"), other = address_of("192.0.2.2");
    uint64_t late = NOW + (QL_ORIGIN_TOKEN_SECONDS + 1) * NGTCP2_SECONDS;
    ngtcp2_cid original;
    size_t length = ql_origin_token_for_later(secret, &client, NOW, token);
    const ngtcp2_pkt_hd initial = second_initial(token, length);
    ql_address_set_port(&client, 2000); /* the next connection has another port */
    g_assert_cmpint(ql_origin_token_judge(secret, &initial, &client, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_NEW);
    g_assert_cmpint(ql_origin_token_judge(secret, &initial, &other, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_NONE);
    g_assert_cmpint(ql_origin_token_judge(secret, &initial, &client, late, &original), ==,
                    QL_ORIGIN_TOKEN_NONE);
}

static void test_what_others_made_is_as_good_as_no_token(void)
{
    uint8_t token[QL_ORIGIN_TOKEN_BYTES];
    const ql_address client = address_of("192.0.2.1");
    const ngtcp2_pkt_hd first = first_initial();
    ngtcp2_cid original;
    g_assert_cmpint(ql_origin_token_judge(secret, &first, &client, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_NONE);
    size_t length =
        ql_origin_token_for_retry(other_secret, &first, &retry_scid, &client, NOW, token);
    const ngtcp2_pkt_hd second = second_initial(token, length);
    g_assert_cmpint(ql_origin_token_judge(secret, &second, &client, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_NONE);
    memset(token, 'x', sizeof token);
    g_assert_cmpint(ql_origin_token_judge(secret, &second, &client, NOW, &original), ==,
                    QL_ORIGIN_TOKEN_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-tokens/retry", test_a_retry_token_gives_the_original_id_back);
    g_test_add_func("/origin-tokens/invalid",
                    test_a_retry_token_of_another_address_or_time_is_invalid);
    g_test_add_func("/origin-tokens/own-id", test_a_retry_token_counts_under_its_own_id_only);
    g_test_add_func("/origin-tokens/new", test_a_new_token_proves_the_host_for_a_day);
    g_test_add_func("/origin-tokens/strange", test_what_others_made_is_as_good_as_no_token);
    return g_test_run();
}
