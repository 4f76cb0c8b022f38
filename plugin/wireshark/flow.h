/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow graphs. Wireshark exports what they are made with and does not install its header: these
 * are declarations of our own, for the calls and members that are used. */
#ifndef QL_FLOW_H
#define QL_FLOW_H

#include "wireshark/compat.h"

#include <epan/tap.h>

/* An arrow. What stands behind `display` is Wireshark's. */
typedef struct _seq_analysis_item {
    uint32_t frame_number;
    address src_addr;
    uint16_t port_src;
    address dst_addr;
    uint16_t port_dst;
    char *frame_label; /* on the arrow */
    char *time_str;
    char *comment;     /* beside the graph */
    uint16_t conv_num; /* arrows of different numbers differ in colour */
    unsigned fg_color, bg_color;
    ql_flow_bool has_color_filter;
    ql_flow_bool display;
} ql_flow_arrow;

/* The listener of the tap. What stands behind `arrows` is Wireshark's. */
typedef struct _seq_analysis_info {
    const char *name;
    ql_flow_bool any_address;
    int conversations;
    GQueue *arrows; /* of ql_flow_arrow, with all their strings from g_malloc() */
} ql_flow;

WS_DLL_PUBLIC void register_seq_analysis(const char *name, const char *ui_name, const int proto_id,
                                         const char *tap_listener, unsigned tap_flags,
                                         tap_packet_cb tap_func);

/* A fresh arrow between the ends of the packet, which Wireshark allocates and frees. */
WS_DLL_PUBLIC struct _seq_analysis_item *
sequence_analysis_create_sai_with_addresses(packet_info *pinfo, struct _seq_analysis_info *flow);

#endif
