/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame_trace.h"

#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define PAYLOAD_BYTES 512u /* of a frame on a control stream that are kept to be told */

enum { TYPE_CONTROL = 0, TYPE_PUSH = 1, TYPE_ENCODER = 2, TYPE_DECODER = 3 }; /* RFC 9114, 6.2 */
enum { FRAME_SETTINGS = 0x04, FRAME_GOAWAY = 0x07, FRAME_MAX_PUSH_ID = 0x0d };
enum { FRAME_PRIORITY_REQUEST = 0xf0700, FRAME_PRIORITY_PUSH = 0xf0701 }; /* RFC 9218, 7.2 */

/* One direction of one stream. */
typedef struct lane {
    uint8_t head[16]; /* of a frame, or the stream's type, while it comes */
    size_t head_length;
    bool typed; /* what the stream is, is known */
    uint64_t type;
    uint64_t frame, left; /* the frame that is coming, and bytes of it that have not come */
    GByteArray *payload;  /* of a frame on a control stream; NULL: not kept */
} lane;

struct ql_frame_trace {
    ql_trace *trace;
    GHashTable *sent, *received; /* int64_t -> lane */
};

static void lane_free(void *data)
{
    lane *old = data;
    if (old->payload != NULL)
        g_byte_array_unref(old->payload);
    g_free(old);
}

ql_frame_trace *ql_frame_trace_new(ql_trace *trace)
{
    ql_frame_trace *frames = g_new0(ql_frame_trace, 1);
    frames->trace = trace;
    frames->sent = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, lane_free);
    frames->received = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, lane_free);
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

/* RFC 9000, 16. Returns how many bytes it has; 0: not all of them are there. */
static size_t read_varint(const uint8_t *data, size_t length, uint64_t *value)
{
    size_t size = length == 0 ? 0 : (size_t)1 << (data[0] >> 6);
    if (size == 0 || length < size)
        return 0;
    *value = data[0] & 0x3f;
    for (size_t i = 1; i < size; i++)
        *value = *value << 8 | data[i];
    return size;
}

static const char *frame_name(uint64_t type)
{
    switch (type) {
    case 0x00: return "DATA";
    case 0x01: return "HEADERS";
    case 0x03: return "CANCEL_PUSH";
    case FRAME_SETTINGS: return "SETTINGS";
    case 0x05: return "PUSH_PROMISE";
    case FRAME_GOAWAY: return "GOAWAY";
    case FRAME_MAX_PUSH_ID: return "MAX_PUSH_ID";
    case FRAME_PRIORITY_REQUEST:
    case FRAME_PRIORITY_PUSH: return "PRIORITY_UPDATE";
    default: return (type - 0x21) % 0x1f == 0 ? "reserved" : "unknown"; /* RFC 9114, 7.2.8 */
    }
}

static const char *setting_name(uint64_t id)
{
    switch (id) {
    case 0x01: return "QPACK_MAX_TABLE_CAPACITY";
    case 0x06: return "MAX_FIELD_SECTION_SIZE";
    case 0x07: return "QPACK_BLOCKED_STREAMS";
    case 0x08: return "ENABLE_CONNECT_PROTOCOL";
    case 0x33: return "H3_DATAGRAM";
    default: return NULL;
    }
}

static void append_settings(GString *line, const uint8_t *data, size_t length)
{
    while (length > 0) {
        uint64_t id = 0, value = 0;
        size_t a = read_varint(data, length, &id);
        size_t b = a == 0 ? 0 : read_varint(data + a, length - a, &value);
        if (b == 0)
            return;
        if (setting_name(id) != NULL)
            g_string_append_printf(line, ", %s=%" PRIu64, setting_name(id), value);
        else
            g_string_append_printf(line, ", 0x%" PRIx64 "=%" PRIu64, id, value);
        data += a + b;
        length -= a + b;
    }
}

