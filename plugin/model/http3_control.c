/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_control.h"

#include <inttypes.h>

#include "model/http3_frames.h"
#include "model/push.h"

enum {
    SETTING_ENABLE_WEBTRANSPORT = 0x2b603742,
    SETTING_WT_ENABLED = 0x2c7cf000,
    SETTING_WT_MAX_SESSIONS = 0x14e9cd29,
    SETTING_WEBTRANSPORT_MAX_SESSIONS = 0xc671706a,
};

struct ql_http3_control {
    ql_http3_scope *scope;
    ql_http3_parser parser;
    GArray *settings; /* of ql_setting */
    uint64_t stream_id;
    uint64_t goaway_id, max_push_id;
    uint8_t sender;
    bool has_goaway, has_max_push_id;
    bool begun; /* the first frame was seen */
};

ql_http3_control *ql_http3_control_new(ql_http3_scope *scope, ql_side sender)
{
    ql_http3_control *c = g_new0(ql_http3_control, 1);
    c->scope = scope;
    c->sender = (uint8_t)sender;
    ql_http3_parser_init(&c->parser);
    return c;
}

void ql_http3_control_free(ql_http3_control *c)
{
    if (c == NULL)
        return;
    ql_http3_parser_clear(&c->parser);
    if (c->settings != NULL)
        g_array_free(c->settings, TRUE);
    g_free(c);
}

const GArray *ql_http3_control_settings(const ql_http3_control *c)
{
    return c->settings;
}

const char *ql_http3_setting_name(uint64_t identifier)
{
    static const struct {
        uint64_t identifier;
        const char *name;
    } names[] = {
        { QL_SETTING_QPACK_MAX_TABLE_CAPACITY, "QPACK_MAX_TABLE_CAPACITY" },
        { 0x06, "MAX_FIELD_SECTION_SIZE" },
        { 0x07, "QPACK_BLOCKED_STREAMS" },
        { QL_SETTING_ENABLE_CONNECT_PROTOCOL, "ENABLE_CONNECT_PROTOCOL" },
        { QL_SETTING_H3_DATAGRAM, "H3_DATAGRAM" },
        { QL_SETTING_H3_DATAGRAM_DRAFT00, "H3_DATAGRAM (draft 00)" },
        { QL_SETTING_H3_DATAGRAM_DRAFT04, "H3_DATAGRAM (draft 04)" },
        { SETTING_ENABLE_WEBTRANSPORT, "ENABLE_WEBTRANSPORT" },
        { SETTING_WT_ENABLED, "WT_ENABLED" },
        { SETTING_WT_MAX_SESSIONS, "WT_MAX_SESSIONS" },
        { SETTING_WEBTRANSPORT_MAX_SESSIONS, "WEBTRANSPORT_MAX_SESSIONS" },
        { 0x4d44, "ENABLE_METADATA" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].identifier == identifier)
            return names[i].name;
    return identifier >= 0x21 && (identifier - 0x21) % 0x1f == 0 ? "reserved" : NULL;
}

#define find(c, code, format, ...)                                                                 \
    ql_http3_find((c)->scope, code, "stream %" PRIu64 ": " format, (c)->stream_id, __VA_ARGS__)

#define say(c, rfc, ...)                                                                           \
    ql_journal_say((c)->scope->journal, (c)->scope->now.frame, rfc, __VA_ARGS__)

static const char *who(const ql_http3_control *c)
{
    return ql_side_name((ql_side)c->sender);
}

uint64_t ql_http3_setting(const GArray *settings, uint64_t identifier)
{
    for (guint i = 0; i < settings->len; i++)
        if (g_array_index(settings, ql_setting, i).identifier == identifier)
            return g_array_index(settings, ql_setting, i).value;
    return 0;
}

bool ql_http3_settings_allow_webtransport(const GArray *settings)
{
    return ql_http3_setting(settings, SETTING_ENABLE_WEBTRANSPORT) > 0 ||
           ql_http3_setting(settings, SETTING_WT_ENABLED) > 0 ||
           ql_http3_setting(settings, SETTING_WT_MAX_SESSIONS) > 0 ||
           ql_http3_setting(settings, SETTING_WEBTRANSPORT_MAX_SESSIONS) > 0;
}

static bool has_setting(const GArray *settings, uint64_t identifier)
{
    for (guint i = 0; i < settings->len; i++)
        if (g_array_index(settings, ql_setting, i).identifier == identifier)
            return true;
    return false;
}

static const char *setting_fault(const GArray *settings, const ql_setting *setting)
{
    bool is_flag = setting->identifier == QL_SETTING_ENABLE_CONNECT_PROTOCOL ||
                   setting->identifier == QL_SETTING_H3_DATAGRAM;
    if (has_setting(settings, setting->identifier))
        return "stands there twice (RFC 9114, 7.2.4)";
    if (setting->identifier >= 0x02 && setting->identifier <= 0x05)
        return "is a setting of HTTP/2 (RFC 9114, 7.2.4.1)";
    if (is_flag && setting->value > 1)
        return "is neither 0 nor 1 (RFC 9220, 3; RFC 9297, 2.1.1)";
    return NULL;
}

