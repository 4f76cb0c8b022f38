/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame_reader.h"

#include <inttypes.h>
#include <string.h>

static void note_type(uint64_t type, uint64_t push_id, void *user)
{
    g_string_append_printf(user, "type %" PRIu64 " %" PRIu64 "\n", type, push_id);
}

static void note_frame(uint64_t type, uint64_t length, const GByteArray *payload, void *user)
{
    g_string_append_printf(user, "frame 0x%" PRIx64 " %" PRIu64, type, length);
    for (guint i = 0; payload != NULL && i < payload->len; i++)
        g_string_append_printf(user, " %02x", payload->data[i]);
    g_string_append(user, payload == NULL ? "\n" : ".\n");
}

static void note_opaque(size_t length, void *user)
{
    g_string_append_printf(user, "opaque %zu\n", length);
}

/* What is found in these bytes of a stream, read in pieces of that size. */
static char *found_in(int64_t stream, const char *bytes, size_t length, size_t piece)
{
    static const ql_frame_reader_calls calls = { note_type, note_frame, note_opaque };
    GString *found = g_string_new(NULL);
    ql_frame_reader *reader = ql_frame_reader_new(stream, &calls, found);
    for (size_t at = 0; at < length; at += piece)
        ql_frame_reader_read(reader, (const uint8_t *)bytes + at, MIN(piece, length - at));
    ql_frame_reader_free(reader);
    return g_string_free(found, FALSE);
}

/* In pieces of every size. */
static void assert_found(int64_t stream, const char *bytes, size_t length, const char *expected)
{
    for (size_t piece = 1; piece <= length; piece++) {
        g_autofree char *found = found_in(stream, bytes, length, piece);
        g_assert_cmpstr(found, ==, expected);
    }
}

static void test_a_request_has_frames_without_payload(void)
{
    static const char bytes[] = "\x01\x02xx\x40\x00\x00\x00\x03yyy\x40\x40\x01z\x01";
    assert_found(4, bytes, sizeof bytes - 1,
                 "frame 0x1 2\nframe 0x0 0\nframe 0x0 3\nframe 0x40 1\n");
}

static void test_what_rules_the_connection_comes_with_its_payload(void)
{
    static const char bytes[] = "\x00\x04\x02\x01\x05\x04\x00\x07\x01\x08"
                                "\x80\x0f\x07\x00\x02\x04x";
    assert_found(3, bytes, sizeof bytes - 1,
                 "type 0 0\nframe 0x4 2 01 05.\nframe 0x4 0.\nframe 0x7 1 08.\n"
                 "frame 0xf0700 2 04 78.\n");
}

static void test_a_long_payload_is_not_kept(void)
{
    static const char bytes[] = "\x00\x04\x50\x01"; /* SETTINGS of 4097 bytes */
    assert_found(3, bytes, sizeof bytes - 1, "type 0 0\nframe 0x4 4097\n");
}

static void test_a_push_has_its_id_before_its_frames(void)
{
    static const char bytes[] = "\x01\x40\x07\x01\x01x";
    assert_found(15, bytes, sizeof bytes - 1, "type 1 7\nframe 0x1 1\n");
}

static void test_other_streams_have_no_frames(void)
{
    g_autofree char *found = found_in(7, "\x02\x01\x02\x03", 4, 4);
    g_assert_cmpstr(found, ==, "type 2 0\nopaque 3\n");
}

static void test_settings_end_where_one_is_not_whole(void)
{
    static const uint8_t payload[] = { 0x01, 0x10, 0x33, 0x01, 0x06, 0x40 };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, payload, sizeof payload);
    size_t at = 0;
    uint64_t id = 0, value = 0;
    g_assert_true(ql_frame_reader_setting(bytes, &at, &id, &value));
    g_assert_cmpuint(id, ==, 1);
    g_assert_cmpuint(value, ==, 16);
    g_assert_true(ql_frame_reader_setting(bytes, &at, &id, &value));
    g_assert_cmpstr(ql_frame_reader_setting_name(id), ==, "H3_DATAGRAM");
    g_assert_false(ql_frame_reader_setting(bytes, &at, &id, &value));
    g_assert_null(ql_frame_reader_setting_name(0x99));
}

static void test_reserved_types_are_known(void)
{
    g_assert_true(ql_frame_reader_is_reserved(0x21));
    g_assert_true(ql_frame_reader_is_reserved(0x40));
    g_assert_false(ql_frame_reader_is_reserved(0x41));
    g_assert_false(ql_frame_reader_is_reserved(0x2));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame-reader/request", test_a_request_has_frames_without_payload);
    g_test_add_func("/frame-reader/control", test_what_rules_the_connection_comes_with_its_payload);
    g_test_add_func("/frame-reader/long", test_a_long_payload_is_not_kept);
    g_test_add_func("/frame-reader/push", test_a_push_has_its_id_before_its_frames);
    g_test_add_func("/frame-reader/opaque", test_other_streams_have_no_frames);
    g_test_add_func("/frame-reader/settings", test_settings_end_where_one_is_not_whole);
    g_test_add_func("/frame-reader/reserved", test_reserved_types_are_known);
    return g_test_run();
}
