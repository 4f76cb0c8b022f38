/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_stateless.h"

#include "assert_bytes.h"

#include "origin_tokens.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t secret[QL_ORIGIN_SECRET_BYTES] = "a secret of the origin's";

static ngtcp2_version_cid ids_of(const char *dcid, const char *scid)
{
    return (ngtcp2_version_cid){ .version = 0x1a2a3a4a,
                                 .dcid = (const uint8_t *)dcid,
                                 .dcidlen = strlen(dcid),
                                 .scid = (const uint8_t *)scid,
                                 .scidlen = strlen(scid) };
}

static void test_the_versions_go_to_the_sender_and_from_the_receiver(void)
{
    uint8_t packet[QL_ORIGIN_STATELESS_BYTES];
    const ngtcp2_version_cid ids = ids_of("to", "from");
    static const uint8_t rest[] = { 0,   0,   0, 0, 4, 'f', 'r',  'o',  'm',  2,
                                    't', 'o', 0, 0, 0, 1,   0x6b, 0x33, 0x43, 0xcf };
    size_t length = ql_origin_stateless_versions(&ids, packet);
    assert_bytes(packet + 1, length - 1, rest, sizeof rest);
    g_assert_cmpuint(packet[0] & 0x80, ==, 0x80);
}

static void test_a_reset_is_shorter_than_what_it_answers(void)
{
    uint8_t packet[QL_ORIGIN_STATELESS_BYTES], again[QL_ORIGIN_STATELESS_BYTES];
    const ngtcp2_version_cid ids = ids_of("12345678", ""), other = ids_of("12345679", "");
    g_assert_cmpuint(ql_origin_stateless_reset(secret, &ids, 21, packet), ==, 0);
    g_assert_cmpuint(ql_origin_stateless_reset(secret, &ids, 22, packet), ==, 21);
    size_t length = ql_origin_stateless_reset(secret, &ids, 1200, packet);
    g_assert_cmpuint(length, ==, 43);
    g_assert_cmpuint(packet[0] & 0xc0, ==, 0x40);
    ql_origin_stateless_reset(secret, &ids, 1200, again);
    assert_bytes(packet + 27, 16, again + 27, 16);
    ql_origin_stateless_reset(secret, &other, 1200, again);
    g_assert_cmpint(memcmp(packet + 27, again + 27, 16), !=, 0);
}

static ngtcp2_pkt_hd initial_of(uint32_t version)
{
    return (ngtcp2_pkt_hd){ .version = version,
                            .dcid = { .datalen = 8, .data = "original" },
                            .scid = { .datalen = 4, .data = "scid" } };
}

static void test_a_retry_carries_a_token_for_its_own_id(void)
{
    uint8_t packet[QL_ORIGIN_STATELESS_BYTES];
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(7) };
    const ql_address client = ql_address_from((const struct sockaddr *)&v4, sizeof v4);
    ngtcp2_pkt_hd initial = initial_of(NGTCP2_PROTO_VER_V1), header;
    ngtcp2_cid original;
    size_t length =
        ql_origin_stateless_retry(secret, &initial, &client, 6, 5 * NGTCP2_SECONDS, packet);
    ngtcp2_ssize head = ngtcp2_pkt_decode_hd_long(&header, packet, length);
    g_assert_cmpint(head, >, 0);
    g_assert_cmpint(header.type, ==, NGTCP2_PKT_RETRY);
    g_assert_true(ngtcp2_cid_eq(&header.dcid, &initial.scid));
    g_assert_cmpuint(header.scid.datalen, ==, 6);
    initial.dcid = header.scid;
    initial.token = packet + head;
    initial.tokenlen = length - (size_t)head - 16; /* the integrity tag (RFC 9001, 5.8) */
    g_assert_cmpint(ql_origin_token_judge(secret, &initial, &client, 6 * NGTCP2_SECONDS, &original),
                    ==, QL_ORIGIN_TOKEN_RETRY);
    assert_bytes(original.data, original.datalen, "original", 8);
}

static void test_a_refusal_is_an_initial_of_the_same_version(void)
{
    static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2 };
    uint8_t packet[QL_ORIGIN_STATELESS_BYTES];
    ngtcp2_pkt_hd header;
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        const ngtcp2_pkt_hd initial = initial_of(versions[i]);
        size_t length = ql_origin_stateless_refusal(&initial, NGTCP2_CONNECTION_REFUSED, packet);
        g_assert_cmpint(ngtcp2_pkt_decode_hd_long(&header, packet, length), >, 0);
        g_assert_cmpint(header.type, ==, NGTCP2_PKT_INITIAL);
        g_assert_cmphex(header.version, ==, versions[i]);
        g_assert_true(ngtcp2_cid_eq(&header.dcid, &initial.scid));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-stateless/versions",
                    test_the_versions_go_to_the_sender_and_from_the_receiver);
    g_test_add_func("/origin-stateless/reset", test_a_reset_is_shorter_than_what_it_answers);
    g_test_add_func("/origin-stateless/retry", test_a_retry_carries_a_token_for_its_own_id);
    g_test_add_func("/origin-stateless/refusal", test_a_refusal_is_an_initial_of_the_same_version);
    return g_test_run();
}
