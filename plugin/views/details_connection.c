/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection that a frame belongs to. */
#include "views/view.h"

#include "reports/names.h"
#include "reports/text.h"

#include <string.h>

static int hf_connection = -1, hf_version = -1, hf_alpn = -1, hf_server_name = -1, hf_suite = -1,
           hf_client_random = -1, hf_secrets = -1, hf_close_error = -1, hf_close_reason = -1,
           hf_closed_in = -1;
static int ett_connection = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_connection,
          { "Connection", "quiclens.connection", FT_UINT32, BASE_DEC, NULL, 0,
            "QUIC connections are numbered from 0, in the order of their first packets", HFILL } },
        { &hf_version,
          { "Version", "quiclens.version", FT_UINT32, BASE_HEX, NULL, 0, "Version of QUIC",
            HFILL } },
        { &hf_alpn,
          { "Application protocol", "quiclens.alpn", FT_STRING, BASE_NONE, NULL, 0,
            "What both sides agreed to speak (ALPN)", HFILL } },
        { &hf_server_name,
          { "Server name", "quiclens.server_name", FT_STRING, BASE_NONE, NULL, 0,
            "The name that the client asked for (SNI)", HFILL } },
        { &hf_suite,
          { "Cipher suite", "quiclens.cipher_suite", FT_STRING, BASE_NONE, NULL, 0,
            "How packets are protected after the Initial ones", HFILL } },
        { &hf_client_random,
          { "Client random", "quiclens.client_random", FT_BYTES, BASE_NONE, NULL, 0,
            "By this value the secrets log tells sessions apart", HFILL } },
        { &hf_secrets,
          { "Secrets", "quiclens.secrets.state", FT_STRING, BASE_NONE, NULL, 0,
            "available, partial, missing or not-needed", HFILL } },
        { &hf_closed_in,
          { "Closed in", "quiclens.close.frame", FT_FRAMENUM, BASE_NONE, NULL, 0,
            "The frame that carried CONNECTION_CLOSE", HFILL } },
        { &hf_close_error,
          { "Closed with", "quiclens.close.error", FT_STRING, BASE_NONE, NULL, 0,
            "The error code of CONNECTION_CLOSE", HFILL } },
        { &hf_close_reason,
          { "Reason", "quiclens.close.reason", FT_STRING, BASE_NONE, NULL, 0,
            "The reason phrase of CONNECTION_CLOSE", HFILL } },
    };
    static int *subtrees[] = { &ett_connection };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static char *title_of(const ql_connection_facts *facts)
{
    char *client = ql_endpoint_text(&facts->client), *server = ql_endpoint_text(&facts->server);
    char *version = ql_version_text(facts->version);
    char *alpn = ql_text_safe(facts->alpn, strlen(facts->alpn));
    char *title = g_strdup_printf("Connection %u: client %s, server %s, %s%s%s", facts->number,
                                  client, server, version, alpn[0] != '\0' ? ", " : "", alpn);
    g_free(client);
    g_free(server);
    g_free(version);
    g_free(alpn);
    return title;
}

static void draw_close(const ql_drawing *drawing, proto_tree *tree,
                       const ql_connection_facts *facts)
{
    if (facts->close.frame == 0)
        return;
    char *error = ql_close_text(facts);
    ql_draw_frame(drawing, tree, hf_closed_in, facts->close.frame);
    ql_draw_string(drawing, tree, hf_close_error, error);
    if (facts->close.reason != NULL && facts->close.reason[0] != '\0')
        ql_draw_text(drawing, tree, hf_close_reason, facts->close.reason,
                     strlen(facts->close.reason));
    g_free(error);
}

static void draw_connection(const ql_drawing *drawing, const ql_connection_facts *facts)
{
    proto_item *item = ql_draw_uint(drawing, drawing->tree, hf_connection, facts->number);
    proto_tree *tree =
        ql_draw_subtree(drawing, item, ett_connection, drawing->visible ? title_of(facts) : NULL);
    ql_draw_string(drawing, tree, hf_secrets, ql_secrets_state_name(facts->secrets));
    ql_draw_uint(drawing, tree, hf_version, facts->version);
    if (facts->server_name[0] != '\0')
        ql_draw_text(drawing, tree, hf_server_name, facts->server_name, strlen(facts->server_name));
    if (facts->alpn[0] != '\0')
        ql_draw_text(drawing, tree, hf_alpn, facts->alpn, strlen(facts->alpn));
    if (facts->has_suite)
        ql_draw_string(drawing, tree, hf_suite, ql_suite_name(facts->suite));
    if (facts->has_client_random)
        ql_draw_bytes(drawing, tree, hf_client_random, facts->client_random,
                      sizeof facts->client_random);
    draw_close(drawing, tree, facts);
}

/* Two connections in one datagram are possible, and never more than one after the other. */
static void draw(const ql_drawing *drawing)
{
    const ql_connection *last = NULL;
    for (const ql_event *event = drawing->events; event != NULL; event = event->next) {
        if (event->kind != QL_EVENT_PACKET || event->packet.connection == NULL ||
            event->packet.connection == last)
            continue;
        last = event->packet.connection;
        draw_connection(drawing, ql_connection_facts_of(last));
    }
}

const ql_view ql_view_connection = { "connection", register_fields, draw, false };
