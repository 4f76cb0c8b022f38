/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of the Statistics menu, and of tshark's -z quiclens,table,NAME: a row for each thing of
 * the model that the tapped frames have to do with. A row is filled in anew each time that its
 * thing is met, and at the end of one pass of tshark: it shows what the model knows then. */
#ifndef QL_STAT_TABLE_H
#define QL_STAT_TABLE_H

#include "wireshark/compat.h"

#include "model/session.h"

#define QL_STAT_COLUMNS_MAX 24

/* The cells of a row, from the left to the right. */
typedef struct ql_stat_row {
    stat_tap_table_item_type cells[QL_STAT_COLUMNS_MAX];
    unsigned count;
} ql_stat_row;

void ql_stat_number(ql_stat_row *row, uint64_t number);    /* beyond 32 bits: the largest */
void ql_stat_text(ql_stat_row *row, char *text);           /* takes it; NULL is an empty cell */
void ql_stat_safe(ql_stat_row *row, const char *bytes);    /* of the wire; NULL as above */
void ql_stat_ms(ql_stat_row *row, double seconds);         /* negative: not known */
void ql_stat_number_if(ql_stat_row *row, uint32_t number); /* 0, which it cannot be: not known */

/* What a table is of. `ui` and `columns` are handed to Wireshark, which keeps them. */
typedef struct ql_stat_table {
    stat_tap_table_ui ui;                           /* first: Wireshark gives it back to us */
    const void *(*thing_of)(const ql_event *event); /* NULL: none in this event */
    /* `connection` is that of the packet that brought the event. */
    void (*fill)(ql_stat_row *row, const ql_connection *connection, const void *thing);
    GHashTable *rows; /* private: where things are shown */
} ql_stat_table;

extern ql_stat_table ql_stat_requests;
extern ql_stat_table ql_stat_connections;
extern ql_stat_table ql_stat_cids;
extern ql_stat_table ql_stat_paths;

#define QL_STAT_TABLE(name, title_text, column_array)                                              \
    {                                                                                              \
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED, .title = title_text, .tap_name = "quiclens", \
        .cli_string = "quiclens,table," name, .nfields = G_N_ELEMENTS(column_array),               \
        .fields = column_array                                                                     \
    }

#define QL_STAT_NUMBER(title)                                                                      \
    {                                                                                              \
        TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, title, "%u"                                              \
    }
#define QL_STAT_TEXT(title)                                                                        \
    {                                                                                              \
        TABLE_ITEM_STRING, TAP_ALIGN_LEFT, title, "%s"                                             \
    }
#define QL_STAT_MS(title)                                                                          \
    {                                                                                              \
        TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, title " (ms)", "%.3f"                                   \
    }

#endif
