/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_coding.h"

#include "assert_bytes.h"

#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

static GBytes *encoded(ql_origin_coding coding, size_t length)
{
    g_autofree char *text = g_strnfill(length, 'x');
    g_autoptr(GBytes) content = g_bytes_new(text, length);
    GBytes *coded = ql_origin_coding_encode(coding, content);
    g_assert_nonnull(coded);
    return coded;
}

static void test_long_content_becomes_short(void)
{
    for (ql_origin_coding coding = QL_ORIGIN_CODING_GZIP; coding <= QL_ORIGIN_CODING_ZSTD;
         coding++) {
        g_autoptr(GBytes) coded = encoded(coding, 100000);
        g_autoptr(GBytes) empty = encoded(coding, 0);
        g_assert_cmpuint(g_bytes_get_size(coded), <, 1000);
        g_assert_cmpuint(g_bytes_get_size(empty), >, 0);
        g_assert_nonnull(ql_origin_coding_name(coding));
    }
}

static void test_gzip_and_zstd_are_undone_by_their_libraries(void)
{
    uint8_t plain[100];
    gsize length;
    g_autoptr(GBytes) gzip = encoded(QL_ORIGIN_CODING_GZIP, sizeof plain);
    g_autoptr(GBytes) zstd = encoded(QL_ORIGIN_CODING_ZSTD, sizeof plain);
    g_autofree char *expected = g_strnfill(sizeof plain, 'x');
    const void *data = g_bytes_get_data(zstd, &length);
    size_t got = ZSTD_decompress(plain, sizeof plain, data, length);
    assert_bytes(plain, got, expected, sizeof plain);
    z_stream stream = { .next_out = plain, .avail_out = sizeof plain };
    stream.next_in = (Bytef *)(uintptr_t)g_bytes_get_data(gzip, &length);
    stream.avail_in = (uInt)length;
    g_assert_cmpint(inflateInit2(&stream, 15 + 16), ==, Z_OK);
    g_assert_cmpint(inflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    assert_bytes(plain, stream.total_out, expected, sizeof plain);
    inflateEnd(&stream);
}

static void test_no_coding_leaves_content_alone(void)
{
    g_autoptr(GBytes) same = encoded(QL_ORIGIN_CODING_NONE, 3);
    assert_bytes(g_bytes_get_data(same, NULL), g_bytes_get_size(same), "xxx", 3);
    g_assert_null(ql_origin_coding_name(QL_ORIGIN_CODING_NONE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-coding/short", test_long_content_becomes_short);
    g_test_add_func("/origin-coding/undone", test_gzip_and_zstd_are_undone_by_their_libraries);
    g_test_add_func("/origin-coding/none", test_no_coding_leaves_content_alone);
    return g_test_run();
}
