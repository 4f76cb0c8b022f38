/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a header or trailer section (RFC 9110, 6.3), in order. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define QL_FIELDS_ERROR (ql_fields_error_quark())
GQuark ql_fields_error_quark(void); /* code 0: the text is no field; the message says why */

typedef struct ql_field {
    char *name; /* in lower case; pseudo-header fields begin with ":" */
    char *value;
} ql_field;

typedef struct ql_fields ql_fields;

ql_fields *ql_fields_new(void);
void ql_fields_free(ql_fields *fields); /* NULL is a no-op */
void ql_fields_clear(ql_fields *fields);

/* The list; valid until it is changed. */
const ql_field *ql_fields_list(const ql_fields *fields, size_t *count);

/* The first field with this name; NULL if there is none. */
const char *ql_fields_get(const ql_fields *fields, const char *name);

/* The values of all fields with this name, joined by ", " (RFC 9110, 5.3); NULL if there is none.
 * To be freed by g_free. */
char *ql_fields_join(const ql_fields *fields, const char *name);

/* Name and value are copied. */
void ql_fields_add(ql_fields *fields, const char *name, const char *value);
void ql_fields_add_bytes(ql_fields *fields, const char *name, size_t name_length, const char *value,
                         size_t value_length);

/* Sum of the lengths of all names and values, and 32 a field (RFC 9114, 4.2.2). */
size_t ql_fields_size(const ql_fields *fields);

/* A field as people type it: "Name: value"; "Name:", which says that there shall be none; "Name;",
 * which has an empty value. */
typedef struct ql_field_line {
    char *name;  /* in lower case */
    char *value; /* without blanks around it; NULL: there shall be none */
} ql_field_line;

/* False and error if the name is no token (RFC 9110, 5.1) or the value has a control character. */
bool ql_field_line_parse(const char *text, ql_field_line *line, GError **error);
void ql_field_line_clear(ql_field_line *line);

/* Whether text is a token (RFC 9110, 5.6.2), as methods and field names have to be. */
bool ql_field_is_token(const char *text);

/* Fields that say something about an HTTP/1.1 connection and have no place in HTTP/3 (RFC
 * 9114, 4.2).
 */
bool ql_field_is_of_connection(const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_fields, ql_fields_free)
