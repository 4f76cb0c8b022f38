/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "command_line.h"
#include "ending_signals.h"
#include "get_options.h"
#include "get_reporter.h"
#include "get_requests.h"
#include "get_urls.h"
#include "keylog.h"
#include "progress.h"
#include "recorder.h"
#include "resolve.h"
#include "session_file.h"
#include "tls.h"
#include "trace.h"
#include "transfer.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_SECONDS 10.0
#define IDLE_SECONDS    30.0

/* What one call of quiclens get needs, besides its requests. */
typedef struct get_tools {
    ql_stdout *shared; /* NULL: the capture has standard output */
    ql_keylog *keylog;
    ql_recorder *recorder; /* NULL: there is no capture */
    ql_qlog_book *qlogs;
    SSL_CTX *tls;
    ql_session_file *sessions;
    ql_resolver *resolver;
    ql_trace *trace;
    ql_progress *progress;
    ql_get_reporter *reporter;
} get_tools;

static void report(const char *sentence, void *user)
{
    const ql_get_options *options = user;
    if (!options->silent || options->show_error)
        fprintf(stderr, "quiclens get: %s\n", sentence);
}

static void report_error(const ql_get_options *options, const GError *error)
{
    if (error != NULL)
        report(error->message, (void *)(uintptr_t)options);
}

static ngtcp2_duration to_duration(double seconds)
{
    return (ngtcp2_duration)(seconds * (double)NGTCP2_SECONDS);
}

static bool wants_progress(const ql_get_options *options)
{
    bool body_on_terminal = ql_get_writes_to_stdout(options) && isatty(STDOUT_FILENO) == 1;
    return isatty(STDERR_FILENO) == 1 && !options->silent && !options->no_progress &&
           !options->verbose && !options->trace_frames && !body_on_terminal;
}

/* What is to be done again to see the same. */
static char *describe(const ql_get_options *options)
{
    const ql_relay_scenario *scenario = ql_impair_options_scenario(&options->impair);
    return scenario == NULL ? g_strdup(options->command_line)
                            : ql_relay_scenario_describe(scenario, options->command_line);
}

/* Those of the URLs as far as they are known already. NULL and error if these cannot be had. */
static GArray *find_addresses(const ql_resolver *resolver, const ql_get_options *options,
                              GError **error)
{
    ql_get_url of;
    g_autoptr(ql_get_urls) urls = ql_get_urls_new(options, error);
    if (urls == NULL)
        return NULL;
    GArray *addresses = g_array_new(FALSE, FALSE, sizeof(ql_address));
    g_autoptr(GHashTable) origins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while (ql_get_urls_next(urls, &of, NULL)) {
        /* What is not found is told once the transfer needs it. */
        GArray *found = g_hash_table_add(origins, ql_url_origin(of.url))
                            ? ql_resolver_lookup(resolver, of.url->host, of.url->port, NULL)
                            : NULL;
        if (found != NULL) {
            g_array_append_vals(addresses, found->data, found->len);
            g_array_unref(found);
        }
        ql_get_url_clear(&of);
    }
    return addresses;
}

static bool open_recorder(get_tools *tools, const ql_get_options *options, GError **error)
{
    const ql_capture_options *record = &options->record;
    g_autofree char *comment = describe(options);
    g_autoptr(GArray) addresses =
        record->dumpcap != NULL ? find_addresses(tools->resolver, options, error) : NULL;
    if (record->dumpcap != NULL && addresses == NULL)
        return false;
    tools->recorder = ql_recorder_new(record, comment, addresses, error);
    if (tools->recorder == NULL)
        return false;
    ql_keylog_set_listener(tools->keylog, ql_recorder_on_secret, tools->recorder);
    return true;
}

static bool open_logs(get_tools *tools, const ql_get_options *options, GError **error)
{
    const ql_capture_options *record = &options->record;
    tools->keylog = ql_keylog_new(record->keys, error);
    if (tools->keylog == NULL)
        return false;
    if (record->qlog != NULL) {
        tools->qlogs = ql_qlog_book_new(record->qlog, false, "quiclens get", error);
        if (tools->qlogs == NULL)
            return false;
    }
    return record->capture == NULL || open_recorder(tools, options, error);
}

static bool open_tools(get_tools *tools, const ql_get_options *options, GError **error)
{
    ql_tls_client_options with_log = ql_tls_options_for_context(&options->tls);
    if (!open_logs(tools, options, error))
        return false;
    with_log.keylog = tools->keylog;
    if (options->tls.session != NULL) {
        tools->sessions = ql_session_file_new(options->tls.session, error);
        if (tools->sessions == NULL)
            return false;
    }
    tools->tls = ql_tls_client_context_new(&with_log, error);
    tools->trace = options->verbose || options->trace_frames ? ql_trace_new(STDERR_FILENO) : NULL;
    if (options->impair.given)
        ql_trace_note(tools->trace, "the network is a bad one, its seed %" PRIu64,
                      options->impair.scenario.seed);
    tools->progress = wants_progress(options) ? ql_progress_new(STDERR_FILENO) : NULL;
    return tools->tls != NULL;
}

/* Of several failures the first is told. */
static GError **unless_set(GError **error)
{
    return *error == NULL ? error : NULL;
}

