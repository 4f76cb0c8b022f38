/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

/* Servers that put a worker's number into their IDs begin or end many of them with the same bytes.
 */
#define CID_HEAD 4
#define CID_TAIL 2

char *ql_text_safe(const char *bytes, size_t length)
{
    char *valid = g_utf8_make_valid(bytes, (gssize)length);
    GString *safe = g_string_sized_new(length + 1);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(safe, g_unichar_isprint(c) ? c : 0xfffd);
    }
    g_free(valid);
    return g_string_free(safe, FALSE);
}

char *ql_text_count(uint64_t count)
{
    char *digits = g_strdup_printf("%" PRIu64, count);
    size_t left = strlen(digits);
    GString *text = g_string_new(NULL);
    for (const char *digit = digits; *digit != '\0'; digit++, left--) {
        if (text->len > 0 && left % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, *digit);
    }
    g_free(digits);
    return g_string_free(text, FALSE);
}

char *ql_text_bytes(uint64_t count)
{
    char *number = ql_text_count(count);
    char *text = g_strconcat(number, count == 1 ? " byte" : " bytes", NULL);
    g_free(number);
    return text;
}

char *ql_text_size(uint64_t count)
{
    static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
    if (count < 1000)
        return g_strdup_printf("%u B", (unsigned)count);
    double value = (double)count / 1e3;
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < G_N_ELEMENTS(units); unit++)
        value /= 1e3;
    return g_strdup_printf("%.*f %s",
                           value < 9.995   ? 2
                           : value < 99.95 ? 1
                                           : 0,
                           value, units[unit]);
}

char *ql_text_seconds(double seconds)
{
    if (seconds < 0)
        return g_strdup("");
    if (seconds >= 0.9995)
        return g_strdup_printf("%.2f s", seconds);
    double ms = seconds * 1e3;
    return g_strdup_printf("%.*f ms", ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0, ms);
}

char *ql_text_hex(const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *text = g_malloc(2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * length] = '\0';
    return text;
}

char *ql_text_cid_short(const ql_cid *cid)
{
    if (cid->length <= CID_HEAD + CID_TAIL)
        return ql_cid_text(cid);
    char *head = ql_text_hex(cid->bytes, CID_HEAD);
    char *tail = ql_text_hex(cid->bytes + cid->length - CID_TAIL, CID_TAIL);
    char *text = g_strconcat(head, "\u2026", tail, NULL);
    g_free(head);
    g_free(tail);
    return text;
}

static size_t char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

size_t ql_text_width(const char *text)
{
    size_t width = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        width += char_width(g_utf8_get_char(at));
    return width;
}

/* The start of the text that fits into `width`. */
static const char *head_end(const char *text, size_t width)
{
    const char *at = text;
    for (size_t used = 0; *at != '\0'; at = g_utf8_next_char(at)) {
        used += char_width(g_utf8_get_char(at));
        if (used > width)
            break;
    }
    return at;
}

/* The end of the text that fits into `width`. */
static const char *tail_start(const char *text, size_t width)
{
    const char *at = text + strlen(text);
    for (size_t used = 0; at > text;) {
        const char *previous = g_utf8_prev_char(at);
        used += char_width(g_utf8_get_char(previous));
        if (used > width)
            break;
        at = previous;
    }
    return at;
}

char *ql_text_shorten(const char *text, size_t width)
{
    if (ql_text_width(text) <= width)
        return g_strdup(text);
    size_t room = width > 0 ? width - 1 : 0;
    const char *head = head_end(text, room - room / 2);
    const char *tail = tail_start(head, room / 2);
    GString *out = g_string_new_len(text, head - text);
    if (width > 0)
        g_string_append(out, "\u2026");
    g_string_append(out, tail);
    return g_string_free(out, FALSE);
}
