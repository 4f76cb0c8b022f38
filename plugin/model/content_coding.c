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
    ql_slice in;           /* not used yet: the caller's at the outermost stage, else of buffer */
    uint8_t buffer[CHUNK]; /* what the stage before gave */
    union {
        z_stream zlib;
        BrotliDecoderState *brotli;
        ZSTD_DCtx *zstd;
    };
    bool begun; /* its library was asked for a state */
    bool ended;
    bool broken; /* the input is damaged where it stands now */
    bool filled; /* the room for what it gave: there may be more without further input */
} stage;

/* `in` moves over what was used. Gives the bytes put into `out`, at most `room`. */
typedef struct coding {
    const char *name;
    bool repeats; /* a further member or frame may follow (RFC 1952, 2.2; RFC 8878, 3) */
    bool (*begin)(stage *at, ql_slice in);
    size_t (*step)(stage *at, ql_slice *in, uint8_t *out, size_t room);
    void (*end)(stage *at);
} coding;

struct ql_content_decoder {
    stage stages[QL_CONTENT_CODINGS_MAX]; /* the outermost coding first */
    unsigned count;
    ql_slice in;   /* given, and not yet taken by a stage */
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

static size_t zlib_step(stage *at, ql_slice *in, uint8_t *out, size_t room)
{
    z_stream *z = &at->zlib;
    size_t given = MIN(in->length, (size_t)G_MAXINT);
    z->next_in = (Bytef *)(uintptr_t)in->data;
    z->avail_in = (uInt)given;
    z->next_out = out;
    z->avail_out = (uInt)room;
    int result = inflate(z, Z_NO_FLUSH);
    in->data += given - z->avail_in;
    in->length -= given - z->avail_in;
    at->ended = result == Z_STREAM_END;
    at->broken = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    return room - z->avail_out;
}

static size_t gzip_step(stage *at, ql_slice *in, uint8_t *out, size_t room)
{
    if (at->ended) {
        inflateReset(&at->zlib);
        at->ended = false;
    }
    return zlib_step(at, in, out, room);
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

static size_t brotli_step(stage *at, ql_slice *in, uint8_t *out, size_t room)
{
    size_t left = room;
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(at->brotli, &in->length, &in->data, &left, &out, NULL);
    at->ended = result == BROTLI_DECODER_RESULT_SUCCESS;
    at->broken = result == BROTLI_DECODER_RESULT_ERROR;
    return room - left;
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

static size_t zstd_step(stage *at, ql_slice *in, uint8_t *out, size_t room)
{
    ZSTD_inBuffer from = { in->data, in->length, 0 };
    ZSTD_outBuffer to = { out, room, 0 };
    size_t result = ZSTD_decompressStream(at->zstd, &to, &from);
    in->data += from.pos;
    in->length -= from.pos;
    at->ended = result == 0;
    at->broken = ZSTD_isError(result) != 0;
    return to.pos;
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

static size_t take_as_it_came(ql_slice *in, uint8_t *out, size_t room)
{
    size_t fits = MIN(in->length, room);
    if (fits > 0)
        memcpy(out, in->data, fits);
    in->data += fits;
    in->length -= fits;
    return fits;
}

static size_t take_through(ql_content_decoder *decoder, unsigned depth, uint8_t *out, size_t room);

/* Returns whether the stage before had something for this one, which is its depth-th. Where it had
 * nothing the data are none, but somewhere: there may be output of earlier input. */
static bool refill(ql_content_decoder *decoder, unsigned depth)
{
    stage *at = &decoder->stages[depth - 1];
    if (depth == 1) {
        at->in = decoder->in.length > 0 ? decoder->in : (ql_slice){ at->buffer, 0 };
        decoder->in = (ql_slice){ NULL, 0 };
    } else {
        at->in = (ql_slice){ at->buffer, take_through(decoder, depth - 1, at->buffer, CHUNK) };
    }
    return at->in.length > 0;
}

/* What the first `depth` stages make of the input; 0: they need more of it, or it is damaged. As
 * deep as there are codings. */
static size_t take_through(ql_content_decoder *decoder, unsigned depth, uint8_t *out, size_t room)
{
    if (depth == 0)
        return take_as_it_came(&decoder->in, out, room);
    stage *at = &decoder->stages[depth - 1];
    while (!decoder->damaged) {
        if (at->in.length == 0 && !refill(decoder, depth) && !at->filled)
            return 0;
        if (at->ended && (at->in.length == 0 || !at->coding->repeats)) {
            at->in.length = 0;
            at->filled = false;
            continue;
        }
        if (!at->begun) {
            at->begun = true;
            decoder->damaged = !at->coding->begin(at, at->in);
            continue;
        }
        size_t before = at->in.length;
        size_t got = at->broken ? 0 : at->coding->step(at, &at->in, out, room);
        at->filled = at->broken || got == room;
        decoder->damaged = got == 0 && (at->broken || (before > 0 && at->in.length == before));
        if (got > 0)
            return got;
    }
    return 0;
}

void ql_content_decoder_give(ql_content_decoder *decoder, ql_slice bytes)
{
    decoder->in = bytes;
}

size_t ql_content_decoder_take(ql_content_decoder *decoder, uint8_t *out, size_t room)
{
    uint8_t beyond;
    unsigned depth = decoder->unknown ? 0 : decoder->count;
    room = (size_t)MIN(MIN(room, CHUNK), decoder->room);
    size_t got = room > 0 ? take_through(decoder, depth, out, room) : 0;
    decoder->room -= got;
    if (room == 0)
        decoder->too_large =
            decoder->too_large || take_through(decoder, depth, &beyond, sizeof beyond) > 0;
    if (got == 0) {
        decoder->in.length = 0;
        decoder->stages[0].in.length = 0;
    }
    return got;
}

void ql_content_decoder_push(ql_content_decoder *decoder, ql_slice bytes, GByteArray *out)
{
    uint8_t chunk[CHUNK];
    size_t got;
    ql_content_decoder_give(decoder, bytes);
    while ((got = ql_content_decoder_take(decoder, chunk, sizeof chunk)) > 0)
        g_byte_array_append(out, chunk, (guint)got);
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
