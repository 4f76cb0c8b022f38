/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pattern that stands for many URLs, as curl has it: {one,two}, [1-100], [001-100], [a-z], each
 * with a step ([0-10:2]). A backslash takes a bracket or brace for itself; the brackets of an IPv6
 * address are none. */
#pragma once

#include <glib.h>
#include <stddef.h>

#define QL_GLOB_ERROR (ql_glob_error_quark())
GQuark ql_glob_error_quark(void); /* code 0: it is no pattern; the message says why */

#define QL_GLOB_URLS_MAX 100000u

typedef struct ql_glob ql_glob;

/* NULL and error if a bracket or brace is not closed, a range is none, or there would be more than
 * QL_GLOB_URLS_MAX. */
ql_glob *ql_glob_new(const char *pattern, GError **error);
void ql_glob_free(ql_glob *glob); /* NULL is a no-op */

/* How many URLs it stands for: 1 without a set or range. */
size_t ql_glob_count(const ql_glob *glob);

/* The index-th, the last set or range changing first; to be freed by g_free. */
char *ql_glob_url(const ql_glob *glob, size_t index);

/* A text in which #1, #2, ... stand for what the first, second, ... set or range has in the
 * index-th; to be freed by g_free. */
char *ql_glob_name(const ql_glob *glob, size_t index, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_glob, ql_glob_free)
