/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command_line.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define HIDDEN "..."

/* An option with this letter or name has a value that is nobody's business. */
static bool is_private_letter(char letter)
{
    return strchr("HbduF", letter) != NULL;
}

static bool is_private_name(const char *name, size_t length)
{
    static const char *const parts[] = { "header", "data",  "json",  "cookie", "user",  "pass",
                                         "form",   "token", "query", "bearer", "secret" };
    g_autofree char *copy = g_strndup(name, length);
    if (g_str_has_prefix(copy, "user-agent") || g_str_has_prefix(copy, "max-data"))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (strstr(copy, parts[i]) != NULL)
            return true;
    return false;
}

/* Takes user and query out of what looks like a URL. */
static char *show_url(const char *word)
{
    const char *scheme = strstr(word, "://");
    if (scheme == NULL)
        return g_strdup(word);
    const char *host = scheme + 3;
    const char *end = host + strcspn(host, "/?#");
    const char *at = memrchr(host, '@', (size_t)(end - host));
    size_t query = strcspn(end, "?");
    return g_strdup_printf("%.*s%s%.*s%.*s%s", (int)(host - word), word,
                           at != NULL ? HIDDEN "@" : "", (int)(end - (at != NULL ? at + 1 : host)),
                           at != NULL ? at + 1 : host, (int)query, end,
                           end[query] == '?' ? "?" HIDDEN : "");
}

/* Where in a word of letters the value of a private one begins; 0: nowhere. What stands behind
 * another option's letter can only be hidden too much. */
static size_t private_value(const char *word)
{
    for (size_t i = 1; word[i] != '\0'; i++)
        if (is_private_letter(word[i]))
            return i + 1;
    return 0;
}

/* The word as it may be shown; hide_next: the next one is a value that may not. */
static char *show(const char *word, bool *hide_next)
{
    *hide_next = false;
    if (g_str_has_prefix(word, "--")) {
        size_t length = strcspn(word + 2, "=");
        if (!is_private_name(word + 2, length))
            return show_url(word);
        *hide_next = word[2 + length] == '\0';
        return g_strdup_printf("%.*s%s", (int)(2 + length), word, *hide_next ? "" : "=" HIDDEN);
    }
    size_t value = word[0] == '-' ? private_value(word) : 0;
    if (value == 0)
        return show_url(word);
    *hide_next = word[value] == '\0';
    return g_strdup_printf("%.*s%s", (int)value, word, *hide_next ? "" : HIDDEN);
}

static bool is_plain(const char *word)
{
    static const char others[] = "-_./:=,@%+~[]?&";
    for (const char *at = word; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr(others, *at) == NULL)
            return false;
    return *word != '\0';
}

char *ql_command_line_show(int argc, char *const *argv)
{
    GString *text = g_string_new("quiclens");
    bool hide = false;
    for (int i = 0; i < argc; i++) {
        bool hide_next = false;
        g_autofree char *valid = g_utf8_make_valid(argv[i], -1);
        g_autofree char *shown = hide ? g_strdup(HIDDEN) : show(valid, &hide_next);
        g_autofree char *quoted = is_plain(shown) ? g_strdup(shown) : g_shell_quote(shown);
        g_string_append_printf(text, " %s", quoted);
        hide = hide_next;
    }
    return g_string_free(text, FALSE);
}
