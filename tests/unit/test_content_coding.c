/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/content_coding.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "assert_bytes.h"

static const char text[] = "one, two, three, four, five, one, two, three, four, five";

#define TEXT_LENGTH (sizeof text - 1)

/* How deflateInit2() is asked for each form. */
enum { BARE = -15, ZLIB = 15, GZIP = 31 };

static GByteArray *deflated(int form, const void *bytes, size_t length)
{
    z_stream z = { 0 };
    g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, form, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)deflateBound(&z, length));
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)length;
    z.next_out = out->data;
    z.avail_out = out->len;
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint)z.total_out);
    deflateEnd(&z);
    return out;
}

static GByteArray *zstandard(const void *bytes, size_t length)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)ZSTD_compressBound(length));
    size_t used = ZSTD_compress(out->data, out->len, bytes, length, 3);
    g_assert_false(ZSTD_isError(used));
    g_byte_array_set_size(out, (guint)used);
    return out;
}

static GByteArray *brotli(void)
{
    static const uint8_t of_text[] = { 0x1f, 0x37, 0x00, 0xf8, 0x2d, 0x0e, 0xec, 0x58, 0x07, 0x28,
                                       0x71, 0xd6, 0x54, 0x2c, 0x78, 0x9d, 0xe6, 0xf6, 0x76, 0x27,
                                       0xcd, 0xde, 0xe8, 0x02, 0xa4, 0x59, 0xe4, 0xea, 0xec, 0x66,
                                       0x19, 0xcb, 0x5b, 0xed, 0x42, 0x54, 0xb1, 0x80, 0x92, 0xc9,
                                       0xef, 0x21, 0x4e, 0xad, 0x70, 0x02 };
    return g_byte_array_append(g_byte_array_new(), of_text, sizeof of_text);
}

/* Pushed in pieces of this size. */
static ql_content_state decode(const char *codings, const GByteArray *in, size_t piece,
                               uint64_t cap, GByteArray *out)
{
    ql_content_decoder *decoder = ql_content_decoder_new(codings, cap);
    for (size_t at = 0; at < in->len; at += piece)
        ql_content_decoder_push(decoder, (ql_slice){ in->data + at, MIN(piece, in->len - at) },
                                out);
    ql_content_state state = ql_content_decoder_state(decoder);
    ql_content_decoder_free(decoder);
    return state;
}

/* Whole, byte by byte, and cut before its last byte. Takes `coded`. */
static void check(const char *codings, GByteArray *coded)
{
    const size_t pieces[] = { 1, 7, G_MAXINT };
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        GByteArray *out = g_byte_array_new();
        g_assert_cmpint(decode(codings, coded, pieces[i], QL_CONTENT_DECODED_MAX, out), ==,
                        QL_CONTENT_WHOLE);
        assert_bytes(out->data, out->len, text, TEXT_LENGTH);
        g_byte_array_set_size(out, 0);
        g_byte_array_set_size(coded, coded->len - 1);
        g_assert_cmpint(decode(codings, coded, pieces[i], QL_CONTENT_DECODED_MAX, out), ==,
                        QL_CONTENT_CUT);
        g_assert_cmpint(memcmp(out->data, text, out->len), ==, 0);
        g_byte_array_set_size(coded, coded->len + 1);
        g_byte_array_unref(out);
    }
    g_byte_array_unref(coded);
}

static void test_gzip(void)
{
    check("gzip", deflated(GZIP, text, TEXT_LENGTH));
    check(" X-Gzip ", deflated(GZIP, text, TEXT_LENGTH));
}

static void test_deflate(void)
{
    check("deflate", deflated(ZLIB, text, TEXT_LENGTH));
    check("deflate", deflated(BARE, text, TEXT_LENGTH));
}

static void test_brotli(void)
{
    check("br", brotli());
}

static void test_zstd(void)
{
    check("zstd", zstandard(text, TEXT_LENGTH));
}

static void test_one_upon_another(void)
{
    GByteArray *inner = deflated(GZIP, text, TEXT_LENGTH);
    check("gzip, identity,zstd", zstandard(inner->data, inner->len));
    g_byte_array_unref(inner);
}

static void test_members_in_a_row(void)
{
    GByteArray *coded = deflated(GZIP, text, 10),
               *rest = deflated(GZIP, text + 10, TEXT_LENGTH - 10);
    g_byte_array_append(coded, rest->data, rest->len);
    check("gzip", coded);
    g_byte_array_unref(rest);
    coded = zstandard(text, 10);
    rest = zstandard(text + 10, TEXT_LENGTH - 10);
    g_byte_array_append(coded, rest->data, rest->len);
    check("zstd", coded);
    g_byte_array_unref(rest);
}

static void test_no_coding(void)
{
    const char *const none[] = { NULL, "", "identity", " , " };
    GByteArray *plain = g_byte_array_new();
    g_byte_array_append(plain, (const guint8 *)text, TEXT_LENGTH);
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        GByteArray *out = g_byte_array_new();
        g_assert_cmpint(decode(none[i], plain, 5, 1000, out), ==, QL_CONTENT_WHOLE);
        assert_bytes(out->data, out->len, text, TEXT_LENGTH);
        g_byte_array_unref(out);
    }
    g_byte_array_unref(plain);
}

