/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table.h"

#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

static const ql_column columns[] = {
    { .title = "n", .right = true },
    { .title = "name", .flexible = true },
    { .title = "note", .flexible = true, .optional = true },
};

/* What is written, for the caller to free. */
static char *written(ql_table *table)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    ql_table_write(table, out);
    fclose(out);
    ql_table_free(table);
    return text;
}

static void add_row(ql_table *table, unsigned number, const char *name, const char *note)
{
    ql_table_add_format(table, "%u", number);
    ql_table_add(table, g_strdup(name));
    ql_table_add(table, g_strdup(note));
}

static void test_columns_are_as_wide_as_their_widest_cell(void)
{
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    add_row(table, 7, "seven", "odd");
    add_row(table, 1000, "thousand", NULL);
    char *text = written(table);
    g_assert_cmpstr(text, ==,
                    "   n  name      note\n"
                    "   7  seven     odd\n"
                    "1000  thousand\n");
    free(text);
}

static void test_an_optional_column_without_content_is_left_out(void)
{
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    add_row(table, 1, "one", NULL);
    char *text = written(table);
    g_assert_cmpstr(text, ==, "n  name\n1  one\n");
    free(text);
}

static void test_a_wide_cell_gives_way_to_the_page(void)
{
    g_autofree char *wide = g_strnfill(300, 'x');
    ql_table *table = ql_table_new(columns, G_N_ELEMENTS(columns));
    add_row(table, 1, wide, "a note of some length");
    char *text = written(table);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        g_assert_cmpuint(ql_text_width(*line), <=, QL_PAGE_WIDTH);
    g_assert_nonnull(strstr(lines[1], "xxx\u2026xxx"));
    g_assert_true(g_str_has_suffix(lines[1], "a note of some length"));
    free(text);
}

static void test_no_frame_is_a_dash(void)
{
    static const ql_column frame[] = { { .title = "frame", .right = true } };
    ql_table *table = ql_table_new(frame, 1);
    ql_table_add_frame(table, 0);
    ql_table_add_frame(table, 12);
    char *text = written(table);
    g_assert_cmpstr(text, ==, "frame\n    -\n   12\n");
    free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/columns are as wide as their widest cell",
                    test_columns_are_as_wide_as_their_widest_cell);
    g_test_add_func("/table/an optional column without content is left out",
                    test_an_optional_column_without_content_is_left_out);
    g_test_add_func("/table/a wide cell gives way to the page",
                    test_a_wide_cell_gives_way_to_the_page);
    g_test_add_func("/table/no frame is a dash", test_no_frame_is_a_dash);
    return g_test_run();
}
