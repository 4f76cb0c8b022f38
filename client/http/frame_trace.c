/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame_trace.h"

#include "frame_reader.h"

#include <inttypes.h>

/* One direction of one stream. */
typedef struct lane {
    const ql_frame_trace *frames;
    ql_frame_reader *reader;
    char mark;
    int64_t stream;
    uint64_t type; /* of a unidirectional stream */
} lane;

struct ql_frame_trace {
    ql_trace *trace;
    GHashTable *sent, *received; /* int64_t, in the lane -> lane */
};

static void lane_free(void *data)
{
    lane *old = data;
    ql_frame_reader_free(old->reader);
    g_free(old);
}

ql_frame_trace *ql_frame_trace_new(ql_trace *trace)
{
    ql_frame_trace *frames = g_new0(ql_frame_trace, 1);
    frames->trace = trace;
    frames->sent = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, lane_free);
    frames->received = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, lane_free);
    return frames;
}

void ql_frame_trace_free(ql_frame_trace *frames)
{
    if (frames == NULL)
        return;
    g_hash_table_unref(frames->sent);
    g_hash_table_unref(frames->received);
    g_free(frames);
}

void ql_frame_trace_close(ql_frame_trace *frames, int64_t stream)
{
    if (frames == NULL)
        return;
    g_hash_table_remove(frames->sent, &stream);
    g_hash_table_remove(frames->received, &stream);
}

/* NULL: it has none. */
static const char *frame_name(uint64_t type)
{
    switch (type) {
    case QL_FRAME_DATA: return "DATA";
    case QL_FRAME_HEADERS: return "HEADERS";
    case QL_FRAME_CANCEL_PUSH: return "CANCEL_PUSH";
    case QL_FRAME_SETTINGS: return "SETTINGS";
    case QL_FRAME_PUSH_PROMISE: return "PUSH_PROMISE";
    case QL_FRAME_GOAWAY: return "GOAWAY";
    case QL_FRAME_MAX_PUSH_ID: return "MAX_PUSH_ID";
    case QL_FRAME_PRIORITY_UPDATE:
    case QL_FRAME_PRIORITY_UPDATE_PUSH: return "PRIORITY_UPDATE";
    default: return ql_frame_reader_is_reserved(type) ? "reserved" : NULL;
    }
}

static void append_settings(GString *line, const GByteArray *payload)
{
    uint64_t id, value;
    for (size_t at = 0; ql_frame_reader_setting(payload, &at, &id, &value);) {
        const char *name = ql_frame_reader_setting_name(id);
        if (name != NULL)
            g_string_append_printf(line, ", %s=%" PRIu64, name, value);
        else
            g_string_append_printf(line, ", 0x%" PRIx64 "=%" PRIu64, id, value);
    }
}

static void append_payload(GString *line, uint64_t type, const GByteArray *payload)
{
    uint64_t id = 0;
    size_t head = ql_frame_reader_varint(payload->data, payload->len, &id);
    if (type == QL_FRAME_SETTINGS)
        append_settings(line, payload);
    else if (head > 0 &&
             (type == QL_FRAME_PRIORITY_UPDATE || type == QL_FRAME_PRIORITY_UPDATE_PUSH))
        g_string_append_printf(line, ", %s %" PRIu64 ": %.*s",
                               type == QL_FRAME_PRIORITY_UPDATE ? "stream" : "push", id,
                               (int)(payload->len - head), (const char *)payload->data + head);
    else if (head > 0)
        g_string_append_printf(line, ", %" PRIu64, id);
}

static void on_frame(uint64_t type, uint64_t length, const GByteArray *payload, void *user)
{
    const lane *on = user;
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "stream %" PRId64 ": ", on->stream);
    if (frame_name(type) != NULL)
        g_string_append(line, frame_name(type));
    else
        g_string_append_printf(line, "unknown 0x%" PRIx64, type);
    g_string_append_printf(line, ", %" PRIu64 " bytes", length);
    if (payload != NULL)
        append_payload(line, type, payload);
    ql_trace_line(on->frames->trace, on->mark, line->str);
}

static void on_stream_type(uint64_t type, uint64_t push_id, void *user)
{
    lane *on = user;
    on->type = type;
    g_autofree char *line =
        g_strdup_printf("stream %" PRId64 ": push %" PRIu64, on->stream, push_id);
    if (type == QL_STREAM_PUSH)
        ql_trace_line(on->frames->trace, on->mark, line);
}

static void on_opaque(size_t length, void *user)
{
    const lane *on = user;
    const char *what = on->type == QL_STREAM_QPACK_ENCODER   ? "QPACK encoder"
                       : on->type == QL_STREAM_QPACK_DECODER ? "QPACK decoder"
                                                             : "unknown type";
    g_autofree char *line =
        g_strdup_printf("stream %" PRId64 ": %s, %zu bytes", on->stream, what, length);
    ql_trace_line(on->frames->trace, on->mark, line);
}

static lane *lane_of(ql_frame_trace *frames, char mark, int64_t stream)
{
    static const ql_frame_reader_calls calls = { on_stream_type, on_frame, on_opaque };
    GHashTable *lanes = mark == '>' ? frames->sent : frames->received;
    lane *on = g_hash_table_lookup(lanes, &stream);
    if (on == NULL) {
        on = g_new0(lane, 1);
        on->frames = frames;
        on->mark = mark;
        on->stream = stream;
        on->reader = ql_frame_reader_new(stream, &calls, on);
        g_hash_table_insert(lanes, &on->stream, on);
    }
    return on;
}

void ql_frame_trace_bytes(ql_frame_trace *frames, char mark, int64_t stream, const uint8_t *data,
                          size_t length)
{
    if (frames != NULL)
        ql_frame_reader_read(lane_of(frames, mark, stream)->reader, data, length);
}
