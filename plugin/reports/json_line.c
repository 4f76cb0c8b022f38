/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/json_line.h"

#include "reports/text.h"

#include <inttypes.h>

void ql_json_string(json_dumper *json, const char *name, const char *text)
{
    json_dumper_set_member_name(json, name);
    json_dumper_value_string(json, text);
}

void ql_json_text(json_dumper *json, const char *name, const char *bytes)
{
    char *valid = bytes != NULL ? g_utf8_make_valid(bytes, -1) : NULL;
    ql_json_string(json, name, valid);
    g_free(valid);
}

void ql_json_number(json_dumper *json, const char *name, uint64_t value)
{
    json_dumper_set_member_name(json, name);
    json_dumper_value_anyf(json, "%" PRIu64, value);
}

void ql_json_number_if(json_dumper *json, const char *name, bool known, uint64_t value)
{
    if (known)
        ql_json_number(json, name, value);
    else
        ql_json_string(json, name, NULL);
}

void ql_json_boolean(json_dumper *json, const char *name, bool value)
{
    json_dumper_set_member_name(json, name);
    json_dumper_value_anyf(json, "%s", value ? "true" : "false");
}

void ql_json_frame(json_dumper *json, const char *name, uint32_t frame)
{
    ql_json_number_if(json, name, frame != 0, frame);
}

void ql_json_seconds(json_dumper *json, const char *name, double seconds)
{
    json_dumper_set_member_name(json, name);
    if (seconds < 0) {
        json_dumper_value_anyf(json, "null");
        return;
    }
    char text[G_ASCII_DTOSTR_BUF_SIZE]; /* captures know nanoseconds, and no more */
    json_dumper_value_anyf(json, "%s", g_ascii_formatd(text, sizeof text, "%.9f", seconds));
}

void ql_json_hex(json_dumper *json, const char *name, const uint8_t *bytes, size_t length)
{
    char *text = ql_text_hex(bytes, length);
    ql_json_string(json, name, text);
    g_free(text);
}

void ql_json_endpoint(json_dumper *json, const char *name, const ql_endpoint *endpoint)
{
    char *text = ql_endpoint_text(endpoint);
    ql_json_string(json, name, text);
    g_free(text);
}
