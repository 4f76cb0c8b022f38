/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_files.h"

#include "self_capture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct folder {
    char *path, *file;
} folder;

static void set_up(folder *f, gconstpointer unused)
{
    (void)unused;
    f->path = g_dir_make_tmp("demo-files-XXXXXX", NULL);
    f->file = g_build_filename(f->path, "x", NULL);
}

static void tear_down(folder *f, gconstpointer unused)
{
    (void)unused;
    g_remove(f->file);
    g_assert_cmpint(g_rmdir(f->path), ==, 0);
    g_free(f->path);
    g_free(f->file);
}

static void write_capture(const folder *f, const char *comment)
{
    ql_self_capture *capture = ql_self_capture_new_commented(f->file, comment, NULL);
    g_assert_true(ql_self_capture_close(capture, NULL));
}

static void assert_refused(bool (*check)(const char *, GError **), const folder *f)
{
    GError *error = NULL;
    g_assert_false(check(f->file, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_assert_nonnull(strstr(error->message, f->file));
    g_error_free(error);
}

static void test_names_that_are_free_may_be_used(folder *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(ql_demo_files_check_capture(f->file, NULL));
    g_assert_true(ql_demo_files_check_keys(f->file, NULL));
}

static void test_a_capture_of_the_demo_is_known_again(folder *f, gconstpointer unused)
{
    (void)unused;
    write_capture(f, QL_DEMO_MARK);
    g_assert_true(ql_demo_files_check_capture(f->file, NULL));
    assert_refused(ql_demo_files_check_keys, f);
}

static void test_captures_of_others_are_refused(folder *f, gconstpointer unused)
{
    (void)unused;
    write_capture(f, NULL);
    assert_refused(ql_demo_files_check_capture, f);
    write_capture(f, "another comment");
    assert_refused(ql_demo_files_check_capture, f);
    g_assert_true(g_file_set_contents(f->file, QL_DEMO_MARK, -1, NULL));
    assert_refused(ql_demo_files_check_capture, f);
    g_assert_true(g_file_set_contents(f->file, "", 0, NULL));
    assert_refused(ql_demo_files_check_capture, f);
}

static void test_keys_of_the_demo_are_known_again(folder *f, gconstpointer unused)
{
    struct stat entry;
    (void)unused;
    g_assert_true(ql_demo_files_begin_keys(f->file, NULL));
    g_assert_true(ql_demo_files_check_keys(f->file, NULL));
    g_assert_cmpint(stat(f->file, &entry), ==, 0);
    g_assert_cmphex(entry.st_mode & 07777, ==, 0600);
}

static void test_keys_of_others_are_refused(folder *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(g_file_set_contents(f->file, "CLIENT_RANDOM 00 11\n# quiclens demo\n", -1, NULL));
    assert_refused(ql_demo_files_check_keys, f);
    g_assert_true(g_file_set_contents(f->file, "# quiclens", -1, NULL));
    assert_refused(ql_demo_files_check_keys, f);
}

static void test_links_and_pipes_are_refused(folder *f, gconstpointer unused)
{
    g_autofree char *own = g_build_filename(f->path, "own", NULL);
    (void)unused;
    g_assert_true(ql_demo_files_begin_keys(own, NULL));
    g_assert_cmpint(symlink(own, f->file), ==, 0);
    assert_refused(ql_demo_files_check_keys, f);
    g_remove(f->file);
    g_assert_cmpint(mkfifo(f->file, 0600), ==, 0);
    assert_refused(ql_demo_files_check_capture, f);
    g_remove(own);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/demo-files/" name, folder, NULL, set_up, function, tear_down)
    TEST("free", test_names_that_are_free_may_be_used);
    TEST("own-capture", test_a_capture_of_the_demo_is_known_again);
    TEST("foreign-capture", test_captures_of_others_are_refused);
    TEST("own-keys", test_keys_of_the_demo_are_known_again);
    TEST("foreign-keys", test_keys_of_others_are_refused);
    TEST("links", test_links_and_pipes_are_refused);
    return g_test_run();
}
