/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File names for bodies that are exported: taken from URLs, which anybody may have chosen, and safe
 * to write as files. No two are the same. */
#ifndef QL_OBJECT_NAMES_H
#define QL_OBJECT_NAMES_H

#include <glib.h>

#define QL_OBJECT_NAME_MAX 200u /* bytes of UTF-8 */

typedef struct ql_object_names ql_object_names;

ql_object_names *ql_object_names_new(void);
void ql_object_names_free(ql_object_names *names);

/* A name that was not given before, of the last segment of `path` (NULL and "/" give "index"):
 * no separators, control characters or leading dots. `mark`, such as "-request", stands before the
 * extension; where the path has none, that of the content type is put, if it is known. The caller
 * frees it. */
char *ql_object_names_take(ql_object_names *names, const char *path, const char *mark,
                           const char *content_type);

#endif
