/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that look like QUIC and belong to no connection that is known. One alone proves
 * nothing; when all of an address pair look so, the capture most likely lacks their beginning. */
#ifndef QL_STRAYS_H
#define QL_STRAYS_H

#include "model/journal.h"

#define QL_STRAY_PAIRS_MAX 4096u /* further address pairs are not looked at */

typedef struct ql_strays ql_strays;

ql_strays *ql_strays_new(void);
void ql_strays_free(ql_strays *strays);

/* Counts a datagram that no connection took. */
void ql_strays_note(ql_strays *strays, const ql_datagram *datagram);

/* How many of this address pair were noted; UINT_MAX when one of them did not look like QUIC, or
 * when this one does not. */
unsigned ql_strays_seen(const ql_strays *strays, const ql_datagram *datagram);

/* The address pair has become that of a connection. */
void ql_strays_forget(ql_strays *strays, const ql_datagram *datagram);

/* A finding for each pair that deserves it, once. */
void ql_strays_tell(ql_strays *strays, ql_journal *journal, unsigned sessions);

#endif
