/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that came before their connection was known: the one that begins it may have been
 * captured later. Kept by address pair, up to a cap; of traffic that is not QUIC the first few. */
#ifndef QL_LOBBY_H
#define QL_LOBBY_H

#include "model/waiting.h"

#define QL_LOBBY_MAX      1024u /* datagrams of all address pairs; the oldest gives way */
#define QL_LOBBY_PAIR_MAX 128u  /* of one; a connection that still begins there is reordered less  \
                                 */

typedef struct ql_lobby ql_lobby;

ql_lobby *ql_lobby_new(void);
void ql_lobby_free(ql_lobby *lobby);

/* Keeps a copy of a datagram that may be QUIC, while there is room on its address pair. */
void ql_lobby_add(ql_lobby *lobby, const ql_datagram *datagram);

/* Takes out what came on the address pair of this datagram, in either direction, in the order of
 * capture: a queue of ql_waiting_packet, which is the caller's; NULL when there is nothing. */
GQueue *ql_lobby_take(ql_lobby *lobby, const ql_datagram *datagram);

#endif
