/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void assert_line(ql_progress_figures figures, const char *expected)
{
    g_autofree char *line = ql_progress_to_string(&figures);
    g_assert_cmpstr(line, ==, expected);
}

static void test_a_known_size_gives_percent_and_time_left(void)
{
    assert_line(
        (ql_progress_figures){
            .requests = 6, .over = 2, .received = 12300000, .expected = 24600000, .seconds = 3 },
        "2/6 requests  [=====>    ]  50 %  12.3 MB of 24.6 MB  4.1 MB/s  3 s left");
}

static void test_an_unknown_size_gives_bytes_and_rate(void)
{
    assert_line(
        (ql_progress_figures){ .requests = 1, .received = 999, .expected = -1, .seconds = 1 },
        "999 B  999 B/s");
}

static void test_failures_and_uploads_are_told(void)
{
    assert_line((ql_progress_figures){ .requests = 3,
                                       .over = 3,
                                       .failed = 1,
                                       .received = 1000,
                                       .sent = 2500000,
                                       .expected = -1,
                                       .seconds = 2 },
                "3/3 requests, 1 failed  1.0 kB  2.5 MB sent  500 B/s");
}

static void test_the_beginning_divides_by_nothing(void)
{
    assert_line((ql_progress_figures){ .requests = 1, .expected = 10 },
                "[>         ]   0 %  0 B of 10 B  0 B/s");
}

static void test_a_line_is_drawn_over_the_one_before_and_erased(void)
{
    int fds[2];
    char text[200];
    g_assert_cmpint(pipe(fds), ==, 0);
    ql_progress *progress = ql_progress_new(fds[1]);
    ql_progress_erase(progress);
    ql_progress_draw(progress, &(ql_progress_figures){ .requests = 1, .expected = -1 });
    ql_progress_erase(progress);
    ql_progress_erase(progress);
    ql_progress_free(progress);
    close(fds[1]);
    ssize_t length = read(fds[0], text, sizeof text - 1);
    g_assert_cmpint(length, >, 0);
    text[length] = '\0';
    g_assert_cmpstr(text, ==, "\r\x1b[K0 B  0 B/s\r\x1b[K");
    close(fds[0]);
}

static void test_a_line_is_no_wider_than_the_terminal(void)
{
    int master, slave;
    char text[200];
    const struct winsize size = { .ws_row = 5, .ws_col = 12 };
    g_assert_cmpint(openpty(&master, &slave, NULL, NULL, &size), ==, 0);
    ql_progress *progress = ql_progress_new(slave);
    ql_progress_draw(progress, &(ql_progress_figures){ .requests = 2, .expected = 10 });
    ssize_t length = read(master, text, sizeof text - 1);
    g_assert_cmpint(length, >, 0);
    text[length] = '\0';
    g_assert_cmpstr(text, ==, "\r\x1b[K0/2 request");
    ql_progress_free(progress);
    close(master);
    close(slave);
}

static void test_a_whole_bar_is_full(void)
{
    assert_line(
        (ql_progress_figures){
            .requests = 1, .over = 1, .received = 10, .expected = 10, .seconds = 1 },
        "[==========] 100 %  10 B of 10 B  10 B/s");
}

static void test_without_progress_nothing_happens(void)
{
    ql_progress_draw(NULL, &(ql_progress_figures){ .requests = 1 });
    ql_progress_erase(NULL);
    ql_progress_free(NULL);
}

static void test_responses_have_lines_of_their_own(void)
{
    static const ql_progress_response half = { "half", 500, 1000 };
    static const ql_progress_response open = { "https://a/with/a/long/path/to/it\x1b[31m", 7, -1 };
    g_autofree char *first = ql_progress_response_to_string(&half);
    g_autofree char *second = ql_progress_response_to_string(&open);
    g_assert_cmpstr(first, ==, "half                          [=====>    ]  50 %  500 B of 1.0 kB");
    g_assert_cmpstr(second, ==, "th/a/long/path/to/it\\x1b[31m  7 B");
}

static void test_all_lines_are_drawn_over(void)
{
    int master, slave;
    char text[400];
    const struct winsize size = { .ws_row = 3, .ws_col = 30 };
    const ql_progress_figures figures = { .requests = 4,
                                          .expected = -1,
                                          .response_count = 3,
                                          .responses = {
                                              { "a", 1, -1 }, { "b", 2, -1 }, { "c", 3, -1 } } };
    g_assert_cmpint(openpty(&master, &slave, NULL, NULL, &size), ==, 0);
    ql_progress *progress = ql_progress_new(slave);
    ql_progress_draw(progress, &figures);
    ql_progress_erase(progress);
    ssize_t length = read(master, text, sizeof text - 1);
    g_assert_cmpint(length, >, 0);
    text[length] = '\0';
    g_assert_nonnull(strstr(text, "\r\x1b[Ka "));
    g_assert_nonnull(strstr(text, "\r\nb "));
    g_assert_null(strchr(text, 'c')); /* it has no line on so small a terminal */
    g_assert_true(g_str_has_suffix(text, "\r\x1b[K\x1b[A\r\x1b[K\x1b[A\r\x1b[K"));
    ql_progress_free(progress);
    close(master);
    close(slave);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/progress/known", test_a_known_size_gives_percent_and_time_left);
    g_test_add_func("/progress/unknown", test_an_unknown_size_gives_bytes_and_rate);
    g_test_add_func("/progress/failures", test_failures_and_uploads_are_told);
    g_test_add_func("/progress/beginning", test_the_beginning_divides_by_nothing);
    g_test_add_func("/progress/line", test_a_line_is_drawn_over_the_one_before_and_erased);
    g_test_add_func("/progress/width", test_a_line_is_no_wider_than_the_terminal);
    g_test_add_func("/progress/full", test_a_whole_bar_is_full);
    g_test_add_func("/progress/none", test_without_progress_nothing_happens);
    g_test_add_func("/progress/responses", test_responses_have_lines_of_their_own);
    g_test_add_func("/progress/lines", test_all_lines_are_drawn_over);
    return g_test_run();
}
