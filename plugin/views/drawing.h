/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawing what the model knows of one frame: generated items, which stand for no bytes of the
 * frame. Leaves are always added, so that filters, columns and -T fields have them; titles are only
 * worked out where somebody sees them. */
#ifndef QL_DRAWING_H
#define QL_DRAWING_H

#include "wireshark/compat.h"

#include "model/session.h"

typedef struct ql_drawing {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree; /* of our protocol; NULL when nobody wants our fields */
    bool visible;
    const ql_session *session;
    uint32_t frame;
    const ql_event *events; /* of this frame, at least one */
} ql_drawing;

/* For the view that speaks of the whole: the title of our protocol becomes "quiclens: text". */
void ql_draw_title(const ql_drawing *drawing, const char *text);

/* Leaves. They give the item, for a subtree below it; NULL where nothing was drawn. */
proto_item *ql_draw_none(const ql_drawing *drawing, proto_tree *tree, int field);
proto_item *ql_draw_uint(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t value);
proto_item *ql_draw_uint64(const ql_drawing *drawing, proto_tree *tree, int field, uint64_t value);
proto_item *ql_draw_boolean(const ql_drawing *drawing, proto_tree *tree, int field, bool value);
proto_item *ql_draw_bytes(const ql_drawing *drawing, proto_tree *tree, int field,
                          const uint8_t *bytes, size_t length);

/* Bytes of the wire, made safe; NULL draws nothing. */
proto_item *ql_draw_text(const ql_drawing *drawing, proto_tree *tree, int field, const char *bytes,
                         size_t length);
/* A string of ours; NULL and "" draw nothing. */
proto_item *ql_draw_string(const ql_drawing *drawing, proto_tree *tree, int field,
                           const char *text);

/* 0, which is no frame, draws nothing. */
proto_item *ql_draw_frame(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t frame);

/* Negative, which is not known, draws nothing. */
proto_item *ql_draw_seconds(const ql_drawing *drawing, proto_tree *tree, int field, double seconds);

/* A subtree below an item, whose label becomes the title: safe text, which is taken and freed. NULL
 * where the drawing is not visible. */
proto_tree *ql_draw_subtree(const ql_drawing *drawing, proto_item *item, int ett, char *title);

#endif
