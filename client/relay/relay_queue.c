/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_queue.h"

/* A packet on its way. Packets of the same time keep their order. */
typedef struct traveller {
    uint64_t due_ns;
    uint64_t order;
    void *item;
} traveller;

struct ql_relay_queue {
    uint64_t bandwidth, delay_ns;
    GDestroyNotify free_item;

    uint64_t *starts; /* a ring: when each that waits for the bandwidth gets it */
    size_t capacity, first, waiting;
    uint64_t free_at_ns; /* when the bandwidth has nothing more to do */

    GArray *travellers; /* a binary heap, the earliest at its top */
    uint64_t order;
    uint64_t last_due_ns; /* of those that keep the order */
};

ql_relay_queue *ql_relay_queue_new(const ql_relay_rules *rules, GDestroyNotify free_item)
{
    ql_relay_queue *queue = g_new0(ql_relay_queue, 1);
    queue->bandwidth = rules->bandwidth;
    queue->delay_ns = rules->delay_ns;
    queue->free_item = free_item;
    queue->capacity = (size_t)rules->queue;
    queue->starts = g_new(uint64_t, MAX(queue->capacity, 1));
    queue->travellers = g_array_new(FALSE, FALSE, sizeof(traveller));
    return queue;
}

static traveller *at(const ql_relay_queue *queue, guint i)
{
    return &g_array_index(queue->travellers, traveller, i);
}

void ql_relay_queue_free(ql_relay_queue *queue)
{
    if (queue == NULL)
        return;
    for (guint i = 0; i < queue->travellers->len; i++)
        queue->free_item(at(queue, i)->item);
    g_array_unref(queue->travellers);
    g_free(queue->starts);
    g_free(queue);
}

static bool is_before(const traveller *a, const traveller *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void swap(traveller *a, traveller *b)
{
    traveller kept = *a;
    *a = *b;
    *b = kept;
}

static void send_off(ql_relay_queue *queue, uint64_t due_ns, void *item)
{
    traveller added = { due_ns, queue->order++, item };
    g_array_append_val(queue->travellers, added);
    for (guint i = queue->travellers->len - 1; i > 0;) {
        guint parent = (i - 1) / 2;
        if (!is_before(at(queue, i), at(queue, parent)))
            break;
        swap(at(queue, i), at(queue, parent));
        i = parent;
    }
}

static void sink_top(ql_relay_queue *queue)
{
    guint count = queue->travellers->len;
    for (guint i = 0;;) {
        guint least = i;
        for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (is_before(at(queue, child), at(queue, least)))
                least = child;
        if (least == i)
            return;
        swap(at(queue, i), at(queue, least));
        i = least;
    }
}

/* Sets when the packet has left the first stage. False: there is no room to wait in. */
static bool take_bandwidth(ql_relay_queue *queue, size_t wire_length, uint64_t now_ns,
                           uint64_t *done_ns)
{
    *done_ns = now_ns;
    if (queue->bandwidth == 0)
        return true;
    while (queue->waiting > 0 && queue->starts[queue->first] <= now_ns) {
        queue->first = (queue->first + 1) % queue->capacity;
        queue->waiting--;
    }
    uint64_t start = MAX(now_ns, queue->free_at_ns);
    if (start > now_ns) {
        if (queue->waiting == queue->capacity)
            return false;
        queue->starts[(queue->first + queue->waiting) % queue->capacity] = start;
        queue->waiting++;
    }
    queue->free_at_ns = start + wire_length * 8 * 1000000000u / queue->bandwidth;
    *done_ns = queue->free_at_ns;
    return true;
}

ql_relay_admission ql_relay_queue_push(ql_relay_queue *queue, const ql_relay_parcel *parcel,
                                       uint64_t now_ns, uint64_t *due_ns)
{
    uint64_t done_ns;
    if (queue->travellers->len >= QL_RELAY_TRAVELLING_MAX)
        return QL_RELAY_TRAVEL_FULL;
    if (!take_bandwidth(queue, parcel->wire_length, now_ns, &done_ns))
        return QL_RELAY_QUEUE_FULL;
    if (parcel->item == NULL)
        return QL_RELAY_ADMITTED;
    uint64_t arrival_ns = done_ns + queue->delay_ns + parcel->extra_ns;
    if (!parcel->may_be_overtaken)
        queue->last_due_ns = arrival_ns = MAX(arrival_ns, queue->last_due_ns);
    send_off(queue, arrival_ns, parcel->item);
    if (due_ns != NULL)
        *due_ns = arrival_ns;
    return QL_RELAY_ADMITTED;
}

uint64_t ql_relay_queue_due(const ql_relay_queue *queue)
{
    return queue->travellers->len > 0 ? at(queue, 0)->due_ns : QL_RELAY_NEVER;
}

void *ql_relay_queue_pop(ql_relay_queue *queue, uint64_t now_ns)
{
    if (ql_relay_queue_due(queue) > now_ns || queue->travellers->len == 0)
        return NULL;
    void *item = at(queue, 0)->item;
    *at(queue, 0) = *at(queue, queue->travellers->len - 1);
    g_array_set_size(queue->travellers, queue->travellers->len - 1);
    sink_top(queue);
    return item;
}
