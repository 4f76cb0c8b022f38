/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wire bytes in tests, written as hex digits; blanks between them are passed over. */
#pragma once

#include <glib.h>

#include "model/slice.h"

static inline GBytes *hex(const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        int high = g_ascii_xdigit_value(text[0]), low = g_ascii_xdigit_value(text[1]);
        g_assert_true(high >= 0 && low >= 0);
        uint8_t byte = (uint8_t)(high << 4 | low);
        g_byte_array_append(bytes, &byte, 1);
        text += 2;
    }
    return g_byte_array_free_to_bytes(bytes);
}

static inline ql_slice slice_of(GBytes *bytes)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);

    return (ql_slice){ data, length };
}
