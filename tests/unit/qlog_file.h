/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A qlog in a folder of the test's own, read back record by record. */
#pragma once

#include "qlog.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct qlog_file {
    char *folder, *path;
    ql_qlog_book *book;
    ql_qlog *qlog;
} qlog_file;

static inline void qlog_file_set_up(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    const ngtcp2_cid odcid = { .datalen = 4, .data = { 0xde, 0xad, 0xbe, 0xef } };
    g_autoptr(GError) error = NULL;
    f->folder = g_dir_make_tmp("qlog-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "a.sqlog", NULL);
    f->book = ql_qlog_book_new(f->path, false, "a test", &error);
    g_assert_no_error(error);
    f->qlog = ql_qlog_new(f->book, &odcid);
    g_assert_nonnull(f->qlog);
}

static inline void qlog_file_close(qlog_file *f)
{
    g_autoptr(GError) error = NULL;
    ql_qlog_free(g_steal_pointer(&f->qlog));
    ql_qlog_book_close(g_steal_pointer(&f->book), &error);
    g_assert_no_error(error);
}

static inline void qlog_file_tear_down(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_free(f->qlog);
    ql_qlog_book_close(f->book, NULL);
    g_autoptr(GDir) folder = g_dir_open(f->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(f->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->path);
}

/* All records: JsonNode, with its separator and line feed checked. */
static inline GPtrArray *qlog_records(const char *path)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    for (char *at = text; at < text + length;) {
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(*at, ==, '\x1e');
        char *end = strchr(at, '\n');
        g_assert_nonnull(end);
        *end = '\0';
        JsonNode *node = json_from_string(at + 1, &error);
        g_assert_no_error(error);
        g_ptr_array_add(records, node);
        at = end + 1;
    }
    return records;
}

static inline JsonObject *qlog_record(const GPtrArray *records, guint i)
{
    g_assert_cmpuint(i, <, records->len);
    return json_node_get_object(g_ptr_array_index(records, i));
}

/* Its data as text, after its name was checked. To be freed by g_free. */
static inline char *qlog_data(const GPtrArray *records, guint i, const char *name)
{
    JsonObject *record = qlog_record(records, i);
    g_assert_cmpstr(json_object_get_string_member(record, "name"), ==, name);
    return json_to_string(json_object_get_member(record, "data"), FALSE);
}
