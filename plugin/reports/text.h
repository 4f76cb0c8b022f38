/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How values read in tables and sentences. Every string returned is the caller's to free. */
#ifndef QL_TEXT_H
#define QL_TEXT_H

#include "model/cid.h"

/* Bytes of the wire as one line of valid UTF-8 that is safe to print: what is not printable becomes
 * U+FFFD, line breaks and tabs included. */
char *ql_text_safe(const char *bytes, size_t length);

char *ql_text_count(uint64_t count);   /* "1,048,576" */
char *ql_text_bytes(uint64_t count);   /* "1 byte", "1,000 bytes" */
char *ql_text_size(uint64_t count);    /* "999 B", "12.3 kB", "1.05 MB": three digits */
char *ql_text_seconds(double seconds); /* "0.12 ms", "12.3 ms", "1.23 s"; "" when negative */
char *ql_text_hex(const uint8_t *bytes, size_t length);
char *ql_text_cid_short(const ql_cid *cid); /* "1a2b3c4d...9f00": its ends */

/* Columns that the text takes on a terminal. */
size_t ql_text_width(const char *text);

/* At most `width` columns, of which one is U+2026 in the middle when something had to go. */
char *ql_text_shorten(const char *text, size_t width);

#endif