#define SETTINGS_MAX 256u /* kept; real lists have fewer than ten */

static void tell_settings(const ql_http3_control *c)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < c->settings->len; i++) {
        const ql_setting *setting = &g_array_index(c->settings, ql_setting, i);
        const char *name = ql_http3_setting_name(setting->identifier);
        if (i > 0)
            g_string_append(text, ", ");
        if (name != NULL)
            g_string_append(text, name);
        else
            g_string_append_printf(text, "0x%" PRIx64, setting->identifier);
        g_string_append_printf(text, " = %" PRIu64, setting->value);
    }
    say(c, "RFC 9114, 7.2.4", "SETTINGS of the %s: %s", who(c),
        text->len == 0 ? "none" : text->str);
    g_string_free(text, TRUE);
}

/* Both the limit of the receiver's table (RFC 9204, 5) and what is said of it. */
static void take_settings(ql_http3_control *c, ql_slice payload)
{
    ql_reader reader = ql_reader_of(payload);
    if (c->settings != NULL) {
        find(c, QL_FINDING_H3_FRAME_UNEXPECTED, "a second SETTINGS of the %s (RFC 9114, 7.2.4)",
             who(c));
        return;
    }
    c->settings = g_array_new(FALSE, FALSE, sizeof(ql_setting));
    while (ql_reader_left(&reader) > 0 && c->settings->len < SETTINGS_MAX) {
        ql_setting setting = { .identifier = ql_read_varint(&reader) };
        setting.value = ql_read_varint(&reader);
        if (reader.bad)
            break;
        const char *fault = setting_fault(c->settings, &setting);
        if (fault != NULL)
            find(c, QL_FINDING_H3_SETTINGS_ERROR, "setting 0x%" PRIx64 " = %" PRIu64 " %s",
                 setting.identifier, setting.value, fault);
        g_array_append_val(c->settings, setting);
    }
    if (reader.bad)
        find(c, QL_FINDING_H3_FRAME_ERROR, "SETTINGS of the %s end within a setting", who(c));
    else if (ql_reader_left(&reader) == 0)
        ql_http3_agreement_on_settings(c->scope, (ql_side)c->sender, c->settings);
    tell_settings(c);
    ql_qpack_set_limit(c->scope->qpack[ql_side_other((ql_side)c->sender)],
                       ql_http3_setting(c->settings, QL_SETTING_QPACK_MAX_TABLE_CAPACITY));
}

static void take_goaway(ql_http3_control *c, uint64_t id)
{
    /* RFC 9114, 5.2: the largest ID there is, ahead of the GOAWAY that counts. */
    bool is_announcement = id >= (UINT64_C(1) << 62) - 4;
    if (c->sender == QL_SERVER && id % 4 != 0)
        find(c, QL_FINDING_H3_ID_ERROR,
             "GOAWAY names stream %" PRIu64 ", which is no request stream (RFC 9114, 7.2.6)", id);
    if (c->has_goaway && id > c->goaway_id)
        find(c, QL_FINDING_H3_ID_ERROR,
             "GOAWAY names %" PRIu64 ", was %" PRIu64 " before (RFC 9114, 5.2)", id, c->goaway_id);
    c->has_goaway = true;
    c->goaway_id = id;
    say(c, "RFC 9114, 5.2", "GOAWAY of the %s: %s%s from %" PRIu64 " on are not served", who(c),
        is_announcement ? "it is going to shut down; " : "",
        c->sender == QL_SERVER ? "requests on streams" : "pushes", id);
}

static void take_max_push_id(ql_http3_control *c, uint64_t id)
{
    if (c->has_max_push_id && id < c->max_push_id)
        find(c, QL_FINDING_H3_ID_ERROR,
             "MAX_PUSH_ID is %" PRIu64 ", was %" PRIu64 " before (RFC 9114, 7.2.7)", id,
             c->max_push_id);
    c->has_max_push_id = true;
    c->max_push_id = id;
    ql_pushes_allow(c->scope, id);
    say(c, "RFC 9114, 7.2.7", "MAX_PUSH_ID: the client accepts push IDs up to %" PRIu64, id);
}

static void take_cancel_push(ql_http3_control *c, uint64_t id)
{
    ql_pushes_check_id(c->scope, c->stream_id, id, "CANCEL_PUSH of push", "RFC 9114, 7.2.3");
    const ql_exchange *exchange = ql_pushes_find(c->scope, id);
    char *url = exchange == NULL ? NULL : ql_exchange_url(exchange);
    ql_journal_signal_push(c->scope->journal, c->scope->now.frame, "CANCEL_PUSH",
                           (ql_side)c->sender, id);
    say(c, "RFC 9114, 7.2.3", "CANCEL_PUSH: the %s gives up push %" PRIu64 "%s%.200s", who(c), id,
        url == NULL ? "" : ", ", url == NULL ? "" : url);
    g_free(url);
}

