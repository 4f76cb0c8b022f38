/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/stream.h"

#include <inttypes.h>
#include <string.h>

#include "model/hash_key.h"
#include "model/http3_error.h"
#include "model/stream_half.h"

/* Streams of one connection; further ones are passed over. */
#define STREAMS_MAX (1u << 20)

#define OFFSET_MAX ((UINT64_C(1) << 62) - 1) /* RFC 9000, 19.8 */

typedef struct stream {
    ql_number_key key;
    ql_stream_facts facts;
    ql_stream_half *half[2]; /* by sender; NULL before its first frame and when it is done */
    bool done[2];            /* all bytes of the half were read */
    bool stop_told[2];       /* STOP_SENDING, by its sender */
    bool early_data;
    bool resent_told;
} stream;

struct ql_streams {
    ql_journal *journal;
    uint32_t connection;
    ql_http3 *http3;
    ql_hash_key key;
    GHashTable *by_id;     /* ql_number_key -> stream, the key inside it */
    GPtrArray *streams;    /* of stream *, owned, in the order of their first frames */
    GHashTable *forgotten; /* the same, owned: what rejected early data carried */
    uint64_t kept;         /* by all reassemblies */
    ql_where now;
    stream *recent; /* the last one that was looked up, or NULL */
    ql_stream_protocol protocol;
    bool early_data_rejected;
    bool told_limit;
};

static void stream_free(gpointer data)
{
    stream *s = data;
    ql_stream_half_free(s->half[QL_CLIENT]);
    ql_stream_half_free(s->half[QL_SERVER]);
    g_free(s);
}

ql_streams *ql_streams_new(ql_journal *journal, uint32_t connection)
{
    ql_streams *streams = g_new0(ql_streams, 1);
    streams->journal = journal;
    streams->connection = connection;
    streams->http3 = ql_http3_new(journal, connection);
    streams->key = ql_hash_key_new();
    streams->by_id = g_hash_table_new(ql_hash_key_hash, ql_number_key_equal);
    streams->streams = g_ptr_array_new_with_free_func(stream_free);
    streams->forgotten =
        g_hash_table_new_full(ql_hash_key_hash, ql_number_key_equal, NULL, stream_free);
    return streams;
}

void ql_streams_free(ql_streams *streams)
{
    if (streams == NULL)
        return;
    g_hash_table_destroy(streams->by_id);
    g_hash_table_destroy(streams->forgotten);
    g_ptr_array_free(streams->streams, TRUE);
    ql_http3_free(streams->http3);
    g_free(streams);
}

void ql_streams_keep_bodies(ql_streams *streams, ql_body_budget *budget)
{
    ql_http3_keep_bodies(streams->http3, budget);
}

const char *ql_stream_role_name(ql_stream_role role)
{
    static const char *const names[] = {
        [QL_ROLE_UNKNOWN] = "other",
        [QL_ROLE_REQUEST] = "request",
        [QL_ROLE_PUSH] = "push",
        [QL_ROLE_CONTROL] = "control",
        [QL_ROLE_QPACK_ENCODER] = "qpack-encoder",
        [QL_ROLE_QPACK_DECODER] = "qpack-decoder",
        [QL_ROLE_WEBTRANSPORT] = "webtransport",
        [QL_ROLE_OTHER] = "other",
    };
    return (unsigned)role < G_N_ELEMENTS(names) ? names[role] : "other";
}

#define find(streams, code, ...)                                                                   \
    ql_journal_find((streams)->journal, (streams)->connection, (streams)->now.frame, code,         \
                    __VA_ARGS__)

static void look_at(ql_streams *streams, const ql_where *where, ql_stream_piece *piece)
{
    streams->now = *where;
    ql_http3_look_at(streams->http3, where, piece);
}

static stream *stream_new(const ql_streams *streams, uint64_t id)
{
    stream *s = g_new0(stream, 1);
    s->key = ql_number_key_of(&streams->key, id);
    s->facts.id = id;
    s->facts.first_frame = streams->now.frame;
    s->facts.session = QL_NO_STREAM;
    if (streams->protocol == QL_PROTOCOL_OTHER)
        s->facts.role = QL_ROLE_OTHER;
    return s;
}

