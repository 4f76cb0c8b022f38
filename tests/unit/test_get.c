/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommand as a whole: its exit status, and what it leaves behind. */
#include "client_fixture.h"
#include "command.h"

#include <glib/gstdio.h>

typedef struct stage {
    client_fixture client;
    char *folder, *file;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_start(&s->client, &(ql_origin_tls_settings){ 0 });
    s->folder = g_dir_make_tmp("get-XXXXXX", NULL);
    s->file = g_build_filename(s->folder, "x", NULL);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_stop(&s->client);
    g_remove(s->file);
    g_assert_cmpint(g_rmdir(s->folder), ==, 0);
    g_free(s->folder);
    g_free(s->file);
}

static int run(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *whole = g_strconcat("get -s ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    return ql_command_get.run((int)g_strv_length(words), words);
}

static void test_what_is_done_is_0(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *content = NULL;
    g_assert_cmpint(
        run("-k -d content -o %s https://localhost:%u/echo", s->file, s->client.origin.port), ==,
        QL_EXIT_DONE);
    g_assert_true(g_file_get_contents(s->file, &content, NULL, NULL));
    g_assert_true(g_str_has_prefix(content, "{\"size\": 7,"));
}

static void test_what_failed_is_1(stage *s, gconstpointer unused)
{
    (void)unused;
    unsigned port = s->client.origin.port;
    g_assert_cmpint(run("-o %s https://localhost:%u/echo", s->file, port), ==, QL_EXIT_FAILED);
    g_assert_cmpint(run("-k -f -o %s https://localhost:%u/none", s->file, port), ==,
                    QL_EXIT_FAILED);
    g_assert_cmpint(run("-k -o %s/no/x https://localhost:%u/echo", s->folder, port), ==,
                    QL_EXIT_FAILED);
    g_assert_false(g_file_test(s->file, G_FILE_TEST_EXISTS));
}

static void test_what_was_not_attempted_is_2(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_cmpint(run("-o %s", s->file), ==, QL_EXIT_USAGE);
    g_assert_cmpint(run("-o %s http://localhost/", s->file), ==, QL_EXIT_USAGE);
    g_assert_cmpint(run("-o %s --resolve x https://localhost/", s->file), ==, QL_EXIT_USAGE);
    g_assert_false(g_file_test(s->file, G_FILE_TEST_EXISTS));
}

static void test_logs_are_whole_when_it_returns(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *qlog = NULL;
    g_autofree char *folder = g_build_filename(s->folder, "x", NULL);
    g_assert_cmpint(
        run("-k -o /dev/null --qlog %s https://localhost:%u/echo", folder, s->client.origin.port),
        ==, QL_EXIT_DONE);
    g_assert_true(g_file_get_contents(s->file, &qlog, NULL, NULL));
    g_assert_nonnull(strstr(qlog, "http:frame_parsed"));
    g_assert_true(g_str_has_suffix(qlog, "}\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/get/" name, stage, NULL, set_up, test, tear_down)
    ADD("what is done is 0", test_what_is_done_is_0);
    ADD("what failed is 1", test_what_failed_is_1);
    ADD("what was not attempted is 2", test_what_was_not_attempted_is_2);
    ADD("logs are whole when it returns", test_logs_are_whole_when_it_returns);
    return g_test_run();
}
