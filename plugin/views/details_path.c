/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to paths on a frame: new ones, their validation, moves between them. */
#include "views/view.h"

static int hf_id = -1, hf_event = -1, hf_cause = -1, hf_client = -1, hf_server = -1,
           hf_challenge_in = -1, hf_response_in = -1, hf_validation_time = -1;
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

static void draw_event(const ql_drawing *drawing, const ql_path_event *event)
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
    ql_draw_frame(drawing, tree, hf_challenge_in, path->challenge_frame);
    ql_draw_frame(drawing, tree, hf_response_in, path->response_frame);
    if (event->kind == QL_PATH_VALIDATED)
        ql_draw_seconds(drawing, tree, hf_validation_time, (double)path->validation_ns / 1e9);
    g_free(client);
    g_free(server);
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_PATH)
            draw_event(drawing, &event->path);
}

const ql_view ql_view_path = { "path", register_fields, draw, false };
