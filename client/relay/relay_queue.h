/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a link, as two stages: packets wait, in order, for the bandwidth, of which only
 * so many may wait; then they travel, any number of them, for the delay. It knows neither sockets
 * nor clocks: times are handed in, in nanoseconds, and never go back. */
#pragma once

#include "relay_scenario.h"

#define QL_RELAY_TRAVELLING_MAX 262144u /* packets on the way in one direction */
#define QL_RELAY_NEVER          UINT64_MAX

typedef struct ql_relay_queue ql_relay_queue;

typedef enum ql_relay_admission {
    QL_RELAY_ADMITTED,
    QL_RELAY_QUEUE_FULL,  /* too many wait for the bandwidth */
    QL_RELAY_TRAVEL_FULL, /* QL_RELAY_TRAVELLING_MAX */
} ql_relay_admission;

typedef struct ql_relay_parcel {
    void *item;            /* NULL: it takes its place in the queue, and is lost on the way */
    size_t wire_length;    /* bytes with IP and UDP headers */
    uint64_t extra_ns;     /* more delay for this one */
    bool may_be_overtaken; /* by those behind it; else the order stays, whatever the delays */
} ql_relay_parcel;

/* Takes bandwidth, queue and delay from the rules. free_item is for what is inside at the end. */
ql_relay_queue *ql_relay_queue_new(const ql_relay_rules *rules, GDestroyNotify free_item);
void ql_relay_queue_free(ql_relay_queue *queue); /* NULL is a no-op */

/* Owns the item if it admits it, else it stays the caller's. due_ns (NULL: nobody asks) is set to
 * when an admitted item arrives. */
ql_relay_admission ql_relay_queue_push(ql_relay_queue *queue, const ql_relay_parcel *parcel,
                                       uint64_t now_ns, uint64_t *due_ns);

/* When the next item arrives; QL_RELAY_NEVER if none is on the way. */
uint64_t ql_relay_queue_due(const ql_relay_queue *queue);

/* The next item that has arrived, now the caller's; NULL if there is none. */
void *ql_relay_queue_pop(ql_relay_queue *queue, uint64_t now_ns);
