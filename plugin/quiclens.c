/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugin as Wireshark sees it: a postdissector that shows each frame to the model and then lets
 * each view draw what the model knows of it. */
#include "views/view.h"
#include "wireshark/live_model.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = QUICLENS_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

static const ql_view *const views[] = {
    &ql_view_note,
    &ql_view_exchange,
    &ql_view_stream,
    &ql_view_cid,
    &ql_view_path,
    &ql_view_connection,
    &ql_view_packet,
    &ql_view_plaintext,
    &ql_view_experts,
    &ql_view_stat_commands,
    &ql_view_tap,
    &ql_view_follow,
    &ql_view_export_objects,
    &ql_view_stat_tables,
    &ql_view_stat_tree,
    &ql_view_info_column,
    &ql_view_conversation_filters,
    &ql_view_flow_graph,
};

static int protocol = -1;
static int ett_root = -1;
static dissector_handle_t handle;

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *unused)
{
    (void)unused;
    ql_drawing drawing = { .tvb = tvb, .pinfo = pinfo, .frame = pinfo->num };
    drawing.session = ql_live_model_visit(pinfo, tree);
    if (drawing.session == NULL)
        return 0;
    drawing.events = ql_session_events(drawing.session, pinfo->num);
    if (drawing.events == NULL)
        return 0;
    if (proto_field_is_referenced(tree, protocol)) {
        proto_item *root = proto_tree_add_item(tree, protocol, tvb, 0, 0, ENC_NA);
        proto_item_set_generated(root);
        drawing.tree = proto_item_add_subtree(root, ett_root);
        drawing.visible = PTREE_DATA(tree)->visible;
    }
    for (size_t i = 0; i < array_length(views); i++)
        if (views[i]->draw != NULL && (drawing.tree != NULL || views[i]->draws_without_tree))
            views[i]->draw(&drawing);
    return (int)tvb_captured_length(tvb);
}

static void register_protocol(void)
{
    static int *subtrees[] = { &ett_root };
    protocol = proto_register_protocol("quiclens: what happens in this QUIC session", "quiclens",
                                       "quiclens");
    proto_register_subtree_array(subtrees, array_length(subtrees));
    ql_live_model_register(protocol);
    for (size_t i = 0; i < array_length(views); i++)
        if (views[i]->register_fields != NULL)
            views[i]->register_fields(protocol);
    handle = register_dissector("quiclens", dissect, protocol);
    register_postdissector(handle);
}

static void hand_off(void)
{
    ql_live_model_handoff(handle);
}

void plugin_register(void)
{
    static const proto_plugin plugin = { register_protocol, hand_off };
    proto_register_plugin(&plugin);
}

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
