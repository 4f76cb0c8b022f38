/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a captured frame does, in plain sentences.
 *
 * A sentence says only what was known when the frame was captured, so that it is the same in a live
 * capture, in one pass and in two. */
#ifndef QL_STORY_H
#define QL_STORY_H

#include "model/journal.h"

typedef struct ql_note {
    char *text;      /* without a full stop; safe to print */
    const char *rfc; /* "RFC 9000, 5.1.1"; NULL where no rule is concerned. Static */
} ql_note;

/* ql_note, in the order in which things happen in the frame; at least one for a frame with events,
 * none without. The caller frees it with g_array_unref(). */
GArray *ql_story_of_events(const ql_event *events, uint32_t frame);

/* "GET https://localhost/a", "PUSH https://localhost/b"; "a request that was not seen" where the
 * request was not known before `frame`. The caller frees it. */
char *ql_story_exchange_name(const ql_exchange *exchange, uint32_t frame);

#endif
