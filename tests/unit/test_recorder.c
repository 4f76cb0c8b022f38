/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recorder.h"

#include <glib/gstdio.h>
#include <string.h>

static void test_its_own_capture_gets_comment_and_secrets(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("recorder-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "c.pcapng", NULL);
    g_autofree char *content = NULL;
    gsize length;
    const ql_capture_options options = { .capture = path };
    ql_recorder *recorder = ql_recorder_new(&options, "why", NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(ql_recorder_self_capture(recorder));
    ql_recorder_on_secret("A 1 2", recorder);
    g_assert_true(ql_recorder_close(recorder, &error));
    g_assert_true(g_file_get_contents(path, &content, &length, NULL));
    g_assert_nonnull(memmem(content, length, "why", 3));
    g_assert_nonnull(memmem(content, length, "A 1 2\n", 6));
    g_unlink(path);
    g_rmdir(folder);
}

static void test_a_failure_names_the_file(void)
{
    g_autoptr(GError) error = NULL;
    const ql_capture_options nowhere = { .capture = (char[]){ "/nowhere/c" } };
    const ql_capture_options full = { .capture = (char[]){ "/dev/full" } };
    g_assert_null(ql_recorder_new(&nowhere, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "/nowhere/c"));
    g_clear_error(&error);
    ql_recorder *recorder = ql_recorder_new(&full, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(ql_recorder_close(recorder, &error));
    g_assert_cmpstr(error->message, ==,
                    "cannot write the capture /dev/full: after 0 bytes: No space left on device");
}

static void test_there_may_be_none(void)
{
    g_assert_null(ql_recorder_self_capture(NULL));
    g_assert_true(ql_recorder_close(NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder/its own capture gets comment and secrets",
                    test_its_own_capture_gets_comment_and_secrets);
    g_test_add_func("/recorder/a failure names the file", test_a_failure_names_the_file);
    g_test_add_func("/recorder/there may be none", test_there_may_be_none);
    return g_test_run();
}
