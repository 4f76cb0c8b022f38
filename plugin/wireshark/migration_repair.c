/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/migration_repair.h"

#include <epan/conversation.h>
#include <epan/prefs.h>

/* One connection, as Wireshark's QUIC dissector keeps it. Its data is passed on, never looked into.
 */
typedef struct lender {
    void *quic_data;
    uint32_t paths; /* these many, from path 0 on, have been looked at */
} lender;

static struct {
    ql_pref_bool on;
    int quic;
    GHashTable *lenders; /* number of the connection -> lender */
} repair = { .on = TRUE };

void ql_migration_repair_register(void)
{
    prefs_register_bool_preference(prefs_find_module("quiclens"), "repair_migration",
                                   "Help Wireshark to follow a connection to new addresses",
                                   "With an empty client connection ID, Wireshark's own QUIC "
                                   "dissector loses the server's packets when "
                                   "the client's address changes. With this setting it is told "
                                   "which connection they belong to.",
                                   &repair.on);
}

void ql_migration_repair_handoff(void)
{
    repair.quic = proto_get_id_by_filter_name("quic");
}

void ql_migration_repair_restart(void)
{
    g_clear_pointer(&repair.lenders, g_hash_table_destroy);
}

static lender *lender_of(uint32_t connection)
{
    if (repair.lenders == NULL)
        repair.lenders = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    lender *l = g_hash_table_lookup(repair.lenders, GUINT_TO_POINTER(connection));
    if (l == NULL) {
        l = g_new0(lender, 1);
        g_hash_table_insert(repair.lenders, GUINT_TO_POINTER(connection), l);
    }
    return l;
}

static const ql_packet_event *opened_packet(const ql_session *session, uint32_t frame)
{
    for (const ql_event *event = ql_session_events(session, frame); event != NULL;
         event = event->next)
        if (event->kind == QL_EVENT_PACKET && event->packet.closed == QL_OPENED)
            return &event->packet;
    return NULL;
}

/* Not find_conversation_pinfo: that follows QUIC's own idea of what is one conversation. */
static conversation_t *conversation_of(const packet_info *pinfo)
{
    return find_conversation(pinfo->num, &pinfo->src, &pinfo->dst, CONVERSATION_UDP, pinfo->srcport,
                             pinfo->destport, 0);
}

void ql_migration_repair_visit(const packet_info *pinfo, const ql_session *session)
{
    const ql_packet_event *packet = repair.on ? opened_packet(session, pinfo->num) : NULL;
    if (packet == NULL)
        return;
    lender *l = lender_of(ql_connection_facts_of(packet->connection)->number);
    if (l->quic_data != NULL && packet->path < l->paths)
        return;
    conversation_t *conversation = conversation_of(pinfo);
    if (conversation == NULL)
        return;
    void *quic_data = conversation_get_proto_data(conversation, repair.quic);
    if (l->quic_data == NULL)
        l->quic_data = quic_data;
    else if (quic_data == NULL)
        conversation_add_proto_data(conversation, repair.quic, l->quic_data);
    l->paths = MAX(l->paths, packet->path + 1);
}
