/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that were opened here and not by Wireshark: their frames, and their bytes as a view of
 * their own. */
#include "views/view.h"

#include "model/frames.h"
#include "reports/frame_text.h"
#include "wireshark/plaintext_source.h"

#include <inttypes.h>

static int hf_plaintext = -1, hf_frame = -1, hf_given_way = -1;
static int ett_plaintext = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_plaintext,
          { "Opened packet", "quiclens.plaintext", FT_BYTES, BASE_NONE, NULL, 0,
            "What is inside a packet that quiclens opened and Wireshark did not", HFILL } },
        { &hf_frame,
          { "Frame", "quiclens.plaintext.frame", FT_STRING, BASE_NONE, NULL, 0,
            "A QUIC frame of such a packet: PATH_CHALLENGE, NEW_CONNECTION_ID, ...", HFILL } },
        { &hf_given_way,
          { "Opened packet no longer kept", "quiclens.plaintext.given_way", FT_BOOLEAN, BASE_NONE,
            NULL, 0,
            "Newer packets have taken its room, of which quiclens.keep_packets says how much "
            "there is",
            HFILL } },
    };
    static int *subtrees[] = { &ett_plaintext };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

/* The bytes are copied: Wireshark may look at the view when the model has parted with them. */
static tvbuff_t *add_view(const ql_drawing *drawing, const ql_packet_event *packet,
                          ql_slice payload)
{
    uint8_t *copy = wmem_memdup(drawing->pinfo->pool, payload.data, payload.length);
    tvbuff_t *tvb =
        tvb_new_child_real_data(drawing->tvb, copy, (unsigned)payload.length, (int)payload.length);
    const char *name =
        wmem_strdup_printf(drawing->pinfo->pool, "%s %" PRIu64 ", opened by quiclens",
                           ql_packet_type_name(packet->type), packet->packet_number);
    add_new_data_source(drawing->pinfo, tvb, name);
    return tvb;
}

static void draw_frame(const ql_drawing *drawing, proto_tree *tree, tvbuff_t *tvb,
                       const ql_frame *frame, int offset, int length)
{
    proto_item *item =
        proto_tree_add_string(tree, hf_frame, tvb, offset, length, ql_frame_kind_name(frame->kind));
    if (!drawing->visible)
        return;
    char *text = ql_frame_text(frame);
    proto_item_set_text(item, "%s", text);
    g_free(text);
}

static void draw_frames(const ql_drawing *drawing, proto_tree *tree, tvbuff_t *tvb,
                        ql_slice payload)
{
    ql_reader reader = ql_reader_of(payload);
    const uint8_t *start = reader.at;
    const char *why;
    ql_frame frame;
    while (ql_frame_read(&reader, &frame, &why) == QL_FRAME_READ) {
        draw_frame(drawing, tree, tvb, &frame, (int)(start - payload.data),
                   (int)(reader.at - start));
        start = reader.at;
    }
}

static void draw_packet(const ql_drawing *drawing, const ql_packet_event *packet)
{
    ql_slice payload;
    if (!ql_session_plaintext(drawing->session, packet, &payload)) {
        if (drawing->tree != NULL)
            ql_draw_boolean(drawing, drawing->tree, hf_given_way, true);
        return;
    }
    if (ql_plaintext_source_has(drawing->pinfo, payload))
        return;
    tvbuff_t *tvb = add_view(drawing, packet, payload);
    if (drawing->tree == NULL)
        return;
    proto_item *item = proto_tree_add_item(drawing->tree, hf_plaintext, tvb, 0, -1, ENC_NA);
    char *title = drawing->visible ? g_strdup_printf("Inside %s %" PRIu64
                                                     ", which Wireshark did not open: %zu bytes",
                                                     ql_packet_type_name(packet->type),
                                                     packet->packet_number, payload.length)
                                   : NULL;
    draw_frames(drawing, ql_draw_subtree(drawing, item, ett_plaintext, title), tvb, payload);
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_PACKET && event->packet.kept)
            draw_packet(drawing, &event->packet);
}

const ql_view ql_view_plaintext = { "plaintext", register_fields, draw, true };
