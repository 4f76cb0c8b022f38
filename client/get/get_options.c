/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_options.h"

#include "config_file.h"
#include "options.h"
#include "path_options.h"
#include "quic_options.h"

#include <string.h>

#define CONFIG_DEPTH_MAX 4
#define REDIRECTS        50

#define FIELD(name) offsetof(ql_get_options, name)

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static gboolean take_interface(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    return ql_local_end_parse_interface(&((ql_get_options *)record)->local, value, error);
}

static gboolean take_local_port(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    return ql_local_end_parse_ports(&((ql_get_options *)record)->local, value, error);
}

static const ql_option network_table[] = {
    { "ipv4", '4', QL_OPTION_FLAG, FIELD(ipv4), NULL, "IPv4 only", NULL },
    { "ipv6", '6', QL_OPTION_FLAG, FIELD(ipv6), NULL, "IPv6 only", NULL },
    { "resolve", '\0', QL_OPTION_STRINGS, FIELD(resolve), "HOST:PORT:ADDRESS[,...]",
      "where to find a host; \"*\" is any host", NULL },
    { "connect-to", '\0', QL_OPTION_STRINGS, FIELD(connect_to), "HOST1:PORT1:HOST2:PORT2",
      "go to the second instead of the first, whose certificate is still expected", NULL },
    { "interface", '\0', QL_OPTION_CALL, 0, "NAME|ADDRESS", "send from there", take_interface },
    { "local-port", '\0', QL_OPTION_CALL, 0, "FROM[-TO]",
      "send from the first of these ports that is free", take_local_port },
    { "connect-timeout", '\0', QL_OPTION_SECONDS, FIELD(connect_timeout), "SECONDS",
      "for the handshake; 10 if not given", NULL },
    { "idle-timeout", '\0', QL_OPTION_SECONDS, FIELD(idle_timeout), "SECONDS",
      "give up when nothing comes for so long, 30 if not given (RFC 9000, 10.1)", NULL },
    { "max-time", 'm', QL_OPTION_SECONDS, FIELD(max_time), "SECONDS", "for everything", NULL },
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
    count *= options->urls->len;
    for (guint i = 0; options->data->len == 0 && i < options->urls->len; i++)
        count += g_ascii_strncasecmp(g_ptr_array_index(options->urls, i), "wss:", 4) == 0 ? 1 : 0;
    for (char **at = options->uploads; at != NULL && *at != NULL; at++)
        count += strcmp(*at, "-") == 0 ? 1 : 0;
    return count;
}

bool ql_get_options_have_http3(const ql_get_options *options)
{
    g_auto(GStrv) names = g_strsplit(options->tls.alpn == NULL ? "h3" : options->tls.alpn, ",", -1);
    return g_strv_contains((const char *const *)names, "h3");
}

static bool check_combinations(const ql_get_options *options, GError **error)
{
    if (options->ipv4 && options->ipv6)
        return refuse(error, "-4 and -6 exclude each other");
    if (options->data->len > 0 && options->uploads != NULL)
        return refuse(error, "-d and -T exclude each other: a request has one content");
    if (options->head && options->data->len > 0 && !options->data_in_query)
        return refuse(error, "-I and -d exclude each other, but with -G");
    if (options->datagrams != NULL && (options->data->len > 0 || options->uploads != NULL))
        return refuse(error, "--datagram excludes -d and -T");
    if (options->http3 && options->tls.alpn != NULL && strcmp(options->tls.alpn, "h3") != 0)
        return refuse(error, "--http3 and --alpn exclude each other, but for --alpn h3");
    if (!ql_get_options_have_http3(options) &&
        (options->datagrams != NULL || g_hash_table_size(options->later_priorities) > 0))
        return refuse(error, "--datagram and --reprioritize need HTTP/3: --alpn without h3 is "
                             "HTTP/0.9, which has neither");
    if (ql_trigger_is_set(&options->reprioritize_after) &&
        g_hash_table_size(options->later_priorities) == 0)
        return refuse(error, "--reprioritize-after needs --reprioritize, to say which");
    if (ql_trigger_is_set(&options->delay) && options->tls.early_data)
        return refuse(error, "--delay-requests and --early-data exclude each other");
    if (options->user != NULL && options->bearer != NULL)
        return refuse(error, "-u and --oauth2-bearer exclude each other");
    if (options->continue_at != NULL && options->remove_on_error)
        return refuse(error, "-C and --remove-on-error exclude each other");
    if (options->continue_at != NULL && options->compressed)
        return refuse(error, "-C and --compressed exclude each other: what is there has no coding");
    if (options->continue_at != NULL && (options->uploads != NULL || options->range != NULL))
        return refuse(error, "-C and -T exclude each other, and so do -C and -r");
    return true;
}

