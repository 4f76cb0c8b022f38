/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to connection IDs on a frame, and the life of each of them. */
#include "views/experts.h"
#include "views/view.h"

#include "reports/text.h"

#include <inttypes.h>

static int hf_event = -1, hf_value = -1, hf_sequence = -1, hf_issuer = -1, hf_issued_in = -1,
           hf_first_used_in = -1, hf_retired_in = -1, hf_previous = -1, hf_reason = -1,
           hf_reset_token = -1, hf_length = -1, hf_origin = -1, hf_retire_prior_to = -1,
           hf_repeated = -1, hf_path = -1, hf_acked_in = -1, hf_last_used_in = -1, hf_packets = -1,
           hf_bytes = -1;
static int ett_cid = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_event,
          { "Connection ID event", "quiclens.cid.event", FT_STRING, BASE_NONE, NULL, 0,
            "initial, issued, first-used, switched, retired, preferred-address, retry or "
            "stateless-reset",
            HFILL } },
        { &hf_value,
          { "Connection ID", "quiclens.cid.value", FT_BYTES, BASE_NONE, NULL, 0, NULL, HFILL } },
        { &hf_sequence,
          { "Sequence", "quiclens.cid.sequence", FT_UINT64, BASE_DEC, NULL, 0,
            "The number under which it was issued", HFILL } },
        { &hf_issuer,
          { "Issuer", "quiclens.cid.issuer", FT_STRING, BASE_NONE, NULL, 0,
            "Who wants to be sent to with this ID: client or server", HFILL } },
        { &hf_length,
          { "Length", "quiclens.cid.length", FT_UINT32, BASE_DEC, NULL, 0,
            "Bytes of the ID; 0 where its issuer does without IDs", HFILL } },
        { &hf_origin,
          { "Origin", "quiclens.cid.origin", FT_STRING, BASE_NONE, NULL, 0,
            "initial, retry, handshake, NEW_CONNECTION_ID, preferred_address or unknown", HFILL } },
        { &hf_retire_prior_to,
          { "Retire Prior To", "quiclens.cid.retire_prior_to", FT_UINT64, BASE_DEC, NULL, 0,
            "All IDs of the issuer below this sequence number have to be given back", HFILL } },
        { &hf_repeated,
          { "Repeated", "quiclens.cid.repeated", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "The frame that issues or retires the ID was sent before", HFILL } },
        { &hf_path,
          { "Path of the switch", "quiclens.cid.path", FT_UINT32, BASE_DEC, NULL, 0,
            "Number of the address pair on which another ID came into use", HFILL } },
        { &hf_previous,
          { "Previous connection ID", "quiclens.cid.previous", FT_BYTES, BASE_NONE, NULL, 0,
            "The ID that was in use before the switch", HFILL } },
        { &hf_reason,
          { "Reason", "quiclens.cid.reason", FT_STRING, BASE_NONE, NULL, 0, "Why it was switched",
            HFILL } },
        { &hf_reset_token,
          { "Stateless reset token", "quiclens.cid.reset_token", FT_BYTES, BASE_NONE, NULL, 0,
            "By this a peer that has lost its state can end the connection", HFILL } },
        { &hf_issued_in,
          { "Issued in", "quiclens.cid.issued_in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL, HFILL } },
        { &hf_first_used_in,
          { "First used in", "quiclens.cid.first_used_in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL,
            HFILL } },
        { &hf_acked_in,
          { "Retirement acknowledged in", "quiclens.cid.retirement_acked_in", FT_FRAMENUM,
            BASE_NONE, NULL, 0, "The issuer knows that the ID will not be used again", HFILL } },
        { &hf_last_used_in,
          { "Last used in", "quiclens.cid.last_used_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
            "The last packet to this ID; of those that are known so far", HFILL } },
        { &hf_packets,
          { "Packets", "quiclens.cid.packets", FT_UINT64, BASE_DEC, NULL, 0,
            "Sent to this ID; of those that are known so far", HFILL } },
        { &hf_bytes,
          { "Bytes", "quiclens.cid.bytes", FT_UINT64, BASE_DEC, NULL, 0, "Of these packets",
            HFILL } },
        { &hf_retired_in,
          { "Retired in", "quiclens.cid.retired_in", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL,
            HFILL } },
    };
    static int *subtrees[] = { &ett_cid };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static char *title_of(const ql_cid_event *event)
{
    char *value = ql_cid_text(&event->cid->cid);
    char *sequence = event->cid->has_sequence
                         ? g_strdup_printf(", sequence %" PRIu64, event->cid->sequence)
                         : g_strdup("");
    char *title =
        g_strdup_printf("Connection ID %s: %s%s, of the %s", ql_cid_event_name(event->kind), value,
                        sequence, ql_side_name(event->cid->issuer));
    g_free(value);
    g_free(sequence);
    return title;
}

static proto_item *draw_event(const ql_drawing *drawing, const ql_cid_event *event)
{
    const ql_cid_entry *entry = event->cid;
    proto_item *item =
        ql_draw_string(drawing, drawing->tree, hf_event, ql_cid_event_name(event->kind));
    proto_tree *tree =
        ql_draw_subtree(drawing, item, ett_cid, drawing->visible ? title_of(event) : NULL);
    ql_draw_bytes(drawing, tree, hf_value, entry->cid.bytes, entry->cid.length);
    if (entry->has_sequence)
        ql_draw_uint64(drawing, tree, hf_sequence, entry->sequence);
    ql_draw_string(drawing, tree, hf_issuer, ql_side_name(entry->issuer));
    ql_draw_uint(drawing, tree, hf_length, entry->cid.length);
    ql_draw_string(drawing, tree, hf_origin, ql_cid_origin_name(entry->origin));
    if (event->kind == QL_CID_ISSUED)
        ql_draw_uint64(drawing, tree, hf_retire_prior_to, entry->retire_prior_to);
    if (event->repeated)
        ql_draw_boolean(drawing, tree, hf_repeated, true);
    if (event->path != NULL)
        ql_draw_uint(drawing, tree, hf_path, event->path->id);
    if (event->previous != NULL)
        ql_draw_bytes(drawing, tree, hf_previous, event->previous->cid.bytes,
                      event->previous->cid.length);
    ql_draw_string(drawing, tree, hf_reason, event->reason);
    if (event->kind == QL_CID_ISSUED && entry->has_reset_token)
        ql_draw_bytes(drawing, tree, hf_reset_token, entry->reset_token, sizeof entry->reset_token);
    ql_draw_frame(drawing, tree, hf_issued_in, entry->issued_frame);
    ql_draw_frame(drawing, tree, hf_first_used_in, entry->first_used_frame);
    ql_draw_frame(drawing, tree, hf_last_used_in, entry->last_used_frame);
    if (entry->packets > 0) {
        ql_draw_uint64(drawing, tree, hf_packets, entry->packets);
        ql_draw_uint64(drawing, tree, hf_bytes, entry->bytes);
    }
    ql_draw_frame(drawing, tree, hf_retired_in, entry->retired_frame);
    ql_draw_frame(drawing, tree, hf_acked_in, entry->retirement_acked_frame);
    return item;
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_CID)
            ql_draw_chat(drawing, drawing->tree != NULL ? draw_event(drawing, &event->cid) : NULL,
                         event);
}

const ql_view ql_view_cid = { "cid", register_fields, draw, true };
