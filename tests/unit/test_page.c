/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include "narration.h"

#include <stdlib.h>
#include <string.h>

typedef struct sheet {
    char *text;
    size_t length;
    FILE *file;
} sheet;

static void open_sheet(sheet *s)
{
    s->text = NULL;
    s->file = open_memstream(&s->text, &s->length);
    g_assert_nonnull(s->file);
}

static void close_sheet(sheet *s)
{
    fclose(s->file);
}

static GPtrArray *story_of(ql_sentence *sentences, guint count)
{
    GPtrArray *story = g_ptr_array_new();
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(story, &sentences[i]);
    return story;
}

static void test_a_frame_is_named_once(void)
{
    ql_sentence sentences[] = { { .frame = 3, .text = (char *)"one" },
                                { .frame = 3, .text = (char *)"two" },
                                { .frame = 1234567, .text = (char *)"three", .landmark = true } };
    g_autoptr(GPtrArray) story = story_of(sentences, 3);
    sheet s;
    open_sheet(&s);
    ql_page_write_story(s.file, false, story, false);
    close_sheet(&s);
    g_assert_cmpstr(s.text, ==, "  frame\n      3  one\n         two\n1234567  three\n");
    free(s.text);
    open_sheet(&s);
    ql_page_write_story(s.file, false, story, true);
    close_sheet(&s);
    g_assert_cmpstr(s.text, ==, "  frame\n1234567  three\n");
    free(s.text);
}

static void test_connections_are_named_where_there_are_several(void)
{
    ql_sentence sentences[] = { { .frame = 1, .connection = 0, .text = (char *)"one" },
                                { .frame = 2, .connection = UINT32_MAX, .text = (char *)"none" },
                                { .frame = 3, .connection = 12, .text = (char *)"two" } };
    g_autoptr(GPtrArray) story = story_of(sentences, 3);
    sheet s;
    open_sheet(&s);
    ql_page_write_story(s.file, false, story, false);
    close_sheet(&s);
    g_assert_cmpstr(s.text, ==,
                    "  frame\n      1  conn 0    one\n      2            none\n"
                    "      3  conn 12   two\n");
    free(s.text);
}

static void test_no_line_is_wider_than_the_page(void)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 60; i++)
        g_string_append_printf(text, "w\303\266rd%d ", i);
    g_autofree char *unbroken = g_strnfill(250, 'x');
    g_string_append(text, unbroken);
    ql_sentence sentences[] = { { .frame = 1, .text = text->str } };
    g_autoptr(GPtrArray) story = story_of(sentences, 1);
    sheet s;
    open_sheet(&s);
    ql_page_write_story(s.file, false, story, false);
    close_sheet(&s);
    g_auto(GStrv) lines = g_strsplit(s.text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >, 7);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_assert_cmpint(g_utf8_strlen(lines[i], -1), <=, QL_PAGE_COLUMNS);
        g_assert_true(g_utf8_validate(lines[i], -1, NULL));
    }
    g_string_free(text, TRUE);
    free(s.text);
}

static void test_colours_are_only_where_they_are_wanted(void)
{
    sheet s;
    open_sheet(&s);
    ql_page_write_report(s.file, false, "head\nrow\n\nhead 2\nrow 2\n");
    close_sheet(&s);
    g_assert_cmpstr(s.text, ==, "head\nrow\n\nhead 2\nrow 2\n");
    free(s.text);
    open_sheet(&s);
    ql_page_write_report(s.file, true, "head\nrow\n\nhead 2\nrow 2\n");
    close_sheet(&s);
    g_assert_cmpstr(s.text, ==, "\033[1mhead\033[0m\nrow\n\n\033[1mhead 2\033[0m\nrow 2\n");
    free(s.text);
}

static void test_a_file_has_no_colours(void)
{
    FILE *file = tmpfile();
    g_assert_nonnull(file);
    g_assert_false(ql_page_has_colours(file));
    fclose(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/page/frames", test_a_frame_is_named_once);
    g_test_add_func("/page/connections", test_connections_are_named_where_there_are_several);
    g_test_add_func("/page/width", test_no_line_is_wider_than_the_page);
    g_test_add_func("/page/colours", test_colours_are_only_where_they_are_wanted);
    g_test_add_func("/page/file", test_a_file_has_no_colours);
    return g_test_run();
}
