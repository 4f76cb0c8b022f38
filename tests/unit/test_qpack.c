/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/qpack.h"

#include "hex.h"
#include "http3_wire.h"

/* RFC 9204, appendix B. */
#define B1_SECTION "0000 510b 2f69 6e64 6578 2e68 746d 6c"
#define B2_ENCODER                                                                                 \
    "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468"
#define B2_SECTION "0381 10 11"
#define B3_ENCODER "4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565"
#define B4_ENCODER "02"
#define B4_SECTION "0500 80 c1 81"
#define B5_ENCODER "810d 6375 7374 6f6d 2d76 616c 7565 32"

#define B_LIMIT 220

typedef struct fixture {
    ql_qpack *qpack;
    GString *ready; /* "name: text" of each section that waited and is there */
} fixture;

static char *text_of(ql_field_lines *fields)
{
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < fields->count; i++) {
        const ql_field *field = &fields->line[i];
        g_assert_cmpuint(strlen(field->name), ==, field->name_length);
        g_assert_cmpuint(strlen(field->value), ==, field->value_length);
        g_string_append_printf(text, "%s%s=%s", i == 0 ? "" : " ", field->name, field->value);
    }
    g_free(fields);
    return g_string_free(text, FALSE);
}

static char *text_of_result(const ql_qpack_result *result)
{
    switch (result->status) {
    case QL_QPACK_DECODED: return text_of(result->fields);
    case QL_QPACK_PARTIAL: {
        g_autofree char *text = text_of(result->fields);
        return g_strdup_printf("%s without %u", text, result->left_out);
    }
    case QL_QPACK_WAITS: return g_strdup("waits");
    case QL_QPACK_FAILED: return g_strdup("failed");
    case QL_QPACK_LIMIT: return g_strdup("limit");
    }
    return NULL;
}

static void on_ready(void *user, void *section, const ql_qpack_result *result)
{
    fixture *f = user;
    g_autofree char *text = text_of_result(result);
    g_string_append_printf(f->ready, "[%s: %s]", (const char *)section, text);
}

static void set_up(fixture *f)
{
    f->qpack = ql_qpack_new(on_ready, f);
    f->ready = g_string_new(NULL);
}

static void tear_down(fixture *f)
{
    ql_qpack_free(f->qpack);
    g_string_free(f->ready, TRUE);
}

static const char *feed(fixture *f, const char *text)
{
    g_autoptr(GBytes) bytes = hex(text);
    return ql_qpack_on_encoder_stream(f->qpack, slice_of(bytes));
}

static void assert_decode(fixture *f, const char *text, const char *name, const char *expected)
{
    g_autoptr(GBytes) bytes = hex(text);
    ql_qpack_result result = ql_qpack_decode(f->qpack, slice_of(bytes), (void *)name);
    g_autofree char *found = text_of_result(&result);
    g_assert_cmpstr(found, ==, expected);
}

static void assert_ready(fixture *f, const char *expected)
{
    g_assert_cmpstr(f->ready->str, ==, expected);
    g_string_truncate(f->ready, 0);
}

#define B2_FIELDS ":authority=www.example.com :path=/sample/path"
#define B4_FIELDS ":authority=www.example.com :path=/ custom-key=custom-value"

static void test_appendix_b(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    assert_decode(&f, B1_SECTION, "1", ":path=/index.html");
    g_assert_null(feed(&f, B2_ENCODER));
    g_assert_cmpuint(ql_qpack_insert_count(f.qpack), ==, 2);
    assert_decode(&f, B2_SECTION, "2", B2_FIELDS);
    g_assert_null(feed(&f, B3_ENCODER));
    g_assert_null(feed(&f, B4_ENCODER));
    g_assert_cmpuint(ql_qpack_insert_count(f.qpack), ==, 4);
    assert_decode(&f, B4_SECTION, "4", B4_FIELDS);
    g_assert_null(feed(&f, B5_ENCODER));
    g_assert_cmpuint(ql_qpack_insert_count(f.qpack), ==, 5);
    assert_decode(&f, "0600 80", "5", "custom-key=custom-value2");
    assert_ready(&f, "");
    tear_down(&f);
}

