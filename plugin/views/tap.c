/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/tap.h"

#include "views/frame_subject.h"
#include "views/view.h"

#include "wireshark/live_model.h"

#include <epan/tap.h>

#include <wsutil/report_message.h>

/* Work that waits for the end of the capture. */
typedef struct task {
    ql_tap_work work;
    void *listener;
    const void *thing;
} task;

/* Who wants also those exchanges of a connection that nobody knew when their frames were tapped. */
typedef struct latecomer {
    ql_tap_choice wants;
    ql_tap_work work;
    void *listener;
    const ql_connection *connection;
} latecomer;

static GArray *tasks;           /* NULL while nothing waits */
static GPtrArray *latecomers;   /* of latecomer *, the same */
static GHashTable *waiting_for; /* the same ones, by listener and connection */
static GHashTable *offered;     /* exchanges that were known when their frames were tapped */
static int statistics_tap;

/* The exchange that shows up by this event, NULL for other events. Once for each exchange. */
static const ql_exchange *shown_by(const ql_event *event)
{
    if (event->kind != QL_EVENT_SECTION || event->section.exchange->rejected)
        return NULL;
    const ql_exchange *exchange = event->section.exchange;
    ql_section_kind first = exchange->pushed ? QL_SECTION_RESPONSE : QL_SECTION_REQUEST;
    return event->section.section->kind == first ? exchange : NULL;
}

/* Whichever of these frames a listener's filter lets through. */
static void note_offered(const ql_event *events)
{
    if (offered == NULL)
        offered = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (const ql_event *event = events; event != NULL; event = event->next) {
        const ql_exchange *exchange = shown_by(event);
        if (exchange != NULL)
            g_hash_table_add(offered, (void *)(uintptr_t)exchange);
    }
}

void ql_tap_queue(int tap, const ql_drawing *drawing)
{
    if (!have_tap_listener(tap))
        return;
    if (tap != statistics_tap && !PINFO_FD_VISITED(drawing->pinfo))
        note_offered(drawing->events);
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
    g_clear_pointer(&tasks, g_array_unref);
    g_clear_pointer(&waiting_for, g_hash_table_destroy);
    g_clear_pointer(&latecomers, g_ptr_array_unref);
    g_clear_pointer(&offered, g_hash_table_destroy);
}

static void work_on_latecomers(const latecomer *at)
{
    const GPtrArray *exchanges = ql_streams_exchanges(ql_connection_streams(at->connection));
    for (guint i = 0; i < exchanges->len; i++) {
        const ql_exchange *exchange = g_ptr_array_index(exchanges, i);
        if (!g_hash_table_contains(offered, exchange) && at->wants(at->listener, exchange))
            at->work(at->listener, exchange);
    }
}

static void do_tasks(void *unused)
{
    (void)unused;
    ql_live_model_finish();
    for (guint i = 0; tasks != NULL && i < tasks->len; i++) {
        const task *at = &g_array_index(tasks, task, i);
        at->work(at->listener, at->thing);
    }
    for (guint i = 0; latecomers != NULL && i < latecomers->len; i++)
        work_on_latecomers(g_ptr_array_index(latecomers, i));
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

static guint hash_of_latecomer(gconstpointer key)
{
    const latecomer *at = key;
    return g_direct_hash(at->listener) ^ g_direct_hash(at->connection);
}

static gboolean same_latecomer(gconstpointer a, gconstpointer b)
{
    const latecomer *x = a, *y = b;
    return x->listener == y->listener && x->connection == y->connection;
}

static void wait_for_latecomers(const ql_tapped *tapped, const latecomer *fresh)
{
    if (tapped->again || fresh->connection == NULL)
        return;
    if (latecomers == NULL) {
        latecomers = g_ptr_array_new_with_free_func(g_free);
        waiting_for = g_hash_table_new(hash_of_latecomer, same_latecomer);
    }
    if (g_hash_table_contains(waiting_for, fresh))
        return;
    listen_for_the_end();
    latecomer *kept = g_memdup2(fresh, sizeof *fresh);
    g_ptr_array_add(latecomers, kept);
    g_hash_table_add(waiting_for, kept);
}

void ql_tap_exchanges(const ql_tapped *tapped, ql_tap_choice wants, ql_tap_work work,
                      void *listener)
{
    for (const ql_event *event = tapped->events; event != NULL; event = event->next) {
        const ql_exchange *exchange = shown_by(event);
        if (exchange != NULL && wants(listener, exchange))
            ql_tap_do(tapped, work, listener, exchange);
    }
    const latecomer fresh = { wants, work, listener, ql_frame_connection(tapped->events) };
    wait_for_latecomers(tapped, &fresh);
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
