/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/body.h"

/* GByteArray counts in guint and doubles as it grows. */
#define BODY_MAX (UINT64_C(1) << 30)

static bool has_room(const ql_body *body, const ql_body_budget *budget, size_t length)
{
    uint64_t needed = length + sizeof(ql_body_piece);
    return needed <= budget->cap - MIN(budget->cap, budget->held) &&
           body->bytes->len + (uint64_t)length <= BODY_MAX;
}

static void add_piece(ql_body *body, ql_body_budget *budget, size_t length, const ql_where *where)
{
    GArray *pieces = body->pieces;
    if (pieces->len > 0) {
        ql_body_piece *last = &g_array_index(pieces, ql_body_piece, pieces->len - 1);
        if (last->where.frame == where->frame) {
            last->length += length;
            return;
        }
    }
    ql_body_piece piece = { *where, length };
    g_array_append_val(pieces, piece);
    budget->held += sizeof piece;
}

bool ql_body_append(ql_body **body, ql_body_budget *budget, ql_slice content, const ql_where *where)
{
    if (budget->cap == 0 || content.length == 0)
        return true;
    if (*body == NULL) {
        *body = g_new0(ql_body, 1);
        (*body)->bytes = g_byte_array_new();
        (*body)->pieces = g_array_new(FALSE, FALSE, sizeof(ql_body_piece));
    }
    if ((*body)->cut || !has_room(*body, budget, content.length)) {
        bool first = !budget->told;
        (*body)->cut = true;
        budget->told = true;
        return !first;
    }
    add_piece(*body, budget, content.length, where);
    g_byte_array_append((*body)->bytes, content.data, (guint)content.length);
    budget->held += content.length;
    return true;
}

void ql_body_free(ql_body *body)
{
    if (body == NULL)
        return;
    g_byte_array_unref(body->bytes);
    g_array_free(body->pieces, TRUE);
    g_free(body);
}
