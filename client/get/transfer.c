/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transfer.h"

#include "clock.h"
#include "follow_up.h"
#include "target.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#define NEVER           UINT64_MAX
#define PROGRESS_PERIOD (200 * NGTCP2_MILLISECONDS)
#define LIVE_AT_ONCE    250u /* from the source; more than a connection carries in two rounds */

/* What the transfer knows of a request besides. */
typedef struct entry {
    ql_request *request; /* owned */
    guint place;         /* among all */
    bool added;          /* and did not come from the source: stays as long as the transfer */
    ngtcp2_tstamp due;   /* it is not to be sent before */
    ql_connection_figures figures;
} entry;

struct ql_transfer {
    ql_transfer_settings settings;
    GPtrArray *requests;   /* ql_request, as they were added; what followed on one has its place */
    GHashTable *entries;   /* ql_request -> entry */
    GPtrArray *targets;    /* ql_target, in the order of their first requests */
    GHashTable *by_origin; /* char * -> ql_target, borrowed */
    GQueue delayed;        /* of requests, those that are not due */
    GPtrArray *draining;   /* of requests, those that ended, but are not written; by place */
    GPtrArray *finished;   /* of requests, those that are of no more use */
    GHashTable *wide;      /* sentences on failures of whole connections */
    GHashTable *said;      /* those that are said once, and have been */
    ngtcp2_tstamp start, deadline, next_drawing;
    unsigned begun, over, failed;
    bool drained;            /* the source has no more, or is not asked any more */
    bool broken_off;         /* nothing is freed any more before the end */
    uint64_t received, sent; /* content of requests that are over */
};

static void entry_free(void *data)
{
    entry *old = data;
    ql_request_free(old->request);
    g_free(old);
}

static void target_free(void *target)
{
    ql_target_free(target);
}

ql_transfer *ql_transfer_new(const ql_transfer_settings *settings)
{
    ql_transfer *transfer = g_new0(ql_transfer, 1);
    transfer->settings = *settings;
    transfer->requests = g_ptr_array_new();
    transfer->entries = g_hash_table_new_full(NULL, NULL, NULL, entry_free);
    transfer->targets = g_ptr_array_new_with_free_func(target_free);
    transfer->by_origin = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    transfer->draining = g_ptr_array_new();
    transfer->finished = g_ptr_array_new();
    transfer->drained = settings->source.next == NULL;
    transfer->wide = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    transfer->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&transfer->delayed);
    return transfer;
}

void ql_transfer_free(ql_transfer *transfer)
{
    if (transfer == NULL)
        return;
    g_hash_table_unref(transfer->by_origin);
    g_ptr_array_unref(transfer->targets);
    g_ptr_array_unref(transfer->draining);
    g_ptr_array_unref(transfer->finished);
    g_queue_clear(&transfer->delayed);
    g_hash_table_unref(transfer->wide);
    g_hash_table_unref(transfer->said);
    g_ptr_array_unref(transfer->requests);
    g_hash_table_unref(transfer->entries);
    g_free(transfer);
}

static void say(ql_transfer *transfer, const char *sentence)
{
    ql_progress_erase(transfer->settings.progress);
    transfer->settings.report(sentence, transfer->settings.report_user);
}

static void say_once(ql_transfer *transfer, const char *sentence)
{
    if (g_hash_table_add(transfer->said, g_strdup(sentence)))
        say(transfer, sentence);
}

/* Whether requests fail with it in the end is not known yet: others may follow on them. */
static void on_word_of_target(const char *sentence, bool fails, void *user)
{
    ql_transfer *transfer = user;
    if (fails)
        g_hash_table_add(transfer->wide, g_strdup(sentence));
    else
        say_once(transfer, sentence);
}

static ql_target *target_for(ql_transfer *transfer, const ql_url *url)
{
    g_autofree char *origin = ql_url_origin(url);
    ql_target *target = g_hash_table_lookup(transfer->by_origin, origin);
    if (target != NULL)
        return target;
    target = ql_target_new(&transfer->settings, url, on_word_of_target, transfer);
    g_ptr_array_add(transfer->targets, target);
    g_hash_table_insert(transfer->by_origin, g_steal_pointer(&origin), target);
    return target;
}

static entry *entry_of(const ql_transfer *transfer, const ql_request *request)
{
    return g_hash_table_lookup(transfer->entries, request);
}

static void tell_failure(ql_transfer *transfer, const ql_request *request)
{
    const char *failure = ql_request_failure(request);
    if (ql_request_failed_locally(request) || g_hash_table_contains(transfer->wide, failure)) {
        say_once(transfer, failure);
    } else {
        g_autofree char *sentence =
            g_strdup_printf("%s: %s", ql_request_url(request)->text, failure);
        say(transfer, sentence);
    }
}

