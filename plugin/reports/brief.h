/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in a few words, for columns and arrows. Said only what was known on the frame itself, so
 * that a second look shows the same. Every string is safe to print and the caller's to free. */
#ifndef QL_BRIEF_H
#define QL_BRIEF_H

#include "model/journal.h"

/* A message that begins or ends: "GET /a", "103 /a", "200 /a", "200 /a 12.3 kB", "PUSH /b",
 * "POST /a reset"; a message that is whole on one frame is told once. NULL for other events. */
char *ql_brief_message(const ql_event *event);

/* A change of connection IDs or paths: "PATH_CHALLENGE", "path 1 validated", "server ID 0 -> 6".
 * NULL for other events. */
char *ql_brief_change(const ql_event *event);

#endif
