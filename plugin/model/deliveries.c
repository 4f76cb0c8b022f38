/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/deliveries.h"

/* A packet that is not acknowledged yet. */
typedef struct delivery {
    uint64_t number;
    ql_path *path;
    uint32_t size;
    uint8_t space, sender;
    bool passed; /* a later one of its space was acknowledged */
} delivery;

void ql_deliveries_clear(ql_deliveries *d)
{
    if (d->waiting != NULL)
        g_array_free(d->waiting, TRUE);
    *d = (ql_deliveries){ 0 };
}

/* Makes room where a packet seems lost: the oldest such. */
static bool make_room(ql_deliveries *d)
{
    if (d->waiting->len < QL_DELIVERIES_MAX)
        return true;
    for (guint i = 0; i < d->waiting->len && !d->full; i++)
        if (g_array_index(d->waiting, delivery, i).passed) {
            g_array_remove_index(d->waiting, i);
            return true;
        }
    d->full = true;
    return false;
}

void ql_deliveries_on_packet(ql_deliveries *d, unsigned space, uint64_t number, ql_side sender,
                             size_t size, ql_path *path)
{
    if (size <= path->delivered[sender])
        return;
    if (d->waiting == NULL)
        d->waiting = g_array_new(FALSE, FALSE, sizeof(delivery));
    if (!make_room(d))
        return;
    delivery sent = { number, path, (uint32_t)size, (uint8_t)space, (uint8_t)sender, false };
    g_array_append_val(d->waiting, sent);
}

typedef struct ack_scan {
    GArray *waiting;
    unsigned space;
} ack_scan;

static void on_range(void *user, uint64_t first, uint64_t last)
{
    const ack_scan *scan = user;
    for (guint i = 0; i < scan->waiting->len; i++) {
        delivery *sent = &g_array_index(scan->waiting, delivery, i);
        if (sent->space != scan->space || sent->number > last)
            continue;
        sent->passed = true;
        size_t *delivered = &sent->path->delivered[sent->sender];
        if (sent->number >= first)
            *delivered = MAX(*delivered, sent->size);
    }
}

void ql_deliveries_on_ack(ql_deliveries *d, unsigned space, const ql_frame *ack)
{
    if (d->waiting == NULL || d->waiting->len == 0)
        return;
    ack_scan scan = { d->waiting, space };
    ql_ack_visit(ack, on_range, &scan);
    guint kept = 0;
    for (guint i = 0; i < d->waiting->len; i++) {
        const delivery *sent = &g_array_index(d->waiting, delivery, i);
        if (sent->size > sent->path->delivered[sent->sender])
            g_array_index(d->waiting, delivery, kept++) = *sent;
    }
    g_array_set_size(d->waiting, kept);
    d->full = false;
}
