/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_secret.h"

#include "assert_bytes.h"

#include <openssl/ec.h>
#include <string.h>

static void test_a_key_and_a_purpose_give_one_secret(void)
{
    uint8_t one[QL_ORIGIN_SECRET_BYTES], same[QL_ORIGIN_SECRET_BYTES];
    uint8_t other[QL_ORIGIN_SECRET_BYTES], elsewhere[QL_ORIGIN_SECRET_BYTES];
    EVP_PKEY *key = EVP_EC_gen("P-256"), *second = EVP_EC_gen("P-256");
    g_assert_true(ql_origin_secret_derive(key, "a", one, NULL));
    g_assert_true(ql_origin_secret_derive(key, "a", same, NULL));
    g_assert_true(ql_origin_secret_derive(key, "b", other, NULL));
    g_assert_true(ql_origin_secret_derive(second, "a", elsewhere, NULL));
    assert_bytes(one, sizeof one, same, sizeof same);
    g_assert_cmpint(memcmp(one, other, sizeof one), !=, 0);
    g_assert_cmpint(memcmp(one, elsewhere, sizeof one), !=, 0);
    EVP_PKEY_free(key);
    EVP_PKEY_free(second);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-secret/derive", test_a_key_and_a_purpose_give_one_secret);
    return g_test_run();
}