/* False if the logs are not complete; the first failure goes to error, which must not be NULL. */
static bool close_tools(get_tools *tools, GError **error)
{
    SSL_CTX_free(tools->tls);
    bool capture = ql_recorder_close(tools->recorder, error);
    bool keylog = ql_keylog_close(tools->keylog, unless_set(error));
    bool qlogs = ql_qlog_book_close(tools->qlogs, unless_set(error));
    bool sessions =
        tools->sessions == NULL || ql_session_file_save(tools->sessions, unless_set(error));
    ql_session_file_free(tools->sessions);
    ql_resolver_free(tools->resolver);
    ql_trace_free(tools->trace);
    ql_progress_free(tools->progress);
    ql_get_reporter_free(tools->reporter);
    ql_stdout_free(tools->shared);
    return capture && keylog && qlogs && sessions;
}

static ql_request *next_request(void *requests, GError **error)
{
    return ql_get_requests_next(requests, error);
}

/* Who reads of a response finds its packets in the capture, all but the newest, whatever happens
 * then. */
static void flush_capture(void *capture)
{
    ql_self_capture_flush(capture);
}

static void keep_capture_ahead(const get_tools *tools, bool ahead)
{
    ql_self_capture *capture = ql_recorder_self_capture(tools->recorder);
    if (tools->shared != NULL && capture != NULL)
        ql_stdout_set_listener(tools->shared, ahead ? flush_capture : NULL, capture);
}

/* Returns whether everything was transferred. */
static bool transfer_all(const get_tools *tools, const ql_get_options *options,
                         ql_get_requests *requests, int *signal, GError **error)
{
    double connect = options->connect_timeout > 0 ? options->connect_timeout : CONNECT_SECONDS;
    /* From here on a signal waits for connection, capture and log to be ended in good order. */
    int stop = ql_ending_signals_hold();
    double idle = options->idle_timeout > 0 ? options->idle_timeout : IDLE_SECONDS;
    const ql_transfer_settings settings = {
        .tls = tools->tls,
        .resolver = tools->resolver,
        .local = options->local,
        .capture = ql_recorder_self_capture(tools->recorder),
        .trace = tools->trace,
        .datagrams = options->datagrams != NULL,
        .trace_frames = options->trace_frames != FALSE,
        .requests_at_once = (unsigned)options->parallel_max,
        .begin = options->delay,
        .reprioritize = options->reprioritize_after,
        .qlogs = tools->qlogs,
        .scenario = ql_impair_options_scenario(&options->impair),
        .progress = tools->progress,
        .terms = ql_tls_options_for_connections(&options->tls),
        .quic = options->quic,
        .resumption = { tools->sessions, options->tls.early_data != FALSE },
        .paths = options->paths,
        .connect_timeout = to_duration(connect),
        .idle_timeout = to_duration(idle),
        .max_time = to_duration(options->max_time),
        .stop_fd = stop,
        .report = report,
        .report_user = (void *)(uintptr_t)options,
        .source = { next_request, requests, ql_get_requests_count(requests) },
        .over = ql_get_reporter_listener(tools->reporter),
        .over_user = tools->reporter,
    };
    ql_transfer *transfer = ql_transfer_new(&settings);
    ql_get_reporter_watch(tools->reporter, transfer);
    keep_capture_ahead(tools, true);
    unsigned failed = ql_transfer_run(transfer);
    *signal = ql_ending_signals_take(stop);
    if (stop >= 0)
        close(stop);
    bool told = ql_get_reporter_end(tools->reporter, error);
    keep_capture_ahead(tools, false);
    ql_transfer_free(transfer);
    return failed == 0 && told;
}

static int get(const ql_get_options *options)
{
    get_tools tools = { 0 };
    g_autoptr(GError) error = NULL, closing = NULL;
    ql_get_requests *requests = NULL;
    int signal = 0, status = QL_EXIT_USAGE;
    bool to_stdout = !ql_capture_options_take_stdout(&options->record);
    int family = options->ipv4 ? AF_INET : options->ipv6 ? AF_INET6 : AF_UNSPEC;
    tools.shared = to_stdout ? ql_stdout_new(STDOUT_FILENO) : NULL;
    tools.resolver = ql_resolver_new(family, options->resolve, &error);
    if (tools.resolver != NULL &&
        ql_resolver_connect_to(tools.resolver, options->connect_to, &error))
        tools.reporter = ql_get_reporter_new(options, tools.shared, &error);
    if (tools.reporter != NULL)
        requests = ql_get_requests_new(options, tools.shared,
                                       ql_get_reporter_report(tools.reporter), &error);
    if (requests != NULL) {
        bool done = open_tools(&tools, options, &error) &&
                    transfer_all(&tools, options, requests, &signal, &error);
        status = done ? QL_EXIT_DONE : QL_EXIT_FAILED;
        ql_get_requests_free(requests);
    } else if (error->domain == G_FILE_ERROR) {
        status = QL_EXIT_FAILED;
    }
    report_error(options, error);
    if (!close_tools(&tools, &closing)) {
        status = QL_EXIT_FAILED;
        report_error(options, closing);
    }
    if (signal != 0)
        ql_ending_signals_obey(signal);
    return status;
}

static int run(int argc, char **argv)
{
    ql_get_options options;
    g_autoptr(GError) error = NULL;
    int status = QL_EXIT_DONE;
    if (ql_get_options_parse(&options, argc, argv, &error)) {
        options.command_line = ql_command_line_show(argc, argv);
        status = get(&options);
    } else if (error != NULL) {
        fprintf(stderr, "quiclens get: %s\n", error->message);
        status = QL_EXIT_USAGE;
    }
    ql_get_options_clear(&options);
    return status;
}

const ql_command ql_command_get = {
    .name = "get",
    .arguments = "[options] URL...",
    .summary = "make requests by HTTP/3, in parallel",
    .run = run,
};
