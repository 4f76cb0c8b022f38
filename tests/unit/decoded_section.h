/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field sections in tests, as QPACK gives them back. */
#pragma once

#include <string.h>

#include "model/exchange.h"

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL, NULL })

static inline ql_section *decoded_section(const char *const *pairs)
{
    size_t size = 0;
    uint32_t count = 0;
    for (; pairs[2 * count] != NULL; count++)
        size += strlen(pairs[2 * count]) + strlen(pairs[2 * count + 1]) + 2;
    char *texts;
    ql_section *section = g_new0(ql_section, 1);
    section->fields = ql_field_lines_new(count, size, &texts);
    for (uint32_t i = 0; i < count; i++) {
        ql_field *field = &section->fields->line[i];
        field->name_length = (uint32_t)strlen(pairs[2 * i]);
        field->value_length = (uint32_t)strlen(pairs[2 * i + 1]);
        field->name = memcpy(texts, pairs[2 * i], field->name_length + 1);
        texts += field->name_length + 1;
        field->value = memcpy(texts, pairs[2 * i + 1], field->value_length + 1);
        texts += field->value_length + 1;
    }
    return section;
}
