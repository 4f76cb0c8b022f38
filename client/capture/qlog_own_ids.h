/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of our connection IDs the peer uses: it may take another at any time (RFC 9000, 5.1), and
 * only its packets tell. */
#pragma once

#include "qlog.h"
#include "udp.h"

#include <ngtcp2/ngtcp2.h>

typedef struct ql_qlog_own_ids ql_qlog_own_ids;

ql_qlog_own_ids *ql_qlog_own_ids_new(void);
void ql_qlog_own_ids_free(ql_qlog_own_ids *ids); /* NULL is a no-op */

/* A datagram that came for quic, after quic has read it: writes connectivity:connection_id_updated
 * where it carries another ID. qlog NULL: nothing is done. */
void ql_qlog_own_ids_note(ql_qlog_own_ids *ids, ql_qlog *qlog, ngtcp2_conn *quic,
                          const ql_udp_datagram *datagram);
