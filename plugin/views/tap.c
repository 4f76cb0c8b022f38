/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/tap.h"

#include "views/view.h"

#include <epan/tap.h>

#include <wsutil/report_message.h>

/* Work that waits for the end of the capture. */
typedef struct task {
    ql_tap_work work;
    void *listener;
    const void *thing;
} task;

static GArray *tasks; /* NULL while nothing waits */
static int statistics_tap;

void ql_tap_queue(int tap, const ql_drawing *drawing)
{
    if (!have_tap_listener(tap))
        return;
    ql_tapped *tapped = wmem_new(drawing->pinfo->pool, ql_tapped);
    *tapped = (ql_tapped){
        .session = drawing->session,
        .events = drawing->events,
        .frame = drawing->frame,
        .again = PINFO_FD_VISITED(drawing->pinfo),
    };
    tap_queue_packet(tap, drawing->pinfo, tapped);
}

static void forget_tasks(void)
{
    if (tasks != NULL)
        g_array_free(tasks, TRUE);
    tasks = NULL;
}

static void do_tasks(void *unused)
{
    (void)unused;
    for (guint i = 0; tasks != NULL && i < tasks->len; i++) {
        const task *at = &g_array_index(tasks, task, i);
        at->work(at->listener, at->thing);
    }
    forget_tasks();
}

/* Listeners are drawn from the last that came to the first: this one comes after that of `task`,
 * and so does its work before the other is drawn. */
static void listen_for_the_end(void)
{
    static bool listening;
    if (listening)
        return;
    listening = true;
    GString *error = register_tap_listener(QL_TAP, &tasks, NULL, TL_REQUIRES_NOTHING, NULL, NULL,
                                           do_tasks, NULL);
    if (error == NULL)
        return;
    report_failure("quiclens: %s", error->str);
    g_string_free(error, TRUE);
}

void ql_tap_do(const ql_tapped *tapped, ql_tap_work work, void *listener, const void *thing)
{
    if (tapped->again) {
        work(listener, thing);
        return;
    }
    listen_for_the_end();
    if (tasks == NULL)
        tasks = g_array_new(FALSE, FALSE, sizeof(task));
    task fresh = { work, listener, thing };
    g_array_append_val(tasks, fresh);
}

/* A response that was pushed ahead of its promise: its frame was tapped when nobody could know. */
static bool is_late_promise(const ql_section_event *event)
{
    const ql_section *response = event->exchange->response.headers;
    return event->section->kind == QL_SECTION_PROMISE && response != NULL &&
           response->decoded.frame < event->section->decoded.frame;
}

const ql_exchange *ql_tap_exchange(const ql_tapped *tapped, const ql_event *event)
{
    if (event->kind != QL_EVENT_SECTION || event->section.exchange->rejected)
        return NULL;
    const ql_exchange *exchange = event->section.exchange;
    ql_section_kind first = exchange->pushed ? QL_SECTION_RESPONSE : QL_SECTION_REQUEST;
    bool shows_up = event->section.section->kind == first ||
                    (!tapped->again && is_late_promise(&event->section));
    return shows_up ? exchange : NULL;
}

static void register_tap_of_statistics(int protocol)
{
    (void)protocol;
    statistics_tap = register_tap(QL_TAP);
    register_cleanup_routine(forget_tasks);
}

static void queue(const ql_drawing *drawing)
{
    ql_tap_queue(statistics_tap, drawing);
}

const ql_view ql_view_tap = { "tap", register_tap_of_statistics, queue, true };
