/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session that the demo captures: six requests in parallel to the embedded origin, and a move
 * to another local port while they are answered. */
#pragma once

#include "demo_origin.h"
#include "demo_record.h"

#include <glib.h>

/* Carries it out, and writes the capture and (appending) the keys. The client's record of it, to be
 * freed by ql_demo_record_free; NULL and error if a request failed or a file could not be written.
 */
ql_demo_record *ql_demo_session_run(const ql_demo_origin *origin, const char *capture_path,
                                    const char *keys_path, GError **error);
