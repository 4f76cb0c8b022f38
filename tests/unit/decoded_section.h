/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field sections in tests, as QPACK gives them back. */
#pragma once

#include <string.h>

#include "model/exchange.h"

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL, NULL })

/* Fields as QPACK makes them: one block holds all texts. */
static inline ql_section *decoded_section(const char *const *pairs)
{
    size_t size = 1, count = 0;
    for (; pairs[2 * count] != NULL; count++)
        size += strlen(pairs[2 * count]) + strlen(pairs[2 * count + 1]) + 2;
    ql_section *section = g_new0(ql_section, 1);
    section->fields = g_array_new(FALSE, FALSE, sizeof(ql_field));
    char *text = count == 0 ? NULL : g_malloc0(size);
    for (; pairs[0] != NULL; pairs += 2) {
        ql_field field = { .name_length = strlen(pairs[0]), .value_length = strlen(pairs[1]) };
        field.name = memcpy(text, pairs[0], field.name_length);
        field.value = memcpy(text + field.name_length + 1, pairs[1], field.value_length);
        text = field.value + field.value_length + 1;
        g_array_append_val(section->fields, field);
    }
    return section;
}
