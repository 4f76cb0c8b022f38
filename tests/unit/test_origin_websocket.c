/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_websocket.h"

#include "assert_bytes.h"

/* What comes back for bytes that come in pieces of that size. */
static GByteArray *answer_to(const uint8_t *data, size_t length, size_t piece, bool *closed)
{
    ql_origin_websocket *socket = ql_origin_websocket_new();
    GByteArray *answer = g_byte_array_new();
    for (size_t at = 0; at < length; at += piece)
        ql_origin_websocket_receive(socket, data + at, MIN(piece, length - at), answer);
    *closed = ql_origin_websocket_is_closed(socket);
    ql_origin_websocket_free(socket);
    return answer;
}

static void assert_answer(const uint8_t *data, size_t length, const void *expected,
                          size_t expected_length, bool expected_closed)
{
    for (size_t piece = 1; piece <= length; piece++) {
        bool closed;
        g_autoptr(GByteArray) answer = answer_to(data, length, piece, &closed);
        assert_bytes(answer->data, answer->len, expected, expected_length);
        g_assert_true(closed == expected_closed);
    }
}

static void test_messages_come_back_without_mask(void)
{
    static const uint8_t in[] = { 0x81,    0x82, 1,    2, 3, 4, 'h' ^ 1,
                                  'i' ^ 2, 0x02, 0x81, 9, 9, 9, 9,
                                  'x' ^ 9, 0x80, 0x80, 9, 9, 9, 9 };
    static const uint8_t out[] = { 0x81, 2, 'h', 'i', 0x02, 1, 'x', 0x80, 0 };
    assert_answer(in, sizeof in, out, sizeof out, false);
}

static void test_a_ping_is_answered_by_a_pong(void)
{
    static const uint8_t in[] = { 0x89, 0x81, 0, 0, 0, 0, 'p', 0x8a, 0x80, 0, 0, 0, 0 };
    assert_answer(in, sizeof in, "\x8a\x01p", 3, false);
}

static void test_a_close_ends_it(void)
{
    static const uint8_t in[] = { 0x88, 0x82, 0, 0, 0, 0, 3, 0xe8, 0x89, 0x80, 0, 0, 0, 0 };
    assert_answer(in, sizeof in, "\x88\x02\x03\xe8", 4, true);
}

static void test_long_messages_keep_their_length(void)
{
    g_autoptr(GByteArray) in = g_byte_array_new(), out = g_byte_array_new();
    static const uint8_t head[] = { 0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 0, 0, 0, 0 };
    static const uint8_t back[] = { 0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0x11, 0x70 };
    g_autofree uint8_t *zeros = g_malloc0(70000);
    bool closed;
    g_byte_array_append(in, head, sizeof head);
    g_byte_array_append(in, zeros, 70000);
    g_byte_array_append(out, back, sizeof back);
    g_byte_array_append(out, zeros, 70000);
    g_autoptr(GByteArray) answer = answer_to(in->data, in->len, 1000, &closed);
    assert_bytes(answer->data, answer->len, out->data, out->len);
}

static void test_a_close_without_a_code_is_answered_without_one(void)
{
    static const uint8_t in[] = { 0x88, 0x80, 0, 0, 0, 0 };
    assert_answer(in, sizeof in, "\x88\x00", 2, true);
}

static void test_what_breaks_the_rules_is_told_so(void)
{
    static const uint8_t unmasked[] = { 0x81, 1, 'x' };
    static const uint8_t reserved[] = { 0xc1, 0x80, 0, 0, 0, 0 };
    static const uint8_t loose_end[] = { 0x80, 0x80, 0, 0, 0, 0 };
    static const uint8_t huge[] = { 0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
    assert_answer(unmasked, sizeof unmasked, "\x88\x02\x03\xea", 4, true);
    assert_answer(reserved, sizeof reserved, "\x88\x02\x03\xea", 4, true);
    assert_answer(loose_end, sizeof loose_end, "\x88\x02\x03\xea", 4, true);
    assert_answer(huge, sizeof huge, "\x88\x02\x03\xf1", 4, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-websocket/echo", test_messages_come_back_without_mask);
    g_test_add_func("/origin-websocket/ping", test_a_ping_is_answered_by_a_pong);
    g_test_add_func("/origin-websocket/close", test_a_close_ends_it);
    g_test_add_func("/origin-websocket/no-code",
                    test_a_close_without_a_code_is_answered_without_one);
    g_test_add_func("/origin-websocket/long", test_long_messages_keep_their_length);
    g_test_add_func("/origin-websocket/rules", test_what_breaks_the_rules_is_told_so);
    return g_test_run();
}