static void on_change(ql_request *request, void *user);

static entry *note(ql_transfer *transfer, ql_request *request, guint place)
{
    entry *fresh = g_new0(entry, 1);
    fresh->request = request;
    fresh->place = place;
    g_hash_table_insert(transfer->entries, request, fresh);
    ql_request_set_observer(request, on_change, transfer);
    ql_request_begin(request);
    return fresh;
}

static void enter(ql_transfer *transfer, ql_request *request, guint place, bool added,
                  ngtcp2_duration delay)
{
    entry *fresh = note(transfer, request, place);
    fresh->added = added;
    fresh->due = delay == 0 ? 0 : ql_clock_now() + delay;
    if (delay > 0)
        g_queue_push_tail(&transfer->delayed, request);
    else
        ql_target_add(target_for(transfer, ql_request_url(request)), request);
}

/* Returns whether another request has taken the place of this one. */
static bool follow(ql_transfer *transfer, ql_request *request)
{
    g_autoptr(GError) error = NULL;
    ngtcp2_duration delay;
    const entry *before = entry_of(transfer, request);
    ql_request *next = ql_follow_up_new(request, &delay, &error);
    if (next == NULL) {
        say(transfer, error->message);
        return false;
    }
    if (ql_request_failure(request) != NULL)
        ql_trace_note(transfer->settings.trace, "%s: %s", ql_request_url(request)->text,
                      ql_request_failure(request));
    ql_trace_note(transfer->settings.trace, "%s follows in %g s", ql_request_url(next)->text,
                  (double)delay / (double)NGTCP2_SECONDS);
    if (before->added)
        transfer->requests->pdata[before->place] = next;
    enter(transfer, next, before->place, before->added, delay);
    return true;
}

static void on_over(ql_transfer *transfer, ql_request *request)
{
    const entry *of = entry_of(transfer, request);
    bool followed = ql_request_is_followed(request);
    if (!of->added)
        g_ptr_array_add(transfer->finished, request);
    if (followed && follow(transfer, request))
        return;
    transfer->received += ql_request_received(request);
    transfer->sent += ql_request_uploaded(request);
    transfer->over++;
    if (followed || ql_request_failure(request) != NULL)
        transfer->failed++;
    if (!followed && ql_request_failure(request) != NULL)
        tell_failure(transfer, request);
    if (transfer->settings.over != NULL)
        transfer->settings.over(request, &of->figures, of->place, transfer->settings.over_user);
}

/* They take their turns on standard output in that order, so that one look at all is enough. */
static void drain(ql_transfer *transfer, ql_request *request)
{
    GPtrArray *draining = transfer->draining;
    guint at = draining->len;
    while (at > 0 && entry_of(transfer, g_ptr_array_index(draining, at - 1))->place >
                         entry_of(transfer, request)->place)
        at--;
    g_ptr_array_insert(draining, (gint)at, request);
}

static void on_change(ql_request *request, void *user)
{
    ql_transfer *transfer = user;
    if (ql_request_is_over(request)) {
        on_over(transfer, request);
        return;
    }
    ql_target *target = target_for(transfer, ql_request_url(request));
    entry_of(transfer, request)->figures = ql_target_figures(target);
    drain(transfer, request);
}

void ql_transfer_add(ql_transfer *transfer, ql_request *request)
{
    g_ptr_array_add(transfer->requests, request);
    enter(transfer, request, transfer->begun++, true, 0);
}

/* The next of the source. NULL: there is none, or, which is told, it cannot be made. */
static ql_request *next_of_source(ql_transfer *transfer)
{
    g_autoptr(GError) error = NULL;
    const ql_transfer_source *source = &transfer->settings.source;
    ql_request *request = source->next(source->user, &error);
    transfer->drained = request == NULL && error == NULL;
    transfer->begun += transfer->drained ? 0 : 1;
    if (error != NULL) {
        transfer->over++;
        transfer->failed++;
        say(transfer, error->message);
    }
    return request;
}

/* Takes requests from the source as long as there is room. */
static void take_from_source(ql_transfer *transfer)
{
    unsigned room = MAX(LIVE_AT_ONCE, 2 * transfer->settings.requests_at_once);
    while (!transfer->drained && transfer->begun - transfer->over < room) {
        ql_request *request = next_of_source(transfer);
        if (request != NULL)
            enter(transfer, request, transfer->begun - 1, false, 0);
    }
}

/* Those for which there was no room yet fail, too, each with its place in what is told of all. They
 * go nowhere, so that they are of no more use at once. */
