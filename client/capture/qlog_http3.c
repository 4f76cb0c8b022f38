/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qlog_http3.h"

#include "frame_reader.h"

#include <inttypes.h>
#include <string.h>

/* A frame that is to be written. */
typedef struct frame {
    uint64_t type, length;
    JsonObject *content; /* of HEADERS: its fields are not there yet */
} frame;

/* One direction of a stream. */
typedef struct half {
    const ql_qlog_http3 *http3;
    int64_t stream;
    ql_qlog_owner sender;
    ql_frame_reader *reader;
    GQueue frames;      /* frame: those from the first HEADERS without its fields on */
    GQueue sections;    /* JsonArray: fields without their frames */
    JsonArray *section; /* the one that is being handed over; NULL: none */
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
    ql_frame_reader_free(h->reader);
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
    g_autofree char *length = g_strdup_printf("%" PRIu64, f->length);
    json_object_set_int_member(raw, "length", (gint64)(head + f->length));
    json_object_set_int_member(raw, "payload_length", (gint64)f->length);
    json_object_set_int_member(data, "stream_id", h->stream);
    json_object_set_int_member(data, "length", (gint64)f->length);
    json_object_set_string_member(data, "byte_length", length); /* what qvis reads */
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
        if (f->type == QL_FRAME_HEADERS && g_queue_is_empty(&h->sections))
            return;
        if (f->type == QL_FRAME_HEADERS)
            json_object_set_array_member(f->content, "headers", g_queue_pop_head(&h->sections));
        write_frame(http3, h, f);
        frame_free(g_queue_pop_head(&h->frames));
    }
}

/* Takes content. */
static void add_frame(half *h, uint64_t type, uint64_t length, JsonObject *content)
{
    const frame added = { type, length, content };
    g_queue_push_tail(&h->frames, g_memdup2(&added, sizeof added));
    write_frames(h->http3, h);
}

/* Names of settings among http:parameters_set. */
static const char *parameter_name(uint64_t id)
{
    switch (id) {
    case 0x1: return "max_table_capacity";
    case 0x6: return "max_header_list_size";
    case 0x7: return "blocked_streams_count";
    case 0x8: return "enable_connect_protocol";
    case 0x33: return "h3_datagram";
    default: return NULL;
    }
}

static void add_setting(JsonArray *list, JsonObject *parameters, uint64_t id, uint64_t value)
{
    g_autofree char *number = g_strdup_printf("0x%" PRIx64, id);
    const char *name = ql_frame_reader_setting_name(id), *parameter = parameter_name(id);
    g_autofree char *setting = name == NULL ? NULL : g_strconcat("SETTINGS_", name, NULL);
    JsonObject *entry = json_object_new();
    json_object_set_string_member(entry, "name", setting == NULL ? number : setting);
    json_object_set_int_member(entry, "value", (gint64)value);
    json_array_add_object_element(list, entry);
    json_object_set_int_member(parameters, parameter == NULL ? number : parameter, (gint64)value);
}

static void add_settings(half *h, uint64_t length, const GByteArray *payload)
{
    JsonArray *list = json_array_new();
    JsonObject *content = content_new("settings"), *parameters = json_object_new();
    uint64_t id, value;
    json_object_set_string_member(parameters, "owner",
                                  h->sender == QL_QLOG_LOCAL ? "local" : "remote");
    for (size_t at = 0; ql_frame_reader_setting(payload, &at, &id, &value);)
        add_setting(list, parameters, id, value);
    json_object_set_array_member(content, "settings", list);
    add_frame(h, QL_FRAME_SETTINGS, length, content);
    ql_qlog_write_event(h->http3->qlog, "http:parameters_set", parameters);
}

/* Those that say one number: their name, and that of the number. */
static const struct {
    uint64_t type;
    const char *name, *member;
} frames_of_one_number[] = {
    { QL_FRAME_CANCEL_PUSH, "cancel_push", "push_id" },
    { QL_FRAME_GOAWAY, "goaway", "id" },
    { QL_FRAME_MAX_PUSH_ID, "max_push_id", "push_id" },
};

static void set_text(JsonObject *object, const char *name, const void *data, size_t length)
{
    g_autofree char *text = length == 0 ? g_strdup("") : g_utf8_make_valid(data, (gssize)length);
    json_object_set_string_member(object, name, text);
}

