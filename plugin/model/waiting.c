/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/waiting.h"

typedef struct line {
    GQueue packets; /* of ql_waiting_packet */
    size_t bytes;
    unsigned passed_over;
} line;

struct ql_waiting {
    GHashTable *lines; /* ql_connection -> line */
    size_t bytes;
};

ql_waiting_packet *ql_waiting_packet_new(const ql_waiting_packet *packet)
{
    ql_waiting_packet *copy = g_memdup2(packet, sizeof *packet);
    ql_slice payload = packet->datagram.payload;
    copy->datagram.payload.data = g_memdup2(payload.data, payload.length);
    return copy;
}

void ql_waiting_packet_free(ql_waiting_packet *packet)
{
    if (packet == NULL)
        return;
    g_free((uint8_t *)packet->datagram.payload.data);
    g_free(packet);
}

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

ql_waiting *ql_waiting_new(void)
{
    ql_waiting *waiting = g_new0(ql_waiting, 1);
    waiting->lines = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, line_free);
    return waiting;
}

void ql_waiting_free(ql_waiting *waiting)
{
    if (waiting == NULL)
        return;
    g_hash_table_destroy(waiting->lines);
    g_free(waiting);
}

static line *line_of(ql_waiting *waiting, const struct ql_connection *connection)
{
    line *l = g_hash_table_lookup(waiting->lines, connection);
    if (l == NULL) {
        l = g_new0(line, 1);
        g_queue_init(&l->packets);
        g_hash_table_insert(waiting->lines, (gpointer)connection, l);
    }
    return l;
}

bool ql_waiting_add(ql_waiting *waiting, const struct ql_connection *connection,
                    const ql_waiting_packet *packet)
{
    line *l = line_of(waiting, connection);
    size_t length = packet->datagram.payload.length;
    if (l->bytes + length > QL_WAITING_CONNECTION_MAX ||
        waiting->bytes + length > QL_WAITING_TOTAL_MAX) {
        l->passed_over++;
        return false;
    }
    g_queue_push_tail(&l->packets, ql_waiting_packet_new(packet));
    l->bytes += length;
    waiting->bytes += length;
    return true;
}

bool ql_waiting_any(const ql_waiting *waiting)
{
    return g_hash_table_size(waiting->lines) > 0;
}

bool ql_waiting_has(const ql_waiting *waiting, const struct ql_connection *connection)
{
    return g_hash_table_contains(waiting->lines, connection);
}

GList *ql_waiting_connections(const ql_waiting *waiting)
{
    return g_hash_table_get_keys(waiting->lines);
}

GQueue *ql_waiting_take(ql_waiting *waiting, const struct ql_connection *connection,
                        unsigned *passed_over)
{
    line *l = g_hash_table_lookup(waiting->lines, connection);
    if (l == NULL)
        return NULL;
    *passed_over = l->passed_over;
    waiting->bytes -= l->bytes;
    GQueue *packets = g_queue_copy(&l->packets);
    g_queue_clear(&l->packets);
    g_hash_table_remove(waiting->lines, connection);
    return packets;
}

void ql_waiting_put_back(ql_waiting *waiting, const struct ql_connection *connection,
                         GQueue *packets)
{
    line *l = line_of(waiting, connection);
    ql_waiting_packet *packet;
    while ((packet = g_queue_pop_head(packets)) != NULL) {
        g_queue_push_tail(&l->packets, packet);
        l->bytes += packet->datagram.payload.length;
        waiting->bytes += packet->datagram.payload.length;
    }
}
