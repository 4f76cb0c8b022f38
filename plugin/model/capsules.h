/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capsules in the content of an extended CONNECT (RFC 9297, 3). */
#ifndef QL_CAPSULES_H
#define QL_CAPSULES_H

#include "model/exchange.h"
#include "model/http3_frames.h"
#include "model/journal.h"

typedef struct ql_capsules ql_capsules;

/* Whether the content of this exchange, in both directions, is a row of capsules (RFC 9297, 3.2 and
 * 3.4). */
bool ql_capsules_are_used(const ql_exchange *exchange);

ql_capsules *ql_capsules_new(void);
void ql_capsules_free(ql_capsules *capsules);

/* Content in order. Each capsule is told on the captured frame where its head is whole. */
void ql_capsules_push(ql_capsules *capsules, ql_slice content, ql_journal *journal, uint32_t frame,
                      uint64_t stream_id);

/* Whether the content so far ends where a capsule ends. */
bool ql_capsules_are_whole(const ql_capsules *capsules);

/* "DATAGRAM"; NULL when the type has no name. */
const char *ql_capsule_type_name(uint64_t type);

#endif
