/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "websocket_frames.h"

#include "assert_bytes.h"

/* What one end sends is what the other end reads, in pieces of whatever size. */
static void assert_carried(ql_websocket_end sender, size_t length, size_t piece)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_autofree uint8_t *content = g_malloc(length + 1);
    ql_websocket_reader *reader = ql_websocket_reader_new(sender, length);
    ql_websocket_frame frame;
    ql_websocket_breach breach;
    for (size_t i = 0; i < length; i++)
        content[i] = (uint8_t)(i * 7);
    ql_websocket_frame_append(wire, sender, QL_WEBSOCKET_BINARY, true, content, length);
    for (size_t at = 0; at < wire->len; at += piece) {
        g_assert_false(ql_websocket_reader_next(reader, &frame, &breach));
        g_assert_null(breach.rule);
        ql_websocket_reader_add(reader, wire->data + at, MIN(piece, wire->len - at));
    }
    g_assert_true(ql_websocket_reader_next(reader, &frame, &breach));
    g_assert_cmpint(frame.opcode, ==, QL_WEBSOCKET_BINARY);
    g_assert_true(frame.final);
    assert_bytes(frame.data, frame.length, content, length);
    g_assert_false(ql_websocket_reader_next(reader, &frame, &breach));
    ql_websocket_reader_free(reader);
}

static void test_what_one_end_sends_the_other_reads(void)
{
    static const size_t lengths[] = { 0, 1, 125, 126, 65535, 65536, 70000 };
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        assert_carried(QL_WEBSOCKET_CLIENT, lengths[i], 1000);
        assert_carried(QL_WEBSOCKET_SERVER, lengths[i], 1000);
    }
    assert_carried(QL_WEBSOCKET_CLIENT, 300, 1);
}

static void test_lengths_take_as_few_bytes_as_can_be(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_autofree uint8_t *content = g_malloc0(65536);
    ql_websocket_frame_append(wire, QL_WEBSOCKET_SERVER, QL_WEBSOCKET_TEXT, false, content, 126);
    assert_bytes(wire->data, 4, "\x01\x7e\x00\x7e", 4);
    g_byte_array_set_size(wire, 0);
    ql_websocket_frame_append(wire, QL_WEBSOCKET_SERVER, QL_WEBSOCKET_TEXT, true, content, 65536);
    assert_bytes(wire->data, 10, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
}

static void test_a_client_takes_another_mask_each_time(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    for (size_t i = 0; i < 8; i++)
        ql_websocket_frame_append(wire, QL_WEBSOCKET_CLIENT, QL_WEBSOCKET_PING, true, NULL, 0);
    g_assert_cmpuint(wire->len, ==, 8 * 6);
    g_assert_cmpint(memcmp(wire->data, wire->data + 6, 6), !=, 0);
}

static void test_several_frames_may_come_at_once(void)
{
    static const uint8_t wire[] = { 0x89, 0, 0x01, 1, 'a', 0x8a, 1, 'b', 0x80, 1, 'c' };
    static const struct {
        ql_websocket_opcode opcode;
        bool final;
        const char *data;
    } expected[] = { { QL_WEBSOCKET_PING, true, "" },
                     { QL_WEBSOCKET_TEXT, false, "a" },
                     { QL_WEBSOCKET_PONG, true, "b" },
                     { QL_WEBSOCKET_CONTINUATION, true, "c" } };
    ql_websocket_reader *reader = ql_websocket_reader_new(QL_WEBSOCKET_SERVER, 10);
    ql_websocket_frame frame;
    ql_websocket_breach breach;
    ql_websocket_reader_add(reader, wire, sizeof wire);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_true(ql_websocket_reader_next(reader, &frame, &breach));
        g_assert_cmpint(frame.opcode, ==, expected[i].opcode);
        g_assert_true(frame.final == expected[i].final);
        assert_bytes(frame.data, frame.length, expected[i].data, strlen(expected[i].data));
    }
    ql_websocket_reader_free(reader);
}

static void assert_broken(ql_websocket_end sender, const char *wire, size_t length, unsigned code,
                          const char *word)
{
    ql_websocket_reader *reader = ql_websocket_reader_new(sender, 1000);
    ql_websocket_frame frame;
    ql_websocket_breach breach;
    ql_websocket_reader_add(reader, (const uint8_t *)wire, length);
    g_assert_false(ql_websocket_reader_next(reader, &frame, &breach));
    g_assert_cmpuint(breach.code, ==, code);
    g_assert_nonnull(strstr(breach.rule, word));
    ql_websocket_reader_add(reader, (const uint8_t *)"\x81\x00", 2);
    g_assert_false(ql_websocket_reader_next(reader, &frame, &breach));
    ql_websocket_reader_free(reader);
}

static void test_after_a_broken_rule_nothing_is_read(void)
{
    assert_broken(QL_WEBSOCKET_SERVER, "\x81\x80\0\0\0\0", 6, 1002, "is masked");
    assert_broken(QL_WEBSOCKET_CLIENT, "\x81\x00", 2, 1002, "is not masked");
    assert_broken(QL_WEBSOCKET_SERVER, "\x91\x00", 2, 1002, "reserved");
    assert_broken(QL_WEBSOCKET_SERVER, "\x08\x00", 2, 1002, "control");
    assert_broken(QL_WEBSOCKET_SERVER, "\x87\x00", 2, 1002, "opcode");
    assert_broken(QL_WEBSOCKET_SERVER, "\x80\x00", 2, 1002, "fragments");
    assert_broken(QL_WEBSOCKET_SERVER, "\x82\x7e\x03\xe9", 4, 1009, "larger");
}

static void test_a_close_may_have_a_code(void)
{
    const ql_websocket_frame with = { QL_WEBSOCKET_CLOSE, true, (const uint8_t *)"\x03\xf3x", 3 };
    const ql_websocket_frame without = { QL_WEBSOCKET_CLOSE, true, NULL, 0 };
    g_assert_cmpuint(ql_websocket_frame_close_code(&with), ==, 1011);
    g_assert_cmpuint(ql_websocket_frame_close_code(&without), ==, QL_WEBSOCKET_NO_CODE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/websocket-frames/carried", test_what_one_end_sends_the_other_reads);
    g_test_add_func("/websocket-frames/lengths", test_lengths_take_as_few_bytes_as_can_be);
    g_test_add_func("/websocket-frames/masks", test_a_client_takes_another_mask_each_time);
    g_test_add_func("/websocket-frames/several", test_several_frames_may_come_at_once);
    g_test_add_func("/websocket-frames/broken", test_after_a_broken_rule_nothing_is_read);
    g_test_add_func("/websocket-frames/close", test_a_close_may_have_a_code);
    return g_test_run();
}
