/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of lines that somebody else is writing: each look gives what has come since the last one.
 */
#ifndef QL_LOG_FILE_H
#define QL_LOG_FILE_H

#include <stdbool.h>
#include <glib.h>

#include "model/slice.h"

typedef struct ql_log_file ql_log_file;

ql_log_file *ql_log_file_new(const char *path);
void ql_log_file_free(ql_log_file *file);

typedef void (*ql_log_file_reader)(void *user, ql_slice lines);

/* Hands new lines to `read`. A last line that has no end yet is held back until it has one, or
 * until the file is at rest: half of a secret can look like a whole one. A file that was replaced
 * or truncated is read from its start. `last` says that no further look will follow. False, with an
 * error that names the file, when it cannot be read. */
bool ql_log_file_look(ql_log_file *file, bool last, ql_log_file_reader read, void *user,
                      GError **error);

#endif