static void give_up_source(ql_transfer *transfer, const char *sentence)
{
    while (!transfer->drained) {
        ql_request *request = next_of_source(transfer);
        if (request == NULL)
            continue;
        note(transfer, request, transfer->begun - 1);
        ql_request_give_up(request, sentence);
        g_ptr_array_set_size(transfer->finished, 0);
        g_ptr_array_remove(transfer->draining, request);
        g_hash_table_remove(transfer->entries, request);
    }
}

static void free_finished(ql_transfer *transfer)
{
    for (guint i = 0; i < transfer->finished->len && !transfer->broken_off; i++)
        g_hash_table_remove(transfer->entries, g_ptr_array_index(transfer->finished, i));
    g_ptr_array_set_size(transfer->finished, 0);
}

/* Responses that came whole, but whose outputs are slower than the connection. Returns whether one
 * ended, and may have given its turn to another. */
static bool flush_draining(ql_transfer *transfer)
{
    GPtrArray *draining = transfer->draining;
    guint left = 0, before = draining->len;
    for (guint i = 0; i < before; i++) {
        ql_request *request = g_ptr_array_index(draining, i);
        ql_request_flush(request);
        if (!ql_request_is_over(request))
            draining->pdata[left++] = request;
    }
    if (left < before)
        g_ptr_array_remove_range(draining, left, before - left);
    return left < before;
}

static void add_draining_pollfds(const ql_transfer *transfer, GArray *pollfds)
{
    for (guint i = 0; i < transfer->draining->len; i++) {
        const ql_request *request = g_ptr_array_index(transfer->draining, i);
        struct pollfd output = { .fd = ql_request_output_fd(request), .events = POLLOUT };
        if (output.fd >= 0)
            g_array_append_val(pollfds, output);
    }
}

static int by_place(const void *a, const void *b, void *transfer)
{
    guint first = entry_of(transfer, a)->place, second = entry_of(transfer, b)->place;
    return first < second ? -1 : first > second;
}

/* Those whose content is coming, where there are others besides. */
static void add_responses(ql_transfer *transfer, ql_progress_figures *figures)
{
    g_autoptr(GList) live = g_hash_table_get_keys(transfer->entries);
    live = g_list_sort_with_data(live, by_place, transfer);
    for (GList *at = live;
         at != NULL && figures->requests > 1 && figures->response_count < QL_PROGRESS_LINES_MAX;
         at = at->next) {
        const char *file = ql_request_file(at->data);
        if (ql_request_is_over(at->data) || ql_request_received(at->data) == 0)
            continue;
        figures->responses[figures->response_count++] = (ql_progress_response){
            .name = file != NULL ? file : ql_request_url(at->data)->text,
            .received = ql_request_received(at->data),
            .expected = ql_request_expected(at->data),
        };
    }
}

static void draw(ql_transfer *transfer, ngtcp2_tstamp now)
{
    GHashTableIter iter;
    void *request;
    ql_progress_figures figures = { .requests =
                                        transfer->settings.source.count + transfer->requests->len,
                                    .over = transfer->over,
                                    .failed = transfer->failed,
                                    .received = transfer->received,
                                    .sent = transfer->sent,
                                    .expected =
                                        transfer->drained ? (int64_t)transfer->received : -1,
                                    .seconds = (double)(now - transfer->start) / 1e9 };
    if (transfer->settings.progress == NULL || now < transfer->next_drawing)
        return;
    g_hash_table_iter_init(&iter, transfer->entries);
    while (g_hash_table_iter_next(&iter, &request, NULL)) {
        if (ql_request_is_over(request))
            continue;
        int64_t expected = ql_request_expected(request);
        figures.received += ql_request_received(request);
        figures.sent += ql_request_uploaded(request);
        if (figures.expected >= 0)
            figures.expected = expected < 0 ? -1 : figures.expected + expected;
    }
    add_responses(transfer, &figures);
    ql_progress_draw(transfer->settings.progress, &figures);
    transfer->next_drawing = now + PROGRESS_PERIOD;
}

/* Returns whether the transfer is to be broken off. */
static bool wait_for_something(ql_transfer *transfer, GArray *pollfds, ngtcp2_tstamp expiry)
{
    struct pollfd stop = { .fd = transfer->settings.stop_fd, .events = POLLIN };
    g_array_append_val(pollfds, stop);
    if (transfer->settings.progress != NULL)
        expiry = MIN(expiry, transfer->next_drawing);
    ngtcp2_tstamp now = ql_clock_now();
    ngtcp2_duration left = expiry > now ? expiry - now : 0;
    struct timespec timeout = { .tv_sec = (time_t)(left / NGTCP2_SECONDS),
                                .tv_nsec = (long)(left % NGTCP2_SECONDS) };
    if (left > 0 && transfer->settings.capture != NULL)
        ql_self_capture_flush(transfer->settings.capture);
    if (left > 0)
        ql_qlog_book_flush(transfer->settings.qlogs);
    struct pollfd *list = (struct pollfd *)(void *)pollfds->data;
    int ready = ppoll(list, pollfds->len, expiry == NEVER ? NULL : &timeout, NULL);
    return ready > 0 && list[pollfds->len - 1].revents != 0;
}

