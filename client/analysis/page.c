/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include "narration.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_INDENT 2u

#define BOLD  "\033[1m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

bool ql_page_has_colours(FILE *file)
{
    const char *refusal = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(fileno(file)) && (refusal == NULL || refusal[0] == '\0') &&
           g_strcmp0(terminal, "dumb") != 0;
}

static void write_bold(FILE *out, bool colours, const char *text)
{
    fprintf(out, "%s%s%s\n", colours ? BOLD : "", text, colours ? PLAIN : "");
}

void ql_page_write_title(FILE *out, bool colours, const char *title)
{
    fputc('\n', out);
    write_bold(out, colours, title);
}

void ql_page_write_report(FILE *out, bool colours, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool begins = true;
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (lines[i][0] == '\0' && lines[i + 1] == NULL)
            break;
        if (begins)
            write_bold(out, colours && lines[i][0] != '\0', lines[i]);
        else
            fprintf(out, "%s\n", lines[i]);
        begins = lines[i][0] == '\0';
    }
}

/* How many bytes of text go on a line of so many columns: up to a blank, if there is one. */
static size_t line_length(const char *text, size_t columns)
{
    if ((size_t)g_utf8_strlen(text, -1) <= columns)
        return strlen(text);
    const char *end = g_utf8_offset_to_pointer(text, (glong)columns);
    const char *blank = g_strrstr_len(text, end - text + 1, " ");
    return (size_t)((blank != NULL && blank > text ? blank : end) - text);
}

static void write_wrapped(FILE *out, const char *text, size_t indent)
{
    for (bool first = true; first || *text != '\0'; first = false) {
        size_t length = line_length(text, QL_PAGE_COLUMNS - indent);
        if (!first)
            fprintf(out, "%*s", (int)indent, "");
        fprintf(out, "%.*s\n", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

static bool tells_of_several(const GPtrArray *story)
{
    uint32_t only = UINT32_MAX;
    for (guint i = 0; i < story->len; i++) {
        const ql_sentence *sentence = g_ptr_array_index(story, i);
        if (sentence->connection == UINT32_MAX)
            continue;
        if (only != UINT32_MAX && only != sentence->connection)
            return true;
        only = sentence->connection;
    }
    return false;
}

static void write_sentence(FILE *out, bool colours, const ql_sentence *sentence, bool several,
                           uint32_t frame_before)
{
    g_autofree char *number = sentence->frame == 0 || sentence->frame == frame_before
                                  ? g_strdup("")
                                  : g_strdup_printf("%" PRIu32, sentence->frame);
    g_autofree char *connection = !several ? g_strdup("")
                                  : sentence->connection == UINT32_MAX
                                      ? g_strdup("          ")
                                      : g_strdup_printf("conn %-5" PRIu32, sentence->connection);
    fprintf(out, "%s%7s  %s%s", colours ? FAINT : "", number, connection, colours ? PLAIN : "");
    write_wrapped(out, sentence->text, 9 + strlen(connection));
}

void ql_page_write_story(FILE *out, bool colours, const GPtrArray *story, bool landmarks_only)
{
    bool several = tells_of_several(story);
    uint32_t frame = 0;
    fprintf(out, "%s  frame%s\n", colours ? FAINT : "", colours ? PLAIN : "");
    for (guint i = 0; i < story->len; i++) {
        const ql_sentence *sentence = g_ptr_array_index(story, i);
        if (landmarks_only && !sentence->landmark)
            continue;
        write_sentence(out, colours, sentence, several, frame);
        frame = sentence->frame;
    }
}

void ql_page_write_list(FILE *out, bool colours, const char *title, const GPtrArray *lines)
{
    if (lines->len > 0)
        ql_page_write_title(out, colours, title);
    for (guint i = 0; i < lines->len; i++) {
        fprintf(out, "%*s", (int)LIST_INDENT, "");
        write_wrapped(out, g_ptr_array_index(lines, i), LIST_INDENT);
    }
}
