/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place of Wireshark where the model is shown. Each owns its fields and their registration, and
 * draws from the session as it finds it: any frame, in any order, as often as it is asked. */
#ifndef QL_VIEW_H
#define QL_VIEW_H

#include "views/drawing.h"

typedef struct ql_view {
    const char *name;
    void (*register_fields)(int protocol);   /* NULL: it has none */
    void (*draw)(const ql_drawing *drawing); /* NULL: it has no part in the details of a frame */
    bool draws_without_tree; /* otherwise it is only asked when somebody wants our fields */
} ql_view;

extern const ql_view ql_view_note;
extern const ql_view ql_view_exchange;
extern const ql_view ql_view_stream;
extern const ql_view ql_view_cid;
extern const ql_view ql_view_path;
extern const ql_view ql_view_connection;
extern const ql_view ql_view_packet;
extern const ql_view ql_view_plaintext;
extern const ql_view ql_view_experts;
extern const ql_view ql_view_stat_commands;
extern const ql_view ql_view_tap;
extern const ql_view ql_view_follow;
extern const ql_view ql_view_export_objects;
extern const ql_view ql_view_stat_tables;
extern const ql_view ql_view_stat_tree;
extern const ql_view ql_view_info_column;
extern const ql_view ql_view_conversation_filters;
extern const ql_view ql_view_flow_graph;

#endif
