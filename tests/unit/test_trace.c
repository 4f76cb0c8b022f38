/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void test_lines_have_a_mark_and_no_control_characters(void)
{
    char text[256] = { 0 };
    int fd = memfd_create("trace", MFD_CLOEXEC);
    ql_trace *trace = ql_trace_new(fd);
    ql_trace_note(trace, "stream %d: %s", 4, "a\x1b[31m\nb");
    ql_trace_line(trace, '>', "GET / HTTP/3");
    ql_trace_line(trace, '<', "");
    ql_trace_free(trace);
    g_assert_cmpint(pread(fd, text, sizeof text - 1, 0), >, 0);
    close(fd);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_true(g_str_has_prefix(lines[0], "* stream 4: a"));
    g_assert_null(strchr(lines[0], '\x1b'));
    g_assert_cmpstr(lines[1], ==, "> GET / HTTP/3");
    g_assert_cmpstr(lines[2], ==, "< ");
    g_assert_cmpstr(lines[3], ==, "");
}

static void test_nobody_listens(void)
{
    ql_trace_note(NULL, "%s", "unheard");
    ql_trace_line(NULL, '>', "unheard");
    ql_trace_free(NULL);
    ql_trace *closed = ql_trace_new(-1); /* what cannot be written is of no matter */
    ql_trace_note(closed, "%s", "unheard");
    ql_trace_free(closed);
}

static void test_ids_are_hexadecimal(void)
{
    const ngtcp2_cid cid = { .datalen = 3, .data = { 0x00, 0x1a, 0xff } }, none = { 0 };
    g_autofree char *text = ql_trace_cid(&cid), *empty = ql_trace_cid(&none);
    g_assert_cmpstr(text, ==, "0x001aff");
    g_assert_cmpstr(empty, ==, "empty");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/lines", test_lines_have_a_mark_and_no_control_characters);
    g_test_add_func("/trace/nobody", test_nobody_listens);
    g_test_add_func("/trace/ids", test_ids_are_hexadecimal);
    return g_test_run();
}