static void break_off(ql_transfer *transfer, const char *sentence)
{
    g_hash_table_add(transfer->wide, g_strdup(sentence));
    for (guint i = 0; i < transfer->targets->len; i++)
        ql_target_close(g_ptr_array_index(transfer->targets, i));
    g_queue_clear(&transfer->delayed);
    transfer->broken_off = true;
    g_autoptr(GList) live = g_hash_table_get_keys(transfer->entries);
    live = g_list_sort_with_data(live, by_place, transfer);
    for (GList *at = live; at != NULL; at = at->next)
        ql_request_give_up(at->data, sentence);
    give_up_source(transfer, sentence);
}

/* Those whose time has come go to their targets. Returns when the next is due. */
static ngtcp2_tstamp step_delayed(ql_transfer *transfer, ngtcp2_tstamp now)
{
    ngtcp2_tstamp next = NEVER;
    for (guint left = g_queue_get_length(&transfer->delayed); left > 0; left--) {
        ql_request *request = g_queue_pop_head(&transfer->delayed);
        ngtcp2_tstamp due = entry_of(transfer, request)->due;
        if (now >= due) {
            ql_target_add(target_for(transfer, ql_request_url(request)), request);
            continue;
        }
        g_queue_push_tail(&transfer->delayed, request);
        next = MIN(next, due);
    }
    return next;
}

/* One round of the loop, without waiting. */
static void step(ql_transfer *transfer)
{
    take_from_source(transfer);
    for (guint i = 0; i < transfer->targets->len; i++)
        ql_target_step(g_ptr_array_index(transfer->targets, i));
    while (flush_draining(transfer))
        continue;
    free_finished(transfer);
    take_from_source(transfer); /* there may be room */
}

/* What is waited for, and when the next round is due at the latest. */
static ngtcp2_tstamp prepare_waiting(ql_transfer *transfer, GArray *pollfds)
{
    g_array_set_size(pollfds, 0);
    ngtcp2_tstamp expiry = MIN(transfer->deadline, step_delayed(transfer, ql_clock_now()));
    /* A step can put a request on the list of a target that had its turn. */
    for (guint i = 0; i < transfer->targets->len; i++) {
        const ql_target *target = g_ptr_array_index(transfer->targets, i);
        ql_target_add_pollfds(target, pollfds);
        expiry = MIN(expiry, ql_target_expiry(target));
    }
    add_draining_pollfds(transfer, pollfds);
    return expiry;
}

static bool is_under_way(const ql_transfer *transfer)
{
    if (transfer->over < transfer->begun || !transfer->drained)
        return true;
    for (guint i = 0; i < transfer->targets->len; i++)
        if (ql_target_is_busy(g_ptr_array_index(transfer->targets, i)))
            return true;
    return false;
}

unsigned ql_transfer_run(ql_transfer *transfer)
{
    g_autoptr(GArray) pollfds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    transfer->start = ql_clock_now();
    transfer->next_drawing = transfer->start + PROGRESS_PERIOD;
    transfer->deadline =
        transfer->settings.max_time == 0 ? NEVER : transfer->start + transfer->settings.max_time;
    while (is_under_way(transfer)) {
        step(transfer);
        ngtcp2_tstamp expiry = prepare_waiting(transfer, pollfds);
        ngtcp2_tstamp now = ql_clock_now();
        draw(transfer, now);
        if (!is_under_way(transfer))
            break;
        if (now >= transfer->deadline)
            break_off(transfer, "the transfer was broken off: the time of --max-time is over");
        else if (wait_for_something(transfer, pollfds, expiry))
            break_off(transfer, "the transfer was broken off by a signal");
    }
    ql_progress_erase(transfer->settings.progress);
    return transfer->failed;
}

const GPtrArray *ql_transfer_requests(const ql_transfer *transfer)
{
    return transfer->requests;
}

unsigned ql_transfer_place(const ql_transfer *transfer, const ql_request *request)
{
    return entry_of(transfer, request)->place;
}

const ql_connection_figures *ql_transfer_figures(const ql_transfer *transfer,
                                                 const ql_request *request)
{
    return &entry_of(transfer, request)->figures;
}
