/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a captured frame does, in plain sentences.
 *
 * A sentence says only what was known when the frame was captured, so that it is the same in a live
 * capture, in one pass and in two. */
#ifndef QL_STORY_H
#define QL_STORY_H

#include "model/journal.h"

/* How much a note tells about its frame: from most to least. */
typedef enum ql_note_weight {
    QL_NOTE_PATH,
    QL_NOTE_MESSAGE, /* a request or a response begins or ends */
    QL_NOTE_FACT,    /* a fact of the protocol, such as the end of the connection */
    QL_NOTE_CID_CHANGE,
    QL_NOTE_FINDING,
    QL_NOTE_STREAM,    /* a piece of a message, or of another stream */
    QL_NOTE_CID_STOCK, /* IDs that are handed out, and first uses; where the connection begins */
    QL_NOTE_PACKET,
} ql_note_weight;

typedef struct ql_note {
    char *text;      /* without a full stop; safe to print */
    const char *rfc; /* "RFC 9000, 5.1.1"; NULL where no rule is concerned. Static */
    ql_note_weight weight;
    unsigned order; /* in which it happens in the frame, among those of the same weight */
} ql_note;

/* ql_note, the most telling first; at least one for a frame with events, none without. The caller
 * frees it with g_array_unref(). */
GArray *ql_story_of_events(const ql_event *events, uint32_t frame);

/* "GET https://localhost/a", "PUSH https://localhost/b"; "a request that was not seen" where the
 * request was not known before `frame`. The caller frees it. */
char *ql_story_exchange_name(const ql_exchange *exchange, uint32_t frame);

#endif
