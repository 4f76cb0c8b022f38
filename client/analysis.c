/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quiclens requests, cids and explain: what tshark and the plugin know of a capture, without having
 * to know how to ask them. */
#include "command.h"
#include "facts.h"
#include "narration.h"
#include "page.h"
#include "text.h"
#include "tshark.h"

#include <stdio.h>
#include <string.h>

typedef struct analysis_options {
    char *keys;
    char **captures;
} analysis_options;

static bool parse_options(analysis_options *options, const ql_command *command, int argc,
                          char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "keys", 0, 0, G_OPTION_ARG_FILENAME, &options->keys,
          "The TLS secrets log (default: X.keys beside X.pcap or X.pcapng)", "FILE" },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->captures, NULL,
          "CAPTURE" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autofree char *summary = g_strdup_printf("Shows %s.", command->summary);
    g_option_context_set_summary(context, summary);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autofree char *name = g_strdup_printf("quiclens %s", command->name);
    g_set_prgname(name);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    guint count = options->captures != NULL ? g_strv_length(options->captures) : 0;
    if (count != 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    count == 0 ? "which CAPTURE?" : "one CAPTURE at a time, not %u", count);
        return false;
    }
    return true;
}

/* What keeps the tables empty, so that nobody takes silence for an answer. */
static void print_hindrances(const char *command, const ql_facts *facts)
{
    for (guint i = 0; i < facts->findings->len; i++) {
        const ql_fact_finding *finding = g_ptr_array_index(facts->findings, i);
        bool hinders = finding->code != NULL && (g_str_has_prefix(finding->code, "secrets.") ||
                                                 g_str_has_prefix(finding->code, "capture."));
        if (!hinders || finding->text == NULL)
            continue;
        g_autofree char *text = ql_text_escape(finding->text);
        fprintf(stderr, "quiclens %s: frame %u: %s\n", command, finding->frame, text);
    }
}

static void print_story(const ql_facts *facts)
{
    g_autoptr(GPtrArray) story = ql_narration_of(facts);
    if (facts->connections->len == 0 && story->len == 0)
        printf("No QUIC connection\n");
    else
        ql_page_write_story(stdout, ql_page_has_colours(stdout), story, false);
}

/* report is the plugin's name of the table, or NULL for the story. */
static bool analyse(const ql_command *command, const char *report, const analysis_options *options,
                    GError **error)
{
    const char *const reports[] = { "json", report, NULL };
    char *texts[] = { NULL, NULL };
    g_autofree char *warning = NULL;
    if (!ql_tshark_report(options->captures[0], options->keys, reports, texts, &warning, error))
        return false;
    g_autofree char *json = texts[0], *table = texts[1];
    g_autoptr(ql_facts) facts = ql_facts_parse(json, strlen(json), error);
    if (facts == NULL) {
        g_prefix_error(error, "what the plugin says of %s: ", options->captures[0]);
        return false;
    }
    if (report != NULL)
        ql_page_write_report(stdout, ql_page_has_colours(stdout), table);
    else
        print_story(facts);
    if (fflush(stdout) != 0) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO,
                            "standard output cannot be written");
        return false;
    }
    if (report != NULL)
        print_hindrances(command->name, facts);
    if (warning != NULL)
        fprintf(stderr, "quiclens %s: tshark: %s\n", command->name, warning);
    return true;
}

static int run(const ql_command *command, const char *report, int argc, char **argv)
{
    analysis_options options = { .keys = NULL };
    g_autoptr(GError) error = NULL;
    int status = QL_EXIT_USAGE;
    if (parse_options(&options, command, argc, argv, &error))
        status = analyse(command, report, &options, &error) ? QL_EXIT_DONE : QL_EXIT_FAILED;
    if (error != NULL)
        fprintf(stderr, "quiclens %s: %s\n", command->name, error->message);
    g_free(options.keys);
    g_strfreev(options.captures);
    return status;
}

static int run_requests(int argc, char **argv)
{
    return run(&ql_command_requests, "requests", argc, argv);
}

static int run_cids(int argc, char **argv)
{
    return run(&ql_command_cids, "cids", argc, argv);
}

static int run_explain(int argc, char **argv)
{
    return run(&ql_command_explain, NULL, argc, argv);
}

const ql_command ql_command_requests = {
    .name = "requests",
    .arguments = "[options] CAPTURE",
    .summary = "the table of requests and responses in a capture",
    .run = run_requests,
};

const ql_command ql_command_cids = {
    .name = "cids",
    .arguments = "[options] CAPTURE",
    .summary = "the table of connection IDs in a capture",
    .run = run_cids,
};

const ql_command ql_command_explain = {
    .name = "explain",
    .arguments = "[options] CAPTURE",
    .summary = "the story of a capture, sentence by sentence",
    .run = run_explain,
};
