/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/drawing.h"

#include "reports/text.h"

#include <string.h>

void ql_draw_title(const ql_drawing *drawing, const char *text)
{
    proto_item_set_text(proto_tree_get_parent(drawing->tree), "quiclens: %s", text);
}

static proto_item *generated(proto_item *item)
{
    proto_item_set_generated(item);
    return item;
}

proto_item *ql_draw_none(const ql_drawing *drawing, proto_tree *tree, int field)
{
    return generated(proto_tree_add_item(tree, field, drawing->tvb, 0, 0, ENC_NA));
}

proto_item *ql_draw_uint(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t value)
{
    return generated(proto_tree_add_uint(tree, field, drawing->tvb, 0, 0, value));
}

proto_item *ql_draw_uint64(const ql_drawing *drawing, proto_tree *tree, int field, uint64_t value)
{
    return generated(proto_tree_add_uint64(tree, field, drawing->tvb, 0, 0, value));
}

proto_item *ql_draw_boolean(const ql_drawing *drawing, proto_tree *tree, int field, bool value)
{
    return generated(proto_tree_add_boolean(tree, field, drawing->tvb, 0, 0, value));
}

proto_item *ql_draw_bytes(const ql_drawing *drawing, proto_tree *tree, int field,
                          const uint8_t *bytes, size_t length)
{
    return generated(
        proto_tree_add_bytes_with_length(tree, field, drawing->tvb, 0, 0, bytes, (int)length));
}

proto_item *ql_draw_text(const ql_drawing *drawing, proto_tree *tree, int field, const char *bytes,
                         size_t length)
{
    if (bytes == NULL)
        return NULL;
    char *safe = ql_text_safe(bytes, length);
    proto_item *item = generated(proto_tree_add_string(tree, field, drawing->tvb, 0, 0, safe));
    g_free(safe);
    return item;
}

proto_item *ql_draw_string(const ql_drawing *drawing, proto_tree *tree, int field, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return NULL;
    return generated(proto_tree_add_string(tree, field, drawing->tvb, 0, 0, text));
}

proto_item *ql_draw_frame(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t frame)
{
    return frame != 0 ? ql_draw_uint(drawing, tree, field, frame) : NULL;
}

proto_item *ql_draw_seconds(const ql_drawing *drawing, proto_tree *tree, int field, double seconds)
{
    if (seconds < 0)
        return NULL;
    nstime_t time = { .secs = (time_t)seconds };
    time.nsecs = (int)((seconds - (double)time.secs) * 1e9 + 0.5);
    if (time.nsecs >= 1000000000) {
        time.secs++;
        time.nsecs -= 1000000000;
    }
    return generated(proto_tree_add_time(tree, field, drawing->tvb, 0, 0, &time));
}

proto_tree *ql_draw_subtree(const ql_drawing *drawing, proto_item *item, int ett, char *title)
{
    /* In a tree that is not visible, what stands for an item can be its parent. */
    if (drawing->visible && title != NULL)
        proto_item_set_text(item, "%s", title);
    g_free(title);
    return proto_item_add_subtree(item, ett);
}
