/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keylog.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 12345

typedef struct folder {
    char *path, *log;
} folder;

static void set_up(folder *f, gconstpointer unused)
{
    (void)unused;
    f->path = g_dir_make_tmp("keylog-XXXXXX", NULL);
    f->log = g_build_filename(f->path, "log", NULL);
    g_unsetenv("SSLKEYLOGFILE");
}

static void tear_down(folder *f, gconstpointer unused)
{
    (void)unused;
    GDir *dir = g_dir_open(f->path, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(f->path, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(f->path), ==, 0);
    g_free(f->path);
    g_free(f->log);
}

static void write_line(const char *path, const char *line)
{
    g_autoptr(GError) error = NULL;
    ql_keylog *log = ql_keylog_new(path, &error);
    g_assert_no_error(error);
    ql_keylog_write(log, line);
    g_assert_true(ql_keylog_close(log, &error));
    g_assert_no_error(error);
}

static void assert_contents(const char *path, const char *expected)
{
    g_autofree char *contents = NULL;
    g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    g_assert_cmpstr(contents, ==, expected);
}

static void assert_refused(const char *path, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ql_keylog_new(path, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, why));
    g_assert_nonnull(strstr(error->message, path));
}

static void assert_mode(const char *path, unsigned mode)
{
    struct stat entry;
    g_assert_cmpint(stat(path, &entry), ==, 0);
    g_assert_cmpuint(entry.st_mode & 0777, ==, mode);
}

static void test_lines_are_appended_to_a_private_file(folder *f, gconstpointer unused)
{
    (void)unused;
    write_line(f->log, "A 1 2");
    write_line(f->log, "B 3 4\n");
    assert_contents(f->log, "A 1 2\nB 3 4\n");
    assert_mode(f->log, 0600);
}

static void test_a_file_that_others_could_read_is_closed_to_them(folder *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(
        g_file_set_contents_full(f->log, "old\n", -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    write_line(f->log, "A 1 2");
    assert_contents(f->log, "old\nA 1 2\n");
    assert_mode(f->log, 0600);
}

static void test_half_a_line_is_not_continued(folder *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(g_file_set_contents(f->log, "A 1", -1, NULL));
    write_line(f->log, "B 3 4");
    assert_contents(f->log, "A 1\nB 3 4\n");
}

static void test_the_environment_names_the_file_if_nothing_else_does(folder *f,
                                                                     gconstpointer unused)
{
    (void)unused;
    g_autofree char *other = g_build_filename(f->path, "other", NULL);
    g_setenv("SSLKEYLOGFILE", f->log, TRUE);
    write_line(NULL, "A 1 2");
    write_line(other, "B 3 4");
    assert_contents(f->log, "A 1 2\n");
    assert_contents(other, "B 3 4\n");
}

static void test_without_a_file_lines_go_to_the_listener_only(folder *f, gconstpointer unused)
{
    (void)unused;
    g_setenv("SSLKEYLOGFILE", "", TRUE);
    ql_keylog *log = ql_keylog_new(NULL, NULL);
    g_assert_null(ql_keylog_path(log));
    ql_keylog_write(log, "A 1 2");
    g_assert_true(ql_keylog_close(log, NULL));
    g_assert_false(g_file_test(f->log, G_FILE_TEST_EXISTS));
}

static void append_to(const char *line, void *text)
{
    g_string_append_printf(text, "[%s]", line);
}

static void test_a_listener_gets_each_line_without_its_line_feed(folder *f, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GString) heard = g_string_new(NULL);
    ql_keylog *log = ql_keylog_new(f->log, NULL);
    ql_keylog_set_listener(log, append_to, heard);
    ql_keylog_write(log, "A 1 2\n");
    ql_keylog_write(log, "B 3 4");
    ql_keylog_set_listener(log, NULL, NULL);
    ql_keylog_write(log, "C 5 6");
    g_assert_true(ql_keylog_close(log, NULL));
    g_assert_cmpstr(heard->str, ==, "[A 1 2][B 3 4]");
    assert_contents(f->log, "A 1 2\nB 3 4\nC 5 6\n");
}

static void test_own_links_are_followed(folder *f, gconstpointer unused)
{
    (void)unused;
    g_autofree char *first = g_build_filename(f->path, "first", NULL);
    g_autofree char *second = g_build_filename(f->path, "second", NULL);
    g_assert_cmpint(symlink("second", first), ==, 0);
    g_assert_cmpint(symlink(f->log, second), ==, 0);
    write_line(first, "A 1 2");
    assert_contents(f->log, "A 1 2\n");
}

static void test_links_in_a_circle_are_refused(folder *f, gconstpointer unused)
{
    (void)unused;
    g_assert_cmpint(symlink("log", f->log), ==, 0);
    assert_refused(f->log, g_strerror(ELOOP));
}

static void test_what_belongs_to_a_stranger_is_refused(folder *f, gconstpointer unused)
{
    (void)unused;
    g_autofree char *link = g_build_filename(f->path, "link", NULL);
    if (geteuid() != 0) {
        g_test_skip("only root can make files of others");
        return;
    }
    g_assert_cmpint(symlink(f->log, link), ==, 0);
    g_assert_cmpint(lchown(link, STRANGER, STRANGER), ==, 0);
    assert_refused(link, "symbolic link of another user");
    g_assert_false(g_file_test(f->log, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_set_contents(f->log, "", 0, NULL));
    g_assert_cmpint(chown(f->log, STRANGER, STRANGER), ==, 0);
    assert_refused(f->log, "another user");
}

static void test_a_folder_that_is_not_there_is_named(folder *f, gconstpointer unused)
{
    (void)unused;
    g_autofree char *path = g_build_filename(f->path, "no", "log", NULL);
    assert_refused(path, g_strerror(ENOENT));
}

static void test_a_full_disk_is_reported_at_the_end(folder *f, gconstpointer unused)
{
    (void)f;
    (void)unused;
    g_autoptr(GError) error = NULL;
    ql_keylog *log = ql_keylog_new("/dev/full", NULL);
    g_assert_nonnull(log);
    ql_keylog_write(log, "A 1 2");
    g_assert_false(ql_keylog_close(log, &error));
    g_assert_nonnull(strstr(error->message, g_strerror(ENOSPC)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/keylog/" name, folder, NULL, set_up, function, tear_down)
    TEST("append", test_lines_are_appended_to_a_private_file);
    TEST("mode", test_a_file_that_others_could_read_is_closed_to_them);
    TEST("half", test_half_a_line_is_not_continued);
    TEST("environment", test_the_environment_names_the_file_if_nothing_else_does);
    TEST("no-file", test_without_a_file_lines_go_to_the_listener_only);
    TEST("listener", test_a_listener_gets_each_line_without_its_line_feed);
    TEST("own-links", test_own_links_are_followed);
    TEST("circle", test_links_in_a_circle_are_refused);
    TEST("stranger", test_what_belongs_to_a_stranger_is_refused);
    TEST("missing", test_a_folder_that_is_not_there_is_named);
    TEST("full", test_a_full_disk_is_reported_at_the_end);
    return g_test_run();
}
