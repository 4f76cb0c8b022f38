/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "early_data.h"

#include "request.h"

#include <string.h>

/* Safe methods (RFC 9110, 9.2.1). */
static bool changes_nothing(const ql_request *request)
{
    const char *method = ql_request_method(request);
    return ql_request_body(request) == NULL &&
           (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
            strcmp(method, "OPTIONS") == 0 || strcmp(method, "TRACE") == 0);
}

void ql_early_data_hold(GQueue *waiting, GQueue *held)
{
    for (GList *at = waiting->head, *next; at != NULL; at = next) {
        next = at->next;
        if (changes_nothing(at->data))
            continue;
        g_queue_unlink(waiting, at);
        g_queue_push_tail_link(held, at);
    }
}

void ql_early_data_release(GQueue *held, GQueue *waiting)
{
    while (held->head != NULL)
        g_queue_push_tail_link(waiting, g_queue_pop_head_link(held));
}
