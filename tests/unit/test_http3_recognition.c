/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_recognition.h"

#include "http3_wire.h"

static GByteArray *hex_wire(const char *text)
{
    GByteArray *wire = g_byte_array_new();
    for (; *text != '\0'; text += 2)
        put_byte(wire,
                 (unsigned)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1])));
    return wire;
}

static void test_control_streams(void)
{
    static const struct {
        uint64_t stream;
        const char *wire;
        bool http3;
    } cases[] = {
        { 2, "000400", true },
        { 3, "00040401406408", false },
        { 3, "0004030140640d", true },
        { 3, "000403014064", true },
        { 3, "0004030140", false },
        { 3, "00", false },
        { 3, "", false },
        { 3, "010400", false },
        { 3, "000500", false },
        { 0, "000400", false },
        { 7, "400040040400", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) wire = hex_wire(cases[i].wire);
        g_test_message("stream %u: %s", (unsigned)cases[i].stream, cases[i].wire);
        g_assert_cmpint(ql_http3_is_recognized(cases[i].stream, QL_SERVER, wire_slice(wire)), ==,
                        cases[i].http3);
    }
}

static void test_messages(void)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autoptr(GByteArray) response = g_byte_array_new();
    GET(request, "/");
    HEADERS(response, ":status", "200");
    g_assert_true(ql_http3_is_recognized(0, QL_CLIENT, wire_slice(request)));
    g_assert_true(ql_http3_is_recognized(40, QL_CLIENT, wire_slice(request)));
    g_assert_true(ql_http3_is_recognized(0, QL_SERVER, wire_slice(response)));
    g_assert_false(ql_http3_is_recognized(0, QL_SERVER, wire_slice(request)));
    g_assert_false(ql_http3_is_recognized(0, QL_CLIENT, wire_slice(response)));
    g_assert_false(ql_http3_is_recognized(1, QL_CLIENT, wire_slice(request)));
    g_assert_false(
        ql_http3_is_recognized(0, QL_CLIENT, (ql_slice){ request->data, request->len - 1 }));
}

static void test_promises(void)
{
    static const char *const pairs[] = { ":method", "GET", ":path", "/", NULL, NULL };
    g_autoptr(GByteArray) section = section_of(pairs);
    g_autoptr(GByteArray) promise = g_byte_array_new();
    put_varint(promise, 0x05);
    put_varint(promise, 1 + section->len);
    put_varint(promise, 7);
    put_bytes(promise, section->data, section->len);
    g_assert_true(ql_http3_is_recognized(0, QL_SERVER, wire_slice(promise)));
    g_assert_false(ql_http3_is_recognized(0, QL_CLIENT, wire_slice(promise)));
    g_assert_false(
        ql_http3_is_recognized(0, QL_SERVER, (ql_slice){ promise->data, promise->len - 1 }));
}

static void test_other_protocols(void)
{
    static const char *const texts[] = { "GET /index.html\r\n", "\x01\x05hello", "\x01", "" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        ql_slice bytes = { (const uint8_t *)texts[i], strlen(texts[i]) };
        g_assert_false(ql_http3_is_recognized(0, QL_CLIENT, bytes));
        g_assert_false(ql_http3_is_recognized(0, QL_SERVER, bytes));
        g_assert_false(ql_http3_is_recognized(2, QL_CLIENT, bytes));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3_recognition/a control stream begins with whole SETTINGS",
                    test_control_streams);
    g_test_add_func("/http3_recognition/a message begins with its pseudo-header fields",
                    test_messages);
    g_test_add_func("/http3_recognition/a promise may stand ahead of the response", test_promises);
    g_test_add_func("/http3_recognition/other protocols are not taken for it",
                    test_other_protocols);
    return g_test_run();
}
