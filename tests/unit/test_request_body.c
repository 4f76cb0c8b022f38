/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "body.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 4194304u /* bytes that are kept until they are acknowledged */

static char *file_with(const char *data, size_t length)
{
    char *path = NULL;
    int fd = g_file_open_tmp("body-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, data, (gssize)length, NULL));
    return path;
}

/* Takes pieces until there is none, acknowledging them if acknowledge says so. */
static ql_body_state take_all(ql_body *body, GString *into, bool acknowledge)
{
    const uint8_t *data;
    size_t length;
    ql_body_state state;
    while ((state = ql_body_next(body, &data, &length, NULL)) == QL_BODY_PIECE) {
        g_string_append_len(into, (const char *)data, (gssize)length);
        if (acknowledge)
            ql_body_acknowledge(body, length);
    }
    return state;
}

static void test_texts_and_files_come_in_a_row(void)
{
    g_autofree char *path = file_with("b\r\nc\n", 5);
    g_autoptr(GString) all = g_string_new(NULL);
    ql_body *body = ql_body_new();
    ql_body_add_text(body, "a", 1);
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    ql_body_add_text(body, "", 0);
    ql_body_add_text(body, "d", 1);
    g_assert_cmpint(ql_body_length(body), ==, 7);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_END);
    g_assert_cmpstr(all->str, ==, "ab\r\nc\nd");
    ql_body_free(body);
    g_remove(path);
}

static void test_line_ends_are_left_out_where_that_is_asked(void)
{
    g_autofree char *path = file_with("\r\na\0b\nc\n\n", 9);
    g_autoptr(GString) all = g_string_new(NULL);
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, true, NULL));
    g_assert_cmpint(ql_body_length(body), ==, 3);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_END);
    g_assert_cmpstr(all->str, ==, "abc");
    ql_body_free(body);
    g_remove(path);
}

static void test_no_more_than_the_limit_is_kept(void)
{
    const size_t size = 3 * LIMIT;
    g_autofree char *data = g_malloc0(size);
    g_autofree char *path = file_with(data, size);
    g_autoptr(GString) all = g_string_new(NULL);
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    g_assert_cmpint(take_all(body, all, false), ==, QL_BODY_WAIT);
    g_assert_cmpuint(all->len, ==, LIMIT);
    g_assert_cmpint(ql_body_fd(body), ==, -1);
    ql_body_acknowledge(body, 1);
    const uint8_t *piece;
    size_t length;
    g_assert_cmpint(ql_body_next(body, &piece, &length, NULL), ==, QL_BODY_PIECE);
    ql_body_acknowledge(body, LIMIT + length - 1);
    g_string_append_len(all, (const char *)piece, 0);
    size_t seen = all->len + length;
    g_string_truncate(all, 0);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_END);
    g_assert_cmpuint(seen + all->len, ==, size);
    ql_body_free(body);
    g_remove(path);
}

static void test_a_pipe_is_waited_for_and_not_blocked_on(void)
{
    int fds[2];
    g_autoptr(GString) all = g_string_new(NULL);
    g_assert_cmpint(pipe(fds), ==, 0);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fds[0]);
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    g_assert_cmpint(ql_body_length(body), ==, -1);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_WAIT);
    g_assert_cmpint(ql_body_fd(body), >=, 0);
    g_assert_cmpint(write(fds[1], "xy", 2), ==, 2);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_WAIT);
    close(fds[1]);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_END);
    g_assert_cmpstr(all->str, ==, "xy");
    g_assert_cmpint(ql_body_fd(body), ==, -1);
    ql_body_free(body);
    close(fds[0]);
}

static void test_a_file_that_shrinks_is_a_failure(void)
{
    g_autofree char *path = file_with("abcdef", 6);
    g_autoptr(GError) error = NULL;
    const uint8_t *data;
    size_t length;
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    g_assert_cmpint(truncate(path, 3), ==, 0);
    g_assert_cmpint(ql_body_next(body, &data, &length, NULL), ==, QL_BODY_PIECE);
    g_assert_cmpuint(length, ==, 3);
    g_assert_cmpint(ql_body_next(body, &data, &length, &error), ==, QL_BODY_FAILED);
    g_assert_nonnull(strstr(error->message, "shorter"));
    ql_body_free(body);
    g_remove(path);
}

static void test_a_file_that_grows_keeps_its_length(void)
{
    g_autofree char *path = file_with("abc", 3);
    g_autoptr(GString) all = g_string_new(NULL);
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    g_assert_cmpint(truncate(path, 100), ==, 0);
    g_assert_cmpint(take_all(body, all, true), ==, QL_BODY_END);
    g_assert_cmpuint(all->len, ==, 3);
    ql_body_free(body);
    g_remove(path);
}

static void test_files_that_wait_are_not_open(void)
{
    g_autofree char *path = file_with("abc", 3);
    g_autoptr(GError) error = NULL;
    const uint8_t *data;
    size_t length;
    int before = dup(0);
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    int after = dup(0);
    g_assert_cmpint(after, ==, before + 1);
    close(before);
    close(after);
    g_remove(path);
    g_assert_cmpint(ql_body_next(body, &data, &length, &error), ==, QL_BODY_FAILED);
    g_assert_nonnull(strstr(error->message, path));
    ql_body_free(body);
}

static void test_what_is_no_file_is_refused(void)
{
    g_autoptr(GError) missing = NULL, folder = NULL;
    ql_body *body = ql_body_new();
    g_assert_false(ql_body_add_file(body, "/no/such/file", false, &missing));
    g_assert_error(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_false(ql_body_add_file(body, "/", false, &folder));
    g_assert_error(folder, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
    g_assert_cmpint(ql_body_length(body), ==, 0);
    ql_body_free(body);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/request-body/row", test_texts_and_files_come_in_a_row);
    g_test_add_func("/request-body/strip", test_line_ends_are_left_out_where_that_is_asked);
    g_test_add_func("/request-body/limit", test_no_more_than_the_limit_is_kept);
    g_test_add_func("/request-body/pipe", test_a_pipe_is_waited_for_and_not_blocked_on);
    g_test_add_func("/request-body/shrinks", test_a_file_that_shrinks_is_a_failure);
    g_test_add_func("/request-body/grows", test_a_file_that_grows_keeps_its_length);
    g_test_add_func("/request-body/not-open", test_files_that_wait_are_not_open);
    g_test_add_func("/request-body/refused", test_what_is_no_file_is_refused);
    return g_test_run();
}
