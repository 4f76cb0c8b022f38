/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A response body on its way: read in pieces, each kept until the client acknowledged it, and never
 * more of it in memory than a limit, however large the resource is. Or a body that is made while it
 * is sent. */
#pragma once

#include "origin_content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_ORIGIN_BODY_UNACKED (256u * 1024u) /* the usual limit */

typedef struct ql_origin_body ql_origin_body;

typedef enum ql_origin_body_state {
    QL_ORIGIN_BODY_PIECE,  /* here is a piece, and there may be more */
    QL_ORIGIN_BODY_END,    /* here is the last piece; it may be empty */
    QL_ORIGIN_BODY_FULL,   /* not before something is acknowledged, or appended */
    QL_ORIGIN_BODY_FAILED, /* the file cannot be read, or became shorter than was announced */
} ql_origin_body_state;

/* resource is borrowed; limit is at least 16 KB. */
ql_origin_body *ql_origin_body_new(const ql_origin_resource *resource, size_t limit);

/* One without a resource: it has what is appended, until that is all. */
ql_origin_body *ql_origin_body_new_empty(void);
void ql_origin_body_append(ql_origin_body *body, const uint8_t *data, size_t length);
void ql_origin_body_finish(ql_origin_body *body);

void ql_origin_body_free(ql_origin_body *body); /* NULL is a no-op */

/* The next piece, of at most that many bytes (not 0); data stays valid until it was acknowledged.
 * After END, FAILED: the same again. */
ql_origin_body_state ql_origin_body_next(ql_origin_body *body, uint64_t most, const uint8_t **data,
                                         size_t *length);

/* The next length bytes were acknowledged: they are let go, in whole pieces. Returns true if the
 * body was FULL and is not any more. */
bool ql_origin_body_acknowledge(ql_origin_body *body, uint64_t length);

/* Whether all that was read has been acknowledged. */
bool ql_origin_body_is_acknowledged(const ql_origin_body *body);

/* Bytes that are in memory. */
size_t ql_origin_body_kept(const ql_origin_body *body);
