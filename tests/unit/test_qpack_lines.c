/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/qpack_lines.h"

#include "hex.h"

/* RFC 7541, C.1. */
static void test_integers(void)
{
    static const struct {
        const char *wire;
        unsigned bits;
        uint64_t value;
    } cases[] = { { "0a", 5, 10 }, { "ea", 5, 10 },    { "1f9a0a", 5, 1337 },
                  { "2a", 8, 42 }, { "ff00", 8, 255 }, { "7f00", 7, 127 } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = hex(cases[i].wire);
        ql_reader reader = ql_reader_of(slice_of(bytes));
        g_assert_cmpuint(ql_qpack_read_integer(&reader, cases[i].bits), ==, cases[i].value);
        g_assert_false(reader.bad);
        g_assert_cmpuint(ql_reader_left(&reader), ==, 0);
    }
    static const char *const bad[] = { "", "1f", "1f80", "1fffffffffffffffffffff01" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GBytes) bytes = hex(bad[i]);
        ql_reader reader = ql_reader_of(slice_of(bytes));
        ql_qpack_read_integer(&reader, 5);
        g_assert_true(reader.bad);
    }
}

static void assert_part(const char *text, ql_qpack_status status, unsigned lines, unsigned left_out)
{
    g_autoptr(GBytes) bytes = hex(text);
    uint64_t size = 0;
    ql_qpack_result result = ql_qpack_decode_part(slice_of(bytes), &size);
    g_assert_cmpint(result.status, ==, status);
    g_assert_cmpuint(result.fields == NULL ? 0 : result.fields->count, ==, lines);
    if (status == QL_QPACK_PARTIAL)
        g_assert_cmpuint(result.left_out, ==, left_out);
    g_free(result.fields);
}

static void test_parts(void)
{
    assert_part("0500 80 c1 81", QL_QPACK_PARTIAL, 1, 2);
    assert_part("0381 10 11", QL_QPACK_PARTIAL, 0, 2);
    assert_part("0381 4001 61 00 01 61 2161 0162", QL_QPACK_PARTIAL, 1, 2);
    assert_part("0381 51 02 61", QL_QPACK_FAILED, 0, 0);
    assert_part("0381 27", QL_QPACK_FAILED, 0, 0);
    assert_part("ff", QL_QPACK_FAILED, 0, 0);
    assert_part("0381 ff24", QL_QPACK_FAILED, 0, 0); /* static index 99 */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qpack_lines/integers have a prefix", test_integers);
    g_test_add_func("/qpack_lines/lines without references can be read alone", test_parts);
    return g_test_run();
}
