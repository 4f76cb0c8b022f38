/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How reports and stories look on the page: 100 columns, colours on a terminal only. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#define QL_PAGE_COLUMNS 100u

/* Whether colours are welcome: file is a terminal, and the environment does not say NO_COLOR. */
bool ql_page_has_colours(FILE *file);

/* A headline of ours. */
void ql_page_write_title(FILE *out, bool colours, const char *title);

/* A report of the plugin's, as it is, the first line of each of its parts set off. */
void ql_page_write_report(FILE *out, bool colours, const char *text);

/* The sentences (ql_sentence), each behind its frame, wrapped; only the landmarks where so wanted.
 * Where there are several connections each sentence says which is its own. */
void ql_page_write_story(FILE *out, bool colours, const GPtrArray *story, bool landmarks_only);

/* A headline, and below it the lines (char *), wrapped and set in; nothing where there are none. */
void ql_page_write_list(FILE *out, bool colours, const char *title, const GPtrArray *lines);
