/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qlog_http3.h"

#include <inttypes.h>
#include <string.h>

#define PAYLOAD_AT_MOST                                                                            \
    4096u              /* of a frame whose content is shown; a longer one is not looked at         \
                        */
#define HEAD_BYTES 16u /* two variable-length integers */

/* RFC 9114, 7.2 */
enum {
    FRAME_DATA = 0x0,
    FRAME_HEADERS = 0x1,
    FRAME_CANCEL_PUSH = 0x3,
    FRAME_SETTINGS = 0x4,
    FRAME_GOAWAY = 0x7,
    FRAME_MAX_PUSH_ID = 0xd,
};

/* A frame that is to be written. */
typedef struct frame {
    uint64_t type, length;
    JsonObject *content; /* of HEADERS: its fields are not there yet */
} frame;

typedef enum half_state {
    HALF_STREAM_TYPE, /* of a unidirectional stream */
    HALF_PUSH_ID,
    HALF_FRAME_HEAD,
    HALF_PAYLOAD,
    HALF_OPAQUE, /* not made of frames */
} half_state;

/* One direction of a stream. */
typedef struct half {
    int64_t stream;
    ql_qlog_owner sender;
    half_state state;
    uint8_t head[HEAD_BYTES]; /* of the integers that are being read */
    size_t head_length;
    uint64_t type, length, left; /* of the frame */
    GByteArray *payload;         /* of a frame whose content is shown */
    GQueue frames;               /* frame: those from the first HEADERS without its fields on */
    GQueue sections;             /* JsonArray: fields without their frames */
    JsonArray *section;          /* the one that is being handed over; NULL: none */
} half;

struct ql_qlog_http3 {
    ql_qlog *qlog;
    bool server;
    GHashTable *halves; /* key_of -> half */
};

static void frame_free(gpointer data)
{
    frame *f = data;
    json_object_unref(f->content);
    g_free(f);
}

static void half_free(gpointer data)
{
    half *h = data;
    g_byte_array_unref(h->payload);
    g_queue_clear_full(&h->frames, frame_free);
    g_queue_clear_full(&h->sections, (GDestroyNotify)json_array_unref);
    g_clear_pointer(&h->section, json_array_unref);
    g_free(h);
}

ql_qlog_http3 *ql_qlog_http3_new(ql_qlog *qlog, bool server)
{
    if (qlog == NULL)
        return NULL;
    ql_qlog_http3 *http3 = g_new0(ql_qlog_http3, 1);
    http3->qlog = qlog;
    http3->server = server;
    http3->halves = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, half_free);
    return http3;
}

void ql_qlog_http3_free(ql_qlog_http3 *http3)
{
    if (http3 == NULL)
        return;
    g_hash_table_unref(http3->halves);
    g_free(http3);
}

static gint64 key_of(int64_t stream, ql_qlog_owner sender)
{
    return stream * QL_QLOG_OWNERS + (gint64)sender;
}

static bool is_unidirectional(int64_t stream)
{
    return (stream & 2) != 0;
}

/* Who opened it (RFC 9000, 2.1). */
static ql_qlog_owner opener_of(const ql_qlog_http3 *http3, int64_t stream)
{
    bool by_server = (stream & 1) != 0;
    return by_server == http3->server ? QL_QLOG_LOCAL : QL_QLOG_REMOTE;
}

static void write_stream_type(const ql_qlog_http3 *http3, int64_t stream, const char *type,
                              const uint64_t *raw, const uint64_t *push_id)
{
    JsonObject *data = json_object_new();
    bool local = opener_of(http3, stream) == QL_QLOG_LOCAL;
    json_object_set_string_member(data, "owner", local ? "local" : "remote");
    json_object_set_int_member(data, "stream_id", stream);
    json_object_set_string_member(data, "stream_type", type);
    if (raw != NULL)
        json_object_set_int_member(data, "raw_stream_type", (gint64)*raw);
    if (push_id != NULL)
        json_object_set_int_member(data, "associated_push_id", (gint64)*push_id);
    ql_qlog_write_event(http3->qlog, "http:stream_type_set", data);
}

