/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reports as -z quiclens,requests and so on; -z quiclens,NAME,FILE writes into a file. */
#include "views/tap.h"
#include "views/view.h"

#include "reports/report.h"
#include "wireshark/kept_bodies.h"
#include "wireshark/live_model.h"

#include <epan/tap.h>
#include <wsutil/report_message.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "quiclens,"

/* A report that was asked for. */
typedef struct command {
    const ql_report *report;
    char *path; /* NULL: standard output */
    FILE *file;
} command;

/* Wireshark draws listeners from the last to the first; ours are one listener, in the order in
 * which they were asked for. */
static GPtrArray *commands;

static bool rewind_file(FILE *file)
{
    return file == stdout || (fseek(file, 0, SEEK_SET) == 0 && ftruncate(fileno(file), 0) == 0);
}

static void write_report(const command *at, const ql_session *session)
{
    errno = 0;
    bool can_rewind = rewind_file(at->file);
    if (!can_rewind && errno != ESPIPE) {
        report_write_failure(at->path, errno);
        return;
    }
    at->report->write(session, at->file);
    if (fflush(at->file) != 0 || ferror(at->file))
        report_write_failure(at->path != NULL ? at->path : "standard output", errno);
}

static void draw_reports(void *unused)
{
    (void)unused;
    const ql_session *session = ql_live_model_finish();
    if (session == NULL)
        return;
    for (guint i = 0; i < commands->len; i++)
        write_report(g_ptr_array_index(commands, i), session);
}

/* All reports come from the model, none from what a tap could bring: this one only tells when the
 * capture is over. */
static bool listen_once(void)
{
    if (commands != NULL)
        return true;
    commands = g_ptr_array_new();
    GString *error = register_tap_listener(QL_TAP, commands, NULL, TL_REQUIRES_NOTHING, NULL, NULL,
                                           draw_reports, NULL);
    if (error == NULL)
        return true;
    report_failure("quiclens: %s", error->str);
    g_string_free(error, TRUE);
    return false;
}

/* `argument` is all that follows -z: "quiclens,json,FILE". */
static bool begin(const char *argument, const ql_report *report)
{
    const char *path = argument + strlen(PREFIX) + strlen(report->name);
    if (path[0] != ',' && path[0] != '\0') {
        report_failure("quiclens: there is no statistic \"%s\"", argument);
        return false;
    }
    path += path[0] == ',';
    bool to_stdout = path[0] == '\0' || g_str_equal(path, "-");
    FILE *file = to_stdout ? stdout : fopen(path, "w");
    if (file == NULL) {
        report_open_failure(path, errno, true);
        return false;
    }
    if (!listen_once())
        return false;
    if (report->shows_hashes)
        ql_kept_bodies_show_hashes();
    command *fresh = g_new0(command, 1);
    *fresh = (command){ report, to_stdout ? NULL : g_strdup(path), file };
    g_ptr_array_add(commands, fresh);
    return true;
}

static ql_stat_begun command_given(const char *argument, void *report)
{
    QL_STAT_BEGUN(begin(argument, report));
}

static void register_commands(int protocol)
{
    (void)protocol;
    unsigned count;
    const ql_report *reports = ql_reports(&count);
    for (unsigned i = 0; i < count; i++) {
        char *name = g_strconcat(PREFIX, reports[i].name, NULL);
        stat_tap_ui ui = {
            .group = REGISTER_STAT_GROUP_GENERIC,
            .title = reports[i].title,
            .cli_string = name, /* copied */
            .tap_init_cb = command_given,
        };
        register_stat_tap_ui(&ui, (void *)(uintptr_t)&reports[i]);
        g_free(name);
    }
}

const ql_view ql_view_stat_commands = { "stat-commands", register_commands, NULL, false };
