/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps Wireshark's own tracking of a QUIC connection alive across a change of address.
 *
 * Where the client has an empty connection ID, Wireshark knows a server packet by its address pair
 * alone, and after a move calls it an "Unknown QUIC connection". The model knows better which
 * connection a pair belongs to, and lends Wireshark's conversation of the new pair what the old one
 * has. */
#ifndef QL_MIGRATION_REPAIR_H
#define QL_MIGRATION_REPAIR_H

#include "wireshark/compat.h"

#include "model/session.h"

/* Registers the preference quiclens.repair_migration, on by default; after that of the secrets log.
 */
void ql_migration_repair_register(void);

/* In the handoff routine. */
void ql_migration_repair_handoff(void);

/* Another capture: what was lent is gone. */
void ql_migration_repair_restart(void);

/* After the model has seen the frame, on the first pass. */
void ql_migration_repair_visit(const packet_info *pinfo, const ql_session *session);

#endif
