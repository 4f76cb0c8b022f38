/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of text whose columns are as wide as they need to be, and no wider than the page. */
#ifndef QL_TABLE_H
#define QL_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <glib.h>

#define QL_PAGE_WIDTH 100u /* columns */

typedef struct ql_column {
    const char *title;
    bool right;    /* aligned to the right */
    bool flexible; /* shortened in the middle where the page is too narrow */
    bool optional; /* left out when no row has anything to say in it */
} ql_column;

typedef struct ql_table ql_table;

/* Borrows the columns for its life. */
ql_table *ql_table_new(const ql_column *columns, unsigned count);
void ql_table_free(ql_table *table);

/* The next cell, row by row; takes the text, of one line. NULL is an empty cell. */
void ql_table_add(ql_table *table, char *text);
void ql_table_add_format(ql_table *table, const char *format, ...) G_GNUC_PRINTF(2, 3);
void ql_table_add_frame(ql_table *table, uint32_t frame); /* "-" for 0, which is never */

/* Head and rows. All rows have to be complete. */
void ql_table_write(const ql_table *table, FILE *out);

#endif
