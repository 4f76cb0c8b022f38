/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unreliable datagrams (RFC 9221) that wait for packets with room for them. Those of HTTP/3 (RFC
 * 9297) begin with the number of their request's stream. */
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many may wait to be sent; more are lost. */
#define QL_DATAGRAM_QUEUE_MAX 256u

typedef struct ql_datagram_queue ql_datagram_queue;

ql_datagram_queue *ql_datagram_queue_new(void);
void ql_datagram_queue_free(ql_datagram_queue *datagrams); /* NULL is a no-op */

/* Copies the data of one. */
void ql_datagram_queue_add(ql_datagram_queue *datagrams, const uint8_t *data, size_t length);

size_t ql_datagram_queue_waiting(const ql_datagram_queue *datagrams); /* to be sent */

/* Writes those that wait into a packet. As ngtcp2_conn_writev_datagram: NGTCP2_ERR_WRITE_MORE if
 * there is room for streams behind them, which are then to be written into the same packet;
 * NGTCP2_ERR_NOBUF if nothing waits. */
ngtcp2_ssize ql_datagram_queue_write(ql_datagram_queue *datagrams, ngtcp2_conn *quic,
                                     ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                                     size_t capacity, ngtcp2_tstamp now);