static void test_unknown_coding(void)
{
    GByteArray *coded = deflated(GZIP, text, TEXT_LENGTH), *out = g_byte_array_new();
    g_assert_cmpint(decode("gzip, compress", coded, 5, 1000, out), ==, QL_CONTENT_UNKNOWN);
    assert_bytes(out->data, out->len, coded->data, coded->len);
    g_byte_array_set_size(out, 0);
    g_assert_cmpint(decode("br,br,br,br,br", coded, 5, 1000, out), ==, QL_CONTENT_UNKNOWN);
    g_byte_array_unref(coded);
    g_byte_array_unref(out);
}

static void test_damage(void)
{
    GByteArray *coded = deflated(GZIP, text, TEXT_LENGTH), *out = g_byte_array_new();
    coded->data[coded->len - 5] ^= 1; /* of the checksum */
    g_assert_cmpint(decode("gzip", coded, 3, 1000, out), ==, QL_CONTENT_DAMAGED);
    assert_bytes(out->data, out->len, text, TEXT_LENGTH);
    g_byte_array_set_size(out, 0);
    g_assert_cmpint(decode("gzip", coded, G_MAXINT, 1000, out), ==, QL_CONTENT_DAMAGED);
    assert_bytes(out->data, out->len, text, TEXT_LENGTH);
    g_byte_array_set_size(out, 0);
    coded->data[0] = 'H';
    g_assert_cmpint(decode("gzip", coded, 3, 1000, out), ==, QL_CONTENT_DAMAGED);
    g_assert_cmpuint(out->len, ==, 0);
    g_byte_array_unref(coded);
    g_byte_array_unref(out);
}

static void test_bomb(void)
{
    const size_t length = 8u << 20, cap = 100000;
    void *zeros = g_malloc0(length);
    GByteArray *once = deflated(GZIP, zeros, length);
    GByteArray *twice = deflated(GZIP, once->data, once->len), *out = g_byte_array_new();
    g_assert_cmpuint(twice->len, <, 1000);
    g_assert_cmpint(decode("gzip,gzip", twice, 64, cap, out), ==, QL_CONTENT_TOO_LARGE);
    g_assert_cmpuint(out->len, ==, cap);
    g_byte_array_unref(once);
    g_byte_array_unref(twice);
    g_byte_array_unref(out);
    g_free(zeros);
}

/* Takes `coded`, which zeros became. */
static void check_cut(const char *coding, GByteArray *coded, const uint8_t *zeros, size_t length)
{
    GByteArray *out = g_byte_array_new();
    while (coded->len > 1) {
        g_byte_array_set_size(coded, coded->len - 1);
        g_byte_array_set_size(out, 0);
        g_assert_cmpint(decode(coding, coded, G_MAXINT, length, out), ==, QL_CONTENT_CUT);
        g_assert_cmpint(memcmp(out->data, zeros, out->len), ==, 0);
    }
    g_byte_array_unref(coded);
    g_byte_array_unref(out);
}

/* Where the output just fills what a stage gives at a time, more of it may come without input. */
static void test_cut_bomb(void)
{
    const size_t length = 1u << 18;
    uint8_t *zeros = g_malloc0(length);
    check_cut("gzip", deflated(GZIP, zeros, length), zeros, length);
    check_cut("zstd", zstandard(zeros, length), zeros, length);
    g_free(zeros);
}

/* 8 MB come out of a few bytes, and never more than 100 of them at a time. */
static void test_room(void)
{
    const size_t length = 8u << 20;
    void *zeros = g_malloc0(length);
    GByteArray *once = deflated(GZIP, zeros, length);
    GByteArray *twice = zstandard(once->data, once->len);
    ql_content_decoder *decoder = ql_content_decoder_new("gzip, zstd", UINT64_MAX);
    uint8_t out[100];
    size_t got, whole = 0;
    ql_content_decoder_give(decoder, (ql_slice){ twice->data, twice->len });
    while ((got = ql_content_decoder_take(decoder, out, sizeof out)) > 0) {
        g_assert_cmpuint(got, <=, sizeof out);
        whole += got;
    }
    g_assert_cmpuint(whole, ==, length);
    g_assert_cmpint(ql_content_decoder_state(decoder), ==, QL_CONTENT_WHOLE);
    ql_content_decoder_free(decoder);
    g_byte_array_unref(once);
    g_byte_array_unref(twice);
    g_free(zeros);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/content_coding/gzip is undone, in pieces of any size", test_gzip);
    g_test_add_func("/content_coding/deflate is undone, with and without a zlib header",
                    test_deflate);
    g_test_add_func("/content_coding/br is undone", test_brotli);
    g_test_add_func("/content_coding/zstd is undone", test_zstd);
    g_test_add_func("/content_coding/several codings are undone from the last to the first",
                    test_one_upon_another);
    g_test_add_func("/content_coding/members and frames in a row are one content",
                    test_members_in_a_row);
    g_test_add_func("/content_coding/without a coding bytes go through", test_no_coding);
    g_test_add_func("/content_coding/an unknown coding leaves the bytes as they are",
                    test_unknown_coding);
    g_test_add_func("/content_coding/damage ends it, what came before is out", test_damage);
    g_test_add_func("/content_coding/a bomb stops at the cap", test_bomb);
    g_test_add_func("/content_coding/a bomb may be cut anywhere", test_cut_bomb);
    g_test_add_func("/content_coding/what is taken fits the room for it", test_room);
    return g_test_run();
}
