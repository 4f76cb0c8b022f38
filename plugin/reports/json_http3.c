/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/json_http3.h"

#include "reports/json_line.h"

void ql_json_settings(json_dumper *json, const char *name, const GArray *settings)
{
    json_dumper_set_member_name(json, name);
    if (settings == NULL) {
        json_dumper_value_string(json, NULL);
        return;
    }
    json_dumper_begin_array(json);
    for (guint i = 0; i < settings->len; i++) {
        const ql_setting *setting = &g_array_index(settings, ql_setting, i);
        json_dumper_begin_object(json);
        ql_json_number(json, "identifier", setting->identifier);
        ql_json_string(json, "name", ql_http3_setting_name(setting->identifier));
        ql_json_number(json, "value", setting->value);
        json_dumper_end_object(json);
    }
    json_dumper_end_array(json);
}

bool ql_json_stream_has_own_line(const ql_stream_facts *stream)
{
    switch (stream->role) {
    case QL_ROLE_CONTROL:
    case QL_ROLE_QPACK_ENCODER:
    case QL_ROLE_QPACK_DECODER: return false;
    case QL_ROLE_UNKNOWN:
    case QL_ROLE_REQUEST:
    case QL_ROLE_PUSH:
    case QL_ROLE_WEBTRANSPORT:
    case QL_ROLE_OTHER: break;
    }
    return stream->exchange == NULL;
}

static void write_half(json_dumper *json, const ql_stream_facts *stream, ql_side sender)
{
    json_dumper_set_member_name(json, ql_side_name(sender));
    json_dumper_begin_object(json);
    ql_json_number(json, "received", stream->half[sender].received);
    ql_json_number_if(json, "final_size", stream->half[sender].has_final_size,
                      stream->half[sender].final_size);
    ql_json_number_if(json, "reset", stream->half[sender].reset, stream->half[sender].reset_error);
    json_dumper_end_object(json);
}

void ql_json_stream(json_dumper *json, const ql_stream_facts *stream)
{
    ql_json_number(json, "stream", stream->id);
    ql_json_string(json, "role", ql_stream_role_name(stream->role));
    ql_json_number_if(json, "session", stream->session != QL_NO_STREAM, stream->session);
    ql_json_frame(json, "first_frame", stream->first_frame);
    write_half(json, stream, QL_CLIENT);
    write_half(json, stream, QL_SERVER);
}
