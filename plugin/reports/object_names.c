/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/object_names.h"

#include <string.h>

#include "reports/text.h"

#define EXTENSION_MAX 16u /* longer ones, dot included, are none */

/* What the web is made of mostly. */
static const struct {
    const char *type, *extension;
} types[] = {
    { "application/javascript", ".js" },
    { "application/json", ".json" },
    { "application/octet-stream", ".bin" },
    { "application/pdf", ".pdf" },
    { "application/wasm", ".wasm" },
    { "application/xhtml+xml", ".xhtml" },
    { "application/xml", ".xml" },
    { "application/zip", ".zip" },
    { "audio/mpeg", ".mp3" },
    { "font/woff2", ".woff2" },
    { "image/avif", ".avif" },
    { "image/gif", ".gif" },
    { "image/jpeg", ".jpg" },
    { "image/png", ".png" },
    { "image/svg+xml", ".svg" },
    { "image/webp", ".webp" },
    { "text/css", ".css" },
    { "text/csv", ".csv" },
    { "text/html", ".html" },
    { "text/javascript", ".js" },
    { "text/plain", ".txt" },
    { "text/xml", ".xml" },
    { "video/mp4", ".mp4" },
};

struct ql_object_names {
    /* A name in lower case, as some file systems do not tell cases apart, and how many were asked
     * for under it. */
    GHashTable *taken;
};

ql_object_names *ql_object_names_new(void)
{
    ql_object_names *names = g_new0(ql_object_names, 1);
    names->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return names;
}

void ql_object_names_free(ql_object_names *names)
{
    if (names == NULL)
        return;
    g_hash_table_destroy(names->taken);
    g_free(names);
}

/* What follows the last slash, without query and fragment; percent-encoding is undone after the
 * split, so that an encoded slash does not make another segment. */
static char *last_segment(const char *path)
{
    char *whole = g_strndup(path, strcspn(path, "?#"));
    for (size_t end = strlen(whole); end > 0 && whole[end - 1] == '/'; end--)
        whole[end - 1] = '\0';
    const char *slash = strrchr(whole, '/');
    const char *segment = slash != NULL ? slash + 1 : whole;
    char *plain = g_uri_unescape_string(segment, NULL);
    char *safe =
        ql_text_safe(plain != NULL ? plain : segment, strlen(plain != NULL ? plain : segment));
    g_free(plain);
    g_free(whole);
    return safe;
}

static bool is_allowed(gunichar c)
{
    if (c < 0x80)
        return g_ascii_isalnum((char)c) || strchr("._-+~,=@()", (int)c) != NULL;
    return c != 0xfffd && g_unichar_isalnum(c);
}

static GString *stem_of(const char *path)
{
    char *segment = last_segment(path);
    GString *name = g_string_new(NULL);
    for (const char *at = segment; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool hidden = name->len == 0 && c == '.';
        g_string_append_unichar(name, is_allowed(c) && !hidden ? c : '_');
    }
    /* A dot at the end is lost on some file systems. */
    if (name->len > 0 && name->str[name->len - 1] == '.')
        name->str[name->len - 1] = '_';
    if (name->len == 0)
        g_string_assign(name, "index");
    g_free(segment);
    return name;
}

/* Takes the extension, with its dot, off the name. */
static char *split_extension(GString *name)
{
    const char *dot = strrchr(name->str, '.');
    if (dot == NULL || dot == name->str || strlen(dot) > EXTENSION_MAX)
        return NULL;
    char *extension = g_strdup(dot);
    g_string_truncate(name, (gsize)(dot - name->str));
    return extension;
}

/* With its dot; "" where none is known. Parameters of the type do not count. */
static const char *extension_of(const char *content_type)
{
    size_t length = content_type != NULL ? strcspn(content_type, "; \t") : 0;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (length == strlen(types[i].type) &&
            g_ascii_strncasecmp(content_type, types[i].type, length) == 0)
            return types[i].extension;
    return "";
}

/* At a character's end. */
static void shorten(GString *name, size_t length)
{
    if (name->len <= length)
        return;
    const char *end = g_utf8_find_prev_char(name->str, name->str + length + 1);
    g_string_truncate(name, end != NULL ? (gsize)(end - name->str) : 0);
}

static char *numbered(GString *stem, const char *mark, unsigned number, const char *extension)
{
    GString *tail = g_string_new(mark);
    if (number > 1)
        g_string_append_printf(tail, "-%u", number);
    g_string_append(tail, extension);
    shorten(stem, QL_OBJECT_NAME_MAX - MIN(tail->len, QL_OBJECT_NAME_MAX / 2));
    g_string_prepend(tail, stem->str);
    return g_string_free(tail, FALSE);
}

/* How often this very name was asked for, this time included. */
static unsigned count_of(ql_object_names *names, const char *name)
{
    char *key = g_utf8_strdown(name, -1);
    unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(names->taken, key)) + 1;
    g_hash_table_insert(names->taken, key, GUINT_TO_POINTER(count));
    return count;
}

char *ql_object_names_take(ql_object_names *names, const char *path, const char *mark,
                           const char *content_type)
{
    GString *stem = stem_of(path != NULL ? path : "");
    char *dotted = split_extension(stem);
    if (dotted == NULL)
        dotted = g_strdup(extension_of(content_type));
    char *name = numbered(stem, mark, 1, dotted);
    unsigned number = count_of(names, name);
    /* A name with a number may be that of another URL. */
    for (bool clash = number > 1; clash; number++) {
        g_free(name);
        name = numbered(stem, mark, number, dotted);
        clash = count_of(names, name) > 1;
    }
    g_free(dotted);
    g_string_free(stem, TRUE);
    return name;
}
