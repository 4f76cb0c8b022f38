/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two sides of an exchange said, as somebody reads it who follows the stream: field
 * sections as text, content with its codings undone. */
#ifndef QL_TRANSCRIPT_H
#define QL_TRANSCRIPT_H

#include "model/exchange.h"

typedef struct ql_transcript_part {
    ql_where where; /* the frame that brought it: of a section, its first byte */
    ql_side sender;
    GByteArray *bytes; /* not empty */
} ql_transcript_part;

/* ql_transcript_part, in the order in which they were captured. What cannot be shown, because it is
 * not kept, damaged or in an unknown coding, is told in brackets. The caller frees it with
 * g_array_unref(). */
GArray *ql_transcript_of(const ql_exchange *exchange);

#endif
