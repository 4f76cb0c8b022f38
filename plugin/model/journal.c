/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/journal.h"

#include <stdarg.h>
#include <stddef.h>

/* Events live as long as the journal and are never freed one by one, so they are cut from blocks,
 * each as long as its kind needs: they are most of what a packet costs. */
#define BLOCK_SIZE 32768u

typedef struct frame_list {
    ql_event *first, *last;
} frame_list;

struct ql_journal {
    GArray *frames;    /* of frame_list, by frame number */
    GPtrArray *blocks; /* of BLOCK_SIZE bytes */
    size_t used;       /* bytes of the last block */
    GPtrArray *findings;
    GHashTable *counts;       /* connection and code -> how many findings */
    GHashTable *out_of_order; /* set of connections, see ql_journal_doubt_order() */
    GStringChunk *texts;
};

static void finding_free(gpointer data)
{
    ql_finding *finding = data;
    g_free(finding->text);
    g_free(finding);
}

ql_journal *ql_journal_new(void)
{
    ql_journal *journal = g_new0(ql_journal, 1);
    journal->frames = g_array_new(FALSE, TRUE, sizeof(frame_list));
    journal->blocks = g_ptr_array_new_with_free_func(g_free);
    journal->used = BLOCK_SIZE;
    journal->findings = g_ptr_array_new_with_free_func(finding_free);
    journal->counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    journal->out_of_order = g_hash_table_new(NULL, NULL);
    journal->texts = g_string_chunk_new(4096);
    return journal;
}

void ql_journal_free(ql_journal *journal)
{
    if (journal == NULL)
        return;
    g_array_free(journal->frames, TRUE);
    g_ptr_array_free(journal->blocks, TRUE);
    g_ptr_array_free(journal->findings, TRUE);
    g_hash_table_destroy(journal->counts);
    g_hash_table_destroy(journal->out_of_order);
    g_string_chunk_free(journal->texts);
    g_free(journal);
}

#define SIZE_WITH(member) (offsetof(ql_event, member) + sizeof(((ql_event *)NULL)->member))

static size_t size_of(ql_event_kind kind)
{
    static const size_t sizes[] = {
        [QL_EVENT_PACKET] = SIZE_WITH(packet),   [QL_EVENT_STREAM] = SIZE_WITH(stream),
        [QL_EVENT_SECTION] = SIZE_WITH(section), [QL_EVENT_END] = SIZE_WITH(end),
        [QL_EVENT_CID] = SIZE_WITH(cid),         [QL_EVENT_PATH] = SIZE_WITH(path),
        [QL_EVENT_SIGNAL] = SIZE_WITH(signal),   [QL_EVENT_FINDING] = SIZE_WITH(finding),
        [QL_EVENT_TEXT] = SIZE_WITH(text),
    };
    size_t alignment = _Alignof(ql_event);
    return (sizes[kind] + alignment - 1) / alignment * alignment;
}

static ql_event *event_new(ql_journal *journal, ql_event_kind kind)
{
    size_t size = size_of(kind);
    if (journal->used + size > BLOCK_SIZE) {
        g_ptr_array_add(journal->blocks, g_malloc0(BLOCK_SIZE));
        journal->used = 0;
    }
    uint8_t *block = g_ptr_array_index(journal->blocks, journal->blocks->len - 1);
    ql_event *event = (ql_event *)(void *)(block + journal->used);
    journal->used += size;
    event->kind = kind;
    return event;
}

ql_event *ql_journal_add(ql_journal *journal, uint32_t frame, ql_event_kind kind)
{
    if (frame >= journal->frames->len)
        g_array_set_size(journal->frames, frame + 1);
    frame_list *list = &g_array_index(journal->frames, frame_list, frame);
    ql_event *event = event_new(journal, kind);
    if (list->last == NULL)
        list->first = event;
    else
        list->last->next = event;
    list->last = event;
    return event;
}

void ql_journal_say(ql_journal *journal, uint32_t frame, const char *rfc, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ql_event *event = ql_journal_add(journal, frame, QL_EVENT_TEXT);
    event->text.text = g_string_chunk_insert_const(journal->texts, text);
    event->text.rfc = rfc;
    g_free(text);
}

void ql_journal_signal_stream(ql_journal *journal, uint32_t frame, const char *name, ql_side sender,
                              uint64_t stream)
{
    ql_journal_add(journal, frame, QL_EVENT_SIGNAL)->signal =
        (ql_signal_event){ .frame = name, .id = stream, .sender = (uint8_t)sender };
}

void ql_journal_signal_push(ql_journal *journal, uint32_t frame, const char *name, ql_side sender,
                            uint64_t push_id)
{
    ql_journal_add(journal, frame, QL_EVENT_SIGNAL)->signal =
        (ql_signal_event){ .frame = name, .id = push_id, .sender = (uint8_t)sender, .push = true };
}

static gint64 count_key(uint32_t connection, ql_finding_code code)
{
    return (gint64)((uint64_t)connection << 16 | (uint64_t)code);
}

/* How many findings of this code the connection has, this one included. */
static guint count_up(ql_journal *journal, uint32_t connection, ql_finding_code code)
{
    gint64 key = count_key(connection, code);
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(journal->counts, &key)) + 1;
    g_hash_table_insert(journal->counts, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(count));
    return count;
}

