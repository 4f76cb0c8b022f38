/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/text.h"

static void assert_safe(const char *bytes, size_t length, const char *expected)
{
    g_autofree char *safe = ql_text_safe(bytes, length);
    g_assert_cmpstr(safe, ==, expected);
}

static void test_unprintable_bytes_are_replaced(void)
{
    assert_safe("a\x1b[31mb", 7, "a\ufffd[31mb");
    assert_safe("a\0b", 3, "a\ufffdb");
    assert_safe("line\nbreak\t", 11, "line\ufffdbreak\ufffd");
    assert_safe("\xff\xc3", 2, "\ufffd\ufffd");
    /* U+202E turns the direction of writing around. */
    assert_safe("a\u202e", 4, "a\ufffd");
}

static void test_what_can_be_printed_stays(void)
{
    assert_safe("gr\u00fc\u00df \u4f60", 10, "gr\u00fc\u00df \u4f60");
    assert_safe("", 0, "");
}

static void test_thousands_are_set_apart(void)
{
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 999, "999" },
        { 1000, "1,000" },
        { 1048576, "1,048,576" },
        { 100000, "100,000" },
        { UINT64_MAX, "18,446,744,073,709,551,615" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = ql_text_count(cases[i].count);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_one_byte_is_not_bytes(void)
{
    g_autofree char *none = ql_text_bytes(0), *one = ql_text_bytes(1), *many = ql_text_bytes(2000);
    g_assert_cmpstr(none, ==, "0 bytes");
    g_assert_cmpstr(one, ==, "1 byte");
    g_assert_cmpstr(many, ==, "2,000 bytes");
}

static void test_times_have_three_digits(void)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        { -1, "" },
        { 0, "0.00 ms" },
        { 0.000123, "0.12 ms" },
        { 0.00999, "9.99 ms" },
        { 0.009996, "10.0 ms" },
        { 0.0123, "12.3 ms" },
        { 0.0999, "99.9 ms" },
        { 0.123, "123 ms" },
        { 0.9996, "1.00 s" },
        { 61.5, "61.50 s" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = ql_text_seconds(cases[i].seconds);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_long_ids_show_their_ends(void)
{
    const uint8_t bytes[] = { 0xaa, 0xbb, 0xcc, 0xdd, 0x01, 0xee, 0xff };
    ql_cid six = ql_cid_of((ql_slice){ bytes, 6 }), seven = ql_cid_of((ql_slice){ bytes, 7 });
    ql_cid none = ql_cid_of((ql_slice){ NULL, 0 });
    g_autofree char *whole = ql_text_cid_short(&six), *ends = ql_text_cid_short(&seven);
    g_autofree char *empty = ql_text_cid_short(&none);
    g_assert_cmpstr(whole, ==, "aabbccdd01ee");
    g_assert_cmpstr(ends, ==, "aabbccdd\u2026eeff");
    g_assert_cmpstr(empty, ==, "(empty)");
}

static void test_width_counts_columns(void)
{
    g_assert_cmpuint(ql_text_width("abc"), ==, 3);
    g_assert_cmpuint(ql_text_width("\u4f60\u597d"), ==, 4);
    g_assert_cmpuint(ql_text_width("e\u0301"), ==, 1);
}

static void assert_shortened(const char *text, size_t width, const char *expected)
{
    g_autofree char *shortened = ql_text_shorten(text, width);
    g_assert_cmpstr(shortened, ==, expected);
    g_assert_cmpuint(ql_text_width(shortened), <=, width);
}

static void test_shortening_takes_out_the_middle(void)
{
    assert_shortened("https://host/file", 17, "https://host/file");
    assert_shortened("https://host/file", 9, "http\u2026file");
    assert_shortened("https://host/file", 1, "\u2026");
    assert_shortened("https://host/file", 0, "");
    assert_shortened("\u4f60\u597d\u4f60\u597d", 6, "\u4f60\u2026\u597d");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/unprintable bytes are replaced", test_unprintable_bytes_are_replaced);
    g_test_add_func("/text/what can be printed stays", test_what_can_be_printed_stays);
    g_test_add_func("/text/thousands are set apart", test_thousands_are_set_apart);
    g_test_add_func("/text/one byte is not bytes", test_one_byte_is_not_bytes);
    g_test_add_func("/text/times have three digits", test_times_have_three_digits);
    g_test_add_func("/text/long IDs show their ends", test_long_ids_show_their_ends);
    g_test_add_func("/text/width counts columns", test_width_counts_columns);
    g_test_add_func("/text/shortening takes out the middle", test_shortening_takes_out_the_middle);
    return g_test_run();
}
