/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_body.h"

#include <glib.h>
#include <string.h>

#define PIECE_BYTES (16u * 1024u)

typedef struct piece {
    size_t length, acknowledged;
    uint8_t data[];
} piece;

struct ql_origin_body {
    const ql_origin_resource *resource; /* NULL: it is made while it is sent */
    GQueue made;                        /* piece: of such a body, not yet handed out */
    bool finished;                      /* nothing more is made */
    size_t limit;
    uint64_t offset; /* of the next piece */
    GQueue pieces;   /* not yet acknowledged, oldest first */
    size_t kept;     /* bytes in pieces */
    bool full, failed;
};

ql_origin_body *ql_origin_body_new(const ql_origin_resource *resource, size_t limit)
{
    ql_origin_body *body = g_new0(ql_origin_body, 1);
    body->resource = resource;
    body->limit = MAX(limit, PIECE_BYTES);
    g_queue_init(&body->pieces);
    g_queue_init(&body->made);
    return body;
}

ql_origin_body *ql_origin_body_new_empty(void)
{
    return ql_origin_body_new(NULL, 0);
}

void ql_origin_body_append(ql_origin_body *body, const uint8_t *data, size_t length)
{
    if (length == 0)
        return;
    piece *made = g_malloc(sizeof *made + length);
    made->length = length;
    made->acknowledged = 0;
    memcpy(made->data, data, length);
    g_queue_push_tail(&body->made, made);
    body->kept += length;
}

void ql_origin_body_finish(ql_origin_body *body)
{
    body->finished = true;
}

void ql_origin_body_free(ql_origin_body *body)
{
    if (body == NULL)
        return;
    g_queue_clear_full(&body->pieces, g_free);
    g_queue_clear_full(&body->made, g_free);
    g_free(body);
}

static ql_origin_body_state read_piece(ql_origin_body *body, uint64_t left, uint64_t most,
                                       const uint8_t **data, size_t *length)
{
    size_t wanted = MIN(MIN(left, most), PIECE_BYTES);
    piece *next = g_malloc(sizeof *next + wanted);
    ssize_t got = ql_origin_resource_read(body->resource, body->offset, next->data, wanted);
    if (got < 0 || (size_t)got < wanted) {
        g_free(next);
        body->failed = true;
        return QL_ORIGIN_BODY_FAILED;
    }
    next->length = wanted;
    next->acknowledged = 0;
    g_queue_push_tail(&body->pieces, next);
    body->kept += wanted;
    body->offset += wanted;
    *data = next->data;
    *length = wanted;
    return wanted == left ? QL_ORIGIN_BODY_END : QL_ORIGIN_BODY_PIECE;
}

static ql_origin_body_state hand_out(ql_origin_body *body, const uint8_t **data, size_t *length)
{
    piece *next = g_queue_pop_head(&body->made);
    if (next == NULL) {
        body->full = !body->finished;
        return body->finished ? QL_ORIGIN_BODY_END : QL_ORIGIN_BODY_FULL;
    }
    g_queue_push_tail(&body->pieces, next);
    *data = next->data;
    *length = next->length;
    return body->finished && body->made.length == 0 ? QL_ORIGIN_BODY_END : QL_ORIGIN_BODY_PIECE;
}

ql_origin_body_state ql_origin_body_next(ql_origin_body *body, uint64_t most, const uint8_t **data,
                                         size_t *length)
{
    *data = NULL;
    *length = 0;
    if (body->resource == NULL)
        return hand_out(body, data, length);
    uint64_t left = ql_origin_resource_size(body->resource) - body->offset;
    if (body->failed)
        return QL_ORIGIN_BODY_FAILED;
    if (left == 0)
        return QL_ORIGIN_BODY_END;
    if (body->kept + PIECE_BYTES > body->limit) {
        body->full = true;
        return QL_ORIGIN_BODY_FULL;
    }
    return read_piece(body, left, most, data, length);
}

bool ql_origin_body_acknowledge(ql_origin_body *body, uint64_t length)
{
    piece *oldest;
    while (length > 0 && (oldest = g_queue_peek_head(&body->pieces)) != NULL) {
        size_t part = MIN(length, oldest->length - oldest->acknowledged);
        oldest->acknowledged += part;
        length -= part;
        if (oldest->acknowledged < oldest->length)
            break;
        body->kept -= oldest->length;
        g_free(g_queue_pop_head(&body->pieces));
    }
    bool relieved = body->full && body->resource != NULL && body->kept + PIECE_BYTES <= body->limit;
    body->full = body->full && !relieved;
    return relieved;
}

bool ql_origin_body_is_acknowledged(const ql_origin_body *body)
{
    return body->kept == 0;
}

size_t ql_origin_body_kept(const ql_origin_body *body)
{
    return body->kept;
}
