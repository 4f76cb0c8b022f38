/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that hold what is nobody else's business: TLS secrets, or what they open. */
#pragma once

#include <glib.h>

/* Opens path for writing. A file is created with mode 0600; one that is there is emptied and gets
 * that mode. A symbolic link is followed only if it is the user's own or root's. Returns the
 * descriptor, or -1 and error "cannot write WHAT PATH: why". */
int ql_private_file_open(const char *path, const char *what, GError **error);

/* The error of a file that could not be written, for cause (an errno). To be freed by g_error_free.
 */
GError *ql_private_file_error(const char *path, const char *what, int cause);
