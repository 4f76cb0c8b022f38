/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <stdint.h>
#include <string.h>

typedef struct record {
    gboolean flag, other;
    char *string, **strings;
    double seconds;
    int64_t number;
    GString *calls;
    struct {
        gboolean quick;
        int64_t size;
    } second;
} record;

static gboolean note_call(const char *name, const char *value, void *data, GError **error)
{
    record *r = data;
    if (g_strcmp0(value, "bad") == 0) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "bad is not good");
        return FALSE;
    }
    g_string_append_printf(r->calls, "[%s %s]", name, value == NULL ? "none" : value);
    return TRUE;
}

static const ql_option table[] = {
    { "flag", 'f', QL_OPTION_FLAG, offsetof(record, flag), NULL, "a flag", NULL },
    { "other", '4', QL_OPTION_FLAG, offsetof(record, other), NULL, "another", NULL },
    { "string", 'X', QL_OPTION_STRING, offsetof(record, string), "TEXT", "a text", NULL },
    { "strings", 'H', QL_OPTION_STRINGS, offsetof(record, strings), "TEXT", "texts", NULL },
    { "seconds", '\0', QL_OPTION_SECONDS, offsetof(record, seconds), "SECONDS", "time", NULL },
    { "number", '\0', QL_OPTION_NUMBER, offsetof(record, number), "NUMBER", "a number", NULL },
    { "call", 'c', QL_OPTION_CALL, 0, "TEXT", "called with a value", note_call },
    { "plain", 'p', QL_OPTION_CALL_FLAG, 0, NULL, "called without one", note_call },
    { NULL, '\0', QL_OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const ql_option second_table[] = {
    { "quick", 'q', QL_OPTION_FLAG, 0, NULL, "at once", NULL },
    { "size", 'n', QL_OPTION_NUMBER,
      G_STRUCT_OFFSET(record, second.size) - G_STRUCT_OFFSET(record, second), "BYTES",
      "so many bytes, and a sentence that is long enough for a second line (RFC 9000, 4)", NULL },
    { NULL, '\0', QL_OPTION_FLAG, 0, NULL, NULL, NULL },
};

static char **parse(record *r, const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("test ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    *r = (record){ .calls = g_string_new(NULL) };
    const ql_option_group groups[] = {
        { "These", table, r },
        { "Those", second_table, &r->second },
        { NULL, NULL, NULL },
    };
    return ql_options_parse(groups, (int)g_strv_length(words), words, "REST...", "A test.", error);
}

static void clear(record *r, char **rest)
{
    g_strfreev(rest);
    g_free(r->string);
    g_strfreev(r->strings);
    g_string_free(r->calls, TRUE);
}

static void assert_rest(char **rest, const char *expected)
{
    g_assert_nonnull(rest);
    g_autofree char *joined = g_strjoinv(" ", rest);
    g_assert_cmpstr(joined, ==, expected);
}

static void test_each_group_fills_its_own_record(void)
{
    record r;
    char **rest = parse(&r, "-qfn7 --number 3", NULL);
    assert_rest(rest, "");
    g_assert_true(r.flag && r.second.quick);
    g_assert_cmpint(r.second.size, ==, 7);
    g_assert_cmpint(r.number, ==, 3);
    clear(&r, rest);
}

static void test_help_breaks_lines_and_heads_groups(void)
{
    const ql_option_group groups[] = { { "Sizes", second_table, NULL }, { NULL, NULL, NULL } };
    g_autofree char *wide = ql_options_help(groups, "test", "URL", "A test.\n  Really.", 1000);
    g_autofree char *narrow = ql_options_help(groups, "test", "", "A test.", 60);
    g_assert_cmpstr(wide, ==,
                    "Usage: quiclens test [options] URL\n\nA test.\n  Really.\n\nSizes:\n"
                    "  -q, --quick             at once\n"
                    "  -n, --size BYTES        so many bytes, and a sentence that is long enough "
                    "for a second line (RFC 9000, 4)\n"
                    "\nHelp:\n  -h, --help              this text\n");
    g_auto(GStrv) lines = g_strsplit(narrow, "\n", -1);
    g_assert_cmpstr(lines[0], ==, "Usage: quiclens test [options]");
    g_assert_cmpstr(lines[7], ==, "                          is long enough for a second line");
    for (char **line = lines; *line != NULL; line++)
        g_assert_cmpuint(strlen(*line), <=, 60);
}

static void assert_refused(const char *line, const char *why)
{
    record r;
    g_autoptr(GError) error = NULL;
    char **rest = parse(&r, line, &error);
    g_assert_null(rest);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, why));
    clear(&r, NULL);
}

static void test_each_kind_finds_its_field(void)
{
    record r;
    char **rest = parse(&r, "-f --string=a -H b --strings c x --seconds 1.5 --number 7 y", NULL);
    assert_rest(rest, "x y");
    g_assert_true(r.flag);
    g_assert_false(r.other);
    g_assert_cmpstr(r.string, ==, "a");
    g_assert_cmpstr(r.strings[0], ==, "b");
    g_assert_cmpstr(r.strings[1], ==, "c");
    g_assert_null(r.strings[2]);
    g_assert_cmpfloat(r.seconds, ==, 1.5);
    g_assert_cmpint(r.number, ==, 7);
    clear(&r, rest);
}

static void test_the_last_string_counts(void)
{
    record r;
    char **rest = parse(&r, "-X a -X b", NULL);
    g_assert_cmpstr(r.string, ==, "b");
    clear(&r, rest);
}

static void test_a_value_may_follow_its_letter_directly(void)
{
    record r;
    char **rest = parse(&r, "-XPUT -f4HName:b x", NULL);
    assert_rest(rest, "x");
    g_assert_cmpstr(r.string, ==, "PUT");
    g_assert_true(r.flag);
    g_assert_true(r.other);
    g_assert_cmpstr(r.strings[0], ==, "Name:b");
    clear(&r, rest);
}

static void test_letters_can_be_bundled_with_the_value_behind(void)
{
    record r;
    char **rest = parse(&r, "-fX PUT x", NULL);
    assert_rest(rest, "x");
    g_assert_cmpstr(r.string, ==, "PUT");
    clear(&r, rest);
}

static void test_a_value_may_look_like_an_option(void)
{
    record r;
    char **rest = parse(&r, "-X -fX --strings -H -c - x", NULL);
    assert_rest(rest, "x");
    g_assert_cmpstr(r.string, ==, "-fX");
    g_assert_cmpstr(r.strings[0], ==, "-H");
    g_assert_cmpstr(r.calls->str, ==, "[-c -]");
    g_assert_false(r.flag);
    clear(&r, rest);
}

static void test_after_two_dashes_nothing_is_an_option(void)
{
    record r;
    char **rest = parse(&r, "-f -- -XPUT", NULL);
    g_assert_cmpstr(rest[g_strv_length(rest) - 1], ==, "-XPUT");
    g_assert_null(r.string);
    clear(&r, rest);
}

static void test_calls_come_in_order_with_their_names(void)
{
    record r;
    char **rest = parse(&r, "-c a -p --call b --plain", NULL);
    g_assert_cmpstr(r.calls->str, ==, "[-c a][-p none][--call b][--plain none]");
    clear(&r, rest);
}

static void test_bad_usage_is_explained(void)
{
    assert_refused("--unknown", "--unknown");
    assert_refused("-z", "-z");
    assert_refused("-X", "-X");
    assert_refused("--seconds 0", "above 0");
    assert_refused("--seconds nan", "above 0");
    assert_refused("--seconds 1x", "above 0");
    assert_refused("--number -1", "a number");
    assert_refused("--call bad", "bad is not good");
    assert_refused("--unknown", "quiclens test --help");
}

static void test_words_are_shown_as_terminals_can_take_them(void)
{
    record r;
    g_autoptr(GError) error = NULL;
    char **rest = parse(&r, "--unknown\x1b[31m", &error);
    g_assert_null(rest);
    g_assert_nonnull(strstr(error->message, "--unknown\\x1b[31m"));
    clear(&r, rest);
}

static void print_help(void)
{
    record r;
    g_autoptr(GError) error = NULL;
    char **rest = parse(&r, "--help", &error);
    g_assert_no_error(error);
    g_assert_null(rest);
    clear(&r, NULL);
}

static void test_the_help_text_is_the_table(void)
{
    if (g_test_subprocess()) {
        print_help();
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*A test.*-f, --flag * a flag*");
    g_test_trap_assert_stdout("*--seconds SECONDS * time*");
    g_test_trap_assert_stdout("*--help*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/kinds", test_each_kind_finds_its_field);
    g_test_add_func("/options/last", test_the_last_string_counts);
    g_test_add_func("/options/attached", test_a_value_may_follow_its_letter_directly);
    g_test_add_func("/options/bundle", test_letters_can_be_bundled_with_the_value_behind);
    g_test_add_func("/options/values", test_a_value_may_look_like_an_option);
    g_test_add_func("/options/dashes", test_after_two_dashes_nothing_is_an_option);
    g_test_add_func("/options/calls", test_calls_come_in_order_with_their_names);
    g_test_add_func("/options/usage", test_bad_usage_is_explained);
    g_test_add_func("/options/escapes", test_words_are_shown_as_terminals_can_take_them);
    g_test_add_func("/options/help", test_the_help_text_is_the_table);
    g_test_add_func("/options/groups", test_each_group_fills_its_own_record);
    g_test_add_func("/options/help-layout", test_help_breaks_lines_and_heads_groups);
    return g_test_run();
}
