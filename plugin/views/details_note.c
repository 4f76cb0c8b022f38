/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this frame does, in plain sentences, ahead of everything else. */
#include "views/view.h"

#include "reports/story.h"

static int hf_note = -1, hf_rfc = -1;
static int ett_note = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_note,
          { "What happens", "quiclens.note", FT_STRING, BASE_NONE, NULL, 0,
            "What this frame does, in one plain sentence", HFILL } },
        { &hf_rfc,
          { "Read more", "quiclens.note.rfc", FT_STRING, BASE_NONE, NULL, 0,
            "The section of the RFC that explains it", HFILL } },
    };
    static int *subtrees[] = { &ett_note };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static void draw_note(const ql_drawing *drawing, const ql_note *note)
{
    proto_item *item =
        proto_tree_add_string(drawing->tree, hf_note, drawing->tvb, 0, 0, note->text);
    proto_item_set_generated(item);
    if (note->rfc == NULL)
        return;
    proto_tree *tree = proto_item_add_subtree(item, ett_note);
    ql_draw_string(drawing, tree, hf_rfc, note->rfc);
    if (drawing->visible)
        proto_item_append_text(item, " [%s]", note->rfc);
}

static void draw(const ql_drawing *drawing)
{
    GArray *notes = ql_story_of_events(drawing->events, drawing->frame);
    for (guint i = 0; i < notes->len; i++)
        draw_note(drawing, &g_array_index(notes, ql_note, i));
    if (notes->len > 0 && drawing->visible)
        ql_draw_title(drawing, g_array_index(notes, ql_note, 0).text);
    g_array_unref(notes);
}

const ql_view ql_view_note = { "note", register_fields, draw, false };