static bool check(const ql_get_options *options, GError **error)
{
    guint urls = options->urls->len;
    if (urls == 0)
        return refuse(error, "no URL was given; quiclens get --help lists the options");
    if (!check_combinations(options, error))
        return false;
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

/* Returns false without error if help was asked for. */
static bool parse_words(ql_get_options *options, int argc, char **argv, GError **error)
{
    const ql_option_group groups[] = {
        { "Request", ql_get_request_table, options },
        { "Redirections and further attempts", ql_get_follow_table, options },
        { "Output", ql_get_output_table, options },
        { "Network", network_table, options },
        { "TLS", ql_tls_option_table, &options->tls },
        { "QUIC: versions", ql_version_option_table, &options->quic },
        { "QUIC: flow control", ql_flow_option_table, &options->quic },
        { "QUIC: recovery and datagrams", ql_recovery_option_table, &options->quic },
        { "QUIC: keys and numbers", ql_number_option_table, &options->quic },
        { "QUIC: first connection IDs", ql_first_cid_option_table, &options->quic },
        { "QUIC: paths", ql_path_option_table, &options->paths },
        { "A bad network", ql_impair_option_table, &options->impair },
        ql_capture_options_group(&options->record),
        { NULL, NULL, NULL },
    };
    char **urls = ql_options_parse(
        groups, argc, argv, "URL...",
        "Makes requests by HTTP/3. All URLs of one host and port share one connection.", error);
    for (char **url = urls; url != NULL && *url != NULL; url++)
        g_ptr_array_add(options->urls, *url);
    g_free(urls);
    return urls != NULL;
}

gboolean ql_get_options_take_config(const char *name, const char *value, void *record,
                                    GError **error)
{
    (void)name;
    ql_get_options *options = record;
    if (options->config_depth == CONFIG_DEPTH_MAX)
        return refuse(error, "config files name one another");
    g_auto(GStrv) words = ql_config_file_read(value, error);
    if (words == NULL)
        return FALSE;
    guint count = g_strv_length(words);
    g_autofree char **argv = g_new0(char *, count + 2);
    argv[0] = (char[]){ "get" };
    memcpy(argv + 1, words, count * sizeof *words);
    options->config_depth++;
    bool good = parse_words(options, (int)count + 1, argv, error);
    options->config_depth--;
    if (!good && error != NULL && *error == NULL)
        return refuse(error, "--help cannot stand in a config file");
    /* The innermost file is the one that is wrong. */
    if (!good && error != NULL && !g_str_has_prefix((*error)->message, "config file "))
        g_prefix_error(error, "config file %s: ", value);
    return good;
}

bool ql_get_options_parse(ql_get_options *options, int argc, char **argv, GError **error)
{
    *options = (ql_get_options){ .outputs = g_ptr_array_new_with_free_func(g_free),
                                 .urls = g_ptr_array_new_with_free_func(g_free),
                                 .queries = g_ptr_array_new_with_free_func(g_free),
                                 .max_redirects = REDIRECTS };
    options->later_priorities = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    options->data = g_array_new(FALSE, FALSE, sizeof(ql_get_data));
    g_array_set_clear_func(options->data, data_clear);
    ql_impair_options_init(&options->impair);
    if (!parse_words(options, argc, argv, error))
        return false;
    if (g_hash_table_size(options->later_priorities) > 0 &&
        !ql_trigger_is_set(&options->reprioritize_after))
        options->reprioritize_after.bytes = 1;
    return check(options, error) && ql_tls_options_check(&options->tls, error) &&
           ql_quic_options_check(&options->quic, error) &&
           ql_capture_options_check(&options->record, error);
}

void ql_get_options_clear(ql_get_options *options)
{
    char **const strings[] = {
        &options->output_dir,  &options->method,    &options->user_agent,  &options->referer,
        &options->user,        &options->cookie,    &options->range,       &options->priority,
        &options->continue_at, &options->write_out, &options->dump_header, &options->bearer,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        g_clear_pointer(strings[i], g_free);
    g_ptr_array_unref(options->urls);
    g_ptr_array_unref(options->outputs);
    g_ptr_array_unref(options->queries);
    g_hash_table_unref(options->later_priorities);
    g_array_unref(options->data);
    g_strfreev(options->uploads);
    g_strfreev(options->headers);
    ql_tls_options_clear(&options->tls);
    g_strfreev(options->resolve);
    g_strfreev(options->connect_to);
    g_strfreev(options->datagrams);
    g_free(options->protocol);
    ql_capture_options_clear(&options->record);
    g_free(options->command_line);
}
