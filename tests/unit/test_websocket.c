/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "websocket.h"

#include <string.h>

typedef struct stage {
    ql_websocket *socket;
    GByteArray *frames;
    GString *lines;
    GError *error;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    s->socket = ql_websocket_new();
    s->frames = g_byte_array_new();
    s->lines = g_string_new(NULL);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_websocket_free(s->socket);
    g_byte_array_unref(s->frames);
    g_string_free(s->lines, TRUE);
    g_clear_error(&s->error);
}

static void send_text(stage *s, const char *text)
{
    ql_websocket_send(s->socket, (const uint8_t *)text, strlen(text), s->frames);
}

static bool receive(stage *s, const char *bytes, size_t length)
{
    return ql_websocket_receive(s->socket, (const uint8_t *)bytes, length, s->lines, s->frames,
                                &s->error);
}

#define RECEIVE(s, bytes) receive(s, bytes, sizeof bytes - 1)

/* Takes a masked frame with at most 125 bytes from the front of what was sent. */
static void assert_sent(stage *s, unsigned first, const char *payload)
{
    size_t length = strlen(payload);
    g_assert_cmpuint(s->frames->len, >=, 6 + length);
    uint8_t *data = s->frames->data;
    g_assert_cmphex(data[0], ==, first);
    g_assert_cmphex(data[1], ==, 0x80 | length);
    for (size_t i = 0; i < length; i++)
        g_assert_cmpint(data[6 + i] ^ data[2 + i % 4], ==, (uint8_t)payload[i]);
    g_byte_array_remove_range(s->frames, 0, (guint)(6 + length));
}

static void test_lines_become_messages(stage *s, gconstpointer unused)
{
    (void)unused;
    send_text(s, "one\ntw");
    send_text(s, "o\r\n\nrest");
    assert_sent(s, 0x81, "one");
    assert_sent(s, 0x81, "two");
    assert_sent(s, 0x81, "");
    g_assert_cmpuint(s->frames->len, ==, 0);
    ql_websocket_send(s->socket, NULL, 0, s->frames);
    assert_sent(s, 0x81, "rest");
    assert_sent(s, 0x88, "\x03\xe8");
    send_text(s, "late\n");
    g_assert_cmpuint(s->frames->len, ==, 0);
}

static void test_what_is_no_text_is_binary(stage *s, gconstpointer unused)
{
    (void)unused;
    send_text(s, "\xff\xfe\n");
    assert_sent(s, 0x82, "\xff\xfe");
}

static void test_a_long_line_is_fragmented(stage *s, gconstpointer unused)
{
    (void)unused;
    const size_t length = 2 * QL_WEBSOCKET_FRAME_BYTES + 10;
    g_autofree char *line = g_strnfill(length, 'x');
    send_text(s, line);
    send_text(s, "\n");
    const uint8_t *data = s->frames->data;
    const uint8_t full[] = { 0x01, 0xff, 0, 0, 0, 0, 0, 1, 0, 0 };
    g_assert_true(memcmp(data, full, sizeof full) == 0);
    data += sizeof full + 4 + QL_WEBSOCKET_FRAME_BYTES;
    g_assert_cmphex(data[0], ==, 0x00);
    data += sizeof full + 4 + QL_WEBSOCKET_FRAME_BYTES;
    g_assert_cmphex(data[0], ==, 0x80);
    g_assert_cmphex(data[1], ==, 0x8a);
    g_assert_cmpuint(s->frames->len, ==, length + 2 * 14 + 6);
}

static void test_messages_become_lines_whatever_their_pieces(stage *s, gconstpointer unused)
{
    (void)unused;
    /* "Hello" in two fragments with a ping between them, and an empty message. */
    static const char bytes[] = "\x01\x03Hel\x89\x02hi\x80\x02lo\x82\x00";
    for (size_t i = 0; i < sizeof bytes - 1; i++)
        g_assert_true(receive(s, bytes + i, 1));
    g_assert_cmpstr(s->lines->str, ==, "Hello\n\n");
    assert_sent(s, 0x8a, "hi");
    g_assert_cmpuint(s->frames->len, ==, 0);
}

static void test_a_close_is_answered_once(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_true(RECEIVE(s, "\x88\x02\x03\xf3\x81\x01x"));
    g_assert_true(ql_websocket_was_closed(s->socket));
    g_assert_cmpuint(ql_websocket_close_code(s->socket), ==, 1011);
    assert_sent(s, 0x88, "\x03\xf3");
    ql_websocket_send(s->socket, NULL, 0, s->frames);
    g_assert_cmpuint(s->frames->len, ==, 0);
    g_assert_cmpstr(s->lines->str, ==, "");
}

static void test_a_close_without_a_code_has_1005(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_websocket_send(s->socket, NULL, 0, s->frames);
    assert_sent(s, 0x88, "\x03\xe8");
    g_assert_true(RECEIVE(s, "\x88"));
    g_assert_false(ql_websocket_was_closed(s->socket));
    g_assert_true(receive(s, "", 1));
    g_assert_true(ql_websocket_was_closed(s->socket));
    g_assert_cmpuint(ql_websocket_close_code(s->socket), ==, 1005);
}

static void test_broken_rules_are_named(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *word;
    } cases[] = {
        { "\xc1\x00", 2, "reserved" },
        { "\x81\x80", 2, "masked" },
        { "\x09\x00", 2, "control" },
        { "\x89\x7e\x00\x7e", 4, "control" },
        { "\x83\x00", 2, "opcode" },
        { "\x8b\x00", 2, "opcode" },
        { "\x80\x00", 2, "fragments" },
        { "\x01\x00\x81\x00", 4, "fragments" },
        { "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10, "larger than can be taken" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        stage s = { 0 };
        set_up(&s, NULL);
        g_assert_false(receive(&s, cases[i].bytes, cases[i].length));
        g_assert_error(s.error, QL_WEBSOCKET_ERROR, 0);
        g_assert_nonnull(strstr(s.error->message, cases[i].word));
        tear_down(&s, NULL);
    }
}

static void test_fragments_add_up_to_16_mb_at_most(stage *s, gconstpointer unused)
{
    static const char heads[][10] = { "\x02\x7f\0\0\0\0\x01\0\0", "\x80\x01" };
    (void)unused;
    g_autofree char *content = g_malloc0(QL_WEBSOCKET_MESSAGE_BYTES);
    g_assert_true(receive(s, heads[0], 10));
    g_assert_true(receive(s, content, QL_WEBSOCKET_MESSAGE_BYTES));
    g_assert_false(receive(s, heads[1], 2) && receive(s, content, 1));
    g_assert_nonnull(strstr(s->error->message, "16 MB"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/websocket/" name, stage, NULL, set_up, function, tear_down)
    TEST("lines become messages", test_lines_become_messages);
    TEST("what is no text is binary", test_what_is_no_text_is_binary);
    TEST("a long line is fragmented", test_a_long_line_is_fragmented);
    TEST("messages become lines whatever their pieces",
         test_messages_become_lines_whatever_their_pieces);
    TEST("a close is answered once", test_a_close_is_answered_once);
    TEST("a close without a code has 1005", test_a_close_without_a_code_has_1005);
    TEST("fragments add up to 16 MB at most", test_fragments_add_up_to_16_mb_at_most);
    g_test_add_func("/websocket/broken rules are named", test_broken_rules_are_named);
    return g_test_run();
}
