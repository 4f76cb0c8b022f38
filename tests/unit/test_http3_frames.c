/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_frames.h"

#include "assert_bytes.h"
#include "http3_wire.h"

/* What a parser gives, as text: one line an item, content joined. */
typedef struct reader {
    ql_http3_parser parser;
    GString *text;
    bool in_content;
} reader;

static void reader_init(reader *r)
{
    ql_http3_parser_init(&r->parser);
    r->text = g_string_new(NULL);
    r->in_content = false;
}

static void read_all(reader *r, ql_slice bytes)
{
    ql_http3_item item;
    while ((item = ql_http3_parser_next(&r->parser, &bytes)).kind != QL_HTTP3_MORE) {
        switch (item.kind) {
        case QL_HTTP3_MORE: break;
        case QL_HTTP3_BEGIN:
            g_string_append_printf(r->text, "%s%s %" G_GUINT64_FORMAT "\n",
                                   r->in_content ? "\n" : "", ql_http3_frame_type_name(item.type),
                                   item.length);
            r->in_content = false;
            break;
        case QL_HTTP3_CONTENT:
            g_string_append_len(r->text, (const char *)item.bytes.data, (gssize)item.bytes.length);
            r->in_content = true;
            break;
        case QL_HTTP3_WHOLE:
            g_string_append_len(r->text, (const char *)item.bytes.data, (gssize)item.bytes.length);
            g_string_append(r->text, ".\n");
            break;
        case QL_HTTP3_TOO_LONG: g_string_append(r->text, "too long\n"); break;
        }
    }
    g_assert_cmpuint(bytes.length, ==, 0);
}

static char *reader_done(reader *r)
{
    ql_http3_parser_clear(&r->parser);
    return g_string_free(r->text, FALSE);
}

static GByteArray *sample(void)
{
    GByteArray *wire = g_byte_array_new();
    put_frame(wire, QL_HTTP3_SETTINGS, NULL, 0);
    put_frame(wire, QL_HTTP3_HEADERS, "section", 7);
    put_frame(wire, QL_HTTP3_DATA, "content", 7);
    put_frame(wire, QL_HTTP3_DATA, NULL, 0);
    put_frame(wire, 0x21, "grease", 6);
    put_frame(wire, 0x3fffffffffffffff, NULL, 0);
    put_frame(wire, QL_HTTP3_PRIORITY_UPDATE_REQUEST, "u=0", 3);
    put_frame(wire, QL_HTTP3_GOAWAY, "x", 1);
    return wire;
}

static const char sample_text[] = "SETTINGS 0\n.\nHEADERS 7\nsection.\nDATA 7\ncontent\nDATA 0\n"
                                  "reserved 6\nunknown 0\nPRIORITY_UPDATE 3\nu=0.\nGOAWAY 1\nx.\n";

static void test_whole(void)
{
    g_autoptr(GByteArray) wire = sample();
    reader r;
    reader_init(&r);
    read_all(&r, wire_slice(wire));
    g_assert_true(ql_http3_parser_is_between_frames(&r.parser));
    g_autofree char *text = reader_done(&r);
    g_assert_cmpstr(text, ==, sample_text);
}

static void test_cuts(void)
{
    g_autoptr(GByteArray) wire = sample();
    for (size_t piece = 1; piece < wire->len; piece++) {
        reader r;
        reader_init(&r);
        for (size_t at = 0; at < wire->len; at += piece)
            read_all(&r, (ql_slice){ wire->data + at, MIN(piece, wire->len - at) });
        g_autofree char *text = reader_done(&r);
        g_assert_cmpstr(text, ==, sample_text);
    }
}

static void test_ends(void)
{
    static const uint8_t wire[] = { 0x00, 0x02, 'a', 'b', 0x40 };
    static const bool between[] = { true, false, false, false, true, false };
    static const bool in_head[] = { false, true, false, false, false, true };
    for (size_t length = 0; length <= sizeof wire; length++) {
        reader r;
        reader_init(&r);
        read_all(&r, (ql_slice){ wire, length });
        g_assert_cmpint(ql_http3_parser_is_between_frames(&r.parser), ==, between[length]);
        g_assert_cmpint(ql_http3_parser_is_in_head(&r.parser), ==, in_head[length]);
        g_free(reader_done(&r));
    }
}

static void test_too_long(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    reader r;
    reader_init(&r);
    put_varint(wire, QL_HTTP3_HEADERS);
    put_varint(wire, QL_HTTP3_SECTION_MAX + 1);
    read_all(&r, wire_slice(wire));
    g_autofree uint8_t *zeros = g_malloc0(QL_HTTP3_SECTION_MAX + 1);
    read_all(&r, (ql_slice){ zeros, QL_HTTP3_SECTION_MAX + 1 });
    g_byte_array_set_size(wire, 0);
    put_data(wire, "a");
    read_all(&r, wire_slice(wire));
    g_autofree char *text = reader_done(&r);
    g_assert_cmpstr(text, ==, "HEADERS 1048577\ntoo long\nDATA 1\na");
}

static void test_forbidden(void)
{
    static const uint64_t forbidden[] = { 0x02, 0x06, 0x08, 0x09 };
    for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++) {
        g_assert_true(ql_http3_frame_type_is_forbidden(forbidden[i]));
        g_assert_cmpstr(ql_http3_frame_type_name(forbidden[i]), ==, "HTTP/2");
    }
    g_assert_false(ql_http3_frame_type_is_forbidden(QL_HTTP3_DATA));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3_frames/frames come out in their order", test_whole);
    g_test_add_func("/http3_frames/it does not matter how the bytes are cut", test_cuts);
    g_test_add_func("/http3_frames/the parser knows whether it stands between frames", test_ends);
    g_test_add_func("/http3_frames/a payload over the cap is passed over", test_too_long);
    g_test_add_func("/http3_frames/types that only the older version has are told apart",
                    test_forbidden);
    return g_test_run();
}
