/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to a connection on purpose (a move, a key update), until the packet that shows it is
 * sent: there it becomes a comment in the capture. */
#pragma once

#include "address.h"

typedef struct ql_remarks ql_remarks;

ql_remarks *ql_remarks_new(void);
void ql_remarks_free(ql_remarks *remarks); /* NULL is a no-op */

/* The next datagram that is sent from local, or from anywhere if it is NULL, shows what the
 * sentence says. remarks NULL: nothing is done. */
void ql_remarks_add(ql_remarks *remarks, const ql_address *local, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Takes what a datagram that is sent from local shows, "; " between sentences. NULL: nothing; else
 * to be freed by g_free. remarks may be NULL. */
char *ql_remarks_take(ql_remarks *remarks, const ql_address *local);