static void test_appendix_b_byte_by_byte(void)
{
    g_autoptr(GBytes) bytes = hex(B2_ENCODER B3_ENCODER B4_ENCODER);
    ql_slice all = slice_of(bytes);
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    for (size_t i = 0; i < all.length; i++)
        g_assert_null(ql_qpack_on_encoder_stream(f.qpack, (ql_slice){ all.data + i, 1 }));
    assert_decode(&f, B4_SECTION, "4", B4_FIELDS);
    tear_down(&f);
}

static void test_blocked(void)
{
    static const struct {
        const char *name, *section;
    } waiting[] = { { "two", B2_SECTION }, { "four", B4_SECTION }, { "one", "0200 80" } };
    static const unsigned orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                          { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (size_t order = 0; order < G_N_ELEMENTS(orders); order++) {
        fixture f;
        set_up(&f);
        ql_qpack_set_limit(f.qpack, B_LIMIT);
        for (size_t i = 0; i < 3; i++) {
            unsigned which = orders[order][i];
            assert_decode(&f, waiting[which].section, waiting[which].name, "waits");
        }
        assert_decode(&f, B1_SECTION, "static", ":path=/index.html");
        feed(&f, B2_ENCODER);
        assert_ready(&f, "[one: :authority=www.example.com][two: " B2_FIELDS "]");
        feed(&f, B3_ENCODER);
        assert_ready(&f, "");
        feed(&f, B4_ENCODER);
        assert_ready(&f, "[four: " B4_FIELDS "]");
        tear_down(&f);
    }
}

static void test_blocked_before_eviction(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 64);
    assert_decode(&f, "0200 80", "one", "waits");
    /* Capacity 64 holds one entry: a=1 is gone when b=2 is there. */
    feed(&f, "3f21 4161 0131 4162 0132");
    assert_ready(&f, "[one: a=1]");
    tear_down(&f);
}

static void test_wrapping_counts(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 64);
    feed(&f, "3f21");
    for (unsigned i = 1; i <= 50; i++) {
        g_autofree char *insert = g_strdup_printf("4161 01%02x", 0x30 + i % 10);
        g_autofree char *section = g_strdup_printf("%02x00 80", i % 4 + 1);
        g_autofree char *fields = g_strdup_printf("a=%u", i % 10);
        g_autofree char *ready = g_strdup_printf("[next: %s]", fields);
        if (i % 2 == 0)
            assert_decode(&f, section, "next", "waits");
        feed(&f, insert);
        assert_decode(&f, section, "now", fields);
        assert_ready(&f, i % 2 == 0 ? ready : "");
    }
    tear_down(&f);
}

static void test_settings_come_late(void)
{
    fixture f;
    set_up(&f);
    assert_decode(&f, B2_SECTION, "two", "waits");
    assert_decode(&f, B1_SECTION, "1", ":path=/index.html");
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    assert_ready(&f, "");
    feed(&f, B2_ENCODER);
    assert_ready(&f, "[two: " B2_FIELDS "]");
    tear_down(&f);
}

static void test_capacity_stands_in_for_settings(void)
{
    fixture f;
    set_up(&f);
    assert_decode(&f, B2_SECTION, "two", "waits");
    feed(&f, B2_ENCODER);
    assert_ready(&f, "[two: " B2_FIELDS "]");
    assert_decode(&f, B2_SECTION, "two", B2_FIELDS);
    tear_down(&f);
}

static void test_no_settings_at_all(void)
{
    fixture f;
    set_up(&f);
    /* No capacity in front: without one the encoder could insert nothing, so all must wait. */
    assert_decode(&f, B2_SECTION, "two", "waits");
    ql_qpack_show_waiting(f.qpack);
    assert_ready(&f, "[two:  without 2]");
    feed(&f, B2_ENCODER);
    assert_ready(&f, "[two: " B2_FIELDS "]");
    tear_down(&f);
}