static void tell(const ql_frame_trace *frames, char mark, int64_t stream, const lane *on,
                 uint64_t length)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const GByteArray *payload = on->payload;
    uint64_t id = 0;
    g_string_append_printf(line, "stream %" PRId64 ": %s", stream, frame_name(on->frame));
    if (strcmp(frame_name(on->frame), "unknown") == 0 || on->frame == FRAME_PRIORITY_PUSH)
        g_string_append_printf(line, " 0x%" PRIx64, on->frame);
    g_string_append_printf(line, ", %" PRIu64 " bytes", length);
    size_t head = payload == NULL ? 0 : read_varint(payload->data, payload->len, &id);
    if (payload != NULL && on->frame == FRAME_SETTINGS)
        append_settings(line, payload->data, payload->len);
    else if (head > 0 && (on->frame == FRAME_GOAWAY || on->frame == FRAME_MAX_PUSH_ID))
        g_string_append_printf(line, ", %" PRIu64, id);
    else if (head > 0 && on->frame == FRAME_PRIORITY_REQUEST)
        g_string_append_printf(line, ", stream %" PRIu64 ": %.*s", id, (int)(payload->len - head),
                               (const char *)payload->data + head);
    ql_trace_line(frames->trace, mark, line->str);
}

static lane *lane_of(ql_frame_trace *frames, char mark, int64_t stream)
{
    GHashTable *lanes = mark == '>' ? frames->sent : frames->received;
    lane *on = g_hash_table_lookup(lanes, &stream);
    if (on == NULL) {
        on = g_new0(lane, 1);
        on->typed = (stream & 2) == 0; /* bidirectional ones have none (RFC 9000, 2.1) */
        on->type = TYPE_CONTROL;
        g_hash_table_insert(lanes, g_memdup2(&stream, sizeof stream), on);
    }
    return on;
}

/* Takes a byte of what stands before the payload; true when that is whole. */
static bool take_head(lane *on, uint8_t byte, uint64_t *length)
{
    on->head[on->head_length++] = byte;
    size_t first = read_varint(on->head, on->head_length, on->typed ? &on->frame : &on->type);
    if (first == 0)
        return false;
    if (on->typed && read_varint(on->head + first, on->head_length - first, length) == 0)
        return false;
    on->head_length = 0;
    return true;
}

static void begin_frame(const ql_frame_trace *frames, char mark, int64_t stream, lane *on,
                        uint64_t length)
{
    on->left = length;
    bool control = (stream & 2) != 0 && on->type == TYPE_CONTROL;
    if (control && length > 0 && length <= PAYLOAD_BYTES)
        on->payload = g_byte_array_new();
    else
        tell(frames, mark, stream, on, length);
}

static void take_payload(const ql_frame_trace *frames, char mark, int64_t stream, lane *on,
                         const uint8_t *data, size_t length)
{
    on->left -= length;
    if (on->payload == NULL)
        return;
    g_byte_array_append(on->payload, data, (guint)length);
    if (on->left > 0)
        return;
    tell(frames, mark, stream, on, on->payload->len);
    g_clear_pointer(&on->payload, g_byte_array_unref);
}

/* Streams that have no frames. */
static void tell_other(const ql_frame_trace *frames, char mark, int64_t stream, lane *on,
                       size_t length)
{
    const char *what = on->type == TYPE_ENCODER   ? "QPACK encoder"
                       : on->type == TYPE_DECODER ? "QPACK decoder"
                                                  : "unknown type";
    g_autofree char *line =
        g_strdup_printf("stream %" PRId64 ": %s, %zu bytes", stream, what, length);
    if (length > 0)
        ql_trace_line(frames->trace, mark, line);
}

void ql_frame_trace_bytes(ql_frame_trace *frames, char mark, int64_t stream, const uint8_t *data,
                          size_t length)
{
    lane *on = frames == NULL ? NULL : lane_of(frames, mark, stream);
    while (on != NULL && length > 0) {
        uint64_t size = 0;
        if (on->typed && on->type != TYPE_CONTROL && on->type != TYPE_PUSH) {
            tell_other(frames, mark, stream, on, length);
            return;
        }
        if (on->left > 0) {
            size_t now = (size_t)MIN(length, on->left);
            take_payload(frames, mark, stream, on, data, now);
            data += now;
            length -= now;
            continue;
        }
        bool whole = take_head(on, *data, &size);
        data++;
        length--;
        if (whole && on->typed)
            begin_frame(frames, mark, stream, on, size);
        on->typed = on->typed || whole;
    }
}
