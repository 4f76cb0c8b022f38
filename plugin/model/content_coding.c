/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/content_coding.h"

#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define CHUNK           16384 /* bytes that a stage gives at a time */
#define ZSTD_WINDOW_LOG 23    /* RFC 9659: windows of content codings are at most 8 MB */
#define ZLIB_WINDOW     15

/* One coding that is being undone. */
typedef struct stage {
    const struct coding *coding;
    union {
        z_stream zlib;
        BrotliDecoderState *brotli;
        ZSTD_DCtx *zstd;
    };
    bool begun; /* its library was asked for a state */
    bool ended;
} stage;

/* `in` moves over what was used. Gives the bytes put into `out`; -1 when the input is damaged. */
typedef struct coding {
    const char *name;
    bool repeats; /* a further member or frame may follow (RFC 1952, 2.2; RFC 8878, 3) */
    bool (*begin)(stage *at, ql_slice in);
    int (*step)(stage *at, ql_slice *in, uint8_t out[CHUNK]);
    void (*end)(stage *at);
} coding;

struct ql_content_decoder {
    stage stages[QL_CONTENT_CODINGS_MAX]; /* the outermost coding first */
    unsigned count;
    uint64_t room; /* bytes that may still go out */
    bool damaged, too_large, unknown;
};

static bool gzip_begin(stage *at, ql_slice in)
{
    (void)in;
    return inflateInit2(&at->zlib, 16 + ZLIB_WINDOW) == Z_OK;
}

/* The method of a zlib header is 8 (RFC 1950, 2.2); a bare block never begins like this. */
static bool deflate_begin(stage *at, ql_slice in)
{
    bool wrapped = (in.data[0] & 0x0f) == Z_DEFLATED;
    return inflateInit2(&at->zlib, wrapped ? ZLIB_WINDOW : -ZLIB_WINDOW) == Z_OK;
}

static int zlib_step(stage *at, ql_slice *in, uint8_t out[CHUNK])
{
    z_stream *z = &at->zlib;
    size_t given = MIN(in->length, (size_t)G_MAXINT);
    z->next_in = (Bytef *)(uintptr_t)in->data;
    z->avail_in = (uInt)given;
    z->next_out = out;
    z->avail_out = CHUNK;
    int result = inflate(z, Z_NO_FLUSH);
    in->data += given - z->avail_in;
    in->length -= given - z->avail_in;
    at->ended = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return -1;
    return (int)(CHUNK - z->avail_out);
}

static int gzip_step(stage *at, ql_slice *in, uint8_t out[CHUNK])
{
    if (at->ended) {
        inflateReset(&at->zlib);
        at->ended = false;
    }
    return zlib_step(at, in, out);
}

static void zlib_end(stage *at)
{
    inflateEnd(&at->zlib);
}

static bool brotli_begin(stage *at, ql_slice in)
{
    (void)in;
    at->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    return at->brotli != NULL;
}

static int brotli_step(stage *at, ql_slice *in, uint8_t out[CHUNK])
{
    size_t room = CHUNK;
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(at->brotli, &in->length, &in->data, &room, &out, NULL);
    at->ended = result == BROTLI_DECODER_RESULT_SUCCESS;
    return result == BROTLI_DECODER_RESULT_ERROR ? -1 : (int)(CHUNK - room);
}

static void brotli_end(stage *at)
{
    BrotliDecoderDestroyInstance(at->brotli);
}

static bool zstd_begin(stage *at, ql_slice in)
{
    (void)in;
    at->zstd = ZSTD_createDCtx();
    return at->zstd != NULL &&
           !ZSTD_isError(ZSTD_DCtx_setParameter(at->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

static int zstd_step(stage *at, ql_slice *in, uint8_t out[CHUNK])
{
    ZSTD_inBuffer from = { in->data, in->length, 0 };
    ZSTD_outBuffer to = { out, CHUNK, 0 };
    size_t result = ZSTD_decompressStream(at->zstd, &to, &from);
    in->data += from.pos;
    in->length -= from.pos;
    at->ended = result == 0;
    return ZSTD_isError(result) ? -1 : (int)to.pos;
}

static void zstd_end(stage *at)
{
    ZSTD_freeDCtx(at->zstd);
}

static const coding codings[] = {
    { "gzip", true, gzip_begin, gzip_step, zlib_end },
    { "x-gzip", true, gzip_begin, gzip_step, zlib_end },
    { "deflate", false, deflate_begin, zlib_step, zlib_end },
    { "br", false, brotli_begin, brotli_step, brotli_end },
    { "zstd", true, zstd_begin, zstd_step, zstd_end },
};

static const coding *coding_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codings); i++)
        if (g_ascii_strcasecmp(codings[i].name, name) == 0)
            return &codings[i];
    return NULL;
}

