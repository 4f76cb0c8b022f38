/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of the bodies the model keeps: what the preference quiclens.keep_bodies says where
 * somebody may ask for them, else nothing; and whether it hashes them. In tshark those who ask are
 * there before the first frame is; in the GUI they come when it has read the capture. */
#ifndef QL_KEPT_BODIES_H
#define QL_KEPT_BODIES_H

#include "wireshark/compat.h"

/* Registers the preference; after the other preferences of quiclens. */
void ql_kept_bodies_register(void);

/* Listeners of this tap show bodies. While protocols are registered. */
void ql_kept_bodies_for(int tap);

/* What was asked for shows hashes of bodies. */
void ql_kept_bodies_show_hashes(void);

/* Whether the model of a capture that begins now hashes bodies. */
bool ql_kept_bodies_are_hashed(void);

/* Bytes that the model of a capture that begins now may keep. */
uint64_t ql_kept_bodies_cap(void);

#endif
