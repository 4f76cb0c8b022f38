/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics > Flow Graph: requests and responses, challenges and their responses, switches of
 * connection IDs, as arrows between address and port of both ends: by addresses alone a client that
 * moves to another port, and everything on one machine, would be a line without ends. tshark:
 * -z flow,quiclens,standard. */
#include "views/tap.h"
#include "views/view.h"

#include "reports/brief.h"
#include "reports/story.h"
#include "wireshark/flow.h"

#include <epan/to_str.h>

#include <string.h>

static void set_node(address *node, const address *host, uint32_t port)
{
    char *name = address_to_str(NULL, host);
    char *text = g_strdup_printf(host->type == AT_IPv6 ? "[%s]:%u" : "%s:%u", name, port);
    free_address(node);
    alloc_address_wmem(NULL, node, AT_STRINGZ, (int)strlen(text) + 1, text);
    g_free(text);
    wmem_free(NULL, name);
}

/* Takes both texts. */
static void add_arrow(ql_flow *flow, packet_info *pinfo, unsigned connection, char *label,
                      char *comment)
{
    ql_flow_arrow *arrow = sequence_analysis_create_sai_with_addresses(pinfo, flow);
    if (arrow == NULL) { /* neither end has an address */
        g_free(label);
        g_free(comment);
        return;
    }
    set_node(&arrow->src_addr, &pinfo->src, pinfo->srcport);
    set_node(&arrow->dst_addr, &pinfo->dst, pinfo->destport);
    arrow->frame_number = pinfo->num;
    arrow->port_src = (uint16_t)pinfo->srcport;
    arrow->port_dst = (uint16_t)pinfo->destport;
    arrow->frame_label = label;
    arrow->comment = comment;
    arrow->conv_num = (uint16_t)connection;
    arrow->display = TRUE;
    g_queue_push_tail(flow->arrows, arrow);
}

static char *comment_of(const ql_event *event, unsigned connection, uint32_t frame)
{
    const ql_exchange *exchange = event->kind == QL_EVENT_SECTION ? event->section.exchange
                                  : event->kind == QL_EVENT_END   ? event->end.exchange
                                                                  : NULL;
    if (exchange == NULL)
        return g_strdup_printf("connection %u", connection);
    char *name = ql_story_exchange_name(exchange, frame);
    char *comment = g_strdup_printf("connection %u: %s", connection, name);
    g_free(name);
    return comment;
}

static tap_packet_status take_frame(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                    const void *data, tap_flags_t flags)
{
    (void)edt, (void)flags;
    const ql_tapped *tapped = data;
    unsigned connection = 0;
    for (const ql_event *event = tapped->events; event != NULL; event = event->next) {
        if (event->kind == QL_EVENT_PACKET && event->packet.connection != NULL)
            connection = ql_connection_facts_of(event->packet.connection)->number;
        char *label = ql_brief_message(event);
        if (label == NULL)
            label = ql_brief_change(event);
        if (label != NULL)
            add_arrow(listener, pinfo, connection, label,
                      comment_of(event, connection, tapped->frame));
    }
    return TAP_PACKET_REDRAW;
}

static void register_graph(int protocol)
{
    register_seq_analysis("quiclens", "HTTP/3 and QUIC paths (quiclens)", protocol, QL_TAP,
                          TL_REQUIRES_NOTHING, take_frame);
}

const ql_view ql_view_flow_graph = { "flow-graph", register_graph, NULL, false };
