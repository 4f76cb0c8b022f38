/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcapng_secrets.h"

#include "assert_bytes.h"

#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* Section header, interface, a block of type 6 with 4 bytes. */
static const uint8_t little[] = {
    0x0a, 0x0d, 0x0d, 0x0a, 28,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1,  0, 0, 0,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28,   0,    0,    0,    1,  0, 0, 0,
    20,   0,    0,    0,    101,  0,    0,    0,    0,    0,    0,    0,    20, 0, 0, 0,
    6,    0,    0,    0,    16,   0,    0,    0,    'd',  'a',  't',  'a',  16, 0, 0, 0,
};

static const uint8_t big[] = {
    0x0a, 0x0d, 0x0d, 0x0a, 0,    0,    0,    28,   0x1a, 0x2b, 0x3c, 0x4d, 0,  1,  0,
    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    28, 0,  0,
    0,    6,    0,    0,    0,    16,   'd',  'a',  't',  'a',  0,    0,    0,  16,
};

typedef struct place {
    char *folder, *path;
} place;

static void set_up(place *p, gconstpointer unused)
{
    (void)unused;
    p->folder = g_dir_make_tmp("secrets-XXXXXX", NULL);
    p->path = g_build_filename(p->folder, "c.pcapng", NULL);
}

/* Nothing else may be left in the folder. */
static void tear_down(place *p, gconstpointer unused)
{
    (void)unused;
    g_unlink(p->path);
    g_assert_cmpint(g_rmdir(p->folder), ==, 0);
    g_free(p->folder);
    g_free(p->path);
}

static bool add(const place *p, const void *content, size_t length, GError **error)
{
    g_autoptr(GString) lines = g_string_new("A 1 2\n");
    g_assert_true(g_file_set_contents(p->path, content, (gssize)length, NULL));
    return ql_pcapng_add_secrets(p->path, lines, error);
}

static void assert_content(const place *p, const uint8_t *file, size_t length, size_t split,
                           const uint8_t *block, size_t block_length)
{
    g_autofree char *found = NULL;
    gsize found_length;
    g_assert_true(g_file_get_contents(p->path, &found, &found_length, NULL));
    g_assert_cmpuint(found_length, ==, length + block_length);
    assert_bytes((const uint8_t *)found, split, file, split);
    assert_bytes((const uint8_t *)found + split, block_length, block, block_length);
    assert_bytes((const uint8_t *)found + split + block_length, length - split, file + split,
                 length - split);
}

static void test_they_stand_before_the_first_packet(place *p, gconstpointer unused)
{
    (void)unused;
    static const uint8_t block[] = {
        10, 0, 0,   0,   28,  0,   0,   0,    'K', 'S', 'L', 'T', 6, 0,
        0,  0, 'A', ' ', '1', ' ', '2', '\n', 0,   0,   28,  0,   0, 0
    };
    struct stat entry;
    g_assert_true(add(p, little, sizeof little, NULL));
    assert_content(p, little, sizeof little, 48, block, sizeof block);
    g_assert_cmpint(stat(p->path, &entry), ==, 0);
    g_assert_cmpuint(entry.st_mode & 0777, ==, 0600);
}

static void test_they_have_the_byte_order_of_the_file(place *p, gconstpointer unused)
{
    (void)unused;
    static const uint8_t block[] = {
        0, 0, 0,   10,  0,   0,   0,   28,   'T', 'L', 'S', 'K', 0, 0,
        0, 6, 'A', ' ', '1', ' ', '2', '\n', 0,   0,   0,   0,   0, 28
    };
    g_assert_true(add(p, big, sizeof big, NULL));
    assert_content(p, big, sizeof big, 28, block, sizeof block);
}

static void test_a_capture_without_packets_gets_them_at_its_end(place *p, gconstpointer unused)
{
    (void)unused;
    g_autofree char *found = NULL;
    gsize length;
    g_assert_true(add(p, little, 48, NULL));
    g_assert_true(g_file_get_contents(p->path, &found, &length, NULL));
    g_assert_cmpuint(length, ==, 48 + 28);
}

static void test_what_is_no_pcapng_stays_as_it_is(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;
    g_assert_false(add(p, "no capture at all", 17, &error));
    g_assert_nonnull(strstr(error->message, "it is no pcapng file"));
    g_assert_true(g_file_get_contents(p->path, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, "no capture at all");
    g_clear_error(&error);
    g_assert_false(add(p, little, 20, &error));
    g_assert_nonnull(strstr(error->message, "cut short"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/pcapng_secrets/" name, place, NULL, set_up, test, tear_down)
    ADD("they stand before the first packet", test_they_stand_before_the_first_packet);
    ADD("they have the byte order of the file", test_they_have_the_byte_order_of_the_file);
    ADD("a capture without packets gets them at its end",
        test_a_capture_without_packets_gets_them_at_its_end);
    ADD("what is no pcapng stays as it is", test_what_is_no_pcapng_stays_as_it_is);
    return g_test_run();
}
