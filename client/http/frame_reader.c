/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame_reader.h"

#define PAYLOAD_AT_MOST 4096u
#define HEAD_BYTES      16u /* two variable-length integers */

typedef enum reader_state {
    STATE_STREAM_TYPE,
    STATE_PUSH_ID,
    STATE_HEAD,
    STATE_PAYLOAD,
    STATE_OPAQUE,
} reader_state;

struct ql_frame_reader {
    const ql_frame_reader_calls *calls;
    void *user;
    reader_state state;
    uint8_t head[HEAD_BYTES]; /* of the integers that are being read */
    size_t head_length;
    uint64_t type, length, left; /* of the frame */
    GByteArray *payload;         /* NULL: not kept */
};

ql_frame_reader *ql_frame_reader_new(int64_t stream, const ql_frame_reader_calls *calls, void *user)
{
    ql_frame_reader *reader = g_new0(ql_frame_reader, 1);
    bool unidirectional = (stream & 2) != 0; /* RFC 9000, 2.1 */
    reader->calls = calls;
    reader->user = user;
    reader->state = unidirectional ? STATE_STREAM_TYPE : STATE_HEAD;
    return reader;
}

void ql_frame_reader_free(ql_frame_reader *reader)
{
    if (reader == NULL)
        return;
    g_clear_pointer(&reader->payload, g_byte_array_unref);
    g_free(reader);
}

size_t ql_frame_reader_varint(const uint8_t *data, size_t length, uint64_t *value)
{
    size_t size = length == 0 ? 1 : (size_t)1 << (data[0] >> 6);
    if (length < size)
        return 0;
    *value = data[0] & 0x3f;
    for (size_t i = 1; i < size; i++)
        *value = *value << 8 | data[i];
    return size;
}

bool ql_frame_reader_setting(const GByteArray *payload, size_t *at, uint64_t *id, uint64_t *value)
{
    size_t first = ql_frame_reader_varint(payload->data + *at, payload->len - *at, id);
    size_t behind = *at + first;
    size_t second =
        first == 0 ? 0
                   : ql_frame_reader_varint(payload->data + behind, payload->len - behind, value);
    *at = behind + second;
    return second > 0;
}

const char *ql_frame_reader_setting_name(uint64_t id)
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

bool ql_frame_reader_is_reserved(uint64_t type)
{
    return type >= 0x21 && (type - 0x21) % 0x1f == 0;
}

static bool rules_connection(uint64_t type)
{
    return type == QL_FRAME_SETTINGS || type == QL_FRAME_CANCEL_PUSH || type == QL_FRAME_GOAWAY ||
           type == QL_FRAME_MAX_PUSH_ID || type == QL_FRAME_PRIORITY_UPDATE ||
           type == QL_FRAME_PRIORITY_UPDATE_PUSH;
}

static void begin_frame(ql_frame_reader *reader)
{
    reader->left = reader->length;
    reader->state = STATE_PAYLOAD;
    if (rules_connection(reader->type) && reader->length <= PAYLOAD_AT_MOST)
        reader->payload = g_byte_array_new();
    else
        reader->calls->on_frame(reader->type, reader->length, NULL, reader->user);
}

static void end_frame(ql_frame_reader *reader)
{
    reader->state = STATE_HEAD;
    if (reader->payload == NULL)
        return;
    reader->calls->on_frame(reader->type, reader->length, reader->payload, reader->user);
    g_clear_pointer(&reader->payload, g_byte_array_unref);
}

static void begin_stream(ql_frame_reader *reader, uint64_t type)
{
    reader->state = type == QL_STREAM_CONTROL ? STATE_HEAD
                    : type == QL_STREAM_PUSH  ? STATE_PUSH_ID
                                              : STATE_OPAQUE;
    if (type != QL_STREAM_PUSH)
        reader->calls->on_stream_type(type, 0, reader->user);
}

/* Tries to understand the head with one more byte in it. */
static void take_head(ql_frame_reader *reader, uint8_t byte)
{
    uint64_t first = 0;
    reader->head[reader->head_length++] = byte;
    size_t n = ql_frame_reader_varint(reader->head, reader->head_length, &first);
    if (n == 0)
        return;
    if (reader->state == STATE_STREAM_TYPE) {
        begin_stream(reader, first);
    } else if (reader->state == STATE_PUSH_ID) {
        reader->state = STATE_HEAD;
        reader->calls->on_stream_type(QL_STREAM_PUSH, first, reader->user);
    } else if (ql_frame_reader_varint(reader->head + n, reader->head_length - n, &reader->length) !=
               0) {
        reader->type = first;
        begin_frame(reader);
    } else {
        return;
    }
    reader->head_length = 0;
}

static size_t take_payload(ql_frame_reader *reader, const uint8_t *data, size_t length)
{
    size_t taken = (size_t)MIN(reader->left, length);
    if (reader->payload != NULL)
        g_byte_array_append(reader->payload, data, (guint)taken);
    reader->left -= taken;
    return taken;
}

void ql_frame_reader_read(ql_frame_reader *reader, const uint8_t *data, size_t length)
{
    while (length > 0 && reader->state != STATE_OPAQUE) {
        size_t taken = 1;
        if (reader->state == STATE_PAYLOAD)
            taken = take_payload(reader, data, length);
        else
            take_head(reader, *data);
        if (reader->state == STATE_PAYLOAD && reader->left == 0)
            end_frame(reader);
        data += taken;
        length -= taken;
    }
    if (length > 0 && reader->calls->on_opaque != NULL)
        reader->calls->on_opaque(length, reader->user);
}
