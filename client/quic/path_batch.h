/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the packets of one path apart from those of another. ngtcp2_conn_write_aggregate_pkt takes
 * all packets of a batch for packets of the first one's path; but where the first probes another
 * path and happens to be as large as datagrams can be, ngtcp2 1.24 goes on with packets of the old
 * path, which would go to the new one, with the old connection ID (RFC 9000, 9.5). */
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

/* A plain value; zero at first. */
typedef struct ql_path_batch {
    const uint8_t *end; /* of the last packet that was not for the current path; NULL: none */
} ql_path_batch;

/* Whether a packet may be written at data; if not, the callback for packets returns 0. */
bool ql_path_batch_goes_on(const ql_path_batch *batch, const uint8_t *data);

/* A packet was written at data, for the path that the connection is on, or for another one; length
 * 0 or less: none was. */
void ql_path_batch_note(ql_path_batch *batch, bool current, const uint8_t *data,
                        ngtcp2_ssize length);