static stream *find_in(const ql_streams *streams, GHashTable *table, uint64_t id)
{
    ql_number_key key = ql_number_key_of(&streams->key, id);
    return g_hash_table_lookup(table, &key);
}

static stream *ensure_stream(ql_streams *streams, uint64_t id)
{
    if (streams->recent != NULL && streams->recent->facts.id == id)
        return streams->recent;
    stream *s = find_in(streams, streams->by_id, id);
    if (s != NULL)
        return streams->recent = s;
    if (streams->streams->len >= STREAMS_MAX) {
        if (!streams->told_limit)
            find(streams, QL_FINDING_LIMIT_REACHED,
                 "stream %" PRIu64 ": more than %u streams, further ones are passed over", id,
                 STREAMS_MAX);
        streams->told_limit = true;
        return NULL;
    }
    s = stream_new(streams, id);
    g_ptr_array_add(streams->streams, s);
    g_hash_table_insert(streams->by_id, &s->key, s);
    return streams->recent = s;
}

static ql_stream_half *ensure_half(ql_streams *streams, stream *s, ql_side sender)
{
    if (s->half[sender] != NULL)
        return s->half[sender];
    s->half[sender] = ql_stream_half_new(sender, &streams->kept);
    ql_stream_half_begin(s->half[sender], streams->protocol, streams->http3, &s->facts,
                         s->half[ql_side_other(sender)]);
    return s->half[sender];
}

static void settle(stream *s, ql_side sender)
{
    if (s->half[sender] == NULL || !ql_stream_half_settle(s->half[sender], &s->facts))
        return;
    ql_stream_half_free(g_steal_pointer(&s->half[sender]));
    s->done[sender] = true;
}

static void resume(stream *s, ql_side sender)
{
    if (s->half[sender] != NULL && ql_stream_half_resume(s->half[sender], &s->facts))
        settle(s, sender);
}

static void decide(ql_streams *streams, ql_stream_protocol protocol)
{
    streams->protocol = protocol;
    for (guint i = 0; i < streams->streams->len; i++) {
        stream *s = g_ptr_array_index(streams->streams, i);
        if (protocol == QL_PROTOCOL_OTHER)
            s->facts.role = QL_ROLE_OTHER;
        for (int side = QL_CLIENT; side <= QL_SERVER; side++) {
            if (s->half[side] != NULL)
                ql_stream_half_begin(s->half[side], protocol, streams->http3, &s->facts,
                                     s->half[ql_side_other((ql_side)side)]);
            settle(s, (ql_side)side);
        }
    }
}

void ql_streams_set_alpn(ql_streams *streams, const char *alpn)
{
    if (alpn == NULL || streams->protocol != QL_PROTOCOL_UNKNOWN)
        return;
    bool http3 = strcmp(alpn, "h3") == 0 || g_str_has_prefix(alpn, "h3-");
    decide(streams, http3 ? QL_PROTOCOL_HTTP3 : QL_PROTOCOL_OTHER);
}

bool ql_streams_are_http3(const ql_streams *streams)
{
    return streams->protocol == QL_PROTOCOL_HTTP3;
}

/* RFC 9000, 2.1: on a unidirectional stream only its initiator sends. */
static bool may_send(ql_streams *streams, ql_side sender, uint64_t id, const char *what)
{
    bool unidirectional = (id & 2) != 0;
    ql_side initiator = id & 1 ? QL_SERVER : QL_CLIENT;
    if (!unidirectional || sender == initiator)
        return true;
    find(streams, QL_FINDING_STREAM_STATE,
         "stream %" PRIu64 ": %s from the %s, which only receives on it (RFC 9000, 19.8)", id, what,
         ql_side_name(sender));
    return false;
}

