/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that look like QUIC and belong to no connection that is known. One alone proves
 * nothing; when all of an address pair look so, the capture most likely lacks their beginning. */
#ifndef QL_STRAYS_H
#define QL_STRAYS_H

#include "model/journal.h"

#define QL_STRAY_PAIRS_MAX 4096u /* further address pairs are not looked at */
#define QL_STRAY_TRIES_MAX 16u   /* of one address pair */

typedef struct ql_strays ql_strays;

ql_strays *ql_strays_new(void);
void ql_strays_free(ql_strays *strays);

/* Counts a datagram that no connection took. */
void ql_strays_note(ql_strays *strays, const ql_datagram *datagram);

/* Whether the log's sessions should be tried on a packet of this datagram: on the first few of an
 * address pair, as long as all of them look like QUIC. Counts the try; gives which one it is, from
 * 1, or 0 where it is not worth it. */
unsigned ql_strays_try(ql_strays *strays, const ql_datagram *datagram);

/* The address pair has become that of a connection. */
void ql_strays_forget(ql_strays *strays, const ql_datagram *datagram);

/* A finding for each pair that deserves it, once. */
void ql_strays_tell(ql_strays *strays, ql_journal *journal, unsigned sessions);

#endif
