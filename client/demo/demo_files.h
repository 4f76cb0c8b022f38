/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two files that the demo leaves in the current folder. It writes over those of an earlier run,
 * which it knows by what stands in them, and over nothing else. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define QL_DEMO_CAPTURE "quiclens-demo.pcapng"
#define QL_DEMO_KEYS    "quiclens-demo.keys"

/* Stands at the section's head in the capture, and after "# " in the first line of the keys. */
#define QL_DEMO_MARK "quiclens demo"

/* Whether the name is free, or that of a demo's capture or keys. False and error if it is not. */
bool ql_demo_files_check_capture(const char *path, GError **error);
bool ql_demo_files_check_keys(const char *path, GError **error);

/* Begins the keys anew, with mode 0600 and the mark; after ql_demo_files_check_keys. */
bool ql_demo_files_begin_keys(const char *path, GError **error);
