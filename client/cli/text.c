/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdbool.h>
#include <string.h>

#define NOT_A_CHARACTER                                                                            \
    0x80000000u /* the two errors of g_utf8_get_char_validated have this bit                       \
                 */

static bool obeyed_by_terminals(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool ends_line(const char *data, size_t left)
{
    return data[0] == '\n' || (data[0] == '\r' && left > 1 && data[1] == '\n');
}

void ql_text_append(GString *out, const char *data, size_t length, ql_text_lines lines)
{
    size_t at = 0;
    while (at < length) {
        gunichar c =
            data[at] == '\0' ? 0 : g_utf8_get_char_validated(data + at, (gssize)(length - at));
        bool character = (c & NOT_A_CHARACTER) == 0;
        size_t size = character && c != 0 ? (size_t)g_unichar_to_utf8(c, NULL) : 1;
        bool stays = character && !obeyed_by_terminals(c);
        if (c == '\t' || (lines == QL_TEXT_MANY_LINES && ends_line(data + at, length - at)))
            stays = true;
        if (stays)
            g_string_append_len(out, data + at, (gssize)size);
        else
            for (size_t i = 0; i < size; i++)
                g_string_append_printf(out, "\\x%02x", (unsigned char)data[at + i]);
        at += size;
    }
}

char *ql_text_escape(const char *text)
{
    GString *out = g_string_new(NULL);
    ql_text_append(out, text, strlen(text), QL_TEXT_ONE_LINE);
    return g_string_free(out, FALSE);
}

size_t ql_text_unfinished(const char *data, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char lead = (unsigned char)data[length - back];
        if ((lead & 0xc0) == 0x80)
            continue;
        size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
        return size > back ? back : 0;
    }
    return 0;
}