static void take_priority(ql_http3_control *c, uint64_t type, ql_slice payload)
{
    ql_reader reader = ql_reader_of(payload);
    uint64_t id = ql_read_varint(&reader);
    ql_slice value = ql_read_rest(&reader);
    bool push = type == QL_HTTP3_PRIORITY_UPDATE_PUSH;
    if (reader.bad) {
        find(c, QL_FINDING_H3_FRAME_ERROR, "%s without an ID (RFC 9218, 7.2)", "PRIORITY_UPDATE");
        return;
    }
    if (!push && id % 4 != 0)
        find(c, QL_FINDING_H3_ID_ERROR,
             "PRIORITY_UPDATE names stream %" PRIu64 ", which is no request stream (RFC 9218, 7.2)",
             id);
    if (push)
        ql_pushes_check_id(c->scope, c->stream_id, id, "PRIORITY_UPDATE of push", "RFC 9218, 7.2");
    (push ? ql_journal_signal_push : ql_journal_signal_stream)(
        c->scope->journal, c->scope->now.frame, "PRIORITY_UPDATE", (ql_side)c->sender, id);
    char *text = value.length == 0 ? g_strdup("")
                                   : g_strndup((const char *)value.data, MIN(value.length, 200));
    char *escaped = g_strescape(text, NULL);
    say(c, "RFC 9218, 7.2", "PRIORITY_UPDATE for %s %" PRIu64 ": \"%s\"", push ? "push" : "stream",
        id, escaped);
    g_free(escaped);
    g_free(text);
}

/* The frames that hold one ID and nothing else. */
static void take_id(ql_http3_control *c, uint64_t type, ql_slice payload)
{
    ql_reader reader = ql_reader_of(payload);
    uint64_t id = ql_read_varint(&reader);
    if (reader.bad || ql_reader_left(&reader) > 0) {
        find(c, QL_FINDING_H3_FRAME_ERROR, "%s does not hold just one ID (RFC 9114, 7.1)",
             ql_http3_frame_type_name(type));
        return;
    }
    if (type == QL_HTTP3_GOAWAY)
        take_goaway(c, id);
    else if (type == QL_HTTP3_MAX_PUSH_ID)
        take_max_push_id(c, id);
    else
        take_cancel_push(c, id);
}

static bool belongs_here(const ql_http3_control *c, uint64_t type)
{
    switch (type) {
    case QL_HTTP3_DATA:
    case QL_HTTP3_HEADERS:
    case QL_HTTP3_PUSH_PROMISE:
    case QL_HTTP3_WEBTRANSPORT_STREAM: return false;
    case QL_HTTP3_MAX_PUSH_ID:
    case QL_HTTP3_PRIORITY_UPDATE_REQUEST:
    case QL_HTTP3_PRIORITY_UPDATE_PUSH: return c->sender == QL_CLIENT;
    case QL_HTTP3_ORIGIN: return c->sender == QL_SERVER;
    default: return !ql_http3_frame_type_is_forbidden(type);
    }
}

static void begin_frame(ql_http3_control *c, uint64_t type)
{
    if (!c->begun && type != QL_HTTP3_SETTINGS)
        find(c, QL_FINDING_H3_MISSING_SETTINGS,
             "the control stream of the %s begins with a %s frame (RFC 9114, 6.2.1)", who(c),
             ql_http3_frame_type_name(type));
    c->begun = true;
    if (!belongs_here(c, type))
        find(c, QL_FINDING_H3_FRAME_UNEXPECTED,
             "%s frame (type 0x%" PRIx64 ") on the control stream of the %s (RFC 9114, 7.2)",
             ql_http3_frame_type_name(type), type, who(c));
}

static void take_frame(ql_http3_control *c, const ql_http3_item *item)
{
    if (!belongs_here(c, item->type))
        return;
    switch (item->type) {
    case QL_HTTP3_SETTINGS: take_settings(c, item->bytes); break;
    case QL_HTTP3_GOAWAY:
    case QL_HTTP3_MAX_PUSH_ID:
    case QL_HTTP3_CANCEL_PUSH: take_id(c, item->type, item->bytes); break;
    case QL_HTTP3_PRIORITY_UPDATE_REQUEST:
    case QL_HTTP3_PRIORITY_UPDATE_PUSH: take_priority(c, item->type, item->bytes); break;
    default: break;
    }
}

void ql_http3_control_push(ql_http3_control *c, uint64_t stream_id, ql_slice bytes)
{
    ql_http3_item item;
    c->stream_id = stream_id;
    do {
        item = ql_http3_parser_next(&c->parser, &bytes);
        if (item.kind == QL_HTTP3_BEGIN)
            begin_frame(c, item.type);
        else if (item.kind == QL_HTTP3_WHOLE)
            take_frame(c, &item);
        else if (item.kind == QL_HTTP3_TOO_LONG)
            find(c, QL_FINDING_LIMIT_REACHED, "a %s frame of %" PRIu64 " bytes is passed over",
                 ql_http3_frame_type_name(item.type), item.length);
    } while (item.kind != QL_HTTP3_MORE);
}
