/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture that the origin takes of itself. A server may send with its keys for 1-RTT before it
 * has those of the client (RFC 9001, 5.7), and a reader of the capture that does not find both when
 * it comes to the first such packet gives the connection up. So packets wait, in memory and for a
 * short time, until the secrets of a handshake are complete. */
#pragma once

#include "self_capture.h"
#include "udp.h"

#include <glib.h>
#include <stdbool.h>

/* The most packets, and the longest time, that a handshake can hold up the others. */
#define QL_ORIGIN_CAPTURE_HELD    512u
#define QL_ORIGIN_CAPTURE_SECONDS 2u

typedef struct ql_origin_capture ql_origin_capture;

/* As ql_self_capture_new_commented. */
ql_origin_capture *ql_origin_capture_new(const char *path_or_dash, const char *comment,
                                         GError **error);

/* A line of the secrets log; a ql_keylog_listener. */
void ql_origin_capture_secret(const char *line, void *capture);

/* A datagram that came. All that follow take NULL, and then do nothing. */
void ql_origin_capture_received(ql_origin_capture *capture, const ql_udp_datagram *datagram);

/* The datagrams of a batch that the kernel took, sent bytes of it. Its from and to are not NULL. */
void ql_origin_capture_sent(ql_origin_capture *capture, const ql_udp_batch *batch, size_t sent);

/* Writes what need not wait. */
void ql_origin_capture_flush(ql_origin_capture *capture);

/* Writes all, and frees it. As ql_self_capture_close. */
bool ql_origin_capture_close(ql_origin_capture *capture, GError **error);
