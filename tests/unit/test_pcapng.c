/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcapng.h"

#include "assert_bytes.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const ql_pcapng_description description = {
    .application = "test program",
    .comment = "five",
    .interface = "if0",
    .link_type = QL_PCAPNG_LINKTYPE_RAW,
};

typedef struct capture_file {
    char *path;
    int fd;
} capture_file;

static void set_up(capture_file *file, gconstpointer unused)
{
    (void)unused;
    file->fd = g_file_open_tmp("pcapng-XXXXXX", &file->path, NULL);
    g_assert_cmpint(file->fd, >=, 0);
}

static void tear_down(capture_file *file, gconstpointer unused)
{
    (void)unused;
    g_remove(file->path);
    g_free(file->path);
}

static GByteArray *contents(const capture_file *file)
{
    char *data;
    gsize length;
    g_assert_true(g_file_get_contents(file->path, &data, &length, NULL));
    return g_byte_array_new_take((guint8 *)data, length);
}

static uint32_t u32_at(const GByteArray *bytes, size_t offset)
{
    g_assert_cmpuint(offset + 4, <=, bytes->len);
    const uint8_t *b = bytes->data + offset;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Walks from block to block and fails the test unless both lengths of each agree and the file ends
 * where its last block does. Returns the offset of the nth block of the type, or -1. */
static gssize find_block(const GByteArray *bytes, uint32_t type, unsigned nth)
{
    gssize found = -1;
    size_t at = 0;
    while (at < bytes->len) {
        uint32_t length = u32_at(bytes, at + 4);
        g_assert_cmpuint(length % 4, ==, 0);
        g_assert_cmpuint(at + length, <=, bytes->len);
        g_assert_cmpuint(u32_at(bytes, at + length - 4), ==, length);
        if (u32_at(bytes, at) == type && nth-- == 0 && found < 0)
            found = (gssize)at;
        at += length;
    }
    return found;
}

static void write_bytes(ql_pcapng *writer, uint64_t time_ns, const void *data, size_t length,
                        const ql_pcapng_remarks *remarks)
{
    uint8_t *at = ql_pcapng_begin_packet(writer, time_ns, length);
    if (at == NULL)
        return;
    memcpy(at, data, length);
    ql_pcapng_end_packet(writer, remarks);
}

static void write_packet(ql_pcapng *writer, uint64_t time_ns, ql_pcapng_way way, const char *text,
                         const char *comment)
{
    const ql_pcapng_remarks remarks = { .way = way, .comment = comment };
    write_bytes(writer, time_ns, text, strlen(text), &remarks);
}

/* Blocks of 1,232 bytes, behind the 96 of the section and the interface. */
static void write_many(ql_pcapng *writer, unsigned count)
{
    static const uint8_t payload[1200];
    for (unsigned i = 0; i < count; i++)
        write_bytes(writer, i, payload, sizeof payload, &(ql_pcapng_remarks){ 0 });
}

static void test_section_is_byte_for_byte_what_the_format_says(capture_file *file,
                                                               gconstpointer unused)
{
    static const uint8_t expected[] = {
        0x0a, 0x0d, 0x0d, 0x0a, 56,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1,   0,   0,   0,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,    0,    4,    0,    'f', 'i', 'v', 'e',
        4,    0,    12,   0,    't',  'e',  's',  't',  ' ',  'p',  'r',  'o',  'g', 'r', 'a', 'm',
        0,    0,    0,    0,    56,   0,    0,    0,    1,    0,    0,    0,    40,  0,   0,   0,
        101,  0,    0,    0,    0,    0,    0,    0,    2,    0,    3,    0,    'i', 'f', '0', 0,
        9,    0,    1,    0,    9,    0,    0,    0,    0,    0,    0,    0,    40,  0,   0,   0,
    };
    (void)unused;
    g_assert_true(ql_pcapng_close(ql_pcapng_new(file->fd, &description), NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    assert_bytes(bytes->data, bytes->len, expected, sizeof expected);
}

static void test_packet_carries_its_time_in_nanoseconds(capture_file *file, gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_packet(writer, 0x1122334455667788u, QL_PCAPNG_WAY_UNKNOWN, "headbody!", NULL);
    g_assert_true(ql_pcapng_close(writer, NULL));

    g_autoptr(GByteArray) bytes = contents(file);
    gssize at = find_block(bytes, 6, 0);
    g_assert_cmpint(at, >=, 0);
    g_assert_cmphex(u32_at(bytes, (size_t)at + 12), ==, 0x11223344);
    g_assert_cmphex(u32_at(bytes, (size_t)at + 16), ==, 0x55667788);
    g_assert_cmpuint(u32_at(bytes, (size_t)at + 20), ==, 9);
    g_assert_cmpuint(u32_at(bytes, (size_t)at + 24), ==, 9);
    assert_bytes(bytes->data + at + 28, 12, "headbody!\0\0\0", 12);
}

static void test_a_packet_says_how_many_were_lost_before_it(capture_file *file,
                                                            gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_bytes(writer, 0, "head", 4, &(ql_pcapng_remarks){ .lost = 0x102 });
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    gssize at = find_block(bytes, 6, 0);
    g_assert_cmpint(at, >=, 0);
    static const uint8_t options[] = { 4, 0, 8, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    assert_bytes(bytes->data + at + 32, sizeof options, options, sizeof options);
}

static void test_a_packet_can_carry_a_comment(capture_file *file, gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_packet(writer, 1, QL_PCAPNG_WAY_UNKNOWN, "headbody!", "five!");
    write_packet(writer, 2, QL_PCAPNG_WAY_UNKNOWN, "headbody!", NULL);
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    gssize at = find_block(bytes, 6, 0);
    g_assert_cmpint(at, >=, 0);
    static const uint8_t options[] = { 0,   0,   0, 1, 0, 5, 0, 'f', 'i', 'v',
                                       'e', '!', 0, 0, 0, 0, 0, 0,   0 };
    g_assert_cmpuint(u32_at(bytes, (size_t)at + 4), ==, 28 + 9 + sizeof options + 4);
    assert_bytes(bytes->data + at + 28 + 9, sizeof options, options, sizeof options);
    g_assert_cmpuint(u32_at(bytes, (size_t)find_block(bytes, 6, 1) + 4), ==, 28 + 12 + 4);
}

static void test_a_packet_says_which_way_it_went(capture_file *file, gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_packet(writer, 1, QL_PCAPNG_WAY_OUTBOUND, "headbody", NULL);
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    static const uint8_t options[] = { 2, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0 };
    gssize at = find_block(bytes, 6, 0);
    g_assert_cmpint(at, >=, 0);
    assert_bytes(bytes->data + at + 28 + 8, sizeof options, options, sizeof options);
}

static void test_an_address_gets_a_name(capture_file *file, gconstpointer unused)
{
    (void)unused;
    static const uint8_t v4[] = { 192, 0, 2, 1 };
    static const uint8_t expected[] = { 4, 0, 0,   0,   28,  0, 0, 0, 1, 0, 8,  0, 192, 0,
                                        2, 1, 'a', '.', 'b', 0, 0, 0, 0, 0, 28, 0, 0,   0 };
    g_autofree char *too_long = g_strnfill(256, 'a');
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    ql_pcapng_write_name(writer, v4, sizeof v4, too_long);
    ql_pcapng_write_name(writer, v4, 3, "a.b");
    ql_pcapng_write_name(writer, v4, sizeof v4, "a.b");
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    gssize at = find_block(bytes, 4, 0);
    g_assert_cmpint(at, >=, 0);
    assert_bytes(bytes->data + at, bytes->len - (size_t)at, expected, sizeof expected);
}

static void test_the_system_and_the_interface_are_described(capture_file *file,
                                                            gconstpointer unused)
{
    (void)unused;
    const ql_pcapng_description full = { .system = "Sys",
                                         .interface_description = "abc",
                                         .link_type = QL_PCAPNG_LINKTYPE_RAW };
    static const uint8_t section[] = { 3, 0, 3, 0, 'S', 'y', 's', 0, 0, 0, 0, 0 };
    static const uint8_t interface[] = { 3, 0, 3,  0, 'a', 'b', 'c', 0,   9,   0, 1, 0, 9, 0,
                                         0, 0, 12, 0, 3,   0,   'S', 'y', 's', 0, 0, 0, 0, 0 };
    g_assert_true(ql_pcapng_close(ql_pcapng_new(file->fd, &full), NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    assert_bytes(bytes->data + 24, sizeof section, section, sizeof section);
    gssize at = find_block(bytes, 1, 0);
    assert_bytes(bytes->data + at + 16, sizeof interface, interface, sizeof interface);
}

static void test_secrets_stay_ahead_of_the_packet_that_follows(capture_file *file,
                                                               gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    ql_pcapng_write_secrets(writer, QL_PCAPNG_SECRETS_TLS, "LABEL 00 11\n", 12);
    write_packet(writer, 1, QL_PCAPNG_WAY_UNKNOWN, "x", NULL);
    g_assert_true(ql_pcapng_close(writer, NULL));

    g_autoptr(GByteArray) bytes = contents(file);
    gssize secrets = find_block(bytes, 10, 0);
    g_assert_cmpint(secrets, >=, 0);
    g_assert_cmpint(find_block(bytes, 6, 0), >, secrets);
    g_assert_cmphex(u32_at(bytes, (size_t)secrets + 8), ==, 0x544c534b);
    g_assert_cmpuint(u32_at(bytes, (size_t)secrets + 12), ==, 12);
    assert_bytes(bytes->data + secrets + 16, 12, "LABEL 00 11\n", 12);
}

static void test_nothing_waits_after_a_flush(void)
{
    int ends[2];
    uint8_t read_back[512];
    g_assert_cmpint(pipe(ends), ==, 0);
    ql_pcapng *writer = ql_pcapng_new(ends[1], &description);
    write_packet(writer, 1, QL_PCAPNG_WAY_UNKNOWN, "x", NULL);
    ql_pcapng_flush(writer);
    g_assert_cmpint(read(ends[0], read_back, sizeof read_back), ==, 56 + 40 + 36);
    g_assert_true(ql_pcapng_close(writer, NULL));
    close(ends[0]);
}

static void test_many_packets_are_written_without_a_flush(capture_file *file, gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_many(writer, 1000);
    g_autoptr(GByteArray) before_close = contents(file);
    g_assert_cmpuint(before_close->len, >, 1000000);
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    g_assert_cmpint(find_block(bytes, 6, 999), >=, 0);
    g_assert_cmpint(find_block(bytes, 6, 1000), ==, -1);
}

/* Room is reserved ahead, but whoever reads the file meanwhile, or after a crash, sees no zeros
 * behind the last block. */
static void test_what_is_reserved_never_shows(capture_file *file, gconstpointer unused)
{
    struct stat during, after;
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_many(writer, 5000);
    ql_pcapng_flush(writer);
    g_autoptr(GByteArray) bytes = contents(file);
    g_assert_cmpint(fstat(file->fd, &during), ==, 0);
    g_assert_cmpuint(bytes->len, ==, 56 + 40 + 5000 * (1200 + 32));
    g_assert_cmpint(during.st_size, ==, bytes->len);
    int fd = dup(file->fd);
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_assert_cmpint(fstat(fd, &after), ==, 0);
    close(fd);
    g_assert_cmpint(after.st_size, ==, bytes->len);
    g_assert_cmpint(after.st_blocks, <=, during.st_blocks);
}

/* The limit on a file's size stands in for a full disk: the same write comes back short. */
static void write_until_full(capture_file *file, unsigned count, rlim_t limit, GError **error)
{
    struct rlimit before, small = { .rlim_cur = limit };
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    small.rlim_max = before.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);

    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_many(writer, count);
    bool ok = ql_pcapng_close(writer, error);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    signal(SIGXFSZ, handler);
    g_assert_false(ok);
}

static void assert_full_after(capture_file *file, unsigned count, rlim_t limit, unsigned whole)
{
    g_autoptr(GError) error = NULL;
    write_until_full(file, count, limit, &error);
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED); /* EFBIG has no code of its own */
    g_autoptr(GByteArray) bytes = contents(file);
    g_assert_cmpuint(bytes->len, ==, 96 + whole * 1232);
    g_assert_cmpint(find_block(bytes, 6, whole - 1), >=, 0);
    g_autofree char *position = g_strdup_printf("after %u bytes", bytes->len);
    g_assert_nonnull(strstr(error->message, position));
}

static void test_a_full_disk_is_reported_and_leaves_whole_blocks(capture_file *file,
                                                                 gconstpointer unused)
{
    (void)unused;
    assert_full_after(file, 200, 100001, 81);
}

/* Of the block across 256 KB, the first 864 bytes were written before the disk was full. */
static void test_a_block_that_ends_on_a_full_disk_is_taken_away(capture_file *file,
                                                                gconstpointer unused)
{
    (void)unused;
    assert_full_after(file, 1000, 256 * 1024 + 300, 212);
}

/* A reader may find the end of the last block missing, but only until the next flush. */
static void test_much_is_written_in_round_pieces_and_whole_after_a_flush(capture_file *file,
                                                                         gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    write_many(writer, 300);
    g_autoptr(GByteArray) piece = contents(file);
    g_assert_cmpuint(piece->len, ==, 256 * 1024);
    ql_pcapng_flush(writer);
    g_autoptr(GByteArray) whole = contents(file);
    g_assert_cmpint(find_block(whole, 6, 299), >=, 0);
    write_many(writer, 300);
    g_autoptr(GByteArray) pieces = contents(file);
    g_assert_cmpuint(pieces->len, ==, 2 * 256 * 1024);
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) all = contents(file);
    g_assert_cmpint(find_block(all, 6, 599), >=, 0);
}

/* It is longer than what is written at once. */
static void test_a_block_may_be_of_any_length(capture_file *file, gconstpointer unused)
{
    (void)unused;
    g_autofree uint8_t *secrets = g_malloc0(1000000);
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    ql_pcapng_write_secrets(writer, QL_PCAPNG_SECRETS_TLS, secrets, 1000000);
    write_many(writer, 1000);
    g_assert_true(ql_pcapng_close(writer, NULL));
    g_autoptr(GByteArray) bytes = contents(file);
    g_assert_cmpuint(bytes->len, ==, 96 + 20 + 1000000 + 1000 * 1232);
    g_assert_cmpint(find_block(bytes, 6, 999), >=, 0);
}

static void test_a_reader_that_went_away_is_reported(void)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    close(ends[0]);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    ql_pcapng *writer = ql_pcapng_new(ends[1], &description);
    ql_pcapng_flush(writer);
    write_packet(writer, 1, QL_PCAPNG_WAY_UNKNOWN, "x", NULL);
    GError *error = NULL;
    g_assert_false(ql_pcapng_close(writer, &error));
    signal(SIGPIPE, handler);
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_PIPE);
    g_error_free(error);
}

static void test_the_first_failure_is_the_one_that_is_told(capture_file *file, gconstpointer unused)
{
    (void)unused;
    ql_pcapng *writer = ql_pcapng_new(file->fd, &description);
    ql_pcapng_fail(writer, g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_INVAL, "first"));
    ql_pcapng_fail(writer, g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_INVAL, "second"));
    write_packet(writer, 1, QL_PCAPNG_WAY_UNKNOWN, "x", NULL);
    GError *error = NULL;
    g_assert_false(ql_pcapng_close(writer, &error));
    g_assert_cmpstr(error->message, ==, "first");
    g_error_free(error);
    g_autoptr(GByteArray) bytes = contents(file);
    g_assert_cmpint(find_block(bytes, 1, 0), >=, 0);
    g_assert_cmpint(find_block(bytes, 6, 0), ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define FILE_TEST(name, function)                                                                  \
    g_test_add("/pcapng/" name, capture_file, NULL, set_up, function, tear_down)
    FILE_TEST("section", test_section_is_byte_for_byte_what_the_format_says);
    FILE_TEST("packet-time", test_packet_carries_its_time_in_nanoseconds);
    FILE_TEST("lost", test_a_packet_says_how_many_were_lost_before_it);
    FILE_TEST("comment", test_a_packet_can_carry_a_comment);
    FILE_TEST("way", test_a_packet_says_which_way_it_went);
    FILE_TEST("name", test_an_address_gets_a_name);
    FILE_TEST("system", test_the_system_and_the_interface_are_described);
    FILE_TEST("secrets-first", test_secrets_stay_ahead_of_the_packet_that_follows);
    FILE_TEST("many-packets", test_many_packets_are_written_without_a_flush);
    FILE_TEST("reserve", test_what_is_reserved_never_shows);
    FILE_TEST("full-disk", test_a_full_disk_is_reported_and_leaves_whole_blocks);
    FILE_TEST("full-disk-across-pieces", test_a_block_that_ends_on_a_full_disk_is_taken_away);
    FILE_TEST("pieces", test_much_is_written_in_round_pieces_and_whole_after_a_flush);
    FILE_TEST("long-block", test_a_block_may_be_of_any_length);
    FILE_TEST("first-failure", test_the_first_failure_is_the_one_that_is_told);
    g_test_add_func("/pcapng/flush", test_nothing_waits_after_a_flush);
    g_test_add_func("/pcapng/reader-gone", test_a_reader_that_went_away_is_reported);
    return g_test_run();
}
