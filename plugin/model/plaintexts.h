/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was inside opened packets, for whoever shows their frames and bytes. Only what cannot be had
 * elsewhere is kept, and of that the newest, up to a cap. */
#ifndef QL_PLAINTEXTS_H
#define QL_PLAINTEXTS_H

#include "model/journal.h"

typedef struct ql_plaintexts ql_plaintexts;

/* Whether this payload of a packet of the captured frame is at hand elsewhere. */
typedef bool (*ql_plaintext_at_hand)(void *user, uint32_t frame, ql_slice payload);

ql_plaintexts *ql_plaintexts_new(void);
void ql_plaintexts_free(ql_plaintexts *plaintexts);

/* From now on payloads are kept, at most `cap` bytes of them together; 0, as at first, is none.
 * NULL for `at_hand`: all of them are. */
void ql_plaintexts_keep(ql_plaintexts *plaintexts, uint64_t cap, ql_plaintext_at_hand at_hand,
                        void *user);

/* The packet of this event, on this captured frame, has been opened. Copies the payload and marks
 * the event, if it is to be kept; the oldest ones give way to it. */
void ql_plaintexts_add(ql_plaintexts *plaintexts, ql_packet_event *event, uint32_t frame,
                       ql_slice payload);

/* False when it was not kept, or has given way to others. *out is borrowed until the next call of
 * ql_plaintexts_add(). */
bool ql_plaintexts_find(const ql_plaintexts *plaintexts, const ql_packet_event *event,
                        ql_slice *out);

#endif
