/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection ID was in use when: a line for each endpoint of each connection. */
#pragma once

#include "facts.h"

#include <glib.h>

/* "Connection 0: the client sends to 6e3f3d05 in 1-2, number 0 in 5-189, number 7 in 188-818", in
 * the order of connections, the client's line first; char *, to be freed by g_ptr_array_unref. An
 * endpoint that sent nothing has no line. Frames of two IDs overlap where packets of both were
 * under way. */
GPtrArray *ql_timeline_of(const ql_facts *facts);
