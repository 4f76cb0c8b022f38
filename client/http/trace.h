/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -v shows, on standard error: "* " what happens on the connection, "> " what is sent, "< "
 * what comes. Every line is escaped (text.h). All functions take NULL and then do nothing. */
#pragma once

#include <glib.h>
#include <ngtcp2/ngtcp2.h>

typedef struct ql_trace ql_trace;

/* fd is borrowed; each line is one write. */
ql_trace *ql_trace_new(int fd);
void ql_trace_free(ql_trace *trace);

/* One line with "* " before it. */
void ql_trace_note(ql_trace *trace, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One line with mark ('>' or '<') and a blank before it; text may be empty. */
void ql_trace_line(ql_trace *trace, char mark, const char *text);

/* "0x1a2b", or "empty"; to be freed by g_free. */
char *ql_trace_cid(const ngtcp2_cid *cid);
