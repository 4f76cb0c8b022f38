/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reassembly.h"

#include <string.h>

/* What a kept segment costs beside its bytes: itself, its node in the tree, the allocator. */
#define SEGMENT_COST 160u

/* Once bytes are counted only, this many separate ranges are told apart. */
#define RANGES_MAX 65536

typedef struct segment {
    uint64_t offset; /* also the key in the tree */
    uint64_t length;
    ql_arrival from;
    uint8_t *bytes; /* NULL when they are only counted */
} segment;

static int compare_offsets(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void segment_free(gpointer data)
{
    segment *s = data;
    g_free(s->bytes);
    g_free(s);
}

static segment *segment_of(GTreeNode *node)
{
    return node == NULL ? NULL : g_tree_node_value(node);
}

static uint64_t segment_end(const segment *s)
{
    return s->offset + s->length;
}

void ql_reassembly_init(ql_reassembly *r, uint64_t *kept_by_all)
{
    *r = (ql_reassembly){ .kept_by_all = kept_by_all };
}

static void account(ql_reassembly *r, uint64_t before, uint64_t after)
{
    r->kept = r->kept - before + after;
    *r->kept_by_all = *r->kept_by_all - before + after;
}

void ql_reassembly_clear(ql_reassembly *r)
{
    if (r->segments != NULL)
        g_tree_destroy(r->segments);
    r->segments = NULL;
    account(r, r->kept, 0);
}

/* The first segment that ends behind `offset`. */
static GTreeNode *node_behind(const ql_reassembly *r, uint64_t offset)
{
    if (r->segments == NULL)
        return NULL;
    GTreeNode *next = g_tree_upper_bound(r->segments, &offset);
    GTreeNode *last = next == NULL ? g_tree_node_last(r->segments) : g_tree_node_previous(next);
    return last != NULL && segment_end(segment_of(last)) > offset ? last : next;
}

static void remove_segment(ql_reassembly *r, segment *s)
{
    uint64_t key = s->offset;
    if (s->bytes != NULL)
        account(r, s->length + SEGMENT_COST, 0);
    g_tree_remove(r->segments, &key);
}

/* Whether [offset, offset + length) holds bytes that differ from those kept there. */
static bool differs(const ql_reassembly *r, uint64_t offset, ql_slice bytes)
{
    uint64_t end = offset + bytes.length;
    GTreeNode *node = bytes.length == 0 ? NULL : node_behind(r, offset);
    for (; node != NULL; node = g_tree_node_next(node)) {
        const segment *s = segment_of(node);
        if (s->offset >= end)
            break;
        uint64_t from = MAX(offset, s->offset), to = MIN(end, segment_end(s));
        if (s->bytes != NULL && memcmp(bytes.data + (from - offset), s->bytes + (from - s->offset),
                                       (size_t)(to - from)) != 0)
            return true;
    }
    return false;
}

static segment *segment_insert(ql_reassembly *r, uint64_t offset, uint64_t length)
{
    if (r->segments == NULL)
        r->segments = g_tree_new_full(compare_offsets, NULL, NULL, segment_free);
    segment *s = g_new0(segment, 1);
    s->offset = offset;
    s->length = length;
    g_tree_insert(r->segments, &s->offset, s);
    return s;
}

/* Counts [offset, end), which is in no segment, joining it with its neighbours. */
static void keep_range(ql_reassembly *r, uint64_t offset, uint64_t end)
{
    GTreeNode *next_node = node_behind(r, offset);
    segment *next = segment_of(next_node);
    segment *previous = NULL;
    if (r->segments != NULL)
        previous = segment_of(next_node == NULL ? g_tree_node_last(r->segments)
                                                : g_tree_node_previous(next_node));
    if (next != NULL && next->offset == end) {
        end = segment_end(next);
        remove_segment(r, next);
    }
    if (previous != NULL && segment_end(previous) == offset)
        previous->length = end - previous->offset;
    else if (r->segments == NULL || g_tree_nnodes(r->segments) < RANGES_MAX)
        segment_insert(r, offset, end - offset);
}

void ql_reassembly_give_up(ql_reassembly *r)
{
    GTree *kept = r->segments;
    r->segments = NULL;
    r->full = true;
    r->holding = false;
    account(r, r->kept, 0);
    if (kept == NULL)
        return;
    for (GTreeNode *node = g_tree_node_first(kept); node != NULL; node = g_tree_node_next(node)) {
        const segment *s = segment_of(node);
        if (segment_end(s) > r->in_order)
            keep_range(r, MAX(s->offset, r->in_order), segment_end(s));
    }
    g_tree_destroy(kept);
}

/* False when a cap does not let it. */
static bool keep_bytes(ql_reassembly *r, uint64_t offset, ql_slice bytes, const ql_arrival *from)
{
    uint64_t cost = bytes.length + SEGMENT_COST;
    if (r->kept + cost > QL_REASSEMBLY_HALF_MAX ||
        *r->kept_by_all + cost > QL_REASSEMBLY_CONNECTION_MAX)
        return false;
    segment *s = segment_insert(r, offset, bytes.length);
    s->bytes = g_memdup2(bytes.data, bytes.length);
    s->from = *from;
    account(r, 0, cost);
    return true;
}

/* Hands on, or steps over, what now follows without a gap. */
static void drain(ql_reassembly *r, ql_reassembly_sink sink, void *user)
{
    segment *s;
    if (r->holding) {
        while ((s = g_tree_lookup(r->segments, &r->in_order)) != NULL)
            r->in_order = segment_end(s);
        return;
    }
    while ((s = segment_of(g_tree_node_first(r->segments))) != NULL && s->offset == r->in_order) {
        r->in_order = segment_end(s);
        if (!r->full) {
            r->delivered = r->in_order;
            sink(user, (ql_slice){ s->bytes, (size_t)s->length }, &s->from);
        }
        remove_segment(r, s);
    }
}

static void take_time(ql_reassembly *r, uint64_t now_ns)
{
    bool waits = !r->holding && !r->full && g_tree_nnodes(r->segments) > 0;
    if (waits && !r->waiting)
        r->waiting_since_ns = now_ns;
    else if (!waits && r->waiting && now_ns > r->waiting_since_ns)
        r->gap_ns += now_ns - r->waiting_since_ns;
    r->waiting = waits;
}

ql_reassembly_outcome ql_reassembly_add(ql_reassembly *r, uint64_t offset, ql_slice bytes,
                                        const ql_arrival *from, ql_reassembly_sink sink, void *user)
{
    ql_reassembly_outcome outcome = { .changed = differs(r, offset, bytes) };
    uint64_t end = offset + bytes.length;
    uint64_t at = MAX(offset, r->in_order);
    while (at < end) {
        const segment *next = segment_of(node_behind(r, at));
        if (next != NULL && next->offset <= at) {
            at = segment_end(next);
            continue;
        }
        uint64_t stop = next == NULL ? end : MIN(end, next->offset);
        ql_slice fresh = { bytes.data + (at - offset), (size_t)(stop - at) };
        outcome.fresh += fresh.length;
        if (!r->full && !r->holding && at == r->in_order) {
            r->in_order = r->delivered = stop;
            sink(user, fresh, from);
        } else if (!r->full && !keep_bytes(r, at, fresh, from)) {
            ql_reassembly_give_up(r);
            outcome.became_full = true;
        }
        if (r->full)
            keep_range(r, at, stop);
        at = stop;
    }
    r->received += outcome.fresh;
    if (r->segments != NULL) {
        drain(r, sink, user);
        take_time(r, from->where.time_ns);
    }
    return outcome;
}

void ql_reassembly_hold(ql_reassembly *r)
{
    r->holding = true;
}

void ql_reassembly_release(ql_reassembly *r, ql_reassembly_sink sink, void *user)
{
    r->holding = false;
    if (r->segments == NULL || r->full)
        return;
    segment *s;
    while ((s = segment_of(g_tree_node_first(r->segments))) != NULL && s->offset == r->delivered) {
        r->delivered = segment_end(s);
        sink(user, (ql_slice){ s->bytes, (size_t)s->length }, &s->from);
        remove_segment(r, s);
    }
}

size_t ql_reassembly_peek(const ql_reassembly *r, uint8_t *out, size_t size)
{
    size_t copied = 0;
    if (r->segments == NULL || r->full)
        return 0;
    GTreeNode *node = g_tree_node_first(r->segments);
    for (; node != NULL && copied < size; node = g_tree_node_next(node)) {
        const segment *s = segment_of(node);
        if (s->offset != r->delivered + copied)
            break;
        size_t part = MIN((size_t)s->length, size - copied);
        memcpy(out + copied, s->bytes, part);
        copied += part;
    }
    return copied;
}
