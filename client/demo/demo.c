/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quiclens demo: a session of one's own, captured, decrypted, explained, and checked. */
#include "command.h"
#include "demo_check.h"
#include "demo_files.h"
#include "demo_session.h"
#include "narration.h"
#include "page.h"
#include "tshark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What tshark and the plugin say of the capture. */
typedef struct view {
    char *requests, *cids;
    ql_facts *facts;
} view;

static void clear_view(view *v)
{
    g_free(v->requests);
    g_free(v->cids);
    ql_facts_free(v->facts);
}

static bool look(view *v, GError **error)
{
    static const char *const reports[] = { "json", "requests", "cids", NULL };
    char *texts[3];
    g_autofree char *warning = NULL;
    if (!ql_tshark_report(QL_DEMO_CAPTURE, QL_DEMO_KEYS, reports, texts, &warning, error))
        return false;
    g_autofree char *json = texts[0];
    v->requests = texts[1];
    v->cids = texts[2];
    v->facts = ql_facts_parse(json, strlen(json), error);
    if (v->facts == NULL)
        g_prefix_error(error, "what the plugin says of " QL_DEMO_CAPTURE ": ");
    return v->facts != NULL;
}

static void print_session(const ql_demo_record *record, gint64 microseconds)
{
    uint64_t received = 0;
    for (guint i = 0; i < record->requests->len; i++) {
        const ql_recorded_request *request = g_ptr_array_index(record->requests, i);
        received += request->received;
    }
    printf("%u requests to an origin of our own, %" PRIu64 " bytes in %.0f ms",
           record->requests->len, received, (double)microseconds / 1000);
    if (record->last_address != NULL)
        printf(";\non the way the client moved from %s to %s", record->first_address,
               record->last_address);
    printf(".\nWritten: " QL_DEMO_CAPTURE " (the secrets are inside) and " QL_DEMO_KEYS "\n");
}

static void print_view(const view *v)
{
    bool colours = ql_page_has_colours(stdout);
    g_autoptr(GPtrArray) story = ql_narration_of(v->facts);
    ql_page_write_title(stdout, colours, "Requests (quiclens requests " QL_DEMO_CAPTURE ")");
    ql_page_write_report(stdout, false, v->requests);
    ql_page_write_title(stdout, colours, "Connection IDs (quiclens cids " QL_DEMO_CAPTURE ")");
    ql_page_write_report(stdout, false, v->cids);
    ql_page_write_title(stdout, colours,
                        "The story in short (in full: quiclens explain " QL_DEMO_CAPTURE ")");
    ql_page_write_story(stdout, colours, story, true);
}

static bool print_verdict(const ql_demo_record *record, const ql_facts *facts)
{
    bool colours = ql_page_has_colours(stdout);
    g_autoptr(GPtrArray) differences = ql_demo_check(record, facts);
    if (differences->len == 0) {
        ql_page_write_title(stdout, colours, "The plugin saw exactly what the client did.");
        printf("To see each packet explain itself:\n    wireshark " QL_DEMO_CAPTURE "\n");
    }
    fflush(stdout);
    for (guint i = 0; i < differences->len; i++)
        fprintf(stderr, "quiclens demo: %s\n", (const char *)g_ptr_array_index(differences, i));
    return differences->len == 0;
}

static bool show(const ql_demo_record *record, GError **error)
{
    view v = { .requests = NULL };
    bool ok = look(&v, error);
    if (ok) {
        print_view(&v);
        ok = print_verdict(record, v.facts);
    }
    clear_view(&v);
    return ok;
}

static bool demonstrate(GError **error)
{
    if (!ql_demo_files_check_capture(QL_DEMO_CAPTURE, error) ||
        !ql_demo_files_check_keys(QL_DEMO_KEYS, error) ||
        !ql_demo_files_begin_keys(QL_DEMO_KEYS, error))
        return false;
    ql_demo_origin *origin = ql_demo_origin_start(error);
    if (origin == NULL)
        return false;
    gint64 start = g_get_monotonic_time();
    ql_demo_record *record = ql_demo_session_run(origin, QL_DEMO_CAPTURE, QL_DEMO_KEYS, error);
    gint64 end = g_get_monotonic_time();
    ql_demo_origin_stop(origin);
    if (record == NULL)
        return false;
    print_session(record, end - start);
    bool ok = show(record, error);
    ql_demo_record_free(record);
    return ok;
}

static bool parse_options(int argc, char **argv, GError **error)
{
    const GOptionEntry none[] = { { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL } };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(
        context,
        "Makes six requests to an HTTP/3 server of its own, captures them into\n" QL_DEMO_CAPTURE
        " in the current folder, and shows what the plugin sees in them.\n"
        "Exit status 0 if that is exactly what the client did.");
    g_option_context_add_main_entries(context, none, NULL);
    g_set_prgname("quiclens demo");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "it takes no arguments, such as \"%s\"", argv[1]);
    return argc <= 1;
}

static int run(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int status = QL_EXIT_USAGE;
    if (parse_options(argc, argv, &error))
        status = demonstrate(&error) ? QL_EXIT_DONE : QL_EXIT_FAILED;
    if (error != NULL)
        fprintf(stderr, "quiclens demo: %s\n", error->message);
    return status;
}

const ql_command ql_command_demo = {
    .name = "demo",
    .arguments = "",
    .summary = "everything in one go, on a server of its own",
    .run = run,
};
