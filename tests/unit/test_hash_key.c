/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/hash_key.h"

#include "quic_builder.h"

static guint hash_of_cid(const ql_hash_key *key, unsigned number)
{
    ql_cid cid = { .bytes = { 7, 7, (uint8_t)(number >> 8), (uint8_t)number }, .length = 8 };
    return ql_cid_key_of(key, &cid).hash;
}

/* Neighbours, as servers that count issue them, share their hashes by chance only. */
static void test_spread(void)
{
    ql_hash_key key = ql_hash_key_new();
    g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL), ends = g_hash_table_new(NULL, NULL);
    ql_endpoint server = quic_endpoint(1, 443);
    for (unsigned i = 0; i < 60000; i++) {
        ql_endpoint client = quic_endpoint(2, (uint16_t)i);
        g_hash_table_add(ids, GUINT_TO_POINTER(hash_of_cid(&key, i)));
        g_hash_table_add(ends, GUINT_TO_POINTER(ql_ends_key_of(&key, &client, &server).hash));
    }
    g_assert_cmpuint(g_hash_table_size(ids), >, 59900);
    g_assert_cmpuint(g_hash_table_size(ends), >, 59900);
}

/* What falls together under one key does not under another. */
static void test_keys_differ(void)
{
    ql_hash_key one = ql_hash_key_new(), other = ql_hash_key_new();
    unsigned together = 0;
    for (unsigned i = 0; i < 60000; i++)
        together += hash_of_cid(&one, i) % 1021 == hash_of_cid(&one, 0) % 1021 &&
                    hash_of_cid(&other, i) % 1021 == hash_of_cid(&other, 0) % 1021;
    g_assert_cmpuint(together, <, 20);
}

static void test_lengths_differ(void)
{
    ql_hash_key key = ql_hash_key_new();
    ql_cid shorter = quic_cid("0102"), longer = quic_cid("010200");
    ql_cid_key a = ql_cid_key_of(&key, &shorter), b = ql_cid_key_of(&key, &longer);
    g_assert_cmpuint(a.hash, !=, b.hash);
    g_assert_false(ql_cid_key_equal(&a, &b));
    ql_cid_key again = ql_cid_key_of(&key, &shorter);
    g_assert_cmpuint(ql_hash_key_hash(&a), ==, ql_hash_key_hash(&again));
    g_assert_true(ql_cid_key_equal(&a, &again));
}

static void test_directions(void)
{
    ql_hash_key key = ql_hash_key_new();
    ql_endpoint a = quic_endpoint(1, 443), b = quic_endpoint(1, 444);
    ql_ends_key forth = ql_ends_key_of(&key, &a, &b), back = ql_ends_key_of(&key, &b, &a);
    g_assert_false(ql_ends_key_equal(&forth, &back));
    forth = ql_ends_key_both_ways(&key, &a, &b);
    back = ql_ends_key_both_ways(&key, &b, &a);
    g_assert_true(ql_ends_key_equal(&forth, &back));
    g_assert_cmpuint(forth.hash, ==, back.hash);
}

static void test_tokens(void)
{
    ql_hash_key key = ql_hash_key_new();
    static const uint8_t token[16] = { 1, 2, 3, 4 }, other[16] = { 1, 2, 3, 4, 5 };
    ql_token_key a = ql_token_key_of(&key, token), same = ql_token_key_of(&key, token);
    ql_token_key b = ql_token_key_of(&key, other);
    g_assert_true(ql_token_key_equal(&a, &same));
    g_assert_cmpuint(a.hash, ==, same.hash);
    g_assert_false(ql_token_key_equal(&a, &b));
    g_assert_cmpuint(a.hash, !=, b.hash);
}

/* The upper half xor the lower one, as GLib hashes numbers, is 0 for all of these. */
static void test_numbers(void)
{
    ql_hash_key key = ql_hash_key_new();
    g_autoptr(GHashTable) hashes = g_hash_table_new(NULL, NULL);
    for (uint64_t i = 0; i < 1000; i++) {
        ql_number_key made = ql_number_key_of(&key, i << 32 | i);
        ql_number_key same = ql_number_key_of(&key, i << 32 | i);
        g_assert_true(ql_number_key_equal(&made, &same));
        g_assert_cmpuint(made.hash, ==, same.hash);
        g_hash_table_add(hashes, GUINT_TO_POINTER(made.hash));
    }
    g_assert_cmpuint(g_hash_table_size(hashes), >, 990);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hash_key/neighbours have different hashes", test_spread);
    g_test_add_func("/hash_key/each key hashes in its own way", test_keys_differ);
    g_test_add_func("/hash_key/an ID and its beginning differ", test_lengths_differ);
    g_test_add_func("/hash_key/both directions may be one", test_directions);
    g_test_add_func("/hash_key/tokens are told apart by all of their bytes", test_tokens);
    g_test_add_func("/hash_key/numbers made to collide do not", test_numbers);
    return g_test_run();
}
