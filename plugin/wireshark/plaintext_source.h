/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark itself has decrypted of a frame, and how much is kept of what it has not. */
#ifndef QL_PLAINTEXT_SOURCE_H
#define QL_PLAINTEXT_SOURCE_H

#include "wireshark/compat.h"

#include "model/slice.h"

/* Registers the preference quiclens.keep_packets; after the other preferences of quiclens. */
void ql_plaintext_source_register(void);

/* Bytes that the model of a capture that begins now may keep. */
uint64_t ql_plaintext_source_cap(void);

/* Whether a dissector has made a byte view of the frame that holds this and nothing else. */
bool ql_plaintext_source_has(const packet_info *pinfo, ql_slice payload);

#endif