/* RFC 9000, 4.5. */
static bool set_final_size(ql_streams *streams, stream *s, ql_side sender, uint64_t size)
{
    uint64_t highest = s->half[sender] == NULL ? 0 : s->half[sender]->highest;
    if (s->facts.half[sender].has_final_size) {
        uint64_t was = s->facts.half[sender].final_size;
        if (size != was)
            find(streams, QL_FINDING_STREAM_FINAL_SIZE,
                 "stream %" PRIu64 ": final size %" PRIu64 " from the %s, was %" PRIu64
                 " (RFC 9000, 4.5)",
                 s->facts.id, size, ql_side_name(sender), was);
        return false;
    }
    if (size < highest) {
        find(streams, QL_FINDING_STREAM_FINAL_SIZE,
             "stream %" PRIu64 ": final size %" PRIu64
             " from the %s, which sent bytes up to %" PRIu64 " (RFC 9000, 4.5)",
             s->facts.id, size, ql_side_name(sender), highest);
        return false;
    }
    s->facts.half[sender].has_final_size = true;
    s->facts.half[sender].final_size = size;
    return true;
}

/* Whether the bytes may be taken. */
static bool check_range(ql_streams *streams, const stream *s, ql_side sender, uint64_t offset,
                        size_t length)
{
    uint64_t end = offset + length;
    if (offset > OFFSET_MAX || end > OFFSET_MAX) {
        find(streams, QL_FINDING_FRAME_MALFORMED,
             "stream %" PRIu64 ": %zu bytes at offset %" PRIu64
             " from the %s go beyond 2^62-1 (RFC 9000, 19.8)",
             s->facts.id, length, offset, ql_side_name(sender));
        return false;
    }
    if (s->facts.half[sender].has_final_size && end > s->facts.half[sender].final_size) {
        find(streams, QL_FINDING_STREAM_FINAL_SIZE,
             "stream %" PRIu64 ": bytes up to %" PRIu64 " from the %s, final size was %" PRIu64
             " (RFC 9000, 4.5)",
             s->facts.id, end, ql_side_name(sender), s->facts.half[sender].final_size);
        return false;
    }
    return true;
}

static ql_stream_piece *add_piece(ql_streams *streams, const stream *s, ql_side sender,
                                  const ql_frame *frame, bool early_data)
{
    ql_event *event = ql_journal_add(streams->journal, streams->now.frame, QL_EVENT_STREAM);
    event->stream = (ql_stream_piece){
        .stream = &s->facts,
        .offset = frame->stream.offset,
        .length = (uint32_t)frame->stream.data.length,
        .sender = (uint8_t)sender,
        .fin = frame->stream.fin,
        .out_of_order = frame->stream.offset > s->facts.half[sender].in_order,
        .early_data = early_data,
    };
    return &event->stream;
}

static void tell_outcome(ql_streams *streams, const stream *s, ql_side sender,
                         const ql_reassembly_outcome *outcome)
{
    if (outcome->changed)
        find(streams, QL_FINDING_STREAM_DATA_CHANGED,
             "stream %" PRIu64 ": bytes of the %s came again with other content (RFC 9000, 2.2)",
             s->facts.id, ql_side_name(sender));
    if (outcome->became_full)
        find(streams, QL_FINDING_LIMIT_REACHED,
             "stream %" PRIu64 ": too many bytes of the %s wait behind offset %" PRIu64
             "; what follows is counted only",
             s->facts.id, ql_side_name(sender), s->facts.half[sender].in_order);
}

static void take_piece(ql_streams *streams, stream *s, ql_side sender, const ql_frame *frame,
                       ql_stream_piece *piece)
{
    uint64_t offset = frame->stream.offset;
    ql_slice data = frame->stream.data;
    const ql_arrival from = { streams->now, piece->early_data };
    if (s->done[sender]) {
        piece->retransmission = true;
        return;
    }
    bool first = s->half[sender] == NULL;
    ql_stream_half *half = ensure_half(streams, s, sender);
    bool ends = frame->stream.fin && set_final_size(streams, s, sender, offset + data.length);
    ql_reassembly_outcome outcome = ql_stream_half_add(half, offset, data, &from);
    piece->retransmission = outcome.fresh == 0 && !ends && !first;
    tell_outcome(streams, s, sender, &outcome);
    if (streams->protocol == QL_PROTOCOL_UNKNOWN && offset < QL_RECOGNITION_BYTES &&
        ql_stream_half_is_recognized(half, s->facts.id))
        decide(streams, QL_PROTOCOL_HTTP3);
    settle(s, sender);
    if (offset < QL_RECOGNITION_BYTES) /* the start of either half may tell */
        for (int side = QL_CLIENT; side <= QL_SERVER; side++)
            resume(s, (ql_side)side);
}

