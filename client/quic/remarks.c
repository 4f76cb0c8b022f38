/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remarks.h"

typedef struct remark {
    ql_address local; /* length 0: from anywhere */
    char *sentence;
} remark;

struct ql_remarks {
    GQueue waiting; /* remark */
};

static void remark_free(gpointer data)
{
    remark *r = data;
    g_free(r->sentence);
    g_free(r);
}

ql_remarks *ql_remarks_new(void)
{
    ql_remarks *remarks = g_new0(ql_remarks, 1);
    g_queue_init(&remarks->waiting);
    return remarks;
}

void ql_remarks_free(ql_remarks *remarks)
{
    if (remarks == NULL)
        return;
    g_queue_clear_full(&remarks->waiting, remark_free);
    g_free(remarks);
}

void ql_remarks_add(ql_remarks *remarks, const ql_address *local, const char *format, ...)
{
    if (remarks == NULL)
        return;
    va_list list;
    va_start(list, format);
    remark *added = g_new0(remark, 1);
    if (local != NULL)
        added->local = *local;
    added->sentence = g_strdup_vprintf(format, list);
    va_end(list);
    g_queue_push_tail(&remarks->waiting, added);
}

char *ql_remarks_take(ql_remarks *remarks, const ql_address *local)
{
    if (remarks == NULL || g_queue_is_empty(&remarks->waiting))
        return NULL;
    GString *text = g_string_new(NULL);
    for (GList *link = remarks->waiting.head; link != NULL;) {
        GList *next = link->next;
        remark *r = link->data;
        if (r->local.length == 0 || ql_address_equal(&r->local, local)) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? "; " : "", r->sentence);
            g_queue_delete_link(&remarks->waiting, link);
            remark_free(r);
        }
        link = next;
    }
    return g_string_free(text, text->len == 0);
}