static half *half_of(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream)
{
    gint64 key = key_of(stream, sender);
    half *h = g_hash_table_lookup(http3->halves, &key);
    if (h != NULL)
        return h;
    h = g_new0(half, 1);
    h->stream = stream;
    h->sender = sender;
    h->state = is_unidirectional(stream) ? HALF_STREAM_TYPE : HALF_FRAME_HEAD;
    h->payload = g_byte_array_new();
    g_queue_init(&h->frames);
    g_queue_init(&h->sections);
    g_hash_table_insert(http3->halves, g_memdup2(&key, sizeof key), h);
    if (!is_unidirectional(stream) && sender == opener_of(http3, stream))
        write_stream_type(http3, stream, "request", NULL, NULL);
    return h;
}

/* RFC 9000, 16. Returns the bytes that it took; 0: it is not whole. */
static size_t read_varint(const uint8_t *data, size_t length, uint64_t *value)
{
    size_t size = length == 0 ? 1 : (size_t)1 << (data[0] >> 6);
    if (length < size)
        return 0;
    *value = data[0] & 0x3f;
    for (size_t i = 1; i < size; i++)
        *value = *value << 8 | data[i];
    return size;
}

static size_t varint_size(uint64_t value)
{
    return value < 1u << 6 ? 1 : value < 1u << 14 ? 2 : value < 1u << 30 ? 4 : 8;
}

static JsonObject *content_new(const char *type)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "frame_type", type);
    return content;
}

static void write_frame(const ql_qlog_http3 *http3, const half *h, const frame *f)
{
    JsonObject *data = json_object_new(), *raw = json_object_new();
    uint64_t head = varint_size(f->type) + varint_size(f->length);
    json_object_set_int_member(raw, "length", (gint64)(head + f->length));
    json_object_set_int_member(raw, "payload_length", (gint64)f->length);
    json_object_set_int_member(data, "stream_id", h->stream);
    json_object_set_int_member(data, "length", (gint64)f->length);
    json_object_set_object_member(data, "frame", json_object_ref(f->content));
    json_object_set_object_member(data, "raw", raw);
    ql_qlog_write_event(
        http3->qlog, h->sender == QL_QLOG_LOCAL ? "http:frame_created" : "http:frame_parsed", data);
}

/* HEADERS are written once both they and their fields are there, and what is behind them waits, as
 * the order of a stream's frames says much. */
static void write_frames(const ql_qlog_http3 *http3, half *h)
{
    for (frame *f; (f = g_queue_peek_head(&h->frames)) != NULL;) {
        if (f->type == FRAME_HEADERS && g_queue_is_empty(&h->sections))
            return;
        if (f->type == FRAME_HEADERS)
            json_object_set_array_member(f->content, "headers", g_queue_pop_head(&h->sections));
        write_frame(http3, h, f);
        frame_free(g_queue_pop_head(&h->frames));
    }
}

/* Takes content. */
static void add_frame(const ql_qlog_http3 *http3, half *h, JsonObject *content)
{
    const frame added = { h->type, h->length, content };
    g_queue_push_tail(&h->frames, g_memdup2(&added, sizeof added));
    write_frames(http3, h);
}

static JsonObject *unknown_content(const half *h)
{
    JsonObject *content = content_new("unknown");
    json_object_set_int_member(content, "raw_frame_type", (gint64)h->type);
    json_object_set_int_member(content, "raw_length", (gint64)h->length);
    return content;
}

/* Reserved so that unknown ones get exercised (RFC 9114, 7.2.8 and 6.2.3). */
static bool is_reserved(uint64_t type)
{
    return type >= 0x21 && (type - 0x21) % 0x1f == 0;
}