static void test_no_table_allowed(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 0);
    assert_decode(&f, B2_SECTION, "two", "failed");
    assert_decode(&f, B1_SECTION, "1", ":path=/index.html");
    tear_down(&f);
}

static void test_encoder_error(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    g_assert_null(feed(&f, B2_ENCODER));
    g_assert_nonnull(feed(&f, "0a")); /* Duplicate of an entry that is not there */
    g_assert_null(feed(&f, "0a"));
    assert_decode(&f, B4_SECTION, "four", ":path=/ without 2");
    assert_decode(&f, B1_SECTION, "1", ":path=/index.html");
    tear_down(&f);
}

static void test_capacity_over_limit(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 100);
    g_assert_nonnull(feed(&f, "3fbd01"));
    tear_down(&f);
}

static void test_section_errors(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    feed(&f, B2_ENCODER);
    assert_decode(&f, "", "empty", "failed");
    assert_decode(&f, "00", "cut prefix", "failed");
    assert_decode(&f, "ff", "cut count", "failed");
    assert_decode(&f, "0000 80", "dynamic reference without a count", "failed");
    assert_decode(&f, "0000 ff24", "static index 99", "failed");
    assert_decode(&f, "0000 51 0b 2f", "cut value", "failed");
    assert_decode(&f, "ff00 00", "count over all possible", "failed");
    assert_decode(&f, B2_SECTION, "the table is still there", B2_FIELDS);
    assert_decode(&f, "0381 15", "post-base index beyond the count", "failed");
    assert_decode(&f, B2_SECTION, "an error in a dynamic section loses it", " without 2");
    assert_decode(&f, "0381 50 05 2f", "cut line", "failed");
    tear_down(&f);
}

/* Every kind of line; those that refer to the dynamic table are left out. */
static void test_parts(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    assert_decode(&f, "0500 80 c1 51 01 61 41 01 62 21 63 01 64 10 01 01 65 7f00 01 66", "all",
                  "waits");
    ql_qpack_show_waiting(f.qpack);
    assert_ready(&f, "[all: :path=/ :path=a c=d :method=f without 4]");
    ql_qpack_show_waiting(f.qpack);
    assert_ready(&f, "");
    tear_down(&f);
}

/* With a table of two entries the counts 2 and 6 are sent as the same number. */
static void test_gap_makes_counts_ambiguous(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 64);
    feed(&f, "3f21 4161 0131 4161 0132");
    ql_qpack_set_unread(f.qpack, 4);
    assert_decode(&f, "0300 80", "surely two", "a=2");
    ql_qpack_set_unread(f.qpack, 16);
    assert_decode(&f, "0300 80", "two or six", "waits");
    assert_decode(&f, B1_SECTION, "static", ":path=/index.html");
    feed(&f, "4161 0133 4161 0134 4161 0135 4161 0136");
    assert_ready(&f, "");
    ql_qpack_set_unread(f.qpack, 0);
    assert_ready(&f, "[two or six: a=6]");
    tear_down(&f);
}

static void test_long_encoder_stream(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 4096);
    feed(&f, "3fe11f");
    for (unsigned i = 0; i < 100000; i++)
        g_assert_null(feed(&f, "4161 0131"));
    g_autoptr(GByteArray) many = g_byte_array_new();
    for (unsigned i = 0; i < 100000; i++)
        put_bytes(many, "\x41\x61\x01\x32", 4);
    g_assert_null(ql_qpack_on_encoder_stream(f.qpack, wire_slice(many)));
    g_assert_cmpuint(ql_qpack_insert_count(f.qpack), ==, 200000);
    tear_down(&f);
}

