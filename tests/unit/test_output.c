/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct pipe_ends {
    int reader, writer;
    ql_stdout *shared;
    unsigned told;
} pipe_ends;

static void set_up(pipe_ends *p, gconstpointer unused)
{
    int fds[2];
    (void)unused;
    g_assert_cmpint(pipe(fds), ==, 0);
    p->reader = fds[0];
    p->writer = fds[1];
    p->shared = ql_stdout_new(p->writer);
}

static void tear_down(pipe_ends *p, gconstpointer unused)
{
    (void)unused;
    ql_stdout_free(p->shared);
    close(p->writer);
    if (p->reader >= 0)
        close(p->reader);
}

static void write_text(ql_output *output, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(ql_output_write(output, text, strlen(text), &error));
    g_assert_true(ql_output_flush(output, &error));
    g_assert_no_error(error);
}

static char *read_some(int fd, int milliseconds)
{
    char buffer[4096];
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    ssize_t length = poll(&poller, 1, milliseconds) > 0 ? read(fd, buffer, sizeof buffer) : 0;
    return g_strndup(buffer, (gsize)MAX(length, 0));
}

/* A terminal may hand over in pieces what was written, and a little later. */
static void assert_read(int fd, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int piece = 0; piece < 10 && text->len < strlen(expected); piece++) {
        g_autofree char *more = read_some(fd, 500);
        g_string_append(text, more);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_responses_come_out_in_the_order_of_their_outputs(pipe_ends *p,
                                                                  gconstpointer unused)
{
    (void)unused;
    ql_output *first = ql_output_new_stdout(p->shared), *second = ql_output_new_stdout(p->shared);
    write_text(second, "2");
    write_text(first, "1");
    assert_read(p->reader, "1");
    g_assert_cmpuint(ql_output_pending(second), ==, 1);
    g_assert_cmpint(ql_output_fd(second), ==, -1);
    g_assert_true(ql_output_close(first, NULL));
    g_assert_cmpint(ql_output_fd(second), ==, p->writer);
    g_assert_true(ql_output_flush(second, NULL));
    assert_read(p->reader, "2");
    ql_output_free(first);
    ql_output_free(second);
}

static void test_a_slow_reader_is_not_waited_for(pipe_ends *p, gconstpointer unused)
{
    (void)unused;
    const size_t size = 1u << 20;
    g_autofree char *data = g_strnfill(size, 'x');
    ql_output *output = ql_output_new_stdout(p->shared);
    g_assert_true(ql_output_write(output, data, size, NULL));
    size_t pending = ql_output_pending(output), got = 0;
    g_assert_cmpuint(pending, >, 0);
    while (got < size) {
        g_autofree char *text = read_some(p->reader, 0);
        got += strlen(text);
        g_assert_true(ql_output_flush(output, NULL));
    }
    g_assert_cmpuint(got, ==, size);
    g_assert_cmpuint(ql_output_pending(output), ==, 0);
    ql_output_free(output);
}

static void note_what_is_there(void *user)
{
    pipe_ends *p = user;
    struct pollfd poller = { .fd = p->reader, .events = POLLIN };
    g_assert_cmpint(poll(&poller, 1, 0), ==, 0);
    p->told++;
}

static void test_a_listener_hears_of_what_a_reader_is_to_get(pipe_ends *p, gconstpointer unused)
{
    (void)unused;
    ql_output *first = ql_output_new_stdout(p->shared), *second = ql_output_new_stdout(p->shared);
    ql_stdout_set_listener(p->shared, note_what_is_there, p);
    write_text(second, "2");
    g_assert_cmpuint(p->told, ==, 0);
    write_text(first, "1");
    g_assert_cmpuint(p->told, ==, 1);
    assert_read(p->reader, "1");
    g_assert_true(ql_output_flush(first, NULL));
    g_assert_cmpuint(p->told, ==, 1);
    ql_stdout_set_listener(p->shared, NULL, NULL);
    write_text(first, "1");
    g_assert_cmpuint(p->told, ==, 1);
    ql_output_free(first);
    ql_output_free(second);
}

static void test_small_pieces_are_written_together(pipe_ends *p, gconstpointer unused)
{
    (void)unused;
    ql_output *output = ql_output_new_stdout(p->shared);
    g_assert_true(ql_output_write(output, "a", 1, NULL));
    g_assert_true(ql_output_write(output, "b", 1, NULL));
    g_assert_cmpuint(ql_output_pending(output), ==, 2);
    g_assert_true(ql_output_flush(output, NULL));
    g_autofree char *text = read_some(p->reader, 500);
    g_assert_cmpstr(text, ==, "ab");
    ql_output_free(output);
}

static void test_a_closed_pipe_is_an_error(pipe_ends *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    ql_output *output = ql_output_new_stdout(p->shared);
    close(p->reader);
    p->reader = -1;
    g_assert_true(ql_output_write(output, "x", 1, NULL));
    g_assert_false(ql_output_flush(output, &error));
    g_assert_nonnull(strstr(error->message, "standard output"));
    g_assert_nonnull(strstr(error->message, g_strerror(EPIPE)));
    ql_output_free(output);
}

static void test_a_full_disk_is_an_error(void)
{
    g_autoptr(GError) error = NULL;
    ql_output *output = ql_output_new_file("/dev/full");
    g_assert_true(ql_output_open(output, NULL));
    g_assert_true(ql_output_write(output, "x", 1, NULL));
    g_assert_false(ql_output_flush(output, &error));
    g_assert_nonnull(strstr(error->message, "/dev/full"));
    g_assert_nonnull(strstr(error->message, g_strerror(ENOSPC)));
    ql_output_free(output);
}

static void test_a_file_is_made_only_when_the_response_begins(void)
{
    g_autofree char *folder = g_dir_make_tmp("output-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autofree char *contents = NULL;
    ql_output *output = ql_output_new_file(path);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(ql_output_open(output, NULL));
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    write_text(output, "a\x1b");
    write_text(output, "b");
    g_assert_cmpuint(ql_output_pending(output), ==, 0);
    g_assert_true(ql_output_close(output, NULL));
    g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    g_assert_cmpstr(contents, ==,
                    "a\x1b"
                    "b");
    ql_output_free(output);
    g_remove(path);
    g_rmdir(folder);
}

static void test_a_file_is_removed_once_it_was_opened(void)
{
    g_autofree char *folder = g_dir_make_tmp("output-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x", NULL);
    g_autofree char *link = g_build_filename(folder, "null", NULL);
    g_assert_true(g_file_set_contents(path, "of before", -1, NULL));
    g_assert_cmpint(symlink("/dev/null", link), ==, 0);
    ql_output *output = ql_output_new_file(path), *device = ql_output_new_file(link);
    ql_output_remove(output);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(ql_output_open(output, NULL) && ql_output_open(device, NULL));
    ql_output_remove(output);
    ql_output_remove(device);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    ql_output_free(output);
    ql_output_free(device);
    g_unlink(link);
    g_rmdir(folder);
}

static void test_a_file_that_cannot_be_made_is_an_error(void)
{
    g_autoptr(GError) error = NULL;
    ql_output *output = ql_output_new_file("/no/such/folder/file");
    g_assert_false(ql_output_open(output, &error));
    g_assert_nonnull(strstr(error->message, "/no/such/folder/file"));
    ql_output_free(output);
}

static void test_a_terminal_gets_no_control_characters(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        g_test_skip("there are no pseudo-terminals here");
        return;
    }
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    g_assert_cmpint(slave, >=, 0);
    ql_stdout *shared = ql_stdout_new(slave);
    g_assert_true(ql_stdout_is_terminal(shared));
    ql_output *output = ql_output_new_stdout(shared);
    write_text(output, "a\x1b[0m\xc3");
    write_text(output, "\xbc\xc3");
    g_assert_true(ql_output_close(output, NULL));
    assert_read(master, "a\\x1b[0m\xc3\xbc\\xc3");
    ql_output_free(output);
    ql_stdout_free(shared);
    close(slave);
    close(master);
}

static void test_nowhere_takes_everything(void)
{
    ql_output *output = ql_output_new_nowhere();
    g_assert_true(ql_output_open(output, NULL));
    write_text(output, "x");
    g_assert_cmpuint(ql_output_pending(output), ==, 0);
    g_assert_cmpint(ql_output_fd(output), ==, -1);
    g_assert_true(ql_output_close(output, NULL));
    ql_output_free(output);
}

static void test_names_are_told_apart_by_numbers(void)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const char *const expected[] = { "a", "a.1", "a.2" };
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *name = ql_output_unique_name(taken, "a");
        g_assert_cmpstr(name, ==, expected[i]);
    }
    g_autofree char *other = ql_output_unique_name(taken, "a.1");
    g_assert_cmpstr(other, ==, "a.1.1");
    /* So many that it would take minutes to try all numbers for each. */
    for (unsigned i = 3; i < 100000; i++) {
        g_autofree char *expected_name = g_strdup_printf("a.%u", i);
        g_autofree char *name = ql_output_unique_name(taken, "a");
        g_assert_cmpstr(name, ==, expected_name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
#define TEST(name, function)                                                                       \
    g_test_add("/output/" name, pipe_ends, NULL, set_up, function, tear_down)
    TEST("order", test_responses_come_out_in_the_order_of_their_outputs);
    TEST("slow", test_a_slow_reader_is_not_waited_for);
    TEST("gathered", test_small_pieces_are_written_together);
    TEST("listener", test_a_listener_hears_of_what_a_reader_is_to_get);
    TEST("closed", test_a_closed_pipe_is_an_error);
    g_test_add_func("/output/full", test_a_full_disk_is_an_error);
    g_test_add_func("/output/file", test_a_file_is_made_only_when_the_response_begins);
    g_test_add_func("/output/a file is removed once it was opened",
                    test_a_file_is_removed_once_it_was_opened);
    g_test_add_func("/output/no-file", test_a_file_that_cannot_be_made_is_an_error);
    g_test_add_func("/output/terminal", test_a_terminal_gets_no_control_characters);
    g_test_add_func("/output/nowhere", test_nowhere_takes_everything);
    g_test_add_func("/output/names", test_names_are_told_apart_by_numbers);
    return g_test_run();
}
