/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reader.h"

#include "assert_bytes.h"

static ql_reader reader_of(const uint8_t *bytes, size_t length)
{
    return ql_reader_of((ql_slice){ bytes, length });
}

static void test_integers(void)
{
    static const uint8_t wire[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    ql_reader reader = reader_of(wire, sizeof wire);

    g_assert_cmphex(ql_read_u8(&reader), ==, 0x01);
    g_assert_cmphex(ql_read_u16(&reader), ==, 0x0203);
    g_assert_cmphex(ql_read_u24(&reader), ==, 0x040506);
    g_assert_cmphex(ql_read_u32(&reader), ==, 0x0708090a);
    g_assert_false(reader.bad);
    g_assert_cmpuint(ql_reader_left(&reader), ==, 0);
}

/* The examples of RFC 9000, A.1. */
static void test_varints(void)
{
    static const struct {
        uint8_t wire[8];
        size_t length;
        uint64_t value;
    } cases[] = {
        { { 0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c }, 8, UINT64_C(151288809941952652) },
        { { 0x9d, 0x7f, 0x3e, 0x7d }, 4, 494878333 },
        { { 0x7b, 0xbd }, 2, 15293 },
        { { 0x25 }, 1, 37 },
        { { 0x40, 0x25 }, 2, 37 },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, (UINT64_C(1) << 62) - 1 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ql_reader reader = reader_of(cases[i].wire, cases[i].length);
        g_assert_cmpuint(ql_read_varint(&reader), ==, cases[i].value);
        g_assert_false(reader.bad);
        g_assert_cmpuint(ql_reader_left(&reader), ==, 0);

        for (size_t cut = 0; cut < cases[i].length; cut++) {
            reader = reader_of(cases[i].wire, cut);
            g_assert_cmpuint(ql_read_varint(&reader), ==, 0);
            g_assert_true(reader.bad);
        }
    }
}

static void test_fails_once(void)
{
    static const uint8_t wire[] = { 1, 2, 3 };
    ql_reader reader = reader_of(wire, sizeof wire);
    uint8_t copy[2] = { 9, 9 };

    g_assert_cmpuint(ql_read_u8(&reader), ==, 1);
    g_assert_cmpuint(ql_read_u32(&reader), ==, 0);
    g_assert_true(reader.bad);
    g_assert_true(reader.at == wire + 1);

    g_assert_cmpuint(ql_read_u8(&reader), ==, 0);
    g_assert_cmpuint(ql_read_slice(&reader, 1).length, ==, 0);
    g_assert_cmpuint(ql_read_rest(&reader).length, ==, 0);
    ql_read_bytes(&reader, copy, sizeof copy);
    g_assert_cmpuint(copy[0], ==, 0);
    g_assert_cmpuint(copy[1], ==, 0);
    g_assert_cmpuint(ql_reader_left(&reader), ==, 0);
    g_assert_true(reader.at == wire + 1);
}

static void test_slices(void)
{
    static const uint8_t wire[] = { 1, 'a', 0, 2, 'b', 'c', 0x40, 1, 'd', 'e', 'f' };
    ql_reader reader = reader_of(wire, sizeof wire);

    ql_slice a = ql_read_slice8(&reader), b = ql_read_slice16(&reader);
    ql_slice c = ql_read_slice_varint(&reader), d = ql_read_rest(&reader);
    assert_bytes(a.data, a.length, "a", 1);
    assert_bytes(b.data, b.length, "bc", 2);
    assert_bytes(c.data, c.length, "d", 1);
    assert_bytes(d.data, d.length, "ef", 2);
    g_assert_false(reader.bad);
}

static void test_slice_that_is_too_long(void)
{
    static const uint8_t wire[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3 };
    ql_reader reader = reader_of(wire, sizeof wire);

    g_assert_cmpuint(ql_read_slice_varint(&reader).length, ==, 0);
    g_assert_true(reader.bad);

    reader = reader_of(wire, sizeof wire);
    g_assert_cmpuint(ql_read_slice(&reader, sizeof wire).length, ==, sizeof wire);
    g_assert_false(reader.bad);
    g_assert_cmpuint(ql_read_slice(&reader, 0).length, ==, 0);
    g_assert_false(reader.bad);
    g_assert_cmpuint(ql_read_slice(&reader, UINT64_MAX).length, ==, 0);
    g_assert_true(reader.bad);
}

static void test_bytes(void)
{
    static const uint8_t wire[] = { 7, 8, 9 };
    ql_reader reader = reader_of(wire, sizeof wire);
    uint8_t one[1], two[2];

    ql_read_bytes(&reader, one, sizeof one);
    ql_read_bytes(&reader, two, sizeof two);
    g_assert_false(reader.bad);
    assert_bytes(one, sizeof one, wire, 1);
    assert_bytes(two, sizeof two, wire + 1, 2);
}

static void test_absent_slice(void)
{
    ql_reader reader = ql_reader_of((ql_slice){ NULL, 0 });

    g_assert_cmpuint(ql_reader_left(&reader), ==, 0);
    g_assert_cmpuint(ql_read_rest(&reader).length, ==, 0);
    g_assert_false(reader.bad);
    ql_read_u8(&reader);
    g_assert_true(reader.bad);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reader/integers are read in network byte order", test_integers);
    g_test_add_func("/reader/a varint has any of four lengths, and none of them cut", test_varints);
    g_test_add_func("/reader/a read that fails moves nothing, nor do those after it",
                    test_fails_once);
    g_test_add_func("/reader/slices follow their lengths", test_slices);
    g_test_add_func("/reader/a slice longer than what is left fails", test_slice_that_is_too_long);
    g_test_add_func("/reader/bytes are copied as many as there is room for", test_bytes);
    g_test_add_func("/reader/an absent slice reads as an empty one", test_absent_slice);
    return g_test_run();
}
