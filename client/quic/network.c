/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network.h"

struct ql_network {
    ql_relay_link *links[QL_RELAY_SIDES]; /* by sender */
    uint64_t begin_ns;                    /* 0: nothing was put yet */
};

ql_network *ql_network_new(const ql_relay_scenario *scenario, bool ipv6)
{
    static const ql_relay_ownership nobody = { NULL, NULL };
    ql_network *network = g_new0(ql_network, 1);
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        network->links[side] = ql_relay_link_new(scenario, (ql_relay_side)side, ipv6, &nobody);
    return network;
}

void ql_network_free(ql_network *network)
{
    if (network == NULL)
        return;
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        ql_relay_link_free(network->links[side]);
    g_free(network);
}

/* Takes comment. */
static char *add_delay(char *comment, ql_relay_side sender, uint64_t number, uint64_t delay_ns)
{
    if (delay_ns == 0)
        return comment;
    g_autofree char *event = comment;
    double ms = (double)delay_ns / 1e6;
    return event != NULL ? g_strdup_printf("%s; delayed for %.3f ms", event, ms)
                         : g_strdup_printf("%s packet %" G_GUINT64_FORMAT ": delayed for %.3f ms",
                                           ql_relay_side_name(sender), number, ms);
}

char *ql_network_put(ql_network *network, ql_relay_side sender, const ql_udp_datagram *datagram,
                     uint64_t now_ns, bool *lost)
{
    if (network->begin_ns == 0)
        network->begin_ns = now_ns;
    ql_relay_story story =
        ql_relay_link_put(network->links[sender], datagram, NULL, network->begin_ns, now_ns);
    char *comment = ql_relay_story_to_text(&story);
    *lost = story.lost;
    return story.lost ? comment : add_delay(comment, sender, story.number, story.due_ns - now_ns);
}

ql_relay_packet *ql_network_take(ql_network *network, ql_relay_side sender, uint64_t now_ns)
{
    ql_relay_packet *packet = ql_relay_link_take(network->links[sender], now_ns);
    if (packet != NULL && packet->due_ns > packet->put_ns)
        packet->comment = add_delay(packet->comment, sender, packet->number,
                                    MAX(now_ns, packet->due_ns) - packet->put_ns);
    return packet;
}

void ql_network_packet_free(ql_network *network, ql_relay_side sender, ql_relay_packet *packet)
{
    ql_relay_packet_free(network->links[sender], packet);
}

uint64_t ql_network_due(const ql_network *network)
{
    return MIN(ql_relay_link_due(network->links[QL_RELAY_CLIENT]),
               ql_relay_link_due(network->links[QL_RELAY_SERVER]));
}