/* What early data carried comes again after its rejection (RFC 9001, 4.6.2). */
static void tell_resent(ql_streams *streams, stream *s)
{
    const stream *before = g_hash_table_lookup(streams->forgotten, &s->key);
    if (s->resent_told || s->facts.exchange == NULL || before == NULL ||
        before->facts.exchange == NULL)
        return;
    s->resent_told = true;
    char *url = ql_exchange_url(before->facts.exchange);
    ql_journal_say(streams->journal, streams->now.frame, "RFC 9001, 4.6.2",
                   "stream %" PRIu64 " is sent again: its early data of frame %u, %.200s, was "
                   "rejected",
                   s->facts.id, before->facts.exchange->request.first.frame, url);
    g_free(url);
}

static void pass_over_early_data(ql_streams *streams, ql_side sender, const ql_frame *frame)
{
    uint64_t id = frame->stream.id;
    stream *s = find_in(streams, streams->forgotten, id);
    if (s == NULL) {
        s = stream_new(streams, id);
        g_hash_table_insert(streams->forgotten, &s->key, s);
    }
    add_piece(streams, s, sender, frame, true);
}

void ql_streams_on_stream(ql_streams *streams, ql_side sender, const ql_frame *frame,
                          const ql_where *where, bool early_data)
{
    uint64_t id = frame->stream.id;
    look_at(streams, where, NULL);
    if (!may_send(streams, sender, id, "STREAM"))
        return;
    if (early_data && streams->early_data_rejected) {
        pass_over_early_data(streams, sender, frame);
        return;
    }
    stream *s = ensure_stream(streams, id);
    if (s == NULL)
        return;
    s->early_data = s->early_data || early_data;
    ql_stream_piece *piece = add_piece(streams, s, sender, frame, early_data);
    if (!check_range(streams, s, sender, frame->stream.offset, frame->stream.data.length))
        return;
    look_at(streams, where, piece);
    take_piece(streams, s, sender, frame, piece);
    look_at(streams, where, NULL);
    if (streams->early_data_rejected)
        tell_resent(streams, s);
}

void ql_streams_on_reset(ql_streams *streams, ql_side sender, const ql_frame *frame,
                         const ql_where *where)
{
    uint64_t id = frame->reset_stream.id;
    look_at(streams, where, NULL);
    stream *s = may_send(streams, sender, id, "RESET_STREAM") ? ensure_stream(streams, id) : NULL;
    if (s == NULL || s->facts.half[sender].reset)
        return;
    ql_stream_half *half = s->done[sender] ? NULL : ensure_half(streams, s, sender);
    set_final_size(streams, s, sender, frame->reset_stream.final_size);
    s->facts.half[sender].reset = true;
    s->facts.half[sender].reset_error = frame->reset_stream.error;
    if (half == NULL)
        return;
    if (half->http3 != NULL)
        ql_http3_half_reset(half->http3, frame->reset_stream.error);
    settle(s, sender);
}

static bool is_critical(ql_stream_role role)
{
    return role == QL_ROLE_CONTROL || role == QL_ROLE_QPACK_ENCODER ||
           role == QL_ROLE_QPACK_DECODER;
}