void ql_journal_find(ql_journal *journal, uint32_t connection, uint32_t frame, ql_finding_code code,
                     const char *format, ...)
{
    if (ql_finding_is_of_order(code) &&
        g_hash_table_contains(journal->out_of_order, GUINT_TO_POINTER(connection)))
        return;
    guint count = count_up(journal, connection, code);
    if (count > QL_FINDINGS_PER_CODE_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (count == QL_FINDINGS_PER_CODE_MAX) {
        char *last = g_strdup_printf("%s; further ones of this kind are not listed", text);
        g_free(text);
        text = last;
    }
    ql_finding *finding = g_new0(ql_finding, 1);
    *finding = (ql_finding){ .code = code, .connection = connection, .frame = frame, .text = text };
    g_ptr_array_add(journal->findings, finding);
    ql_journal_add(journal, frame, QL_EVENT_FINDING)->finding = finding;
}

static void unlink_event(frame_list *list, const ql_event *gone)
{
    ql_event *before = NULL;
    for (ql_event *event = list->first; event != NULL; before = event, event = event->next) {
        if (event != gone)
            continue;
        if (before == NULL)
            list->first = event->next;
        else
            before->next = event->next;
        if (list->last == event)
            list->last = before;
        return;
    }
}

static const ql_event *event_of_finding(const frame_list *list, const ql_finding *finding)
{
    const ql_event *event = list->first;
    while (event->kind != QL_EVENT_FINDING || event->finding != finding)
        event = event->next;
    return event;
}

void ql_journal_remove(ql_journal *journal, uint32_t frame, const ql_event *event)
{
    unlink_event(&g_array_index(journal->frames, frame_list, frame), event);
}

void ql_journal_withdraw(ql_journal *journal, uint32_t connection, ql_finding_code code)
{
    gint64 key = count_key(connection, code);
    if (!g_hash_table_remove(journal->counts, &key))
        return;
    for (guint i = journal->findings->len; i-- > 0;) {
        ql_finding *finding = g_ptr_array_index(journal->findings, i);
        if (finding->connection != connection || finding->code != code)
            continue;
        frame_list *list = &g_array_index(journal->frames, frame_list, finding->frame);
        unlink_event(list, event_of_finding(list, finding));
        g_ptr_array_remove_index(journal->findings, i);
    }
}

void ql_journal_doubt_order(ql_journal *journal, uint32_t connection)
{
    g_hash_table_add(journal->out_of_order, GUINT_TO_POINTER(connection));
    for (ql_finding_code code = 0; code < QL_FINDING_CODE_COUNT; code++)
        if (ql_finding_is_of_order(code))
            ql_journal_withdraw(journal, connection, code);
}

const ql_event *ql_journal_first(const ql_journal *journal, uint32_t frame)
{
    return frame < journal->frames->len ? g_array_index(journal->frames, frame_list, frame).first
                                        : NULL;
}

const GPtrArray *ql_journal_findings(const ql_journal *journal)
{
    return journal->findings;
}

const char *ql_closed_cause_text(ql_closed_cause cause)
{
    static const char *const texts[QL_CLOSED_CAUSE_COUNT] = {
        [QL_OPENED] = "opened",
        [QL_CLOSED_WAITING] = "its keys are not known yet",
        [QL_CLOSED_NO_SECRET] = "no secrets for this connection in the log",
        [QL_CLOSED_NO_LEVEL] = "the log has no secret for this encryption level",
        [QL_CLOSED_START_MISSING] = "the start of the connection was not captured",
        [QL_CLOSED_CUT] = "the capture holds only a part of it",
        [QL_CLOSED_UNKNOWN_VERSION] = "unknown QUIC version",
        [QL_CLOSED_NOT_AUTHENTIC] = "damaged, or protected with other secrets",
    };
    return cause < QL_CLOSED_CAUSE_COUNT ? texts[cause] : "unknown";
}

const char *ql_cid_event_name(ql_cid_event_kind kind)
{
    static const char *const names[] = {
        [QL_CID_INITIAL] = "initial",
        [QL_CID_RETRY] = "retry",
        [QL_CID_ISSUED] = "issued",
        [QL_CID_FIRST_USED] = "first-used",
        [QL_CID_SWITCHED] = "switched",
        [QL_CID_RETIRED] = "retired",
        [QL_CID_PREFERRED_ADDRESS] = "preferred-address",
        [QL_CID_STATELESS_RESET] = "stateless-reset",
    };
    return kind < G_N_ELEMENTS(names) ? names[kind] : "unknown";
}

const char *ql_path_event_name(ql_path_event_kind kind)
{
    static const char *const names[] = {
        [QL_PATH_NEW] = "new",
        [QL_PATH_CHALLENGE] = "challenge",
        [QL_PATH_RESPONSE] = "response",
        [QL_PATH_VALIDATED] = "validated",
        [QL_PATH_MIGRATED] = "migrated",
        [QL_PATH_REBOUND] = "rebound",
        [QL_PATH_ABANDONED] = "abandoned",
    };
    return kind < G_N_ELEMENTS(names) ? names[kind] : "unknown";
}
