/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/exchange_title.h"

#include "reports/story.h"
#include "reports/text.h"

char *ql_exchange_title(const ql_exchange *exchange)
{
    char *name = ql_story_exchange_name(exchange, UINT32_MAX);
    GString *title = g_string_new(name);
    g_free(name);
    const ql_message *response = &exchange->response;
    if (response->headers != NULL)
        g_string_append_printf(title, " -> %u", exchange->status);
    if (response->reset)
        g_string_append(title, ", broken off");
    if (response->complete) {
        char *size = ql_text_bytes(response->body_size);
        char *time = ql_text_seconds(ql_exchange_duration(exchange));
        g_string_append_printf(title, ", %s%s%s", size, time[0] != '\0' ? " in " : "", time);
        g_free(size);
        g_free(time);
    }
    return g_string_free(title, FALSE);
}
