/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/drawing.h"

#include "reports/text.h"

#include <string.h>

void ql_draw_title(const ql_drawing *drawing, const char *text)
{
    proto_item_set_text(proto_tree_get_parent(drawing->tree), "quiclens: %s", text);
}

proto_tree *ql_draw_subtree(const ql_drawing *drawing, proto_tree *parent, int ett, char *title)
{
    proto_item *item;
    proto_tree *tree =
        proto_tree_add_subtree(parent, drawing->tvb, 0, 0, ett, &item, title != NULL ? title : "");
    proto_item_set_generated(item);
    g_free(title);
    return tree;
}

void ql_draw_uint(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t value)
{
    proto_item_set_generated(proto_tree_add_uint(tree, field, drawing->tvb, 0, 0, value));
}

void ql_draw_uint64(const ql_drawing *drawing, proto_tree *tree, int field, uint64_t value)
{
    proto_item_set_generated(proto_tree_add_uint64(tree, field, drawing->tvb, 0, 0, value));
}

void ql_draw_boolean(const ql_drawing *drawing, proto_tree *tree, int field, bool value)
{
    proto_item_set_generated(proto_tree_add_boolean(tree, field, drawing->tvb, 0, 0, value));
}

void ql_draw_bytes(const ql_drawing *drawing, proto_tree *tree, int field, const uint8_t *bytes,
                   size_t length)
{
    proto_item_set_generated(
        proto_tree_add_bytes_with_length(tree, field, drawing->tvb, 0, 0, bytes, (int)length));
}

void ql_draw_text(const ql_drawing *drawing, proto_tree *tree, int field, const char *bytes,
                  size_t length)
{
    if (bytes == NULL)
        return;
    char *safe = ql_text_safe(bytes, length);
    proto_item_set_generated(proto_tree_add_string(tree, field, drawing->tvb, 0, 0, safe));
    g_free(safe);
}

void ql_draw_string(const ql_drawing *drawing, proto_tree *tree, int field, const char *text)
{
    if (text != NULL && text[0] != '\0')
        proto_item_set_generated(proto_tree_add_string(tree, field, drawing->tvb, 0, 0, text));
}

void ql_draw_frame(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t frame)
{
    if (frame != 0)
        ql_draw_uint(drawing, tree, field, frame);
}

void ql_draw_seconds(const ql_drawing *drawing, proto_tree *tree, int field, double seconds)
{
    if (seconds < 0)
        return;
    nstime_t time = { .secs = (time_t)seconds };
    time.nsecs = (int)((seconds - (double)time.secs) * 1e9 + 0.5);
    if (time.nsecs >= 1000000000) {
        time.secs++;
        time.nsecs -= 1000000000;
    }
    proto_item_set_generated(proto_tree_add_time(tree, field, drawing->tvb, 0, 0, &time));
}
