/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to paths on a frame: new ones, their validation, moves between them. */
#include "views/experts.h"
#include "views/view.h"

static int hf_id = -1, hf_event = -1, hf_cause = -1, hf_client = -1, hf_server = -1,
           hf_challenge_in = -1, hf_response_in = -1, hf_validation_time = -1, hf_sender = -1,
           hf_data = -1, hf_bytes = -1, hf_client_bytes = -1, hf_server_bytes = -1,
           hf_client_largest = -1, hf_server_largest = -1, hf_client_acked = -1,
           hf_server_acked = -1;
static int ett_path = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_id,
          { "Path", "quiclens.path.id", FT_UINT32, BASE_DEC, NULL, 0,
            "Address pairs of a connection are numbered from 0, in the order of first packets",
            HFILL } },
        { &hf_event,
          { "Path event", "quiclens.path.event", FT_STRING, BASE_NONE, NULL, 0,
            "new, challenge, response, validated, migrated, rebound or abandoned", HFILL } },
        { &hf_cause,
          { "Cause", "quiclens.path.cause", FT_STRING, BASE_NONE, NULL, 0,
            "initial, migration, rebinding, preferred-address or probe", HFILL } },
        { &hf_client,
          { "Client", "quiclens.path.client", FT_STRING, BASE_NONE, NULL, 0, "Address and port",
            HFILL } },
        { &hf_server,
          { "Server", "quiclens.path.server", FT_STRING, BASE_NONE, NULL, 0, "Address and port",
            HFILL } },
        { &hf_sender,
          { "Sender", "quiclens.path.sender", FT_STRING, BASE_NONE, NULL, 0,
            "Who challenges or responds: client or server", HFILL } },
        { &hf_data,
          { "Data", "quiclens.path.data", FT_BYTES, BASE_NONE, NULL, 0,
            "A response is the proof only if it carries the data of the challenge", HFILL } },
        { &hf_bytes,
          { "Bytes before", "quiclens.path.bytes", FT_UINT64, BASE_DEC, NULL, 0,
            "UDP payload that the path had carried before this datagram, both ways", HFILL } },
        { &hf_client_bytes,
          { "Bytes of the client before", "quiclens.path.client_bytes", FT_UINT64, BASE_DEC, NULL,
            0, "UDP payload that the client had sent on the path before this datagram", HFILL } },
        { &hf_server_bytes,
          { "Bytes of the server before", "quiclens.path.server_bytes", FT_UINT64, BASE_DEC, NULL,
            0, "Until the path is validated, at most three times the client's (RFC 9000, 8.1)",
            HFILL } },
        { &hf_client_largest,
          { "Largest datagram of the client", "quiclens.path.client_largest", FT_UINT32, BASE_DEC,
            NULL, 0, "UDP payload, as captured; of those that are known so far", HFILL } },
        { &hf_client_acked,
          { "Largest acknowledged datagram of the client", "quiclens.path.client_largest_acked",
            FT_UINT32, BASE_DEC, NULL, 0,
            "UDP payload that is known to get through, since a packet in it was acknowledged",
            HFILL } },
        { &hf_server_largest,
          { "Largest datagram of the server", "quiclens.path.server_largest", FT_UINT32, BASE_DEC,
            NULL, 0, "UDP payload, as captured; of those that are known so far", HFILL } },
        { &hf_server_acked,
          { "Largest acknowledged datagram of the server", "quiclens.path.server_largest_acked",
            FT_UINT32, BASE_DEC, NULL, 0,
            "UDP payload that is known to get through, since a packet in it was acknowledged",
            HFILL } },
        { &hf_challenge_in,
          { "Challenge in", "quiclens.path.challenge_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
            "The PATH_CHALLENGE of the path's validation", HFILL } },
        { &hf_response_in,
          { "Response in", "quiclens.path.response_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
            "The PATH_RESPONSE of the path's validation", HFILL } },
        { &hf_validation_time,
          { "Validation time", "quiclens.path.validation_time", FT_RELATIVE_TIME, BASE_NONE, NULL,
            0, "From challenge to response", HFILL } },
    };
    static int *subtrees[] = { &ett_path };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static void draw_acked(const ql_drawing *drawing, proto_tree *tree, int field, size_t size)
{
    if (size > 0)
        ql_draw_uint(drawing, tree, field, (uint32_t)size);
}

static proto_item *draw_event(const ql_drawing *drawing, const ql_path_event *event)
{
    const ql_path *path = event->path;
    char *client = ql_endpoint_text(&path->client), *server = ql_endpoint_text(&path->server);
    char *title = drawing->visible
                      ? g_strdup_printf("Path %s: path %u, client %s, server %s",
                                        ql_path_event_name(event->kind), path->id, client, server)
                      : NULL;
    proto_item *item =
        ql_draw_string(drawing, drawing->tree, hf_event, ql_path_event_name(event->kind));
    proto_tree *tree = ql_draw_subtree(drawing, item, ett_path, title);
    ql_draw_uint(drawing, tree, hf_id, path->id);
    ql_draw_string(drawing, tree, hf_cause, ql_path_cause_name(path->cause));
    ql_draw_string(drawing, tree, hf_client, client);
    ql_draw_string(drawing, tree, hf_server, server);
    if (event->kind == QL_PATH_CHALLENGE || event->kind == QL_PATH_RESPONSE) {
        ql_draw_string(drawing, tree, hf_sender, ql_side_name((ql_side)event->sender));
        ql_draw_bytes(drawing, tree, hf_data, event->data, sizeof event->data);
    }
    ql_draw_uint64(drawing, tree, hf_bytes, event->bytes[QL_CLIENT] + event->bytes[QL_SERVER]);
    ql_draw_uint64(drawing, tree, hf_client_bytes, event->bytes[QL_CLIENT]);
    ql_draw_uint64(drawing, tree, hf_server_bytes, event->bytes[QL_SERVER]);
    ql_draw_uint(drawing, tree, hf_client_largest, (uint32_t)path->largest[QL_CLIENT]);
    ql_draw_uint(drawing, tree, hf_server_largest, (uint32_t)path->largest[QL_SERVER]);
    draw_acked(drawing, tree, hf_client_acked, path->delivered[QL_CLIENT]);
    draw_acked(drawing, tree, hf_server_acked, path->delivered[QL_SERVER]);
    ql_draw_frame(drawing, tree, hf_challenge_in, path->challenge_frame);
    ql_draw_frame(drawing, tree, hf_response_in, path->response_frame);
    if (event->kind == QL_PATH_VALIDATED)
        ql_draw_seconds(drawing, tree, hf_validation_time, (double)path->validation_ns / 1e9);
    g_free(client);
    g_free(server);
    return item;
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_PATH)
            ql_draw_chat(drawing, drawing->tree != NULL ? draw_event(drawing, &event->path) : NULL,
                         event);
}

const ql_view ql_view_path = { "path", register_fields, draw, true };
