/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: how many requests by method and host, how many responses by status and content type.
 * tshark: -z quiclens,tree. */
#include "views/tap.h"
#include "views/view.h"

#include "reports/names.h"
#include "reports/text.h"

#include <epan/stats_tree.h>

#include <string.h>

static int methods, hosts, statuses, types;

static void begin(stats_tree *tree)
{
    methods = stats_tree_create_pivot(tree, "Requests by method", 0);
    hosts = stats_tree_create_pivot(tree, "Requests by host", 0);
    statuses = stats_tree_create_pivot(tree, "Responses by status", 0);
    types = stats_tree_create_pivot(tree, "Responses by content type", 0);
}

static void count(stats_tree *tree, int pivot, const char *bytes, size_t length)
{
    char *safe = length > 0 ? ql_text_safe(bytes, length) : g_strdup("none");
    stats_tree_tick_pivot(tree, pivot, safe);
    g_free(safe);
}

static void count_text(stats_tree *tree, int pivot, const char *text)
{
    count(tree, pivot, text, text != NULL ? strlen(text) : 0);
}

static void count_response(stats_tree *tree, const ql_section *section)
{
    char *status = ql_status_text(section->status);
    const char *type = ql_section_value(section, "content-type");
    count_text(tree, statuses, status);
    count(tree, types, type, type != NULL ? strcspn(type, "; \t") : 0); /* without parameters */
    g_free(status);
}

static tap_packet_status take_frame(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt,
                                    const void *data, tap_flags_t flags)
{
    (void)pinfo, (void)edt, (void)flags;
    const ql_tapped *tapped = data;
    for (const ql_event *event = tapped->events; event != NULL; event = event->next) {
        if (event->kind != QL_EVENT_SECTION || event->section.exchange->rejected)
            continue;
        ql_section_kind kind = event->section.section->kind;
        if (kind == QL_SECTION_REQUEST || kind == QL_SECTION_PROMISE) {
            count_text(tree, methods, event->section.exchange->method);
            count_text(tree, hosts, event->section.exchange->authority);
        } else if (kind == QL_SECTION_RESPONSE) {
            count_response(tree, event->section.section);
        }
    }
    return TAP_PACKET_REDRAW;
}

static void register_tree(int protocol)
{
    (void)protocol;
    stats_tree_register_plugin(QL_TAP, "quiclens", "HTTP3 counts (quiclens)", 0, take_frame, begin,
                               NULL);
}

const ql_view ql_view_stat_tree = { "stat-tree", register_tree, NULL, false };
