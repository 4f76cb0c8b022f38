/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The QUIC packets of a datagram: what each is, who sent it, to which ID, and whether it opened. */
#include "views/view.h"

#include "reports/text.h"

#include <inttypes.h>

static int hf_sender = -1, hf_type = -1, hf_number = -1, hf_size = -1, hf_path = -1,
           hf_key_phase = -1, hf_key_update = -1, hf_duplicate = -1, hf_closed = -1, hf_dcid = -1,
           hf_dcid_sequence = -1, hf_ecn = -1, hf_spin_rtt = -1;
static int ett_packet = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_sender,
          { "Sender", "quiclens.sender", FT_STRING, BASE_NONE, NULL, 0, "client or server",
            HFILL } },
        { &hf_type,
          { "Packet type", "quiclens.packet.type", FT_STRING, BASE_NONE, NULL, 0,
            "Initial, 0-RTT, Handshake, Retry, Version Negotiation or 1-RTT", HFILL } },
        { &hf_number,
          { "Packet number", "quiclens.packet.number", FT_UINT64, BASE_DEC, NULL, 0,
            "The full number, of which the packet carries the last bytes", HFILL } },
        { &hf_size,
          { "Bytes of the packet", "quiclens.packet.size", FT_UINT32, BASE_DEC, NULL, 0,
            "Header included", HFILL } },
        { &hf_path,
          { "Path", "quiclens.packet.path", FT_UINT32, BASE_DEC, NULL, 0,
            "Number of the address pair that the packet used", HFILL } },
        { &hf_ecn,
          { "ECN", "quiclens.packet.ecn", FT_STRING, BASE_NONE, NULL, 0,
            "Of its datagram: Not-ECT, ECT(0), ECT(1), or CE, which a router set that was full",
            HFILL } },
        { &hf_spin_rtt,
          { "Round trip by the spin bit", "quiclens.path.spin_rtt", FT_RELATIVE_TIME, BASE_NONE,
            NULL, 0, "The server's spin bit turns here; since it turned last on this path",
            HFILL } },
        { &hf_key_phase,
          { "Key phase", "quiclens.packet.key_phase", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "Changes when the sender takes the next keys", HFILL } },
        { &hf_key_update,
          { "Key update", "quiclens.packet.key_update", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "The first packet of its sender under new keys", HFILL } },
        { &hf_duplicate,
          { "Captured before", "quiclens.packet.duplicate", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "The same packet was captured before; its frames do not count again", HFILL } },
        { &hf_closed,
          { "Stays closed", "quiclens.packet.closed", FT_STRING, BASE_NONE, NULL, 0,
            "Why the packet could not be opened", HFILL } },
        { &hf_dcid,
          { "Sent to connection ID", "quiclens.packet.dcid", FT_BYTES, BASE_NONE, NULL, 0,
            "Destination connection ID of the packet", HFILL } },
        { &hf_dcid_sequence,
          { "Sequence of the connection ID", "quiclens.packet.dcid_sequence", FT_UINT64, BASE_DEC,
            NULL, 0, "The number under which the receiver issued it", HFILL } },
    };
    static int *subtrees[] = { &ett_packet };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static bool has_number(const ql_packet_event *packet)
{
    return packet->closed == QL_OPENED && packet->type != QL_PACKET_RETRY &&
           packet->type != QL_PACKET_VERSION_NEGOTIATION;
}

static char *title_of(const ql_packet_event *packet)
{
    GString *title = g_string_new(NULL);
    g_string_append_printf(title, "Packet: %s", ql_packet_type_name(packet->type));
    if (has_number(packet))
        g_string_append_printf(title, " %" PRIu64, packet->packet_number);
    g_string_append_printf(title, " from the %s, %u bytes", ql_side_name(packet->sender),
                           packet->size);
    if (packet->dcid != NULL && packet->dcid->cid.length > 0) {
        char *cid = ql_text_cid_short(&packet->dcid->cid);
        g_string_append_printf(title, ", to connection ID %s", cid);
        g_free(cid);
    }
    if (packet->closed != QL_OPENED)
        g_string_append_printf(title, ", stays closed: %s", ql_closed_cause_text(packet->closed));
    else if (packet->duplicate)
        g_string_append(title, ", captured before");
    return g_string_free(title, FALSE);
}

static void draw_dcid(const ql_drawing *drawing, proto_tree *tree, const ql_cid_entry *entry)
{
    if (entry == NULL)
        return;
    ql_draw_bytes(drawing, tree, hf_dcid, entry->cid.bytes, entry->cid.length);
    if (entry->has_sequence)
        ql_draw_uint64(drawing, tree, hf_dcid_sequence, entry->sequence);
}

static void draw_packet(const ql_drawing *drawing, const ql_packet_event *packet)
{
    proto_item *item =
        ql_draw_string(drawing, drawing->tree, hf_type, ql_packet_type_name(packet->type));
    proto_tree *tree =
        ql_draw_subtree(drawing, item, ett_packet, drawing->visible ? title_of(packet) : NULL);
    ql_draw_string(drawing, tree, hf_sender, ql_side_name(packet->sender));
    if (has_number(packet))
        ql_draw_uint64(drawing, tree, hf_number, packet->packet_number);
    ql_draw_uint(drawing, tree, hf_size, packet->size);
    draw_dcid(drawing, tree, packet->dcid);
    ql_draw_uint(drawing, tree, hf_path, packet->path);
    ql_draw_string(drawing, tree, hf_ecn, ql_ecn_name(packet->ecn));
    if (packet->spin_rtt_us > 0)
        ql_draw_seconds(drawing, tree, hf_spin_rtt, packet->spin_rtt_us / 1e6);
    if (packet->closed != QL_OPENED)
        ql_draw_string(drawing, tree, hf_closed, ql_closed_cause_text(packet->closed));
    else if (packet->type == QL_PACKET_ONE_RTT)
        ql_draw_boolean(drawing, tree, hf_key_phase, packet->key_phase);
    if (packet->key_update)
        ql_draw_boolean(drawing, tree, hf_key_update, true);
    if (packet->duplicate)
        ql_draw_boolean(drawing, tree, hf_duplicate, true);
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_PACKET)
            draw_packet(drawing, &event->packet);
}

const ql_view ql_view_packet = { "packet", register_fields, draw, false };
