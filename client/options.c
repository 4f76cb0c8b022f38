/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_AT_MOST 1e9

G_DEFINE_QUARK(ql - options - error, ql_options_error)

/* One run of the parser; the callbacks' user data. */
typedef struct parser_run {
    const ql_option *table;
    char *record;
    gboolean help;
} parser_run;

static bool takes_value(const ql_option *option)
{
    return option->kind != QL_OPTION_FLAG && option->kind != QL_OPTION_CALL_FLAG;
}

static const ql_option *find_letter(const ql_option *table, char letter)
{
    for (; table->name != NULL; table++)
        if (table->letter == letter)
            return table;
    return NULL;
}

static const ql_option *find_name(const ql_option *table, const char *typed)
{
    if (g_str_has_prefix(typed, "--")) {
        for (; table->name != NULL; table++)
            if (strcmp(table->name, typed + 2) == 0)
                return table;
        return NULL;
    }
    return find_letter(table, typed[1]);
}

/* "-sXPUT" is "-sX" "PUT". GOption only knows the latter. */
static void append_split(GPtrArray *list, const ql_option *table, const char *word)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const ql_option *option = find_letter(table, *at);
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
static bool is_followed_by_value(const ql_option *table, const char *word)
{
    const ql_option *option = NULL;
    if (g_str_has_prefix(word, "--"))
        option = strchr(word, '=') == NULL ? find_name(table, word) : NULL;
    else if (word[0] == '-' && word[1] != '\0')
        option = find_letter(table, word[strlen(word) - 1]);
    return option != NULL && takes_value(option);
}

static char **split_values(const ql_option *table, int argc, char **argv)
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
            append_split(list, table, word);
        value = i > 0 && options && !value &&
                is_followed_by_value(table, g_ptr_array_index(list, list->len - 1));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

static gboolean fail(const char *name, const char *value, const char *why, GError **error)
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
            return fail(name, value, "a number of seconds above 0 is expected", error);
        *(double *)field = seconds;
        return TRUE;
    }
    if (!g_ascii_string_to_unsigned(value, 10, 0, INT64_MAX, &number, NULL))
        return fail(name, value, "a number is expected", error);
    *(int64_t *)field = (int64_t)number;
    return TRUE;
}

/* Every option but help comes here. */
static gboolean take(const gchar *name, const gchar *value, gpointer data, GError **error)
{
    parser_run *run = data;
    const ql_option *option = find_name(run->table, name);
    void *field = run->record + option->offset;
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
    case QL_OPTION_CALL_FLAG: return option->take(name, value, run->record, error);
    }
    return FALSE;
}

static GOptionContext *context_new(const ql_option *table, parser_run *run, const char *arguments,
                                   const char *summary)
{
    static const GOptionEntry help = { "help", 'h', 0, G_OPTION_ARG_NONE, NULL, "this text", NULL };
    GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    for (const ql_option *option = table; option->name != NULL; option++) {
        GOptionEntry entry = { option->name,
                               option->letter,
                               takes_value(option) ? G_OPTION_FLAG_FILENAME : G_OPTION_FLAG_NO_ARG,
                               G_OPTION_ARG_CALLBACK,
                               NULL,
                               option->help,
                               option->argument };
        memcpy(&entry.arg_data, &(GOptionArgFunc){ take }, sizeof entry.arg_data);
        g_array_append_val(entries, entry);
    }
    GOptionEntry own_help = help;
    own_help.arg_data = &run->help;
    g_array_append_val(entries, own_help);
    GOptionContext *context = g_option_context_new(arguments);
    GOptionGroup *group = g_option_group_new("main", "", "", run, NULL);
    g_option_group_add_entries(group, (const GOptionEntry *)(void *)entries->data);
    g_option_context_set_main_group(context, group);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, summary);
    g_array_unref(entries);
    return context;
}

char **ql_options_parse(const ql_option *table, void *record, int argc, char **argv,
                        const char *arguments, const char *summary, GError **error)
{
    parser_run run = { .table = table, .record = record };
    g_autofree char *program = g_strdup_printf("quiclens %s", argv[0]);
    g_set_prgname(program); /* the head of GOption's help text */
    GOptionContext *context = context_new(table, &run, arguments, summary);
    char **words = split_values(table, argc, argv);
    g_autoptr(GError) cause = NULL;
    if (!g_option_context_parse_strv(context, &words, &cause)) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "%s; quiclens %s --help lists the options",
                    cause->message, argv[0]);
        g_clear_pointer(&words, g_strfreev);
    } else if (run.help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        g_clear_pointer(&words, g_strfreev);
    } else {
        g_free(words[0]); /* the name of the subcommand */
        memmove(words, words + 1, g_strv_length(words + 1) * sizeof *words + sizeof *words);
    }
    g_option_context_free(context);
    return words;
}
