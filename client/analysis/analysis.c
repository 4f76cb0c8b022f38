/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quiclens requests, cids, paths, connections, doctor and explain: what tshark and the plugin know
 * of a capture, without having to know how to ask them. */
#include "command.h"
#include "facts.h"
#include "narration.h"
#include "options.h"
#include "page.h"
#include "text.h"
#include "timeline.h"
#include "tshark.h"

#include <stdio.h>
#include <string.h>

typedef struct analysis_options {
    char *keys;
    char **captures;
} analysis_options;

static const ql_option options_table[] = {
    { "keys", '\0', QL_OPTION_STRING, offsetof(analysis_options, keys), "FILE",
      "the TLS secrets log; else X.keys beside X.pcap or X.pcapng, or what Wireshark is set to",
      NULL },
    { .name = NULL },
};

/* False with error on bad usage, without if help was asked for. */
static bool parse_options(analysis_options *options, const ql_command *command, int argc,
                          char **argv, GError **error)
{
    const ql_option_group groups[] = { { "Secrets", options_table, options },
                                       { NULL, NULL, NULL } };
    g_autofree char *summary = g_strdup_printf("Shows %s.", command->summary);
    options->captures = ql_options_parse(groups, argc, argv, "CAPTURE", summary, error);
    if (options->captures == NULL)
        return false;
    guint count = g_strv_length(options->captures);
    if (count == 1)
        return true;
    g_set_error(error, QL_OPTIONS_ERROR, 0,
                count == 0 ? "which CAPTURE?" : "one CAPTURE at a time, not %u", count);
    return false;
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
    g_autoptr(GPtrArray) timeline = ql_timeline_of(facts);
    if (facts->connections->len == 0 && story->len == 0) {
        printf("No QUIC connection\n");
        return;
    }
    ql_page_write_story(stdout, ql_page_has_colours(stdout), story, false);
    ql_page_write_list(stdout, ql_page_has_colours(stdout), "Connection IDs in use, by frames",
                       timeline);
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
    if (report != NULL && command != &ql_command_doctor)
        print_hindrances(command->name, facts);
    if (warning != NULL)
        fprintf(stderr, "quiclens %s: tshark: %s\n", command->name, warning);
    return true;
}

static int run(const ql_command *command, const char *report, int argc, char **argv)
{
    analysis_options options = { .keys = NULL };
    g_autoptr(GError) error = NULL;
    int status = QL_EXIT_DONE;
    if (parse_options(&options, command, argc, argv, &error))
        status = analyse(command, report, &options, &error) ? QL_EXIT_DONE : QL_EXIT_FAILED;
    else if (error != NULL)
        status = QL_EXIT_USAGE;
    if (error != NULL)
        fprintf(stderr, "quiclens %s: %s\n", command->name, error->message);
    g_free(options.keys);
    g_strfreev(options.captures);
    return status;
}

/* A command that shows one report of the plugin, or, for NULL, the story. */
#define COMMAND(id, table_name, what)                                                              \
    static int run_##id(int argc, char **argv)                                                     \
    {                                                                                              \
        return run(&ql_command_##id, table_name, argc, argv);                                      \
    }                                                                                              \
    const ql_command ql_command_##id = {                                                           \
        .name = #id,                                                                               \
        .arguments = "[options] CAPTURE",                                                          \
        .summary = what,                                                                           \
        .run = run_##id,                                                                           \
    };

COMMAND(requests, "requests", "the table of requests and responses in a capture")
COMMAND(cids, "cids", "the life of every connection ID in a capture")
COMMAND(paths, "paths", "the paths that the connections of a capture took, and why")
COMMAND(connections, "connections", "the table of QUIC connections in a capture")
COMMAND(doctor, "doctor", "what of a capture does not open, why, and what to do")
COMMAND(explain, NULL, "the story of a capture, sentence by sentence")
