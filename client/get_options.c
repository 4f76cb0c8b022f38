/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_options.h"

#include "options.h"
#include "quic_options.h"

#include <string.h>

static gboolean take_move(const char *name, const char *value, void *record, GError **error)
{
    return ql_trigger_parse(name, value, &((ql_get_options *)record)->move, error);
}

static gboolean take_output(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    ql_get_options *options = record;
    if (value != NULL && *value == '\0') {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "-o needs the name of a file");
        return FALSE;
    }
    g_ptr_array_add(options->outputs, g_strdup(value == NULL ? "" : value));
    return TRUE;
}

static gboolean take_data(const char *name, const char *value, void *record, GError **error)
{
    (void)error;
    ql_get_options *options = record;
    bool file = value[0] == '@';
    ql_get_data data = { .text = g_strdup(file ? value + 1 : value),
                         .file = file,
                         .strip = strcmp(name, "--data-binary") != 0 };
    g_array_append_val(options->data, data);
    return TRUE;
}

#define FIELD(name) offsetof(ql_get_options, name)

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const ql_option request_table[] = {
    { "request", 'X', QL_OPTION_STRING, FIELD(method), "METHOD",
      "the method; else GET, POST with -d, PUT with -T", NULL },
    { "header", 'H', QL_OPTION_STRINGS, FIELD(headers), "LINE",
      "\"Name: value\" is sent, too; \"Name:\" leaves it out, \"Name;\" sends it empty", NULL },
    { "data", 'd', QL_OPTION_CALL, 0, "DATA",
      "the content; @FILE takes it from a file without its line ends, @- from standard input; "
      "several are joined by &",
      take_data },
    { "data-binary", '\0', QL_OPTION_CALL, 0, "DATA", "as -d, with line ends", take_data },
    { "upload-file", 'T', QL_OPTION_STRINGS, FIELD(uploads), "FILE",
      "send a file by PUT, \"-\" is standard input; the first goes to the first URL", NULL },
    END,
};

static const ql_option output_table[] = {
    { "output", 'o', QL_OPTION_CALL, 0, "FILE",
      "write there instead of to standard output; the first is for the first URL", take_output },
    { "remote-name", 'O', QL_OPTION_CALL_FLAG, 0, NULL, "write to a file named as the URL's end",
      take_output },
    { "output-dir", '\0', QL_OPTION_STRING, FIELD(output_dir), "FOLDER",
      "write all files there, by -O where there is no -o", NULL },
    { "include", 'i', QL_OPTION_FLAG, FIELD(include), NULL,
      "write the response's header section, too", NULL },
    { "fail", 'f', QL_OPTION_FLAG, FIELD(fail), NULL,
      "a status of 400 or more is a failure, and its content is not written", NULL },
    { "verbose", 'v', QL_OPTION_FLAG, FIELD(verbose), NULL,
      "tell on standard error what happens, header sections included", NULL },
    { "silent", 's', QL_OPTION_FLAG, FIELD(silent), NULL, "neither progress nor failures", NULL },
    { "show-error", 'S', QL_OPTION_FLAG, FIELD(show_error), NULL, "with -s: failures are told",
      NULL },
    END,
};

static const ql_option network_table[] = {
    { "ipv4", '4', QL_OPTION_FLAG, FIELD(ipv4), NULL, "IPv4 only", NULL },
    { "ipv6", '6', QL_OPTION_FLAG, FIELD(ipv6), NULL, "IPv6 only", NULL },
    { "resolve", '\0', QL_OPTION_STRINGS, FIELD(resolve), "HOST:PORT:ADDRESS[,...]",
      "where to find a host; \"*\" is any host", NULL },
    { "connect-timeout", '\0', QL_OPTION_SECONDS, FIELD(connect_timeout), "SECONDS",
      "for the handshake; 10 if not given", NULL },
    { "idle-timeout", '\0', QL_OPTION_SECONDS, FIELD(idle_timeout), "SECONDS",
      "give up when nothing comes for so long, 30 if not given (RFC 9000, 10.1)", NULL },
    { "max-time", '\0', QL_OPTION_SECONDS, FIELD(max_time), "SECONDS", "for everything", NULL },
    END,
};

static const ql_option path_table[] = {
    { "migrate-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "move to a new local port after so much content (200k) or time (300ms) (RFC 9000, 9)",
      take_move },
    END,
};

static bool refuse(GError **error, const char *message)
{
    g_set_error(error, QL_OPTIONS_ERROR, 0, "%s", message);
    return false;
}

static unsigned count_standard_input(const ql_get_options *options)
{
    unsigned count = 0;
    for (guint i = 0; i < options->data->len; i++) {
        const ql_get_data *data = &g_array_index(options->data, ql_get_data, i);
        count += data->file && strcmp(data->text, "-") == 0 ? 1 : 0;
    }
    count *= g_strv_length(options->urls);
    for (char **at = options->uploads; at != NULL && *at != NULL; at++)
        count += strcmp(*at, "-") == 0 ? 1 : 0;
    return count;
}

static bool check(const ql_get_options *options, GError **error)
{
    guint urls = g_strv_length(options->urls);
    if (urls == 0)
        return refuse(error, "no URL was given; quiclens get --help lists the options");
    if (options->ipv4 && options->ipv6)
        return refuse(error, "-4 and -6 exclude each other");
    if (options->data->len > 0 && options->uploads != NULL)
        return refuse(error, "-d and -T exclude each other: a request has one content");
    if (options->uploads != NULL && g_strv_length(options->uploads) > urls)
        return refuse(error, "there are more -T than URLs");
    if (options->outputs->len > urls)
        return refuse(error, "there are more -o and -O than URLs");
    if (count_standard_input(options) > 1)
        return refuse(error, "standard input can be sent only once");
    return true;
}

static void data_clear(void *data)
{
    g_free(((ql_get_data *)data)->text);
}

bool ql_get_options_parse(ql_get_options *options, int argc, char **argv, GError **error)
{
    *options = (ql_get_options){ .outputs = g_ptr_array_new_with_free_func(g_free) };
    options->data = g_array_new(FALSE, FALSE, sizeof(ql_get_data));
    g_array_set_clear_func(options->data, data_clear);
    const ql_option_group groups[] = {
        { "Request", request_table, options },
        { "Output", output_table, options },
        { "Network", network_table, options },
        { "TLS", ql_tls_option_table, &options->tls },
        { "QUIC: versions and keys", ql_version_option_table, &options->quic },
        { "QUIC: flow control", ql_flow_option_table, &options->quic },
        { "QUIC: recovery and datagrams", ql_recovery_option_table, &options->quic },
        { "QUIC: paths", path_table, options },
        ql_capture_options_group(&options->record),
        { NULL, NULL, NULL },
    };
    options->urls = ql_options_parse(
        groups, argc, argv, "URL...",
        "Makes requests by HTTP/3. All URLs of one host and port share one connection.", error);
    return options->urls != NULL && check(options, error) &&
           ql_tls_options_check(&options->tls, error) &&
           ql_quic_options_check(&options->quic, error);
}

void ql_get_options_clear(ql_get_options *options)
{
    g_strfreev(options->urls);
    g_ptr_array_unref(options->outputs);
    g_array_unref(options->data);
    g_strfreev(options->uploads);
    g_free(options->output_dir);
    g_free(options->method);
    g_strfreev(options->headers);
    ql_tls_options_clear(&options->tls);
    g_strfreev(options->resolve);
    ql_capture_options_clear(&options->record);
    g_free(options->command_line);
}
