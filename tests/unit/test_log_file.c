/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/log_file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct fixture {
    char *folder, *path;
    ql_log_file *file;
    GString *seen;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
    (void)unused;
    f->folder = g_dir_make_tmp("log-file-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "keys", NULL);
    f->file = ql_log_file_new(f->path);
    f->seen = g_string_new(NULL);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_log_file_free(f->file);
    g_string_free(f->seen, TRUE);
    g_chmod(f->path, 0600);
    g_remove(f->path);
    g_rmdir(f->folder);
    g_free(f->path);
    g_free(f->folder);
}

static void append(const fixture *f, const char *text)
{
    FILE *out = fopen(f->path, "a");
    g_assert_nonnull(out);
    fputs(text, out);
    fclose(out);
}

static void take(void *user, ql_slice lines)
{
    g_string_append_len(user, (const char *)lines.data, (gssize)lines.length);
}

/* Everything that this look gave. */
static const char *look(fixture *f, bool last)
{
    GError *error = NULL;
    g_string_truncate(f->seen, 0);
    g_assert_true(ql_log_file_look(f->file, last, take, f->seen, &error));
    g_assert_no_error(error);
    return f->seen->str;
}

static void test_each_look_gives_what_is_new(fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "one\n");
    g_assert_cmpstr(look(f, false), ==, "one\n");
    g_assert_cmpstr(look(f, false), ==, "");
    append(f, "two\nthree\n");
    g_assert_cmpstr(look(f, false), ==, "two\nthree\n");
}

static void test_a_line_is_held_back_until_it_ends(fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "one\nha");
    g_assert_cmpstr(look(f, false), ==, "one\n");
    append(f, "lf\n");
    g_assert_cmpstr(look(f, false), ==, "half\n");
}

static void test_the_last_look_gives_what_has_no_end(fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "without end");
    g_assert_cmpstr(look(f, false), ==, "");
    g_assert_cmpstr(look(f, true), ==, "without end");
    g_assert_cmpstr(look(f, true), ==, "");
}

static void test_a_file_at_rest_gives_what_has_no_end(fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "without end");
    const struct timespec old[2] = { { .tv_sec = time(NULL) - 60 }, { .tv_sec = time(NULL) - 60 } };
    g_assert_cmpint(utimensat(AT_FDCWD, f->path, old, 0), ==, 0);
    g_assert_cmpstr(look(f, false), ==, "without end");
}

static void test_a_replaced_file_is_read_from_its_start(fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "old one\nhalf");
    look(f, false);
    g_autofree char *kept = g_strconcat(f->path, ".old", NULL);
    g_assert_cmpint(g_rename(f->path, kept), ==, 0);
    append(f, "another one\n");
    g_assert_cmpstr(look(f, false), ==, "another one\n");
    g_remove(kept);
}

static void test_a_truncated_file_is_read_from_its_start(fixture *f, gconstpointer unused)
{
    (void)unused;
    append(f, "a long line\n");
    look(f, false);
    g_assert_cmpint(truncate(f->path, 0), ==, 0);
    append(f, "short\n");
    g_assert_cmpstr(look(f, false), ==, "short\n");
}

static void test_an_endless_line_is_not_kept(fixture *f, gconstpointer unused)
{
    (void)unused;
    g_autofree char *endless = g_strnfill(200000, 'x');
    append(f, endless);
    g_assert_cmpstr(look(f, false), ==, "");
    append(f, "\nnext\n");
    g_assert_true(g_str_has_suffix(look(f, false), "\nnext\n"));
    g_assert_cmpuint(f->seen->len, <, 100000);
}

static void test_what_cannot_be_read_is_named(fixture *f, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_assert_false(ql_log_file_look(f->file, false, take, f->seen, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_nonnull(strstr(error->message, f->path));
}

static void test_a_folder_is_no_log(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_log_file *folder = ql_log_file_new(f->folder);
    g_autoptr(GError) error = NULL;
    g_assert_false(ql_log_file_look(folder, false, take, f->seen, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
    ql_log_file_free(folder);
}

static void test_a_pipe_without_writer_does_not_block(fixture *f, gconstpointer unused)
{
    (void)unused;
    g_assert_cmpint(mkfifo(f->path, 0600), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_false(ql_log_file_look(f->file, false, take, f->seen, &error));
    g_assert_nonnull(error);
}

#define ADD(name, function)                                                                        \
    g_test_add("/log file/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("each look gives what is new", test_each_look_gives_what_is_new);
    ADD("a line is held back until it ends", test_a_line_is_held_back_until_it_ends);
    ADD("the last look gives what has no end", test_the_last_look_gives_what_has_no_end);
    ADD("a file at rest gives what has no end", test_a_file_at_rest_gives_what_has_no_end);
    ADD("a replaced file is read from its start", test_a_replaced_file_is_read_from_its_start);
    ADD("a truncated file is read from its start", test_a_truncated_file_is_read_from_its_start);
    ADD("an endless line is not kept", test_an_endless_line_is_not_kept);
    ADD("what cannot be read is named", test_what_cannot_be_read_is_named);
    ADD("a folder is no log", test_a_folder_is_no_log);
    ADD("a pipe without writer does not block", test_a_pipe_without_writer_does_not_block);
    return g_test_run();
}