void ql_streams_on_stop_sending(ql_streams *streams, ql_side sender, const ql_frame *frame,
                                const ql_where *where)
{
    uint64_t id = frame->stop_sending.id;
    look_at(streams, where, NULL);
    stream *s = ensure_stream(streams, id);
    if (s == NULL || s->stop_told[sender])
        return;
    uint64_t error = frame->stop_sending.error;
    g_autofree char *text = streams->protocol == QL_PROTOCOL_HTTP3
                                ? ql_http3_error_text(error)
                                : g_strdup_printf("0x%" PRIx64, error);
    ql_journal_say(streams->journal, where->frame, "RFC 9000, 3.5",
                   "the %s asks to stop sending on stream %" PRIu64 ": %s", ql_side_name(sender),
                   id, text);
    s->stop_told[sender] = true;
    if (is_critical(s->facts.role))
        find(streams, QL_FINDING_H3_CLOSED_CRITICAL_STREAM,
             "stream %" PRIu64 ": the %s asks to close the %s stream (%s)", id,
             ql_side_name(sender), ql_stream_role_name(s->facts.role),
             s->facts.role == QL_ROLE_CONTROL ? "RFC 9114, 6.2.1" : "RFC 9204, 4.2");
    if (sender == QL_CLIENT && s->facts.exchange != NULL) {
        s->facts.exchange->stop_sending = true;
        s->facts.exchange->stop_error = error;
    }
}

void ql_streams_on_datagram(ql_streams *streams, ql_side sender, const ql_frame *frame,
                            const ql_where *where)
{
    look_at(streams, where, NULL);
    if (streams->protocol == QL_PROTOCOL_HTTP3)
        ql_http3_on_datagram(streams->http3, streams, sender, frame->datagram.data);
    else
        ql_journal_say(streams->journal, where->frame, "RFC 9221, 4",
                       "DATAGRAM of %zu byte%s from the %s", frame->datagram.data.length,
                       frame->datagram.data.length == 1 ? "" : "s", ql_side_name(sender));
}

void ql_streams_on_early_data_rejected(ql_streams *streams)
{
    if (streams->early_data_rejected)
        return;
    GPtrArray *all = streams->streams;
    g_autoptr(GHashTable) exchanges = g_hash_table_new(NULL, NULL);
    streams->early_data_rejected = true;
    streams->recent = NULL;
    streams->streams = g_ptr_array_new_with_free_func(stream_free);
    for (guint i = 0; i < all->len; i++) {
        stream *s = g_ptr_array_index(all, i);
        if (!s->early_data) {
            g_ptr_array_add(streams->streams, s);
            continue;
        }
        g_hash_table_remove(streams->by_id, &s->key);
        g_hash_table_insert(streams->forgotten, &s->key, s);
        if (s->facts.exchange != NULL)
            g_hash_table_add(exchanges, s->facts.exchange);
    }
    g_ptr_array_set_free_func(all, NULL);
    g_ptr_array_free(all, TRUE);
    ql_http3_forget_client(streams->http3, exchanges);
}

void ql_streams_finish(ql_streams *streams, const ql_where *where)
{
    look_at(streams, where, NULL);
    ql_http3_finish(streams->http3);
    for (guint i = 0; i < streams->streams->len; i++) {
        stream *s = g_ptr_array_index(streams->streams, i);
        for (int side = QL_CLIENT; side <= QL_SERVER; side++) {
            if (s->half[side] != NULL)
                ql_stream_half_finish(s->half[side], &s->facts, streams->journal,
                                      streams->connection, where->frame);
            settle(s, (ql_side)side);
        }
    }
}

const GPtrArray *ql_streams_exchanges(const ql_streams *streams)
{
    return ql_http3_exchanges(streams->http3);
}

const ql_stream_facts *ql_streams_find(const ql_streams *streams, uint64_t id)
{
    const stream *s = find_in(streams, streams->by_id, id);
    return s == NULL ? NULL : &s->facts;
}

const ql_exchange *ql_streams_find_push(const ql_streams *streams, uint64_t push_id)
{
    return ql_http3_push(streams->http3, push_id);
}

unsigned ql_streams_count(const ql_streams *streams)
{
    return streams->streams->len;
}

const ql_stream_facts *ql_streams_at(const ql_streams *streams, unsigned index)
{
    return &((const stream *)g_ptr_array_index(streams->streams, index))->facts;
}

const GArray *ql_streams_settings(const ql_streams *streams, ql_side side)
{
    return ql_http3_settings(streams->http3, side);
}
