/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which datagram sizes got through: those whose packets were acknowledged (RFC 9000, 13.1, 14.2 and
 * 14.3). One for each sender. Only packets in a larger datagram than what is known to get through
 * on their path wait for an acknowledgement; most often there are none. */
#ifndef QL_DELIVERIES_H
#define QL_DELIVERIES_H

#include "model/frames.h"
#include "model/path_table.h"

#define QL_DELIVERIES_MAX 64u /* that wait; a further one takes the place of one that seems lost   \
                               */

typedef struct ql_deliveries {
    GArray *waiting; /* private; NULL until needed */
    bool full;       /* private: nothing may give way before the next acknowledgement */
} ql_deliveries;

void ql_deliveries_clear(ql_deliveries *deliveries); /* a zeroed one is ready for use */

/* A packet of `sender` in a datagram of `size` bytes of UDP payload, on a path that outlives it. */
void ql_deliveries_on_packet(ql_deliveries *deliveries, unsigned space, uint64_t number,
                             ql_side sender, size_t size, ql_path *path);

/* The other side's ACK frame for this packet number space: raises ql_path.delivered. */
void ql_deliveries_on_ack(ql_deliveries *deliveries, unsigned space, const ql_frame *ack);

#endif
