/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_reporter.h"

#include "clock.h"
#include "write_out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct ql_get_reporter {
    char *format; /* NULL: no -w */
    bool terminal;
    GPtrArray *outcomes; /* ql_outcome, by place; NULL: no summary, so that nothing is kept */
    ql_get_report report;
    const ql_transfer *transfer;
    ngtcp2_tstamp begin;
};

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR)
            return false;
        text += MAX(written, 0);
        length -= (size_t)MAX(written, 0);
    }
    return true;
}

static char *report(const ql_request *request, void *user)
{
    const ql_get_reporter *reporter = user;
    ql_outcome outcome;
    g_autoptr(GString) out = g_string_new(NULL), err = g_string_new(NULL);
    ql_outcome_init(&outcome, request, ql_transfer_figures(reporter->transfer, request),
                    ql_transfer_place(reporter->transfer, request));
    ql_write_out(reporter->format, &outcome, ql_response_header(ql_request_get_response(request)),
                 reporter->terminal, out, err);
    ql_outcome_clear(&outcome);
    write_all(STDERR_FILENO, err->str, err->len);
    return g_strdup(out->str);
}

static void outcome_free(void *outcome)
{
    ql_outcome_clear(outcome);
    g_free(outcome);
}

static char *read_format(const char *option, GError **error)
{
    char *format = NULL;
    if (option == NULL || option[0] != '@')
        return g_strdup(option);
    const char *path = strcmp(option, "@-") == 0 ? "/dev/stdin" : option + 1;
    if (!g_file_get_contents(path, &format, NULL, error))
        g_prefix_error(error, "cannot read the format of -w: ");
    return format;
}

ql_get_reporter *ql_get_reporter_new(const ql_get_options *options, ql_stdout *shared,
                                     GError **error)
{
    ql_get_reporter *reporter = g_new0(ql_get_reporter, 1);
    reporter->outcomes = options->summary ? g_ptr_array_new_with_free_func(outcome_free) : NULL;
    reporter->terminal = shared != NULL && ql_stdout_is_terminal(shared);
    reporter->report = (ql_get_report){ report, reporter };
    reporter->format = read_format(options->write_out, error);
    if (options->write_out == NULL || reporter->format != NULL)
        return reporter;
    ql_get_reporter_free(reporter);
    return NULL;
}

void ql_get_reporter_free(ql_get_reporter *reporter)
{
    if (reporter == NULL)
        return;
    g_clear_pointer(&reporter->outcomes, g_ptr_array_unref);
    g_free(reporter->format);
    g_free(reporter);
}

const ql_get_report *ql_get_reporter_report(const ql_get_reporter *reporter)
{
    return reporter->format == NULL ? NULL : &reporter->report;
}

void ql_get_reporter_watch(ql_get_reporter *reporter, const ql_transfer *transfer)
{
    reporter->transfer = transfer;
    reporter->begin = ql_clock_now();
}

static void keep_outcome(const ql_request *request, const ql_connection_figures *figures,
                         unsigned place, void *user)
{
    const ql_get_reporter *reporter = user;
    ql_outcome *outcome = g_new(ql_outcome, 1);
    ql_outcome_init(outcome, request, figures, place);
    g_ptr_array_add(reporter->outcomes, outcome);
}

ql_transfer_listener ql_get_reporter_listener(const ql_get_reporter *reporter)
{
    return reporter->outcomes == NULL ? NULL : keep_outcome;
}

static int by_number(const void *a, const void *b)
{
    const ql_outcome *first = *(ql_outcome *const *)a, *second = *(ql_outcome *const *)b;
    return first->number < second->number ? -1 : first->number > second->number;
}

bool ql_get_reporter_end(const ql_get_reporter *reporter, GError **error)
{
    if (reporter->outcomes == NULL)
        return true;
    g_ptr_array_sort(reporter->outcomes, by_number);
    double seconds = (double)(ql_clock_now() - reporter->begin) / (double)NGTCP2_SECONDS;
    g_autofree char *line = ql_write_out_summary(reporter->outcomes, seconds);
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    if (write_all(STDOUT_FILENO, text, strlen(text)))
        return true;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                "cannot write the summary to standard output: %s", g_strerror(errno));
    return false;
}
