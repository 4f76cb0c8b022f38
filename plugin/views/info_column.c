/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Info column: where messages begin and end, ahead of what Wireshark wrote,
 * which is often wider than the window. */
#include "views/view.h"

#include "reports/brief.h"

#include <epan/column-utils.h>
#include <epan/prefs.h>

#define TEXTS_MAX 6 /* in one frame; more are counted */

static ql_pref_bool is_wanted = TRUE;

static void register_preference(int protocol)
{
    (void)protocol;
    prefs_register_bool_preference(
        prefs_find_module("quiclens"), "info_column", "Show HTTP/3 messages in the Info column",
        "Puts \"GET /a\" where a request begins, \"200 /a\" where a "
        "response begins, and its size where it ends, ahead of Wireshark's own "
        "text.",
        &is_wanted);
}

static void draw(const ql_drawing *drawing)
{
    column_info *columns = drawing->pinfo->cinfo;
    if (!is_wanted || columns == NULL || !col_get_writable(columns, COL_INFO))
        return;
    GString *texts = g_string_new(NULL);
    unsigned count = 0;
    for (const ql_event *event = drawing->events; event != NULL; event = event->next) {
        char *text = ql_brief_message(event);
        if (text != NULL && count < TEXTS_MAX)
            g_string_append_printf(texts, "%s%s", count > 0 ? ", " : "", text);
        count += text != NULL;
        g_free(text);
    }
    if (count > TEXTS_MAX)
        g_string_append_printf(texts, " and %u more", count - TEXTS_MAX);
    if (count > 0)
        col_prepend_fstr(columns, COL_INFO, "%s | ", texts->str);
    g_string_free(texts, TRUE);
}

const ql_view ql_view_info_column = { "info-column", register_preference, draw, true };
