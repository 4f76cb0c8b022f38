/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The content of a message (RFC 9110, 6.4), kept so that it can be shown and exported. Sizes and
 * hashes do not need it: nothing is kept unless it was asked for. */
#ifndef QL_BODY_H
#define QL_BODY_H

#include <stdbool.h>

#include "model/datagram.h"

/* What one captured frame brought in order. */
typedef struct ql_body_piece {
    ql_where where;
    size_t length; /* bytes */
} ql_body_piece;

/* The first bytes of a content, before any coding is undone; all of them unless a cap was hit. */
typedef struct ql_body {
    GByteArray *bytes;
    GArray *pieces; /* of ql_body_piece: together as long as `bytes` */
    bool cut;       /* more came than could be kept */
} ql_body;

/* What all bodies of a session may take together, of memory and of work. A plain value. */
typedef struct ql_body_budget {
    uint64_t cap, held; /* bytes, the pieces' own included; cap 0: bodies are not kept */
    bool told;          /* that the cap was hit */
    bool hashes;        /* contents are hashed: a third of all work where bodies are large */
} ql_body_budget;

/* Adds content that follows what is there, and makes *body when it is NULL. A body that was cut
 * stays as it is. False when this was the first content of all that the cap left no room for. */
bool ql_body_append(ql_body **body, ql_body_budget *budget, ql_slice content,
                    const ql_where *where);

void ql_body_free(ql_body *body);

#endif
