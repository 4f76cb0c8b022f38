/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_scope.h"

static ql_exchange *add(ql_http3_scope *scope, uint64_t stream, uint32_t frame)
{
    ql_exchange *exchange = ql_exchange_new(0, stream);
    exchange->request.first.frame = frame;
    ql_http3_scope_add(scope, exchange);
    return exchange;
}

static void assert_streams(ql_http3_scope *scope, const char *expected)
{
    const GPtrArray *exchanges = ql_http3_scope_exchanges(scope);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < exchanges->len; i++) {
        const ql_exchange *exchange = g_ptr_array_index(exchanges, i);
        g_string_append_printf(text, "%u ", (unsigned)exchange->stream_id);
    }
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

static void test_order(void)
{
    ql_journal *journal = ql_journal_new();
    ql_http3_scope scope;
    ql_http3_scope_init(&scope, journal, 0);
    assert_streams(&scope, "");
    add(&scope, 4, 2);
    add(&scope, 0, 1);
    add(&scope, 12, 7);
    add(&scope, 8, 7);
    assert_streams(&scope, "0 4 12 8 ");
    add(&scope, 16, 3);
    assert_streams(&scope, "0 4 16 12 8 ");
    ql_http3_scope_clear(&scope);
    ql_journal_free(journal);
}

static void test_forget(void)
{
    ql_journal *journal = ql_journal_new();
    g_autoptr(GHashTable) set = g_hash_table_new(NULL, NULL);
    ql_http3_scope scope;
    ql_http3_scope_init(&scope, journal, 0);
    ql_exchange *first = add(&scope, 0, 1);
    add(&scope, 4, 2);
    g_hash_table_add(set, add(&scope, 8, 3));
    g_hash_table_add(set, first);
    ql_http3_scope_forget(&scope, set);
    assert_streams(&scope, "4 ");
    g_assert_cmpuint(first->stream_id, ==, 0);
    add(&scope, 12, 4);
    assert_streams(&scope, "4 12 ");
    ql_http3_scope_clear(&scope);
    ql_journal_free(journal);
}

static void test_digests(void)
{
    ql_journal *journal = ql_journal_new();
    ql_http3_scope scope;
    ql_http3_scope_init(&scope, journal, 0);
    EVP_MD_CTX *one = ql_http3_scope_digest(&scope), *two = ql_http3_scope_digest(&scope);
    g_assert_true(one != NULL && two != NULL && one != two);
    uint8_t hash[32];
    g_assert_cmpint(EVP_DigestUpdate(one, "x", 1), ==, 1);
    ql_http3_scope_digest_done(&scope, one);
    ql_http3_scope_digest_done(&scope, two);
    ql_http3_scope_digest_done(&scope, NULL);
    EVP_MD_CTX *again = ql_http3_scope_digest(&scope);
    g_assert_cmpint(EVP_DigestFinal_ex(again, hash, NULL), ==, 1);
    g_assert_cmpuint(hash[0], ==, 0xe3); /* of no bytes: it does not remember the first use */
    ql_http3_scope_digest_done(&scope, again);
    ql_http3_scope_clear(&scope);
    ql_journal_free(journal);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3_scope/exchanges are in the order of their requests", test_order);
    g_test_add_func("/http3_scope/forgotten exchanges are not listed and stay valid", test_forget);
    g_test_add_func("/http3_scope/digests begin anew", test_digests);
    return g_test_run();
}
