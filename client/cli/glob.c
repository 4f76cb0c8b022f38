/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "glob.h"

#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

G_DEFINE_QUARK(ql_glob_error, ql_glob_error)

/* A piece of the pattern: a text, the words of a set, or a range of numbers or letters. */
typedef struct part {
    char **words; /* NULL: a range; one word: a text */
    bool varies;  /* a set or range, which #N counts */
    bool letters;
    uint64_t first, step;
    int width; /* of numbers with zeros before them */
    size_t count;
} part;

struct ql_glob {
    GArray *parts;
    size_t count;
};

static void part_clear(void *data)
{
    g_strfreev(((part *)data)->words);
}

static bool fail(const char *pattern, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(pattern);
    g_set_error(error, QL_GLOB_ERROR, 0, "bad URL %s: %s; -g takes braces and brackets as they are",
                shown, why);
    return false;
}

static bool parse_step(const char *text, uint64_t *step)
{
    guint64 value = 1;
    if (*text == ':' && !g_ascii_string_to_unsigned(text + 1, 10, 1, UINT32_MAX, &value, NULL))
        return false;
    *step = value;
    return *text == '\0' || *text == ':';
}

static bool parse_letters(const char *text, part *range)
{
    if (!g_ascii_isalpha(text[0]) || text[1] != '-' || !g_ascii_isalpha(text[2]) ||
        g_ascii_isupper(text[0]) != g_ascii_isupper(text[2]) || text[0] > text[2] ||
        !parse_step(text + 3, &range->step))
        return false;
    range->letters = true;
    range->first = (unsigned char)text[0];
    range->count = (size_t)((uint64_t)(text[2] - text[0]) / range->step) + 1;
    return true;
}

static bool parse_numbers(const char *text, part *range)
{
    size_t width = strspn(text, "0123456789");
    if (width == 0 || text[width] != '-')
        return false;
    size_t last_width = strspn(text + width + 1, "0123456789");
    g_autofree char *first = g_strndup(text, width);
    g_autofree char *last = g_strndup(text + width + 1, last_width);
    guint64 from, to;
    if (!g_ascii_string_to_unsigned(first, 10, 0, UINT32_MAX, &from, NULL) ||
        !g_ascii_string_to_unsigned(last, 10, from, UINT32_MAX, &to, NULL) ||
        !parse_step(text + width + 1 + last_width, &range->step))
        return false;
    range->first = from;
    range->width = first[0] == '0' ? (int)width : 0;
    range->count = (size_t)((to - from) / range->step) + 1;
    return true;
}

static void add_text(ql_glob *glob, GString *text)
{
    if (text->len == 0)
        return;
    part added = { .words = g_new0(char *, 2), .count = 1 };
    added.words[0] = g_strdup(text->str);
    g_array_append_val(glob->parts, added);
    g_string_truncate(text, 0);
}

/* Takes what stands between the brackets or braces. */
static bool add_varying(ql_glob *glob, const char *pattern, const char *inside, bool set,
                        GError **error)
{
    part added = { .varies = true };
    if (set) {
        added.words = g_strsplit(inside, ",", -1);
        added.count = g_strv_length(added.words);
        if (added.count == 0) {
            g_strfreev(added.words);
            return fail(pattern, "a set {} is empty", error);
        }
    } else if (!parse_letters(inside, &added) && !parse_numbers(inside, &added)) {
        return fail(pattern,
                    "[1-9] or [a-z], with a step [0-10:2] where that is wanted, is expected",
                    error);
    }
    g_array_append_val(glob->parts, added);
    if (added.count > QL_GLOB_URLS_MAX / glob->count)
        return fail(pattern, "it stands for more than 100,000 URLs", error);
    glob->count *= added.count;
    return true;
}

/* The length of "[...]" if it holds an IPv6 address; else 0. */
static size_t address_length(const char *at)
{
    size_t inside = strcspn(at + 1, "]");
    if (at[1 + inside] != ']')
        return 0;
    g_autofree char *address = g_strndup(at + 1, inside);
    return strchr(address, ':') != NULL && g_hostname_is_ip_address(address) ? inside + 2 : 0;
}

static bool parse(ql_glob *glob, const char *pattern, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (const char *at = pattern; *at != '\0'; at++) {
        size_t address = *at == '[' ? address_length(at) : 0;
        if (at[0] == '\\' && at[1] != '\0' && strchr("[]{}", at[1]) != NULL) {
            g_string_append_c(text, *++at);
        } else if (address > 0) {
            g_string_append_len(text, at, (gssize)address);
            at += address - 1;
        } else if (*at == '{' || *at == '[') {
            bool set = *at == '{';
            size_t inside = strcspn(at + 1, set ? "}" : "]");
            if (at[1 + inside] == '\0')
                return fail(pattern, set ? "a brace is not closed" : "a bracket is not closed",
                            error);
            g_autofree char *content = g_strndup(at + 1, inside);
            add_text(glob, text);
            if (!add_varying(glob, pattern, content, set, error))
                return false;
            at += inside + 1;
        } else {
            g_string_append_c(text, *at);
        }
    }
    add_text(glob, text);
    return true;
}

ql_glob *ql_glob_new(const char *pattern, GError **error)
{
    ql_glob *glob = g_new0(ql_glob, 1);
    glob->parts = g_array_new(FALSE, FALSE, sizeof(part));
    g_array_set_clear_func(glob->parts, part_clear);
    glob->count = 1;
    if (parse(glob, pattern, error))
        return glob;
    ql_glob_free(glob);
    return NULL;
}

void ql_glob_free(ql_glob *glob)
{
    if (glob == NULL)
        return;
    g_array_unref(glob->parts);
    g_free(glob);
}

size_t ql_glob_count(const ql_glob *glob)
{
    return glob->count;
}

static void append_choice(GString *out, const part *from, size_t choice)
{
    uint64_t value = from->first + choice * from->step;
    if (from->words != NULL)
        g_string_append(out, from->words[choice]);
    else if (from->letters)
        g_string_append_c(out, (char)value);
    else
        g_string_append_printf(out, "%0*" PRIu64, from->width, value);
}

/* Which of its choices a part has in the index-th URL. */
static size_t choice_of(const ql_glob *glob, guint place, size_t index)
{
    for (guint i = glob->parts->len - 1; i > place; i--)
        index /= g_array_index(glob->parts, part, i).count;
    return index % g_array_index(glob->parts, part, place).count;
}

char *ql_glob_url(const ql_glob *glob, size_t index)
{
    GString *url = g_string_new(NULL);
    for (guint i = 0; i < glob->parts->len; i++)
        append_choice(url, &g_array_index(glob->parts, part, i), choice_of(glob, i, index));
    return g_string_free(url, FALSE);
}

/* The number-th set or range, from 1; G_MAXUINT: there is none. */
static guint find_varying(const ql_glob *glob, guint64 number)
{
    for (guint i = 0; i < glob->parts->len; i++)
        if (g_array_index(glob->parts, part, i).varies && --number == 0)
            return i;
    return G_MAXUINT;
}

char *ql_glob_name(const ql_glob *glob, size_t index, const char *text)
{
    GString *name = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        char *end = NULL;
        guint place = G_MAXUINT;
        if (at[0] == '#' && g_ascii_isdigit(at[1]) && at[1] != '0')
            place = find_varying(glob, g_ascii_strtoull(at + 1, &end, 10));
        if (place == G_MAXUINT) {
            g_string_append_c(name, *at);
            continue;
        }
        append_choice(name, &g_array_index(glob->parts, part, place),
                      choice_of(glob, place, index));
        at = end - 1;
    }
    return g_string_free(name, FALSE);
}
