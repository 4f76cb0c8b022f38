/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/plaintexts.h"

struct ql_plaintexts {
    GHashTable *by_event; /* ql_packet_event -> GBytes */
    GQueue events;        /* the same, oldest first */
    uint64_t cap, bytes;
    ql_plaintext_at_hand at_hand;
    void *user;
};

static void free_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

ql_plaintexts *ql_plaintexts_new(void)
{
    ql_plaintexts *plaintexts = g_new0(ql_plaintexts, 1);
    plaintexts->by_event = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_bytes);
    g_queue_init(&plaintexts->events);
    return plaintexts;
}

void ql_plaintexts_free(ql_plaintexts *plaintexts)
{
    if (plaintexts == NULL)
        return;
    g_queue_clear(&plaintexts->events);
    g_hash_table_destroy(plaintexts->by_event);
    g_free(plaintexts);
}

static void drop_oldest(ql_plaintexts *plaintexts)
{
    const ql_packet_event *oldest = g_queue_pop_head(&plaintexts->events);
    plaintexts->bytes -= g_bytes_get_size(g_hash_table_lookup(plaintexts->by_event, oldest));
    g_hash_table_remove(plaintexts->by_event, oldest);
}

void ql_plaintexts_keep(ql_plaintexts *plaintexts, uint64_t cap, ql_plaintext_at_hand at_hand,
                        void *user)
{
    plaintexts->cap = cap;
    plaintexts->at_hand = at_hand;
    plaintexts->user = user;
    while (plaintexts->bytes > cap)
        drop_oldest(plaintexts);
}

void ql_plaintexts_add(ql_plaintexts *plaintexts, ql_packet_event *event, uint32_t frame,
                       ql_slice payload)
{
    if (payload.length == 0 || payload.length > plaintexts->cap ||
        (plaintexts->at_hand != NULL && plaintexts->at_hand(plaintexts->user, frame, payload)))
        return;
    while (plaintexts->bytes + payload.length > plaintexts->cap)
        drop_oldest(plaintexts);
    g_hash_table_insert(plaintexts->by_event, event, g_bytes_new(payload.data, payload.length));
    g_queue_push_tail(&plaintexts->events, event);
    plaintexts->bytes += payload.length;
    event->kept = true;
}

bool ql_plaintexts_find(const ql_plaintexts *plaintexts, const ql_packet_event *event,
                        ql_slice *out)
{
    GBytes *bytes = g_hash_table_lookup(plaintexts->by_event, event);
    if (bytes == NULL)
        return false;
    out->data = g_bytes_get_data(bytes, &out->length);
    return true;
}