/* What of SETTINGS the qlog schema has names for (RFC 9114, 7.2.4.1; RFC 9204, 5). */
static const struct {
    uint64_t id;
    const char *setting, *parameter;
} settings[] = {
    { 0x1, "SETTINGS_QPACK_MAX_TABLE_CAPACITY", "max_table_capacity" },
    { 0x6, "SETTINGS_MAX_FIELD_SECTION_SIZE", "max_header_list_size" },
    { 0x7, "SETTINGS_QPACK_BLOCKED_STREAMS", "blocked_streams_count" },
    { 0x8, "SETTINGS_ENABLE_CONNECT_PROTOCOL", "enable_connect_protocol" },
    { 0x33, "SETTINGS_H3_DATAGRAM", "h3_datagram" },
};

static void add_setting(JsonArray *list, JsonObject *parameters, uint64_t id, uint64_t value)
{
    g_autofree char *number = g_strdup_printf("0x%" PRIx64, id);
    const char *setting = number, *parameter = number;
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (settings[i].id == id) {
            setting = settings[i].setting;
            parameter = settings[i].parameter;
        }
    }
    JsonObject *entry = json_object_new();
    json_object_set_string_member(entry, "name", setting);
    json_object_set_int_member(entry, "value", (gint64)value);
    json_array_add_object_element(list, entry);
    json_object_set_int_member(parameters, parameter, (gint64)value);
}

static void add_settings(const ql_qlog_http3 *http3, half *h)
{
    JsonArray *list = json_array_new();
    JsonObject *content = content_new("settings"), *parameters = json_object_new();
    json_object_set_string_member(parameters, "owner",
                                  h->sender == QL_QLOG_LOCAL ? "local" : "remote");
    for (size_t at = 0; at < h->payload->len;) {
        uint64_t id = 0, value = 0;
        size_t n = read_varint(h->payload->data + at, h->payload->len - at, &id);
        size_t m =
            n == 0 ? 0 : read_varint(h->payload->data + at + n, h->payload->len - at - n, &value);
        if (m == 0)
            break; /* malformed, as the other side of the connection will say */
        add_setting(list, parameters, id, value);
        at += n + m;
    }
    json_object_set_array_member(content, "settings", list);
    add_frame(http3, h, content);
    ql_qlog_write_event(http3->qlog, "http:parameters_set", parameters);
}

static const struct {
    uint64_t type;
    const char *name, *member;
} frames_of_one_number[] = {
    { FRAME_CANCEL_PUSH, "cancel_push", "push_id" },
    { FRAME_GOAWAY, "goaway", "id" },
    { FRAME_MAX_PUSH_ID, "max_push_id", "push_id" },
};

static bool is_shown(const half *h)
{
    bool known = h->type == FRAME_SETTINGS;
    for (size_t i = 0; i < G_N_ELEMENTS(frames_of_one_number); i++)
        known = known || frames_of_one_number[i].type == h->type;
    return known && h->length <= PAYLOAD_AT_MOST;
}

static void on_frame_head(const ql_qlog_http3 *http3, half *h)
{
    h->left = h->length;
    h->state = HALF_PAYLOAD;
    g_byte_array_set_size(h->payload, 0);
    if (is_shown(h))
        return;
    if (h->type == FRAME_DATA) {
        add_frame(http3, h, content_new("data"));
    } else if (h->type == FRAME_HEADERS) {
        add_frame(http3, h, content_new("headers"));
    } else if (is_reserved(h->type)) {
        JsonObject *content = content_new("reserved");
        json_object_set_int_member(content, "length", (gint64)h->length);
        add_frame(http3, h, content);
    } else {
        add_frame(http3, h, unknown_content(h));
    }
}

