/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table.h"

#include "reports/text.h"

#include <stdarg.h>

#define GAP          2u  /* columns of space between two columns of the table */
#define FLEXIBLE_MIN 16u /* a flexible column keeps this many, even if the page gets wider */

struct ql_table {
    const ql_column *columns;
    unsigned count;
    GPtrArray *cells;
};

ql_table *ql_table_new(const ql_column *columns, unsigned count)
{
    ql_table *table = g_new0(ql_table, 1);
    table->columns = columns;
    table->count = count;
    table->cells = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void ql_table_free(ql_table *table)
{
    if (table == NULL)
        return;
    g_ptr_array_free(table->cells, TRUE);
    g_free(table);
}

void ql_table_add(ql_table *table, char *text)
{
    g_ptr_array_add(table->cells, text != NULL ? text : g_strdup(""));
}

void ql_table_add_format(ql_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ql_table_add(table, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void ql_table_add_frame(ql_table *table, uint32_t frame)
{
    ql_table_add(table, frame != 0 ? g_strdup_printf("%u", frame) : g_strdup("-"));
}

/* The width that each column would like; 0 is one that is left out. */
static void measure(const ql_table *table, size_t *widths)
{
    for (unsigned i = 0; i < table->cells->len; i++) {
        size_t width = ql_text_width(g_ptr_array_index(table->cells, i));
        widths[i % table->count] = MAX(widths[i % table->count], width);
    }
    for (unsigned c = 0; c < table->count; c++)
        if (widths[c] > 0 || !table->columns[c].optional)
            widths[c] = MAX(widths[c], ql_text_width(table->columns[c].title));
}

/* Flexible columns give way, the widest first, until the page is wide enough. */
static void fit(const ql_table *table, size_t *widths)
{
    for (;;) {
        size_t total = 0;
        unsigned widest = table->count;
        for (unsigned c = 0; c < table->count; c++) {
            total += widths[c] > 0 ? widths[c] + (c > 0 ? GAP : 0) : 0;
            if (table->columns[c].flexible && widths[c] > FLEXIBLE_MIN &&
                (widest == table->count || widths[c] > widths[widest]))
                widest = c;
        }
        if (total <= QL_PAGE_WIDTH || widest == table->count)
            return;
        widths[widest] =
            MAX(FLEXIBLE_MIN, widths[widest] - MIN(total - QL_PAGE_WIDTH, widths[widest]));
    }
}

static void append_cell(GString *line, const ql_column *column, const char *text, size_t width)
{
    char *shown = ql_text_shorten(text, width);
    size_t padding = width - ql_text_width(shown);
    if (column->right)
        g_string_append_printf(line, "%*s", (int)padding, "");
    g_string_append(line, shown);
    if (!column->right)
        g_string_append_printf(line, "%*s", (int)padding, "");
    g_free(shown);
}

static void write_line(GString *line, FILE *out)
{
    while (line->len > 0 && line->str[line->len - 1] == ' ')
        g_string_truncate(line, line->len - 1);
    g_string_append_c(line, '\n');
    fwrite(line->str, 1, line->len, out);
    g_string_truncate(line, 0);
}

void ql_table_write(const ql_table *table, FILE *out)
{
    size_t *widths = g_new0(size_t, table->count);
    measure(table, widths);
    fit(table, widths);
    GString *line = g_string_new(NULL);
    for (unsigned i = 0; i < table->count + table->cells->len; i++) {
        unsigned c = i % table->count;
        const char *text = i < table->count ? table->columns[c].title
                                            : g_ptr_array_index(table->cells, i - table->count);
        if (widths[c] > 0) {
            if (line->len > 0)
                g_string_append_printf(line, "%*s", (int)GAP, "");
            append_cell(line, &table->columns[c], text, widths[c]);
        }
        if (c + 1 == table->count)
            write_line(line, out);
    }
    g_string_free(line, TRUE);
    g_free(widths);
}
