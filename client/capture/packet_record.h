/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written down of the datagrams of one connection: they go into the capture, with comments
 * on what was done on purpose, and what they show goes into the qlog. */
#pragma once

#include "qlog.h"
#include "remarks.h"
#include "self_capture.h"
#include "udp.h"

#include <ngtcp2/ngtcp2.h>

typedef struct ql_packet_record ql_packet_record;

/* capture is borrowed, and may be NULL. */
ql_packet_record *ql_packet_record_new(ql_self_capture *capture);
void ql_packet_record_free(ql_packet_record *record); /* NULL is a no-op */

/* Both are borrowed, and may be NULL. */
void ql_packet_record_set_qlog(ql_packet_record *record, ql_qlog *qlog);
void ql_packet_record_set_remarks(ql_packet_record *record, ql_remarks *remarks);

/* A datagram that is sent, with where it is from as local. comment (or NULL) is what happens to it;
 * remarks that wait for it come before that. */
void ql_packet_record_sent(ql_packet_record *record, const ql_udp_datagram *datagram,
                           const char *comment);

/* A datagram that has come, after it was processed, as only then the secrets are known that it
 * brings about; comment as above. quic NULL: it was lost before. */
void ql_packet_record_received(ql_packet_record *record, ngtcp2_conn *quic,
                               const ql_udp_datagram *datagram, const char *comment);