static void on_frame_end(const ql_qlog_http3 *http3, half *h)
{
    uint64_t number = 0;
    h->state = HALF_FRAME_HEAD;
    if (!is_shown(h))
        return;
    if (h->type == FRAME_SETTINGS) {
        add_settings(http3, h);
        return;
    }
    read_varint(h->payload->data, h->payload->len, &number);
    for (size_t i = 0; i < G_N_ELEMENTS(frames_of_one_number); i++) {
        if (frames_of_one_number[i].type != h->type)
            continue;
        JsonObject *content = content_new(frames_of_one_number[i].name);
        json_object_set_int_member(content, frames_of_one_number[i].member, (gint64)number);
        add_frame(http3, h, content);
    }
}

/* RFC 9114, 6.2; RFC 9204, 4.2 */
static void on_stream_type(const ql_qlog_http3 *http3, half *h, uint64_t type)
{
    static const char *const names[] = { "control", "push", "qpack_encode", "qpack_decode" };
    h->state = type == 0 ? HALF_FRAME_HEAD : type == 1 ? HALF_PUSH_ID : HALF_OPAQUE;
    if (type == 1)
        return;
    const char *name = type < G_N_ELEMENTS(names) ? names[type]
                       : is_reserved(type)        ? "reserved"
                                                  : "unknown";
    bool raw = type >= G_N_ELEMENTS(names) && !is_reserved(type);
    write_stream_type(http3, h->stream, name, raw ? &type : NULL, NULL);
}

/* Tries to understand the head with one more byte in it. */
static void on_head_byte(const ql_qlog_http3 *http3, half *h)
{
    uint64_t first = 0;
    size_t n = read_varint(h->head, h->head_length, &first);
    if (n == 0)
        return;
    if (h->state == HALF_STREAM_TYPE) {
        on_stream_type(http3, h, first);
    } else if (h->state == HALF_PUSH_ID) {
        write_stream_type(http3, h->stream, "push", NULL, &first);
        h->state = HALF_FRAME_HEAD;
    } else if (read_varint(h->head + n, h->head_length - n, &h->length) != 0) {
        h->type = first;
        on_frame_head(http3, h);
    } else {
        return;
    }
    h->head_length = 0;
}

void ql_qlog_http3_bytes(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream,
                         const uint8_t *data, size_t length)
{
    if (http3 == NULL || length == 0)
        return;
    half *h = half_of(http3, sender, stream);
    while (length > 0 && h->state != HALF_OPAQUE) {
        size_t taken = 1;
        if (h->state == HALF_PAYLOAD) {
            taken = (size_t)MIN(h->left, length);
            if (is_shown(h))
                g_byte_array_append(h->payload, data, (guint)taken);
            h->left -= taken;
        } else {
            h->head[h->head_length++] = *data;
            on_head_byte(http3, h);
        }
        if (h->state == HALF_PAYLOAD && h->left == 0)
            on_frame_end(http3, h);
        data += taken;
        length -= taken;
    }
}

static void set_text(JsonObject *object, const char *name, const void *data, size_t length)
{
    g_autofree char *text = g_utf8_make_valid(data, (gssize)length);
    json_object_set_string_member(object, name, text);
}

void ql_qlog_http3_field(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream,
                         const void *name, size_t name_length, const void *value,
                         size_t value_length)
{
    if (http3 == NULL)
        return;
    half *h = half_of(http3, sender, stream);
    JsonObject *field = json_object_new();
    set_text(field, "name", name, name_length);
    set_text(field, "value", value, value_length);
    if (h->section == NULL)
        h->section = json_array_new();
    json_array_add_object_element(h->section, field);
}

void ql_qlog_http3_fields_end(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream)
{
    if (http3 == NULL)
        return;
    half *h = half_of(http3, sender, stream);
    g_queue_push_tail(&h->sections, h->section != NULL ? h->section : json_array_new());
    h->section = NULL;
    write_frames(http3, h);
}

void ql_qlog_http3_stream_closed(ql_qlog_http3 *http3, int64_t stream)
{
    for (int sender = 0; http3 != NULL && sender < QL_QLOG_OWNERS; sender++) {
        gint64 key = key_of(stream, (ql_qlog_owner)sender);
        g_hash_table_remove(http3->halves, &key);
    }
}