/* The frame of RFC 9218, 7.2. qvis knows only requests, and has other names for what it reads. */
static JsonObject *priority_update(uint64_t type, const GByteArray *payload)
{
    uint64_t element = 0;
    JsonObject *content = content_new("priority_update");
    size_t size = ql_frame_reader_varint(payload->data, payload->len, &element);
    bool is_request = type == QL_FRAME_PRIORITY_UPDATE;
    const uint8_t *value = payload->data + size;
    json_object_set_int_member(content, is_request ? "stream_id" : "push_id", (gint64)element);
    set_text(content, "priority_field_value", value, payload->len - size);
    if (is_request) {
        json_object_set_int_member(content, "element_id", (gint64)element);
        set_text(content, "value", value, payload->len - size);
    }
    return content;
}

static JsonObject *content_of(uint64_t type, uint64_t length, const GByteArray *payload)
{
    uint64_t number = 0;
    if (payload != NULL &&
        (type == QL_FRAME_PRIORITY_UPDATE || type == QL_FRAME_PRIORITY_UPDATE_PUSH))
        return priority_update(type, payload);
    for (size_t i = 0; payload != NULL && i < G_N_ELEMENTS(frames_of_one_number); i++) {
        if (frames_of_one_number[i].type != type)
            continue;
        JsonObject *content = content_new(frames_of_one_number[i].name);
        ql_frame_reader_varint(payload->data, payload->len, &number);
        json_object_set_int_member(content, frames_of_one_number[i].member, (gint64)number);
        return content;
    }
    if (type == QL_FRAME_DATA || type == QL_FRAME_HEADERS)
        return content_new(type == QL_FRAME_DATA ? "data" : "headers");
    bool reserved = ql_frame_reader_is_reserved(type);
    JsonObject *content = content_new(reserved ? "reserved" : "unknown");
    if (!reserved)
        json_object_set_int_member(content, "raw_frame_type", (gint64)type);
    json_object_set_int_member(content, reserved ? "length" : "raw_length", (gint64)length);
    return content;
}

static void on_frame(uint64_t type, uint64_t length, const GByteArray *payload, void *user)
{
    half *h = user;
    if (type == QL_FRAME_SETTINGS && payload != NULL)
        add_settings(h, length, payload);
    else
        add_frame(h, type, length, content_of(type, length, payload));
}

static void on_stream_type(uint64_t type, uint64_t push_id, void *user)
{
    static const char *const names[] = { [QL_STREAM_CONTROL] = "control",
                                         [QL_STREAM_PUSH] = "push",
                                         [QL_STREAM_QPACK_ENCODER] = "qpack_encode",
                                         [QL_STREAM_QPACK_DECODER] = "qpack_decode" };
    const half *h = user;
    bool known = type < G_N_ELEMENTS(names), reserved = ql_frame_reader_is_reserved(type);
    const char *name = known ? names[type] : reserved ? "reserved" : "unknown";
    write_stream_type(h->http3, h->stream, name, known || reserved ? NULL : &type,
                      type == QL_STREAM_PUSH ? &push_id : NULL);
}

static half *half_of(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream)
{
    static const ql_frame_reader_calls calls = { on_stream_type, on_frame, NULL };
    gint64 key = key_of(stream, sender);
    half *h = g_hash_table_lookup(http3->halves, &key);
    if (h != NULL)
        return h;
    h = g_new0(half, 1);
    h->http3 = http3;
    h->stream = stream;
    h->sender = sender;
    h->reader = ql_frame_reader_new(stream, &calls, h);
    g_queue_init(&h->frames);
    g_queue_init(&h->sections);
    g_hash_table_insert(http3->halves, g_memdup2(&key, sizeof key), h);
    if (!is_unidirectional(stream) && sender == opener_of(http3, stream))
        write_stream_type(http3, stream, "request", NULL, NULL);
    return h;
}

void ql_qlog_http3_bytes(ql_qlog_http3 *http3, ql_qlog_owner sender, int64_t stream,
                         const uint8_t *data, size_t length)
{
    if (http3 != NULL && length > 0)
        ql_frame_reader_read(half_of(http3, sender, stream)->reader, data, length);
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
