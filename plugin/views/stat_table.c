/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/stat_table.h"

#include "views/tap.h"
#include "views/view.h"

#include "reports/text.h"

#include <epan/stat_tap_ui.h>

#include <math.h>
#include <string.h>

static ql_stat_table *const tables[] = {
    &ql_stat_requests,
    &ql_stat_connections,
    &ql_stat_cids,
    &ql_stat_paths,
};

static stat_tap_table_item_type *next_cell(ql_stat_row *row, stat_tap_table_item_enum type)
{
    g_assert(row->count < QL_STAT_COLUMNS_MAX);
    stat_tap_table_item_type *cell = &row->cells[row->count++];
    *cell = (stat_tap_table_item_type){ .type = type };
    return cell;
}

void ql_stat_number(ql_stat_row *row, uint64_t number)
{
    next_cell(row, TABLE_ITEM_UINT)->value.uint_value = (unsigned)MIN(number, G_MAXUINT);
}

void ql_stat_text(ql_stat_row *row, char *text)
{
    next_cell(row, TABLE_ITEM_STRING)->value.string_value = text != NULL ? text : g_strdup("");
}

/* What is not known is left empty in the GUI. tshark ends a row at such a cell: there it is 0 or
 * nan. */
static stat_tap_table_item_type *cell_of(ql_stat_row *row, stat_tap_table_item_enum type,
                                         bool known)
{
    return next_cell(row, known || ql_host_is_tshark() ? type : TABLE_ITEM_NONE);
}

void ql_stat_safe(ql_stat_row *row, const char *bytes)
{
    ql_stat_text(row, bytes != NULL ? ql_text_safe(bytes, strlen(bytes)) : NULL);
}

void ql_stat_ms(ql_stat_row *row, double seconds)
{
    cell_of(row, TABLE_ITEM_FLOAT, seconds >= 0)->value.float_value =
        seconds >= 0 ? seconds * 1e3 : (double)NAN;
}

void ql_stat_number_if(ql_stat_row *row, uint32_t number)
{
    cell_of(row, TABLE_ITEM_UINT, number != 0)->value.uint_value = number;
}

static void free_cell(stat_tap_table *table, unsigned row, unsigned column,
                      stat_tap_table_item_type *cell)
{
    (void)table, (void)row, (void)column;
    if (cell->type == TABLE_ITEM_STRING)
        g_free((char *)(uintptr_t)cell->value.string_value);
    cell->type = TABLE_ITEM_NONE;
}

static stat_tap_table *shown_table(const ql_stat_table *of)
{
    return g_array_index(of->ui.tables, stat_tap_table *, 0);
}

static void forget_rows(ql_stat_table *of)
{
    g_clear_pointer(&of->rows, g_hash_table_destroy);
}

/* All rows go: another pass may meet other things. */
static void reset_table(stat_tap_table *table)
{
    for (size_t i = 0; i < array_length(tables); i++)
        if (strcmp(tables[i]->ui.title, table->title) == 0)
            forget_rows(tables[i]);
    for (unsigned row = 0; row < table->num_elements; row++) {
        for (unsigned column = 0; column < table->num_fields; column++)
            free_cell(table, row, column, &table->elements[row][column]);
        g_free(table->elements[row]);
    }
    table->num_elements = 0;
}

static void begin_table(stat_tap_table_ui *ui)
{
    stat_tap_table *table = stat_tap_find_table(ui, ui->title);
    if (table != NULL) {
        reset_table(table);
        return;
    }
    forget_rows((ql_stat_table *)ui);
    stat_tap_add_table(ui, stat_tap_init_table(ui->title, (int)ui->nfields, 0, NULL));
}

/* Where a thing is shown. */
typedef struct shown_row {
    const ql_connection *connection;
    unsigned number;
} shown_row;

static shown_row *add_row(ql_stat_table *of, const ql_connection *connection, const void *thing)
{
    if (of->rows == NULL)
        of->rows = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    stat_tap_table *table = shown_table(of);
    shown_row *row = g_new0(shown_row, 1);
    *row = (shown_row){ connection, table->num_elements };
    stat_tap_table_item_type empty[QL_STAT_COLUMNS_MAX] = { 0 };
    stat_tap_init_table_row(table, row->number, (unsigned)of->ui.nfields, empty);
    g_hash_table_insert(of->rows, (void *)(uintptr_t)thing, row);
    return row;
}

static void fill_row(const ql_stat_table *of, const shown_row *shown, const void *thing)
{
    stat_tap_table *table = shown_table(of);
    unsigned number = shown->number;
    ql_stat_row row = { .count = 0 };
    of->fill(&row, shown->connection, thing);
    g_assert(row.count == of->ui.nfields);
    for (unsigned column = 0; column < row.count; column++) {
        free_cell(table, number, column, stat_tap_get_field_data(table, number, column));
        stat_tap_set_field_data(table, number, column, &row.cells[column]);
    }
}

static shown_row *find_row(const ql_stat_table *of, const void *thing)
{
    return of->rows == NULL ? NULL : g_hash_table_lookup(of->rows, thing);
}

/* In one pass of tshark, what was learned of the thing after it was met last. */
static void fill_at_the_end(void *listener, const void *thing)
{
    const ql_stat_table *of = listener;
    const shown_row *row = find_row(of, thing);
    if (row != NULL)
        fill_row(of, row, thing);
}

static void show(ql_stat_table *of, const ql_tapped *tapped, const ql_connection *connection,
                 const void *thing)
{
    shown_row *row = find_row(of, thing);
    if (row == NULL) {
        row = add_row(of, connection, thing);
        if (ql_host_is_tshark() && !tapped->again)
            ql_tap_do(tapped, fill_at_the_end, of, thing);
    }
    fill_row(of, row, thing);
}

static tap_packet_status take_frame(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                    const void *data, tap_flags_t flags)
{
    (void)pinfo, (void)edt, (void)flags;
    ql_stat_table *of = (ql_stat_table *)((stat_data_t *)listener)->stat_tap_data;
    const ql_connection *connection = NULL;
    const void *last = NULL;
    for (const ql_event *event = ((const ql_tapped *)data)->events; event != NULL;
         event = event->next) {
        if (event->kind == QL_EVENT_PACKET)
            connection = event->packet.connection;
        const void *thing = connection != NULL ? of->thing_of(event) : NULL;
        if (thing != NULL && thing != last)
            show(of, data, connection, thing);
        last = thing;
    }
    return TAP_PACKET_REDRAW;
}

static void forget_all_rows(void)
{
    for (size_t i = 0; i < array_length(tables); i++)
        forget_rows(tables[i]);
}

static void register_tables(int protocol)
{
    (void)protocol;
    for (size_t i = 0; i < array_length(tables); i++) {
        stat_tap_table_ui *ui = &tables[i]->ui;
        ui->stat_tap_init_cb = begin_table;
        ui->packet_func = take_frame;
        ui->stat_tap_reset_table_cb = reset_table;
        ui->stat_tap_free_table_item_cb = free_cell;
        register_stat_tap_table_ui(ui);
    }
    register_cleanup_routine(forget_all_rows);
}

const ql_view ql_view_stat_tables = { "stat-tables", register_tables, NULL, false };
