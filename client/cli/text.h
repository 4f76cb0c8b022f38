/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from the network on its way to a terminal. A terminal obeys control characters; so those of
 * Unicode (C0 but for line feed and tab, DEL, C1, and what reorders the line: U+200E, U+200F,
 * U+202A-E, U+2066-9) and bytes that are not UTF-8 are shown as \xNN instead of being sent. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef enum ql_text_lines {
    QL_TEXT_ONE_LINE,   /* line feeds are escaped, too */
    QL_TEXT_MANY_LINES, /* line feeds, and carriage returns before them, stay */
} ql_text_lines;

/* Appends length bytes of data to out. */
void ql_text_append(GString *out, const char *data, size_t length, ql_text_lines lines);

/* The same for a string, on one line; to be freed by g_free. */
char *ql_text_escape(const char *text);

/* How many bytes at the end of data begin a UTF-8 character that is not whole yet: 0 to 3. They can
 * be kept back until the rest of it has come. */
size_t ql_text_unfinished(const char *data, size_t length);
