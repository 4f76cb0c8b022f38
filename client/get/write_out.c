/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "write_out.h"

#include "text.h"

#include <string.h>

/* Where the text goes just now. */
typedef struct writer {
    const ql_outcome *outcome;
    const ql_fields *header;
    GString *out, *err, *now;
    bool terminal;
} writer;

static void append_value(const writer *w, const char *value)
{
    if (w->terminal || w->now == w->err)
        ql_text_append(w->now, value, strlen(value), QL_TEXT_ONE_LINE);
    else
        g_string_append(w->now, value);
}

static char *header_to_json(const ql_fields *header)
{
    size_t count;
    const ql_field *fields = ql_fields_list(header, &count);
    g_autoptr(JsonObject) object = json_object_new();
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name[0] == ':')
            continue;
        if (!json_object_has_member(object, fields[i].name))
            json_object_set_array_member(object, fields[i].name, json_array_new());
        g_autofree char *valid = g_utf8_make_valid(fields[i].value, -1);
        json_array_add_string_element(json_object_get_array_member(object, fields[i].name), valid);
    }
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

static void append_variable(writer *w, const char *name)
{
    g_autofree char *value = ql_outcome_value(w->outcome, name);
    if (value != NULL) {
        append_value(w, value);
    } else if (strcmp(name, "json") == 0) {
        g_autoptr(JsonNode) node = ql_outcome_to_json(w->outcome);
        g_autofree char *text = json_to_string(node, FALSE);
        g_string_append(w->now, text);
    } else if (strcmp(name, "header_json") == 0) {
        g_autofree char *text = header_to_json(w->header);
        g_string_append(w->now, text);
    } else if (strcmp(name, "stderr") == 0) {
        w->now = w->err;
    } else if (strcmp(name, "stdout") == 0) {
        w->now = w->out;
    } else {
        g_string_append_printf(w->now, "%%{%s}", name);
    }
}

/* Takes what begins with "%"; returns what is behind it. */
static const char *take_percent(writer *w, const char *at)
{
    static const char field[] = "%header{";
    bool of_header = g_str_has_prefix(at, field);
    const char *name = at + (of_header ? sizeof field - 1 : 2);
    const char *end = of_header || at[1] == '{' ? strchr(name, '}') : NULL;
    if (end == NULL) {
        g_string_append_c(w->now, '%');
        return at + (at[1] == '%' ? 2 : 1);
    }
    g_autofree char *inside = g_strndup(name, (gsize)(end - name));
    if (of_header) {
        g_autofree char *lower = g_ascii_strdown(inside, -1);
        const char *value = ql_fields_get(w->header, lower);
        append_value(w, value == NULL ? "" : value);
    } else if (strcmp(inside, "onerror") == 0 && w->outcome->error == NULL) {
        return end + strlen(end);
    } else if (strcmp(inside, "onerror") != 0) {
        append_variable(w, inside);
    }
    return end + 1;
}

static const char *take_backslash(const writer *w, const char *at)
{
    static const char letters[] = "nrt", meanings[] = "\n\r\t";
    const char *letter = at[1] == '\0' ? NULL : strchr(letters, at[1]);
    if (letter == NULL) {
        g_string_append_c(w->now, '\\');
        return at + 1;
    }
    g_string_append_c(w->now, meanings[letter - letters]);
    return at + 2;
}

void ql_write_out(const char *format, const ql_outcome *outcome, const ql_fields *header,
                  bool terminal, GString *out, GString *err)
{
    writer w = { outcome, header, out, err, out, terminal };
    for (const char *at = format; *at != '\0';) {
        if (*at == '%')
            at = take_percent(&w, at);
        else if (*at == '\\')
            at = take_backslash(&w, at);
        else
            g_string_append_c(w.now, *at++);
    }
}

static char *sums_to_string(unsigned count, const int64_t *sums, double seconds)
{
    static const char *const names[] = { "failed", "size_download", "size_upload" };
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "count");
    json_builder_add_int_value(builder, count);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        json_builder_set_member_name(builder, names[i]);
        json_builder_add_int_value(builder, sums[i]);
    }
    json_builder_set_member_name(builder, "time_total");
    json_builder_add_double_value(builder, seconds);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

/* Written request by request: a tree of many thousands would not fit into memory. */
char *ql_write_out_summary(const GPtrArray *outcomes, double seconds)
{
    GString *line = g_string_new("{\"requests\":[");
    int64_t sums[3] = { 0 };
    for (guint i = 0; i < outcomes->len; i++) {
        const ql_outcome *outcome = g_ptr_array_index(outcomes, i);
        g_autoptr(JsonNode) node = ql_outcome_to_json(outcome);
        g_autofree char *text = json_to_string(node, FALSE);
        sums[0] += outcome->exit_code != 0 ? 1 : 0;
        sums[1] += outcome->size_download;
        sums[2] += outcome->size_upload;
        g_string_append_printf(line, "%s%s", i > 0 ? "," : "", text);
    }
    g_autofree char *rest = sums_to_string(outcomes->len, sums, seconds);
    g_string_append_printf(line, "],%s", rest + 1); /* without its brace */
    return g_string_free(line, FALSE);
}
