/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of one half of a stream, put back in order (RFC 9000, 2.2).
 *
 * Bytes that follow on what is there are handed on at once and without a copy; bytes behind a gap
 * are kept until it is filled. Of bytes that come twice the first ones count. */
#ifndef QL_REASSEMBLY_H
#define QL_REASSEMBLY_H

#include <glib.h>

#include "model/datagram.h"

/* Bytes kept, with what it costs to keep them: of one half, and of all halves of a connection. */
#define QL_REASSEMBLY_HALF_MAX       (UINT64_C(16) << 20)
#define QL_REASSEMBLY_CONNECTION_MAX (UINT64_C(64) << 20)

/* Where bytes of a stream came from. */
typedef struct ql_arrival {
    ql_where where;
    bool early_data;
} ql_arrival;

/* Takes bytes in order. They are borrowed for the call. */
typedef void (*ql_reassembly_sink)(void *user, ql_slice bytes, const ql_arrival *from);

/* Made by _init, given up by _clear. Readers look at the first three members only. */
typedef struct ql_reassembly {
    uint64_t received; /* bytes that came, each once */
    uint64_t in_order; /* bytes without a gap from offset 0 */
    uint64_t gap_ns;   /* time during which bytes waited for a gap to be filled */
    uint64_t delivered;
    uint64_t waiting_since_ns;
    uint64_t kept;
    uint64_t *kept_by_all;
    GTree *segments; /* offset -> segment; NULL while none was needed */
    bool holding;
    bool waiting;
    bool full;
} ql_reassembly;

typedef struct ql_reassembly_outcome {
    uint64_t fresh;   /* bytes that were not there before */
    bool changed;     /* bytes that are still kept came again with other content */
    bool became_full; /* a cap was hit: from here on bytes are counted, not handed on */
} ql_reassembly_outcome;

/* `kept_by_all` is the sum over the halves of the connection; it outlives the reassembly. */
void ql_reassembly_init(ql_reassembly *reassembly, uint64_t *kept_by_all);
void ql_reassembly_clear(ql_reassembly *reassembly);

/* offset + bytes.length is at most 2^62. */
ql_reassembly_outcome ql_reassembly_add(ql_reassembly *reassembly, uint64_t offset, ql_slice bytes,
                                        const ql_arrival *from, ql_reassembly_sink sink,
                                        void *user);

/* Keep bytes that are in order too, until the release hands them on. To be called before the first
 * byte is added. */
void ql_reassembly_hold(ql_reassembly *reassembly);
void ql_reassembly_release(ql_reassembly *reassembly, ql_reassembly_sink sink, void *user);

/* Copies the first bytes that are held in order, at most `size`; how many there are. */
size_t ql_reassembly_peek(const ql_reassembly *reassembly, uint8_t *out, size_t size);

/* Drops what is kept; later bytes are counted only. */
void ql_reassembly_give_up(ql_reassembly *reassembly);

#endif
