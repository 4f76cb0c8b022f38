/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECONDS_AT_MOST 1e9

G_DEFINE_QUARK(ql_options_error, ql_options_error)

/* One run of the parser; the callbacks' user data. */
typedef struct parser_run {
    const ql_option_group *groups;
    gboolean help;
} parser_run;

static bool takes_value(const ql_option *option)
{
    return option->kind != QL_OPTION_FLAG && option->kind != QL_OPTION_CALL_FLAG;
}

/* The option of that letter, or else of that name, and where its group's record is. */
static const ql_option *find(const ql_option_group *groups, char letter, const char *name,
                             void **record)
{
    for (; groups->table != NULL; groups++) {
        for (const ql_option *option = groups->table; option->name != NULL; option++) {
            if (name == NULL ? option->letter != letter : strcmp(option->name, name) != 0)
                continue;
            if (record != NULL)
                *record = groups->record;
            return option;
        }
    }
    return NULL;
}

static const ql_option *find_letter(const ql_option_group *groups, char letter)
{
    return find(groups, letter, NULL, NULL);
}

static const ql_option *find_name(const ql_option_group *groups, const char *typed, void **record)
{
    return g_str_has_prefix(typed, "--") ? find(groups, '\0', typed + 2, record)
                                         : find(groups, typed[1], NULL, record);
}

/* "-sXPUT" is "-sX" "PUT". GOption only knows the latter. */
static void append_split(GPtrArray *list, const ql_option_group *groups, const char *word)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const ql_option *option = find_letter(groups, *at);
        if (option == NULL || !takes_value(option))
            continue;
        if (at[1] != '\0') {
            g_ptr_array_add(list, g_strndup(word, (gsize)(at + 1 - word)));
            g_ptr_array_add(list, g_strdup(at + 1));
            return;
        }
        break;
    }
    g_ptr_array_add(list, g_strdup(word));
}

/* Whether the next word is the value of this one. */
static bool is_followed_by_value(const ql_option_group *groups, const char *word)
{
    const ql_option *option = NULL;
    if (g_str_has_prefix(word, "--"))
        option = strchr(word, '=') == NULL ? find_name(groups, word, NULL) : NULL;
    else if (word[0] == '-' && word[1] != '\0')
        option = find_letter(groups, word[strlen(word) - 1]);
    return option != NULL && takes_value(option);
}

static char **split_values(const ql_option_group *groups, int argc, char **argv)
{
    GPtrArray *list = g_ptr_array_new();
    bool options = true, value = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!value && strcmp(word, "--") == 0)
            options = false;
        if (i == 0 || !options || value || word[0] != '-' || word[1] == '-' || word[1] == '\0')
            g_ptr_array_add(list, g_strdup(word));
        else
            append_split(list, groups, word);
        value = i > 0 && options && !value &&
                is_followed_by_value(groups, g_ptr_array_index(list, list->len - 1));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

gboolean ql_options_refuse(const char *name, const char *value, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(value);
    g_set_error(error, QL_OPTIONS_ERROR, 0, "bad value \"%s\" of %s: %s", shown, name, why);
    return FALSE;
}

static gboolean take_number(const ql_option *option, const char *name, const char *value,
                            void *field, GError **error)
{
    guint64 number = 0;
    char *end = NULL;
    if (option->kind == QL_OPTION_SECONDS) {
        double seconds = g_ascii_strtod(value, &end);
        if (end == value || *end != '\0' || !(seconds > 0 && seconds < SECONDS_AT_MOST))
            return ql_options_refuse(name, value, "a number of seconds above 0 is expected", error);
        *(double *)field = seconds;
        return TRUE;
    }
    if (!g_ascii_string_to_unsigned(value, 10, 0, INT64_MAX, &number, NULL))
        return ql_options_refuse(name, value, "a number is expected", error);
    *(int64_t *)field = (int64_t)number;
    return TRUE;
}

