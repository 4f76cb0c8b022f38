/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unreliable datagrams that come back as they came (RFC 9221; those of HTTP/3, RFC 9297, begin with
 * the number of their request's stream, which stays the same). */
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many may wait to be sent; more are lost. */
#define QL_ORIGIN_DATAGRAMS_WAITING 256u

typedef struct ql_origin_datagrams ql_origin_datagrams;

ql_origin_datagrams *ql_origin_datagrams_new(void);
void ql_origin_datagrams_free(ql_origin_datagrams *datagrams); /* NULL is a no-op */

void ql_origin_datagrams_receive(ql_origin_datagrams *datagrams, const uint8_t *data,
                                 size_t length);

size_t ql_origin_datagrams_waiting(const ql_origin_datagrams *datagrams); /* to be sent */

/* Writes those that wait into a packet. As ngtcp2_conn_writev_datagram: NGTCP2_ERR_WRITE_MORE if
 * there is room for streams behind them, which are then to be written into the same packet;
 * NGTCP2_ERR_NOBUF if nothing waits. */
ngtcp2_ssize ql_origin_datagrams_write(ql_origin_datagrams *datagrams, ngtcp2_conn *quic,
                                       ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                                       size_t capacity, ngtcp2_tstamp now);
