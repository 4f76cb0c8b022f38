/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields.h"

#include "text.h"

#include <string.h>

#define OVERHEAD_BYTES  32
#define FIELDS_RESERVED 12 /* most sections have no more */

G_DEFINE_QUARK(ql_fields_error, ql_fields_error)

struct ql_fields {
    GArray *list; /* ql_field */
    size_t size;
};

static void field_clear(void *data)
{
    ql_field *field = data;
    g_free(field->name); /* and its value, which stands behind it */
}

ql_fields *ql_fields_new(void)
{
    ql_fields *fields = g_new0(ql_fields, 1);
    fields->list = g_array_sized_new(FALSE, FALSE, sizeof(ql_field), FIELDS_RESERVED);
    g_array_set_clear_func(fields->list, field_clear);
    return fields;
}

void ql_fields_free(ql_fields *fields)
{
    if (fields == NULL)
        return;
    g_array_unref(fields->list);
    g_free(fields);
}

void ql_fields_clear(ql_fields *fields)
{
    g_array_set_size(fields->list, 0);
    fields->size = 0;
}

const ql_field *ql_fields_list(const ql_fields *fields, size_t *count)
{
    *count = fields->list->len;
    return (const ql_field *)(void *)fields->list->data;
}

const char *ql_fields_get(const ql_fields *fields, const char *name)
{
    for (guint i = 0; i < fields->list->len; i++) {
        const ql_field *field = &g_array_index(fields->list, ql_field, i);
        if (strcmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

char *ql_fields_join(const ql_fields *fields, const char *name)
{
    GString *joined = NULL;
    for (guint i = 0; i < fields->list->len; i++) {
        const ql_field *field = &g_array_index(fields->list, ql_field, i);
        if (strcmp(field->name, name) != 0)
            continue;
        if (joined == NULL)
            joined = g_string_new(field->value);
        else
            g_string_append_printf(joined, ", %s", field->value);
    }
    return joined == NULL ? NULL : g_string_free(joined, FALSE);
}

void ql_fields_add_bytes(ql_fields *fields, const char *name, size_t name_length, const char *value,
                         size_t value_length)
{
    char *both = g_malloc(name_length + 1 + value_length + 1);
    ql_field field = { both, both + name_length + 1 };
    both[name_length] = both[name_length + 1 + value_length] = '\0';
    if (name_length > 0)
        memcpy(field.name, name, name_length);
    if (value_length > 0)
        memcpy(field.value, value, value_length);
    g_array_append_val(fields->list, field);
    fields->size += name_length + value_length + OVERHEAD_BYTES;
}

void ql_fields_add(ql_fields *fields, const char *name, const char *value)
{
    ql_fields_add_bytes(fields, name, strlen(name), value, strlen(value));
}

size_t ql_fields_size(const ql_fields *fields)
{
    return fields->size;
}

bool ql_field_is_token(const char *text)
{
    const char *at = text;
    while (g_ascii_isalnum(*at) || (*at != '\0' && strchr("!#$%&'*+-.^_`|~", *at) != NULL))
        at++;
    return at > text && *at == '\0';
}

bool ql_field_is_of_connection(const char *name)
{
    static const char *const names[] = { "connection", "keep-alive", "proxy-connection",
                                         "transfer-encoding", "upgrade" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool has_control_character(const char *value)
{
    for (; *value != '\0'; value++)
        if (g_ascii_iscntrl(*value) && *value != '\t')
            return true;
    return false;
}

static bool fail(const char *text, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(text);
    g_set_error(error, QL_FIELDS_ERROR, 0, "bad header \"%s\": %s", shown, why);
    return false;
}

bool ql_field_line_parse(const char *text, ql_field_line *line, GError **error)
{
    const char *end = text + strcspn(text, ":;");
    if (*end == '\0')
        return fail(text, "it has neither \":\" nor \";\" behind its name", error);
    g_autofree char *name = g_ascii_strdown(text, end - text);
    g_autofree char *value = g_strstrip(g_strdup(end + 1));
    if (!ql_field_is_token(name))
        return fail(text, "its name is no token (RFC 9110, 5.1)", error);
    if (has_control_character(value))
        return fail(text, "its value has a control character (RFC 9110, 5.5)", error);
    if (*end == ';' && *value != '\0')
        return fail(text, "nothing may follow \";\", which stands for an empty value", error);
    bool none = *end == ':' && *value == '\0';
    *line = (ql_field_line){ g_steal_pointer(&name), none ? NULL : g_steal_pointer(&value) };
    return true;
}

void ql_field_line_clear(ql_field_line *line)
{
    g_free(line->name);
    g_free(line->value);
    *line = (ql_field_line){ NULL, NULL };
}