ql_content_decoder *ql_content_decoder_new(const char *names, uint64_t cap)
{
    ql_content_decoder *decoder = g_new0(ql_content_decoder, 1);
    decoder->room = cap;
    char **listed = g_strsplit(names != NULL ? names : "", ",", -1);
    for (guint i = g_strv_length(listed); i > 0; i--) {
        const char *name = g_strstrip(listed[i - 1]);
        if (name[0] == '\0' || g_ascii_strcasecmp(name, "identity") == 0)
            continue;
        const coding *found = coding_of(name);
        if (found != NULL && decoder->count < QL_CONTENT_CODINGS_MAX)
            decoder->stages[decoder->count++].coding = found;
        else
            decoder->unknown = true;
    }
    g_strfreev(listed);
    return decoder;
}

void ql_content_decoder_free(ql_content_decoder *decoder)
{
    if (decoder == NULL)
        return;
    for (unsigned i = 0; i < decoder->count; i++)
        if (decoder->stages[i].begun)
            decoder->stages[i].coding->end(&decoder->stages[i]);
    g_free(decoder);
}

bool ql_content_decoder_has_codings(const ql_content_decoder *decoder)
{
    return decoder->count > 0 || decoder->unknown;
}

static void put_out(ql_content_decoder *decoder, ql_slice bytes, GByteArray *out)
{
    size_t fits = (size_t)MIN(bytes.length, decoder->room);
    g_byte_array_append(out, bytes.data, (guint)fits);
    decoder->room -= fits;
    decoder->too_large = decoder->too_large || fits < bytes.length;
}

static bool may_go_on(const ql_content_decoder *decoder)
{
    return !decoder->damaged && !decoder->too_large;
}

/* As deep as there are codings. */
static void run_stage(ql_content_decoder *decoder, unsigned index, ql_slice in, GByteArray *out)
{
    if (index == decoder->count) {
        put_out(decoder, in, out);
        return;
    }
    stage *at = &decoder->stages[index];
    if (in.length > 0 && !at->begun) {
        at->begun = true;
        decoder->damaged = !at->coding->begin(at, in);
    }
    uint8_t chunk[CHUNK];
    int got = CHUNK;
    /* A full chunk may leave more behind, also without further input. */
    while (may_go_on(decoder) && (in.length > 0 || got == CHUNK)) {
        size_t before = in.length;
        if (at->ended && (in.length == 0 || !at->coding->repeats))
            return;
        got = at->coding->step(at, &in, chunk);
        if (got == 0 && in.length == before)
            return;
        decoder->damaged = got < 0;
        if (got > 0)
            run_stage(decoder, index + 1, (ql_slice){ chunk, (size_t)got }, out);
    }
}

void ql_content_decoder_push(ql_content_decoder *decoder, ql_slice bytes, GByteArray *out)
{
    if (bytes.length == 0)
        return;
    if (decoder->unknown)
        put_out(decoder, bytes, out);
    else if (may_go_on(decoder))
        run_stage(decoder, 0, bytes, out);
}

ql_content_state ql_content_decoder_state(const ql_content_decoder *decoder)
{
    if (decoder->too_large)
        return QL_CONTENT_TOO_LARGE;
    if (decoder->unknown)
        return QL_CONTENT_UNKNOWN;
    if (decoder->damaged)
        return QL_CONTENT_DAMAGED;
    for (unsigned i = 0; i < decoder->count; i++)
        if (!decoder->stages[i].ended)
            return QL_CONTENT_CUT;
    return QL_CONTENT_WHOLE;
}

const char *ql_content_state_text(ql_content_state state)
{
    static const char *const texts[] = {
        [QL_CONTENT_WHOLE] = "whole",
        [QL_CONTENT_CUT] = "cut off within its content coding",
        [QL_CONTENT_DAMAGED] = "damaged within its content coding",
        [QL_CONTENT_TOO_LARGE] = "cut off at the limit for decoded content",
        [QL_CONTENT_UNKNOWN] = "left in a content coding that is not known",
    };
    return texts[state];
}
