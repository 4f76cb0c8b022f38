/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_coding.h"

#include <brotli/encode.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW_BITS  (15 + 16) /* the largest window, in gzip's frame */
#define GZIP_MEMORY_LEVEL 8
#define BROTLI_LEVEL      5
#define ZSTD_LEVEL        3

static GBytes *encode_gzip(const uint8_t *data, gsize length)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)length };
    if (length > UINT32_MAX ||
        deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
                     GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    uLong bound = deflateBound(&stream, (uLong)length);
    g_autofree uint8_t *out = g_malloc(bound);
    stream.next_out = out;
    stream.avail_out = (uInt)bound;
    int status = deflate(&stream, Z_FINISH);
    gsize coded = stream.total_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? g_bytes_new_take(g_steal_pointer(&out), coded) : NULL;
}

static GBytes *encode_brotli(const uint8_t *data, gsize length)
{
    size_t coded = BrotliEncoderMaxCompressedSize(length);
    g_autofree uint8_t *out = g_malloc(coded);
    if (BrotliEncoderCompress(BROTLI_LEVEL, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, length,
                              data, &coded, out) != BROTLI_TRUE)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&out), coded);
}

static GBytes *encode_zstd(const uint8_t *data, gsize length)
{
    size_t bound = ZSTD_compressBound(length);
    g_autofree uint8_t *out = g_malloc(bound);
    size_t coded = ZSTD_compress(out, bound, data, length, ZSTD_LEVEL);
    return ZSTD_isError(coded) == 0 ? g_bytes_new_take(g_steal_pointer(&out), coded) : NULL;
}

const char *ql_origin_coding_name(ql_origin_coding coding)
{
    switch (coding) {
    case QL_ORIGIN_CODING_NONE: return NULL;
    case QL_ORIGIN_CODING_GZIP: return "gzip";
    case QL_ORIGIN_CODING_BROTLI: return "br";
    case QL_ORIGIN_CODING_ZSTD: return "zstd";
    }
    return NULL;
}

GBytes *ql_origin_coding_encode(ql_origin_coding coding, GBytes *content)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(content, &length);
    if (data == NULL)
        data = (const uint8_t *)"";
    switch (coding) {
    case QL_ORIGIN_CODING_NONE: return g_bytes_ref(content);
    case QL_ORIGIN_CODING_GZIP: return encode_gzip(data, length);
    case QL_ORIGIN_CODING_BROTLI: return encode_brotli(data, length);
    case QL_ORIGIN_CODING_ZSTD: return encode_zstd(data, length);
    }
    return NULL;
}