/* Every option but help comes here. */
static gboolean take(const gchar *name, const gchar *value, gpointer data, GError **error)
{
    parser_run *run = data;
    void *record = NULL;
    const ql_option *option = find_name(run->groups, name, &record);
    void *field = (char *)record + option->offset;
    switch (option->kind) {
    case QL_OPTION_FLAG: *(gboolean *)field = TRUE; return TRUE;
    case QL_OPTION_STRING:
        g_free(*(char **)field);
        *(char **)field = g_strdup(value);
        return TRUE;
    case QL_OPTION_STRINGS: {
        char ***list = field;
        guint count = *list == NULL ? 0 : g_strv_length(*list);
        *list = g_renew(char *, *list, count + 2);
        (*list)[count] = g_strdup(value);
        (*list)[count + 1] = NULL;
        return TRUE;
    }
    case QL_OPTION_SECONDS:
    case QL_OPTION_NUMBER: return take_number(option, name, value, field, error);
    case QL_OPTION_CALL:
    case QL_OPTION_CALL_FLAG: return option->take(name, value, record, error);
    }
    return FALSE;
}

static GOptionContext *context_new(parser_run *run)
{
    GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    const GOptionEntry help = { "help", 'h', 0, G_OPTION_ARG_NONE, &run->help, NULL, NULL };
    for (const ql_option_group *group = run->groups; group->table != NULL; group++) {
        for (const ql_option *option = group->table; option->name != NULL; option++) {
            gint flags = takes_value(option) ? G_OPTION_FLAG_FILENAME : G_OPTION_FLAG_NO_ARG;
            GOptionEntry entry = { option->name,          option->letter, flags,
                                   G_OPTION_ARG_CALLBACK, NULL,           NULL,
                                   option->argument };
            memcpy(&entry.arg_data, &(GOptionArgFunc){ take }, sizeof entry.arg_data);
            g_array_append_val(entries, entry);
        }
    }
    g_array_append_val(entries, help);
    GOptionContext *context = g_option_context_new(NULL);
    GOptionGroup *group = g_option_group_new("main", "", "", run, NULL);
    g_option_group_add_entries(group, (const GOptionEntry *)(void *)entries->data);
    g_option_context_set_main_group(context, group);
    g_option_context_set_help_enabled(context, FALSE);
    g_array_unref(entries);
    return context;
}

/* Of the terminal, or else of $COLUMNS, or else of the page that all our tables fit. */
static unsigned help_width(void)
{
    struct winsize size = { 0 };
    guint64 columns = 0;
    const char *set = g_getenv("COLUMNS");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    if (set != NULL && g_ascii_string_to_unsigned(set, 10, 1, UINT16_MAX, &columns, NULL))
        return (unsigned)columns;
    return 100;
}

char **ql_options_parse(const ql_option_group *groups, int argc, char **argv, const char *arguments,
                        const char *summary, GError **error)
{
    parser_run run = { .groups = groups };
    GOptionContext *context = context_new(&run);
    char **words = split_values(groups, argc, argv);
    g_autoptr(GError) cause = NULL;
    if (!g_option_context_parse_strv(context, &words, &cause)) {
        g_autofree char *shown = ql_text_escape(cause->message); /* GLib has words as they came */
        g_autofree char *hint = g_strdup_printf("; quiclens %s --help lists the options", argv[0]);
        g_set_error(error, QL_OPTIONS_ERROR, 0, "%s%s", shown,
                    g_str_has_suffix(shown, hint) ? "" : hint);
        g_clear_pointer(&words, g_strfreev);
    } else if (run.help) {
        g_autofree char *text = ql_options_help(groups, argv[0], arguments, summary, help_width());
        fputs(text, stdout);
        g_clear_pointer(&words, g_strfreev);
    } else {
        g_free(words[0]); /* the name of the subcommand */
        memmove(words, words + 1, g_strv_length(words + 1) * sizeof *words + sizeof *words);
    }
    g_option_context_free(context);
    return words;
}
