/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "private_file.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_what_was_there(void)
{
    struct stat entry;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int made = g_file_open_tmp("private-XXXXXX", &path, NULL);
    g_assert_cmpint(write(made, "old", 3), ==, 3);
    g_assert_cmpint(fchmod(made, 0644), ==, 0);
    close(made);
    int fd = ql_private_file_open(path, "the log", &error);
    g_assert_no_error(error);
    g_assert_cmpint(fstat(fd, &entry), ==, 0);
    g_assert_cmpint(entry.st_size, ==, 0);
    g_assert_cmpuint(entry.st_mode & 0777, ==, 0600);
    close(fd);
    g_unlink(path);
}

static void test_the_sentence(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(ql_private_file_open("/nowhere/\x1b", "the log", &error), ==, -1);
    g_assert_cmpstr(error->message, ==,
                    "cannot write the log /nowhere/\\x1b: No such file or directory");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/private_file/what was there is emptied and closed to others",
                    test_what_was_there);
    g_test_add_func("/private_file/a failure names file and cause", test_the_sentence);
    return g_test_run();
}
