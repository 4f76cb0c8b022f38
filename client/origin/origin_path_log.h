/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the qlog of a server's connection says of connection IDs and paths, which ngtcp2's own
 * records leave out: connectivity:connection_id_updated and migration_state_updated. */
#pragma once

#include "qlog.h"
#include "udp.h"

#include <ngtcp2/ngtcp2.h>

typedef struct ql_origin_path_log ql_origin_path_log;

/* qlog is borrowed; NULL: nothing is ever written. path: the first. */
ql_origin_path_log *ql_origin_path_log_new(ql_qlog *qlog, const ngtcp2_path *path);
void ql_origin_path_log_free(ql_origin_path_log *log); /* NULL is a no-op */

/* quic has read the datagram, which may have moved it to another path (RFC 9000, 9.3). */
void ql_origin_path_log_on_datagram(ql_origin_path_log *log, ngtcp2_conn *quic,
                                    const ql_udp_datagram *datagram);

/* Packets to the client carry this ID from now on. */
void ql_origin_path_log_on_cid(ql_origin_path_log *log, const ngtcp2_cid *cid);

/* Path validation begins, or has ended (RFC 9000, 8.2). */
void ql_origin_path_log_on_challenge(ql_origin_path_log *log, const ngtcp2_path *path);
void ql_origin_path_log_on_validated(ql_origin_path_log *log, const ngtcp2_path *path,
                                     ngtcp2_path_validation_result outcome);
