/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/story_parts.h"

#include "reports/text.h"

#include <stdarg.h>
#include <string.h>

static void note_clear(gpointer data)
{
    g_free(((ql_note *)data)->text);
}

void ql_story_say(ql_story *story, ql_note_weight weight, const char *rfc, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ql_note note = { g_strdup_vprintf(format, arguments), rfc, weight, story->notes->len };
    va_end(arguments);
    g_array_append_val(story->notes, note);
}

/* A sentence that may quote bytes of the wire, such as a reason phrase. */
static void say_safely(ql_story *story, ql_note_weight weight, const char *rfc, const char *text)
{
    char *safe = ql_text_safe(text, strlen(text));
    safe[0] = g_ascii_toupper(safe[0]);
    ql_story_say(story, weight, rfc, "%s", safe);
    g_free(safe);
}

/* Issued IDs, which are told together, and the first use of an ID that is told as a switch to it.
 */
static bool is_told_elsewhere(const ql_event *event)
{
    if (event->cid.kind == QL_CID_ISSUED)
        return true;
    if (event->cid.kind != QL_CID_FIRST_USED)
        return false;
    const ql_event *next = event->next;
    while (next != NULL && (next->kind != QL_EVENT_CID || next->cid.kind != QL_CID_SWITCHED ||
                            next->cid.cid != event->cid.cid))
        next = next->next;
    return next != NULL;
}

/* A cancelled message of which the same frame tells the end. */
static bool is_told_by_end(const ql_story *story, const ql_finding *finding)
{
    if (finding->code != QL_FINDING_H3_REQUEST_CANCELLED)
        return false;
    for (const ql_event *event = story->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_END)
            return true;
    return false;
}

static gint compare_notes(gconstpointer a, gconstpointer b)
{
    const ql_note *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static void tell(ql_story *story, const ql_event *event)
{
    switch (event->kind) {
    case QL_EVENT_PACKET: ql_story_of_packet(story, &event->packet); break;
    case QL_EVENT_SECTION: ql_story_of_section(story, &event->section); break;
    case QL_EVENT_END: ql_story_of_end(story, &event->end); break;
    case QL_EVENT_CID:
        if (!is_told_elsewhere(event))
            ql_story_of_cid(story, &event->cid);
        break;
    case QL_EVENT_PATH: ql_story_of_path(story, &event->path); break;
    case QL_EVENT_FINDING:
        if (event->finding != NULL && !is_told_by_end(story, event->finding))
            say_safely(story, QL_NOTE_FINDING, ql_finding_kind_of(event->finding->code)->rfc,
                       event->finding->text);
        break;
    case QL_EVENT_TEXT: say_safely(story, QL_NOTE_FACT, event->text.rfc, event->text.text); break;
    case QL_EVENT_SIGNAL: ql_story_of_signal(story, &event->signal); break;
    case QL_EVENT_STREAM: /* all of the frame together, below */ break;
    }
}

GArray *ql_story_of_events(const ql_event *events, uint32_t frame)
{
    ql_story story = {
        .notes = g_array_new(FALSE, FALSE, sizeof(ql_note)),
        .events = events,
        .frame = frame,
    };
    g_array_set_clear_func(story.notes, note_clear);
    for (const ql_event *event = events; event != NULL; event = event->next)
        tell(&story, event);
    ql_story_of_issued_cids(&story);
    ql_story_of_streams(&story);
    if (story.notes->len == 0 && events != NULL)
        ql_story_of_packets_alone(&story);
    g_array_sort(story.notes, compare_notes);
    return story.notes;
}
