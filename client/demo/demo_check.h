/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds what the plugin saw against what the client did. */
#pragma once

#include "demo_record.h"
#include "facts.h"

#include <glib.h>

/* The differences, a sentence each (strings, to be freed by g_ptr_array_unref); empty if the plugin
 * saw exactly what the client did: each request's method, path, status, sizes and digests of its
 * contents, every connection ID that either side gave and the client knew or used, the move, the
 * end. */
GPtrArray *ql_demo_check(const ql_demo_record *record, const ql_facts *facts);
