/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/lobby.h"

#include "model/hash_key.h"
#include "model/packet_header.h"
#include "model/segments.h"

/* What a short header needs to be opened: room for an ID, a number and the sample that hides it. */
#define DATAGRAM_LEAST 21u

/* The datagrams of one address pair. */
typedef struct line {
    ql_ends_key at; /* both ways */
    GQueue packets; /* of ql_waiting_packet, in the order of capture */
} line;

/* A datagram that came in, and may have been taken since. */
typedef struct arrival {
    ql_ends_key at; /* both ways */
    uint32_t frame;
} arrival;

struct ql_lobby {
    ql_hash_key key;
    GHashTable *lines; /* ql_ends_key -> line, the key inside it */
    GQueue arrivals;   /* oldest first */
};

static void free_packet(gpointer data)
{
    ql_waiting_packet_free(data);
}

static void line_free(gpointer data)
{
    line *l = data;
    g_queue_clear_full(&l->packets, free_packet);
    g_free(l);
}

ql_lobby *ql_lobby_new(void)
{
    ql_lobby *lobby = g_new0(ql_lobby, 1);
    lobby->key = ql_hash_key_new();
    lobby->lines = g_hash_table_new_full(ql_hash_key_hash, ql_ends_key_equal, NULL, line_free);
    g_queue_init(&lobby->arrivals);
    return lobby;
}

void ql_lobby_free(ql_lobby *lobby)
{
    if (lobby == NULL)
        return;
    g_hash_table_destroy(lobby->lines);
    g_queue_clear_full(&lobby->arrivals, g_free);
    g_free(lobby);
}

static ql_ends_key key_of(const ql_lobby *lobby, const ql_datagram *datagram)
{
    return ql_ends_key_both_ways(&lobby->key, &datagram->source, &datagram->destination);
}

/* A long header says so. The fixed bit of a short one need not be set (RFC 9287). */
static bool may_be_quic(ql_slice payload)
{
    ql_packet_header header;
    return payload.length >= DATAGRAM_LEAST &&
           (!ql_packet_is_long(payload) ||
            ql_packet_header_read_long(payload, &header) == QL_HEADER_OK);
}

static void drop_oldest(ql_lobby *lobby)
{
    arrival *oldest = g_queue_pop_head(&lobby->arrivals);
    line *l = g_hash_table_lookup(lobby->lines, &oldest->at);
    ql_waiting_packet *first = l != NULL ? g_queue_peek_head(&l->packets) : NULL;
    if (first != NULL && first->datagram.where.frame == oldest->frame) {
        ql_waiting_packet_free(g_queue_pop_head(&l->packets));
        if (g_queue_is_empty(&l->packets))
            g_hash_table_remove(lobby->lines, &oldest->at);
    }
    g_free(oldest);
}

void ql_lobby_add(ql_lobby *lobby, const ql_datagram *datagram)
{
    if (!may_be_quic(datagram->payload))
        return;
    arrival now = { key_of(lobby, datagram), datagram->where.frame };
    line *l = g_hash_table_lookup(lobby->lines, &now.at);
    if (l == NULL) {
        l = g_new0(line, 1);
        l->at = now.at;
        g_queue_init(&l->packets);
        g_hash_table_insert(lobby->lines, &l->at, l);
    }
    if (l->packets.length >= QL_LOBBY_PAIR_MAX)
        return;
    ql_waiting_packet packet = { .datagram = *datagram,
                                 .datagram_size = ql_segments_datagram_size(datagram) };
    g_queue_push_tail(&l->packets, ql_waiting_packet_new(&packet));
    g_queue_push_tail(&lobby->arrivals, g_memdup2(&now, sizeof now));
    if (lobby->arrivals.length > QL_LOBBY_MAX)
        drop_oldest(lobby);
}

GQueue *ql_lobby_take(ql_lobby *lobby, const ql_datagram *datagram)
{
    ql_ends_key at = key_of(lobby, datagram);
    line *l = g_hash_table_lookup(lobby->lines, &at);
    if (l == NULL)
        return NULL;
    GQueue *packets = g_queue_copy(&l->packets);
    g_queue_clear(&l->packets);
    g_hash_table_remove(lobby->lines, &at);
    return packets;
}