static void test_bomb(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, 65536);
    /* An entry with a value of 4,000 bytes, referred to 300 times: more than 1 MiB. */
    g_autoptr(GByteArray) wire = g_byte_array_new();
    put_prefixed(wire, 0x20, 5, 65536);
    put_prefixed(wire, 0x40, 5, 1);
    put_byte(wire, 'a');
    put_prefixed(wire, 0x00, 7, 4000);
    g_autofree char *value = g_strnfill(4000, 'x');
    put_bytes(wire, value, 4000);
    g_assert_null(ql_qpack_on_encoder_stream(f.qpack, wire_slice(wire)));
    g_byte_array_set_size(wire, 0);
    put_bytes(wire, "\x02\x00", 2);
    for (unsigned i = 0; i < 300; i++)
        put_byte(wire, 0x80);
    ql_qpack_result result = ql_qpack_decode(f.qpack, wire_slice(wire), NULL);
    g_assert_cmpint(result.status, ==, QL_QPACK_LIMIT);
    result = ql_qpack_decode(f.qpack, (ql_slice){ wire->data, 3 }, NULL);
    g_assert_cmpint(result.status, ==, QL_QPACK_DECODED);
    g_free(result.fields);
    tear_down(&f);
}

static void test_waiting_cap(void)
{
    fixture f;
    set_up(&f);
    ql_qpack_set_limit(f.qpack, B_LIMIT);
    g_autofree uint8_t *section = g_malloc0(1 << 20);
    section[0] = 2;
    for (unsigned i = 0; i < 8; i++)
        g_assert_cmpint(ql_qpack_decode(f.qpack, (ql_slice){ section, 1 << 20 }, NULL).status, ==,
                        QL_QPACK_WAITS);
    g_assert_cmpint(ql_qpack_decode(f.qpack, (ql_slice){ section, 1 << 20 }, NULL).status, ==,
                    QL_QPACK_LIMIT);
    tear_down(&f);
}

static void test_static_only(void)
{
    g_autoptr(GBytes) good = hex(B1_SECTION);
    g_autoptr(GBytes) dynamic = hex(B2_SECTION);
    g_autofree char *text = text_of(ql_qpack_decode_static(slice_of(good)));
    g_assert_cmpstr(text, ==, ":path=/index.html");
    g_assert_null(ql_qpack_decode_static(slice_of(dynamic)));
    g_assert_null(ql_qpack_decode_static((ql_slice){ NULL, 0 }));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qpack/the examples of the RFC decode", test_appendix_b);
    g_test_add_func("/qpack/the encoder stream may come byte by byte",
                    test_appendix_b_byte_by_byte);
    g_test_add_func("/qpack/sections that wait are there as soon as their entries are",
                    test_blocked);
    g_test_add_func("/qpack/a section is decoded before its entries are evicted",
                    test_blocked_before_eviction);
    g_test_add_func("/qpack/counts wrap around", test_wrapping_counts);
    g_test_add_func("/qpack/sections wait for the settings of the receiver",
                    test_settings_come_late);
    g_test_add_func("/qpack/the encoder's capacity stands in for settings that were not captured",
                    test_capacity_stands_in_for_settings);
    g_test_add_func("/qpack/in the end the usual limit is assumed", test_no_settings_at_all);
    g_test_add_func("/qpack/a receiver without a table allows no references",
                    test_no_table_allowed);
    g_test_add_func("/qpack/an error on the encoder stream is told once and loses the table",
                    test_encoder_error);
    g_test_add_func("/qpack/a capacity over the limit is an error", test_capacity_over_limit);
    g_test_add_func("/qpack/malformed sections fail", test_section_errors);
    g_test_add_func("/qpack/what stays blocked is shown without the lines that are not known",
                    test_parts);
    g_test_add_func("/qpack/a count that may mean two numbers waits for the gap to be filled",
                    test_gap_makes_counts_ambiguous);
    g_test_add_func("/qpack/an encoder stream without sections may be long",
                    test_long_encoder_stream);
    g_test_add_func("/qpack/a section that grows too much is given up", test_bomb);
    g_test_add_func("/qpack/sections that wait are capped", test_waiting_cap);
    g_test_add_func("/qpack/static sections need no state", test_static_only);
    return g_test_run();
}
