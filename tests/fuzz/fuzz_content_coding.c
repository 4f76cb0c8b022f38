/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A body: its first bytes choose codings and the sizes of pieces, the rest is coded. */
#include "fuzz.h"
#include "model/content_coding.h"

#define CAP 100000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "gzip", "deflate", "br", "zstd", "compress" };
    if (size < 2)
        return 0;
    GString *codings = g_string_new(NULL);
    for (unsigned i = 0, chosen = data[0]; i < 1 + chosen % 3; i++)
        g_string_append_printf(codings, "%s,", names[(chosen / 3 + i) % G_N_ELEMENTS(names)]);
    ql_content_decoder *decoder = ql_content_decoder_new(codings->str, CAP);
    GByteArray *out = g_byte_array_new();
    size_t piece = 1u + data[1];
    for (size_t at = 2; at < size; at += piece)
        ql_content_decoder_push(decoder, (ql_slice){ data + at, MIN(piece, size - at) }, out);
    g_assert(out->len <= CAP);
    g_assert(ql_content_state_text(ql_content_decoder_state(decoder)) != NULL);
    g_byte_array_unref(out);
    ql_content_decoder_free(decoder);
    g_string_free(codings, TRUE);
    return 0;
}
