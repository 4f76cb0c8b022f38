/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cid.h"

#include "hex.h"

static ql_cid cid_of_hex(const char *text)
{
    g_autoptr(GBytes) bytes = hex(text);

    return ql_cid_of(slice_of(bytes));
}

static void test_text(void)
{
    ql_cid cid = cid_of_hex("00a1ff"), empty = ql_cid_of((ql_slice){ NULL, 0 });
    g_autofree char *text = ql_cid_text(&cid), *empty_text = ql_cid_text(&empty);
    ql_cid one = cid_of_hex("07");
    g_autofree char *one_text = ql_cid_text(&one);

    g_assert_cmpstr(text, ==, "00a1ff");
    g_assert_cmpstr(one_text, ==, "07");
    g_assert_cmpstr(empty_text, ==, "(empty)");
}

static void test_equality(void)
{
    ql_cid a = cid_of_hex("0102"), same = cid_of_hex("0102"), other = cid_of_hex("0103");
    ql_cid longer = cid_of_hex("010200");

    g_assert_true(ql_cid_equal(&a, &same));
    g_assert_false(ql_cid_equal(&a, &other));
    g_assert_false(ql_cid_equal(&a, &longer));
}

static void test_cut_at_20_bytes(void)
{
    ql_cid cid = cid_of_hex("000102030405060708090a0b0c0d0e0f 10111213 1415");

    g_assert_cmpuint(cid.length, ==, QL_CID_MAX);
    g_assert_cmphex(cid.bytes[19], ==, 0x13);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cid/text is lower-case hex", test_text);
    g_test_add_func("/cid/equal IDs have equal bytes and lengths", test_equality);
    g_test_add_func("/cid/more than 20 bytes are cut off", test_cut_at_20_bytes);
    return g_test_run();
}
