/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of one connection's packets into the origin's sockets. What a full socket does not take
 * is kept, and goes first the next time. */
#pragma once

#include "origin_sockets.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_origin_sender ql_origin_sender;

ql_origin_sender *ql_origin_sender_new(ql_origin_sockets *sockets); /* borrowed */
void ql_origin_sender_free(ql_origin_sender *sender);               /* NULL is a no-op */

/* Sends packets of the length segment (the last may be shorter; 0: it is one packet) along path, if
 * nothing is kept. A send that fails is a loss like others: QUIC notices, and gives up in the end.
 */
void ql_origin_sender_send(ql_origin_sender *sender, const ngtcp2_path *path, uint8_t ecn,
                           const uint8_t *data, size_t length, size_t segment);

/* Sends what is kept. False: the socket is still full. */
bool ql_origin_sender_flush(ql_origin_sender *sender);
bool ql_origin_sender_is_blocked(const ql_origin_sender *sender);
