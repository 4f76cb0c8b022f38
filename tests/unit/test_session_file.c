/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_file.h"

#include <glib/gstdio.h>
#include <string.h>

static const char head[] = "[quiclens]\nsessions=1\n";

static ql_session_file *parse(const char *text, GError **error)
{
    return ql_session_file_parse("sessions", text, strlen(text), error);
}

static void assert_refused(const char *rest, const char *words)
{
    g_autofree char *text = g_strconcat(head, rest, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(parse(text, &error));
    g_assert_error(error, QL_SESSION_FILE_ERROR, 0);
    g_assert_nonnull(strstr(error->message, "sessions"));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_what_is_written_is_read_again(void)
{
    ql_session_file *file = parse("", NULL);
    ql_session_entry *entry = ql_session_file_entry(file, "[::1]:443");
    entry->alpn = g_strdup("h3");
    entry->version = 0x6b3343cf;
    entry->verified = true;
    entry->ticket = g_bytes_new("\0ticket\xff", 8);
    entry->parameters = g_bytes_new("p", 1);
    ql_session_file_entry(file, "example.org:443")->token = g_bytes_new("token", 5);
    g_autofree char *text = ql_session_file_to_text(file);
    ql_session_file_free(file);

    g_autoptr(GError) error = NULL;
    file = parse(text, &error);
    g_assert_no_error(error);
    entry = ql_session_file_entry(file, "[::1]:443");
    g_assert_cmpstr(entry->alpn, ==, "h3");
    g_assert_cmphex(entry->version, ==, 0x6b3343cf);
    g_assert_true(entry->verified);
    gsize size;
    const char *ticket = g_bytes_get_data(entry->ticket, &size);
    g_assert_cmpuint(size, ==, 8);
    g_assert_cmpint(memcmp(ticket, "\0ticket\xff", size), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(entry->parameters), ==, 1);
    g_assert_null(entry->token);
    entry = ql_session_file_entry(file, "example.org:443");
    g_assert_cmpuint(g_bytes_get_size(entry->token), ==, 5);
    g_assert_null(entry->ticket);
    g_assert_false(entry->verified);
    ql_session_file_free(file);
    ql_session_file_free(NULL);
}

static void test_an_origin_of_which_nothing_is_known_is_not_written(void)
{
    ql_session_file *file = parse("", NULL);
    ql_session_file_entry(file, "example.org:443");
    g_autofree char *text = ql_session_file_to_text(file);
    g_assert_null(strstr(text, "example.org"));
    ql_session_file_free(file);
}

static void test_other_files_are_refused(void)
{
    g_autoptr(GError) other = NULL, later = NULL, noise = NULL;
    g_assert_null(parse("[section]\nkey=value\n", &other));
    g_assert_nonnull(strstr(other->message, "sessions=1"));
    g_assert_null(parse("[quiclens]\nsessions=2\n", &later));
    g_assert_nonnull(strstr(later->message, "sessions=1"));
    g_assert_null(parse("not a key file", &noise));
    g_assert_error(noise, QL_SESSION_FILE_ERROR, 0);
}

static void test_each_fault_of_an_entry_is_told(void)
{
    assert_refused("[a]\nalpn=h3\n", "[a] names no origin");
    assert_refused("[a]\norigin=x:1\n[b]\norigin=x:1\n", "[b] has the origin of another");
    assert_refused("[a]\norigin=x:1\nversion=1\n", "version");
    assert_refused("[a]\norigin=x:1\nversion=0x1ffffffff\n", "version");
    assert_refused("[a]\norigin=x:1\nticket=\n", "ticket");
    assert_refused("[a]\norigin=x:1\nticket=*\n", "ticket");
    g_autofree char *large = g_strnfill(50000, 'A');
    g_autofree char *entry = g_strconcat("[a]\norigin=x:1\ntoken=", large, "\n", NULL);
    assert_refused(entry, "token");
}

static void test_the_file_is_for_its_owner_alone(void)
{
    g_autofree char *folder = g_dir_make_tmp("sessions-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "sessions", NULL);
    g_autoptr(GError) error = NULL;
    GStatBuf status;
    g_assert_true(g_file_set_contents_full(path, "", 0, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    ql_session_file *file = ql_session_file_new(path, &error);
    g_assert_no_error(error);
    ql_session_file_entry(file, "x:1")->token = g_bytes_new("t", 1);
    g_assert_true(ql_session_file_save(file, &error));
    ql_session_file_free(file);
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    file = ql_session_file_new(path, &error);
    g_assert_nonnull(ql_session_file_entry(file, "x:1")->token);
    ql_session_file_free(file);
    g_unlink(path);
    g_rmdir(folder);
}

static void test_failures_of_the_file_are_told(void)
{
    g_autoptr(GError) unreadable = NULL, unwritable = NULL;
    g_assert_null(ql_session_file_new("/", &unreadable));
    g_assert_nonnull(strstr(unreadable->message, "cannot read the session file"));
    ql_session_file *file = ql_session_file_new("/no/such/folder/sessions", NULL);
    g_assert_nonnull(file);
    g_assert_false(ql_session_file_save(file, &unwritable));
    g_assert_nonnull(strstr(unwritable->message, "/no/such/folder/sessions"));
    ql_session_file_free(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session-file/again", test_what_is_written_is_read_again);
    g_test_add_func("/session-file/nothing",
                    test_an_origin_of_which_nothing_is_known_is_not_written);
    g_test_add_func("/session-file/others", test_other_files_are_refused);
    g_test_add_func("/session-file/faults", test_each_fault_of_an_entry_is_told);
    g_test_add_func("/session-file/mode", test_the_file_is_for_its_owner_alone);
    g_test_add_func("/session-file/failures", test_failures_of_the_file_are_told);
    return g_test_run();
}
