/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Undoes the content codings of a body (RFC 9110, 8.4): gzip and x-gzip, deflate (as zlib, and bare
 * as some servers send it), br (RFC 7932), zstd (RFC 8878, window as in RFC 9659), one upon another
 * in the order in which the field lists them. Bytes come in pieces of any size; what they give is
 * out at once. */
#ifndef QL_CONTENT_CODING_H
#define QL_CONTENT_CODING_H

#include <stdbool.h>
#include <glib.h>

#include "model/slice.h"

#define QL_CONTENT_CODINGS_MAX 4u                    /* upon one another; more are not undone */
#define QL_CONTENT_DECODED_MAX (UINT64_C(256) << 20) /* bytes; the usual cap */

typedef enum ql_content_state {
    QL_CONTENT_WHOLE,     /* each coding came to its end; without a coding always */
    QL_CONTENT_CUT,       /* the bytes so far end within a coding */
    QL_CONTENT_DAMAGED,   /* not what the coding allows: what came before it is out */
    QL_CONTENT_TOO_LARGE, /* the cap was reached: a bomb, or a very long body */
    QL_CONTENT_UNKNOWN, /* a coding that is not known, or too many: the bytes go out as they came */
} ql_content_state;

/* "whole", "cut off", "damaged", ...: what is to be said of the decoded bytes. */
const char *ql_content_state_text(ql_content_state state);

typedef struct ql_content_decoder ql_content_decoder;

/* `codings` is the value of content-encoding; NULL and "" are none. Not more than `cap` bytes go
 * out. Never NULL. */
ql_content_decoder *ql_content_decoder_new(const char *codings, uint64_t cap);
void ql_content_decoder_free(ql_content_decoder *decoder);

/* Whether there is anything to undo. */
bool ql_content_decoder_has_codings(const ql_content_decoder *decoder);

/* The next bytes; what they decode to is appended to `out`. Bytes after the end of the outermost
 * coding, or after damage, are passed over. */
void ql_content_decoder_push(ql_content_decoder *decoder, ql_slice bytes, GByteArray *out);

/* The same in two steps, for what shall never hold more than `room` bytes: after bytes were given,
 * which stay the caller's, take is called until it returns 0. Only then may the next be given, and
 * the former go. Returns how many bytes were put into `out`. */
void ql_content_decoder_give(ql_content_decoder *decoder, ql_slice bytes);
size_t ql_content_decoder_take(ql_content_decoder *decoder, uint8_t *out, size_t room);

/* As far as the bytes pushed or taken go. */
ql_content_state ql_content_decoder_state(const ql_content_decoder *decoder);

#endif
