/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The help text of a subcommand. GOption has one, too, but it does not break lines. */
#include "options.h"

#include <string.h>

#define INDENT        2u
#define TEXT_COLUMN   26u /* where the sentences begin; a longer option has a line of its own */
#define NARROWEST     24u /* of a sentence; a narrower terminal breaks it itself */
#define TITLE_OF_REST "Help"

/* Appends the words of text in lines from column first to width; the cursor stands at first. */
static void append_wrapped(GString *out, const char *text, unsigned first, unsigned width)
{
    size_t room = MAX(width, first + NARROWEST) - first, used = 0;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word != NULL; word++) {
        size_t length = (size_t)g_utf8_strlen(*word, -1);
        if (used > 0 && used + 1 + length > room) {
            g_string_append_printf(out, "\n%*s", (int)first, "");
            used = 0;
        } else if (used > 0) {
            g_string_append_c(out, ' ');
            used++;
        }
        g_string_append(out, *word);
        used += length;
    }
    g_string_append_c(out, '\n');
}

static void append_option(GString *out, const ql_option *option, unsigned width)
{
    g_autoptr(GString) head = g_string_new(NULL);
    if (option->letter != '\0')
        g_string_append_printf(head, "-%c, ", option->letter);
    g_string_append_printf(head, "--%s", option->name);
    if (option->argument != NULL)
        g_string_append_printf(head, " %s", option->argument);
    g_string_append_printf(out, "%*s%s", (int)INDENT, "", head->str);
    size_t end = INDENT + head->len;
    if (end + 2 > TEXT_COLUMN)
        g_string_append_printf(out, "\n%*s", (int)TEXT_COLUMN, "");
    else
        g_string_append_printf(out, "%*s", (int)(TEXT_COLUMN - end), "");
    append_wrapped(out, option->help, TEXT_COLUMN, width);
}

char *ql_options_help(const ql_option_group *groups, const char *program, const char *arguments,
                      const char *summary, unsigned width)
{
    static const ql_option help = {
        "help", 'h', QL_OPTION_FLAG, 0, NULL, "this text", NULL,
    };
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "Usage: quiclens %s [options]%s%s\n\n%s\n", program,
                           *arguments == '\0' ? "" : " ", arguments, summary);
    for (; groups->table != NULL; groups++) {
        g_string_append_printf(out, "\n%s:\n", groups->title);
        for (const ql_option *option = groups->table; option->name != NULL; option++)
            append_option(out, option, width);
    }
    g_string_append(out, "\n" TITLE_OF_REST ":\n");
    append_option(out, &help, width);
    return g_string_free(out, FALSE);
}
