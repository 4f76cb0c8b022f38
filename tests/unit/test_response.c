/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "response.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* A response whose output is a pipe that takes 4,096 bytes. */
typedef struct stage {
    int reader, writer;
    ql_stdout *shared;
    ql_output *output;
    ql_response *response;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    int fds[2];
    (void)unused;
    g_assert_cmpint(pipe2(fds, O_NONBLOCK), ==, 0);
    fcntl(fds[1], F_SETPIPE_SZ, 4096);
    s->reader = fds[0];
    s->writer = fds[1];
    s->shared = ql_stdout_new(s->writer);
    s->output = ql_output_new_stdout(s->shared);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_response_free(s->response);
    ql_output_free(s->output);
    ql_stdout_free(s->shared);
    close(s->reader);
    close(s->writer);
}

static void add_field(stage *s, const char *name, const char *value)
{
    g_assert_true(ql_response_add_field(s->response, name, strlen(name), value, strlen(value)));
}

static void begin(stage *s, ql_response_settings settings, const char *coding)
{
    s->response = ql_response_new(&settings, s->output);
    add_field(s, ":status", "200");
    if (coding != NULL)
        add_field(s, "content-encoding", coding);
    g_assert_cmpint(ql_response_end_section(s->response, false, 0, NULL), ==, 200);
    g_assert_true(ql_response_open(s->response, NULL));
}

static GBytes *gzipped(const void *data, size_t length)
{
    z_stream z = { 0 };
    g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
    size_t room = deflateBound(&z, length);
    uint8_t *out = g_malloc(room);
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)length;
    z.next_out = out;
    z.avail_out = (uInt)room;
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    size_t used = z.total_out;
    deflateEnd(&z);
    return g_bytes_new_take(out, used);
}

static size_t drain(stage *s, GString *into)
{
    char buffer[4096];
    ssize_t length;
    size_t whole = 0;
    while ((length = read(s->reader, buffer, sizeof buffer)) > 0) {
        whole += (size_t)length;
        if (into != NULL)
            g_string_append_len(into, buffer, length);
    }
    return whole;
}

static bool add(stage *s, GBytes *bytes, size_t length, GError **error)
{
    return ql_response_add_data(s->response, g_bytes_get_data(bytes, NULL), length, error);
}

static void test_a_coding_is_undone(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GBytes) coded = gzipped("hello", 5);
    g_autoptr(GString) text = g_string_new(NULL);
    begin(s, (ql_response_settings){ .decode = true }, "gzip");
    g_assert_true(add(s, coded, g_bytes_get_size(coded), NULL));
    g_assert_true(ql_response_close(s->response, NULL));
    drain(s, text);
    g_assert_cmpstr(text->str, ==, "hello");
    g_assert_cmpuint(ql_response_received(s->response), ==, g_bytes_get_size(coded));
}

static void test_without_being_asked_nothing_is_undone(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GBytes) coded = gzipped("hello", 5);
    begin(s, (ql_response_settings){ .decode = false }, "gzip");
    g_assert_true(add(s, coded, g_bytes_get_size(coded), NULL));
    g_assert_true(ql_response_flush(s->response, NULL));
    g_assert_cmpuint(drain(s, NULL), ==, g_bytes_get_size(coded));
}

/* 64 MB that have 64 kB on the wire, and a reader that is slower. */
static void test_a_bomb_waits_undecoded(stage *s, gconstpointer unused)
{
    (void)unused;
    const size_t length = 64u << 20;
    void *zeros = g_malloc0(length);
    g_autoptr(GBytes) coded = gzipped(zeros, length);
    g_free(zeros);
    begin(s, (ql_response_settings){ .decode = true }, "gzip");
    g_assert_true(add(s, coded, g_bytes_get_size(coded), NULL));
    g_assert_cmpuint(ql_response_pending(s->response), <, 1u << 20);
    size_t got = 0, most = 0;
    while (ql_response_pending(s->response) > 0) {
        got += drain(s, NULL);
        g_assert_true(ql_response_flush(s->response, NULL));
        most = MAX(most, ql_output_pending(s->output));
    }
    got += drain(s, NULL);
    g_assert_cmpuint(got, ==, length);
    g_assert_cmpuint(most, <, 1u << 20);
    g_assert_true(ql_response_close(s->response, NULL));
}

static void test_what_ends_within_its_coding_is_not_whole(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) coded = gzipped("hello", 5);
    begin(s, (ql_response_settings){ .decode = true }, "gzip");
    g_assert_true(add(s, coded, g_bytes_get_size(coded) - 1, NULL));
    g_assert_false(ql_response_close(s->response, &error));
    g_assert_error(error, QL_RESPONSE_ERROR, 0);
    g_assert_nonnull(strstr(error->message, "gzip"));
    g_assert_cmpuint(drain(s, NULL), ==, 5);
}

static void test_damage_is_told_at_once(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) junk = g_bytes_new_static("no gzip at all", 14);
    begin(s, (ql_response_settings){ .decode = true }, "gzip");
    g_assert_false(add(s, junk, 14, &error));
    g_assert_error(error, QL_RESPONSE_ERROR, 0);
}

static void test_a_discarded_response_is_counted_and_not_written(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GBytes) text = g_bytes_new_static("abc", 3);
    begin(s, (ql_response_settings){ .include = true }, NULL);
    ql_response_discard(s->response);
    g_assert_true(ql_response_write_section(s->response, NULL));
    g_assert_true(add(s, text, 3, NULL));
    g_assert_cmpuint(ql_response_received(s->response), ==, 3);
    g_assert_cmpuint(drain(s, NULL), ==, 0);
}

static void test_trailers_are_kept(stage *s, gconstpointer unused)
{
    (void)unused;
    begin(s, (ql_response_settings){ .include = true }, NULL);
    add_field(s, "x-sum", "1");
    g_assert_cmpint(ql_response_end_section(s->response, true, 0, NULL), ==, 0);
    g_assert_cmpstr(ql_fields_get(ql_response_trailers(s->response), "x-sum"), ==, "1");
    g_assert_null(ql_fields_get(ql_response_header(s->response), "x-sum"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/response/" name, stage, NULL, set_up, function, tear_down)
    TEST("a coding is undone", test_a_coding_is_undone);
    TEST("without being asked nothing is undone", test_without_being_asked_nothing_is_undone);
    TEST("a bomb waits undecoded", test_a_bomb_waits_undecoded);
    TEST("what ends within its coding is not whole", test_what_ends_within_its_coding_is_not_whole);
    TEST("damage is told at once", test_damage_is_told_at_once);
    TEST("a discarded response is counted and not written",
         test_a_discarded_response_is_counted_and_not_written);
    TEST("trailers are kept", test_trailers_are_kept);
    return g_test_run();
}
