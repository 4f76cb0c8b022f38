/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the embedded origin serves: the files of one folder, or built-in demo pages. A path is
 * looked up to a resource: its size, its type, and its bytes, which are read in pieces, so that the
 * size of a file does not matter.
 *
 * Nothing outside the folder is ever served: the path is decoded once (RFC 3986, 2.1), dot segments
 * and NUL are refused, and the kernel resolves the rest beneath the folder, symbolic links
 * included. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct ql_origin_content ql_origin_content;
typedef struct ql_origin_resource ql_origin_resource;

/* folder NULL: the built-in pages. NULL and error if the folder cannot be opened. */
ql_origin_content *ql_origin_content_new(const char *folder, GError **error);
void ql_origin_content_free(ql_origin_content *content); /* NULL is a no-op */

/* The path of the built-in file of QL_ORIGIN_PATTERN_BYTES bytes, whose byte i is (i * 7 + i / 256)
 * modulo 256. */
#define QL_ORIGIN_PATTERN_PATH  "/1m.bin"
#define QL_ORIGIN_PATTERN_BYTES (1024u * 1024u)

/* Looks up the path of a request target ("/a%20b?query"; the query is not looked at). Returns the
 * status that the response has (RFC 9110, 15):
 *   200 and *resource, to be freed;
 *   301 and *location (to be freed by g_free): it is a folder, and its path wants a slash at its
 * end; 400 the target is not a path, or cannot be decoded, or holds dot segments or NUL; 403 the
 * file must not be read; 404 there is no such file beneath the folder. */
unsigned ql_origin_content_find(const ql_origin_content *content, const char *target,
                                ql_origin_resource **resource, char **location);

/* Whether it is the built-in pages that are served. */
bool ql_origin_content_is_built_in(const ql_origin_content *content);

/* Resources that were made for one response. type is borrowed, text is taken (g_free), bytes get a
 * reference; the last has size bytes of the pattern. */
ql_origin_resource *ql_origin_resource_from_text(const char *type, char *text);
ql_origin_resource *ql_origin_resource_from_bytes(const char *type, GBytes *bytes);
ql_origin_resource *ql_origin_resource_from_pattern(uint64_t size);

uint64_t ql_origin_resource_size(const ql_origin_resource *resource);
const char *ql_origin_resource_type(const ql_origin_resource *resource); /* for content-type */

/* Copies up to length bytes from offset on. Returns their number, which is less than length only
 * where the resource ends, or -1 if the file cannot be read. */
ssize_t ql_origin_resource_read(const ql_origin_resource *resource, uint64_t offset, void *buffer,
                                size_t length);

void ql_origin_resource_free(ql_origin_resource *resource); /* NULL is a no-op */
