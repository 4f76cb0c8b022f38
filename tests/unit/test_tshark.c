/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tshark.h"

#include <glib/gstdio.h>
#include <string.h>

/* A folder with a program in it that answers to the name of tshark. */
typedef struct stage {
    char *folder, *program, *saved_path;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    s->folder = g_dir_make_tmp("tshark-XXXXXX", NULL);
    s->program = g_build_filename(s->folder, "tshark", NULL);
    s->saved_path = g_strdup(g_getenv("PATH"));
    g_autofree char *path = g_strdup_printf("%s:%s", s->folder, s->saved_path);
    g_setenv("PATH", path, TRUE);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    g_setenv("PATH", s->saved_path, TRUE);
    g_remove(s->program);
    g_assert_cmpint(g_rmdir(s->folder), ==, 0);
    g_free(s->folder);
    g_free(s->program);
    g_free(s->saved_path);
}

/* It writes the line it was called with into each report, prints words, and exits with status. */
static void play(const stage *s, const char *words, int status)
{
    g_autofree char *script = g_strdup_printf(
        "#!/bin/sh\n"
        "case $1 in --version) echo 'TShark (Wireshark) 4.0.17 (Git)'; exit;; esac\n"
        "all=\"$*\"\n"
        "while [ $# -gt 0 ]; do\n"
        "  case $1 in quiclens,*) f=${1#quiclens,}; f=${f#*,}; printf '%%s' \"$all\" >\"$f\";; "
        "esac\n"
        "  shift\n"
        "done\n"
        "echo 'Running as user \"root\" and group \"root\". This could be dangerous.' >&2\n"
        "%s%s%s\nexit %d\n",
        words != NULL ? "echo '" : "", words != NULL ? words : "", words != NULL ? "' >&2" : "",
        status);
    g_assert_true(
        g_file_set_contents_full(s->program, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

static const char *const reports[] = { "json", "requests", NULL };

static void test_tshark_is_asked_once_for_all_reports(stage *s, gconstpointer unused)
{
    char *texts[2];
    g_autofree char *warning = NULL;
    (void)unused;
    play(s, NULL, 0);
    g_assert_true(ql_tshark_report("no such.pcap", "my.keys", reports, texts, &warning, NULL));
    g_assert_true(g_str_has_prefix(
        texts[0], "-n -Q -r no such.pcap -o tls.keylog_file:my.keys -z quiclens,json,"));
    g_assert_nonnull(strstr(texts[0], " -z quiclens,requests,"));
    g_assert_cmpstr(texts[1], ==, texts[0]);
    g_assert_null(warning);
    g_free(texts[0]);
    g_free(texts[1]);
}

static void test_keys_beside_the_capture_are_taken(stage *s, gconstpointer unused)
{
    g_autofree char *capture = g_build_filename(s->folder, "a.b.pcapng", NULL);
    g_autofree char *zipped = g_strconcat(capture, ".gz", NULL);
    g_autofree char *keys = g_build_filename(s->folder, "a.b.keys", NULL);
    (void)unused;
    g_assert_null(ql_tshark_keys_beside(capture));
    g_assert_true(g_file_set_contents(keys, "", 0, NULL));
    g_autofree char *found = ql_tshark_keys_beside(capture);
    g_autofree char *found_zipped = ql_tshark_keys_beside(zipped);
    g_assert_cmpstr(found, ==, keys);
    g_assert_cmpstr(found_zipped, ==, keys);
    g_remove(keys);
}

static void assert_fails(const stage *s, int code, const char *part)
{
    char *texts[2];
    g_autofree char *warning = NULL;
    GError *error = NULL;
    (void)s;
    g_assert_false(ql_tshark_report("x.pcap", NULL, reports, texts, &warning, &error));
    g_assert_error(error, QL_TSHARK_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, part));
    g_assert_null(texts[0]);
    g_error_free(error);
}

static void test_a_missing_plugin_is_told_from_other_failures(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_true(g_file_set_contents_full(
        s->program,
        "#!/bin/sh\ncase $1 in --version) echo 'TShark (Wireshark) 4.0.17'; exit;; esac\n"
        "echo 'tshark: Invalid -z argument \"quiclens,json,x\"; it must be one of:' >&2\n"
        "echo '     afp,srt' >&2\nexit 1\n",
        -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    assert_fails(s, QL_TSHARK_ERROR_NO_PLUGIN, "tshark 4.0.17 does not have the quiclens plugin");
    g_assert_true(g_file_set_contents_full(
        s->program, "#!/bin/sh\necho 'tshark: The file \"x.pcap\" does not exist.' >&2\nexit 2\n",
        -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    assert_fails(s, QL_TSHARK_ERROR_FAILED, "The file \"x.pcap\" does not exist.");
}

static void test_a_missing_tshark_is_named(stage *s, gconstpointer unused)
{
    (void)unused;
    g_setenv("PATH", s->folder, TRUE);
    assert_fails(s, QL_TSHARK_ERROR_MISSING, "tshark is not installed");
    g_assert_null(ql_tshark_version());
}

static void test_a_cut_capture_yields_reports_and_a_warning(stage *s, gconstpointer unused)
{
    char *texts[2];
    g_autofree char *warning = NULL;
    (void)unused;
    play(s, "tshark: The file \"x.pcap\" appears to have been cut short.", 2);
    g_assert_true(ql_tshark_report("x.pcap", NULL, reports, texts, &warning, NULL));
    g_assert_cmpstr(warning, ==, "The file \"x.pcap\" appears to have been cut short.");
    g_free(texts[0]);
    g_free(texts[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/tshark/" name, stage, NULL, set_up, function, tear_down)
    TEST("once", test_tshark_is_asked_once_for_all_reports);
    TEST("keys-beside", test_keys_beside_the_capture_are_taken);
    TEST("no-plugin", test_a_missing_plugin_is_told_from_other_failures);
    TEST("no-tshark", test_a_missing_tshark_is_named);
    TEST("cut", test_a_cut_capture_yields_reports_and_a_warning);
    return g_test_run();
}
