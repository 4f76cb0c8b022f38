/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "text.h"

#include <string.h>
#include <unistd.h>

struct ql_trace {
    int fd;
};

ql_trace *ql_trace_new(int fd)
{
    ql_trace *trace = g_new0(ql_trace, 1);
    trace->fd = fd;
    return trace;
}

void ql_trace_free(ql_trace *trace)
{
    g_free(trace);
}

void ql_trace_line(ql_trace *trace, char mark, const char *text)
{
    if (trace == NULL)
        return;
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%c ", mark);
    ql_text_append(line, text, strlen(text), QL_TEXT_ONE_LINE);
    g_string_append_c(line, '\n');
    /* Whether somebody still reads what -v shows does not matter for the transfer. */
    ssize_t ignored G_GNUC_UNUSED = write(trace->fd, line->str, line->len);
}

void ql_trace_note(ql_trace *trace, const char *format, ...)
{
    if (trace == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ql_trace_line(trace, '*', text);
}

char *ql_trace_cid(const ngtcp2_cid *cid)
{
    if (cid->datalen == 0)
        return g_strdup("empty");
    GString *text = g_string_new("0x");
    for (size_t i = 0; i < cid->datalen; i++)
        g_string_append_printf(text, "%02x", cid->data[i]);
    return g_string_free(text, FALSE);
}
