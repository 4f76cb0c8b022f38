/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a relay did: a JSON object a line, and the same as a sentence for a packet comment. Times
 * are seconds since the first datagram. */
#pragma once

#include "address.h"
#include "relay_scenario.h"

#include <stdio.h>

typedef enum ql_relay_action {
    QL_RELAY_PASS,    /* reached the other side; logged only on demand */
    QL_RELAY_DROP,    /* with a cause */
    QL_RELAY_CORRUPT, /* with offset, was and is */
    QL_RELAY_DUPLICATE,
    QL_RELAY_REORDER, /* with by_ns */
} ql_relay_action;
#define QL_RELAY_ACTIONS 5

typedef enum ql_relay_cause {
    QL_RELAY_CAUSE_NUMBER,    /* it stands in the list */
    QL_RELAY_CAUSE_RATE,      /* by chance */
    QL_RELAY_CAUSE_BLACKHOLE, /* of its time */
    QL_RELAY_CAUSE_QUEUE,     /* the queue for the bandwidth was full */
    QL_RELAY_CAUSE_MEMORY,    /* QL_RELAY_TRAVELLING_MAX */
    QL_RELAY_CAUSE_BINDING,   /* it came to an old binding */
    QL_RELAY_CAUSE_SOCKET,    /* the kernel did not take it */
} ql_relay_cause;

/* One thing that happened to one packet. */
typedef struct ql_relay_event {
    ql_relay_action action;
    ql_relay_cause cause;
    ql_relay_side from;
    uint64_t time_ns;
    uint64_t number; /* of the packet, in its direction */
    size_t length;   /* of the UDP payload */
    int offset;
    uint8_t was, is;
    uint64_t by_ns;
} ql_relay_event;

/* {"time":1.5,"event":"packet","from":"client","number":7,"length":1200,"action":"drop",
 *  "cause":"rate"}, without line feed. */
void ql_relay_event_append_json(const ql_relay_event *event, GString *out);

/* "client packet 7: dropped (by chance)"; nothing is appended for QL_RELAY_PASS. */
void ql_relay_event_append_text(const ql_relay_event *event, GString *out);

typedef struct ql_relay_log ql_relay_log;

/* path NULL: standard output. If all is set, packets that pass have a line, too. NULL and error if
 * the file cannot be made. */
ql_relay_log *ql_relay_log_new(const char *path, bool all, GError **error);

void ql_relay_log_start(ql_relay_log *log, const ql_address *listen, const ql_address *to,
                        uint64_t seed);
void ql_relay_log_packet(ql_relay_log *log, const ql_relay_event *event);

/* The client has got its first (from is NULL), or another, address towards the server. */
void ql_relay_log_binding(ql_relay_log *log, uint64_t time_ns, const ql_address *client,
                          const ql_address *from, const ql_address *to);

/* Something that went wrong on the way, in a sentence. */
void ql_relay_log_trouble(ql_relay_log *log, uint64_t time_ns, const char *sentence);

void ql_relay_log_flush(ql_relay_log *log);

/* Ends it with a line of sums: packets of each side, and how many had which action. NULL is a no-op
 * that returns true. False and error if not all could be written. */
bool ql_relay_log_close(ql_relay_log *log, const uint64_t packets[QL_RELAY_SIDES], GError **error);
