/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_options.h"

#include "measure.h"

#include <string.h>

#define FIELD(name) offsetof(ql_get_options, name)

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static gboolean take_url(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    (void)error;
    ql_get_options *options = record;
    g_ptr_array_add(options->urls, g_strdup(value));
    return TRUE;
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

/* The file's content, "-": standard input's, encoded. NULL and error if it cannot be read. */
static char *encode_file(const char *name, GError **error)
{
    gsize length;
    g_autofree char *content = NULL;
    const char *path = strcmp(name, "-") == 0 ? "/dev/stdin" : name;
    if (!g_file_get_contents(path, &content, &length, error))
        return NULL;
    return g_uri_escape_bytes((const guint8 *)content, length, NULL);
}

/* As curl's: in "content", "=content", "name=content", "@file" and "name@file" all but the name is
 * encoded. To be freed by g_free; NULL and error if the file cannot be read. */
static char *encode(const char *value, GError **error)
{
    const char *mark = strchr(value, '=');
    mark = mark != NULL ? mark : strchr(value, '@');
    const char *content = mark == NULL ? value : mark + 1;
    g_autofree char *encoded = mark != NULL && *mark == '@'
                                   ? encode_file(content, error)
                                   : g_uri_escape_string(content, NULL, FALSE);
    g_autofree char *name =
        mark == NULL || mark == value ? NULL : g_strndup(value, (gsize)(mark - value));
    if (encoded == NULL || name == NULL)
        return g_steal_pointer(&encoded);
    return g_strconcat(name, "=", encoded, NULL);
}

static gboolean take_encoded_data(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    ql_get_data data = { .text = encode(value, error) };
    if (data.text == NULL)
        return FALSE;
    g_array_append_val(((ql_get_options *)record)->data, data);
    return TRUE;
}

static gboolean take_data(const char *name, const char *value, void *record, GError **error)
{
    (void)error;
    ql_get_options *options = record;
    bool json = strcmp(name, "--json") == 0;
    bool file = value[0] == '@' && strcmp(name, "--data-raw") != 0;
    ql_get_data data = { .text = g_strdup(file ? value + 1 : value),
                         .file = file,
                         .strip = strcmp(name, "--data-binary") != 0 && !json };
    g_array_append_val(options->data, data);
    options->json = options->json || json;
    return TRUE;
}

/* As curl's: "+raw" stays as it is. */
static gboolean take_query(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    char *query = value[0] == '+' ? g_strdup(value + 1) : encode(value, error);
    if (query == NULL)
        return FALSE;
    g_ptr_array_add(((ql_get_options *)record)->queries, query);
    return TRUE;
}

/* Units are curl's here. */
static gboolean take_size(const char *name, const char *value, void *record, GError **error)
{
    static const ql_unit units[] = {
        { "", 1 },       { "k", 0x1p10 }, { "K", 0x1p10 }, { "m", 0x1p20 },
        { "M", 0x1p20 }, { "g", 0x1p30 }, { "G", 0x1p30 }, { NULL, 0 },
    };
    if (ql_measure_take(value, units, 0, 0x1p50, &((ql_get_options *)record)->max_filesize))
        return TRUE;
    g_set_error(error, QL_OPTIONS_ERROR, 0, "%s takes a number of bytes: 500, 200k, 3M, 1G", name);
    return FALSE;
}

static gboolean take_summary(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    ql_get_options *options = record;
    options->summary = strcmp(value, "json") == 0;
    if (!options->summary)
        g_set_error(error, QL_OPTIONS_ERROR, 0, "--summary knows json only");
    return options->summary;
}

/* RFC 9110, 14.1.2: "10-20" is "bytes=10-20" on the wire. */
static gboolean take_range(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    (void)error;
    ql_get_options *options = record;
    g_free(options->range);
    options->range =
        strchr(value, '=') != NULL ? g_strdup(value) : g_strconcat("bytes=", value, NULL);
    return TRUE;
}

static gboolean take_continue(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    ql_get_options *options = record;
    if (strcmp(value, "-") != 0 &&
        !g_ascii_string_to_unsigned(value, 10, 1, INT64_MAX, NULL, NULL)) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "-C takes \"-\" or a number of bytes above 0");
        return FALSE;
    }
    g_free(options->continue_at);
    options->continue_at = g_strdup(value);
    return TRUE;
}

static gboolean take_parallel(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    ql_get_options *options = record;
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(value, 10, 1, 65535, &number, NULL)) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "--parallel-max takes a number from 1 to 65535");
        return FALSE;
    }
    options->parallel_max = (int64_t)number;
    return TRUE;
}

/* "2:u=0,i" */
static gboolean take_reprioritize(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    ql_get_options *options = record;
    const char *colon = strchr(value, ':');
    g_autofree char *number = colon == NULL ? NULL : g_strndup(value, (gsize)(colon - value));
    guint64 place = 0;
    bool printable = colon != NULL && colon[1] != '\0';
    for (const char *at = colon; printable && *at != '\0'; at++)
        printable = g_ascii_isprint(*at);
    if (!printable || !g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT, &place, NULL)) {
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "--reprioritize takes the number of a URL, from 0, and a priority: 2:u=0,i");
        return FALSE;
    }
    g_hash_table_insert(options->later_priorities, GUINT_TO_POINTER((guint)place),
                        g_strdup(colon + 1));
    return TRUE;
}

static gboolean take_delay(const char *name, const char *value, void *record, GError **error)
{
    ql_trigger *delay = &((ql_get_options *)record)->delay;
    return (ql_measure_duration(value, &delay->duration) && delay->duration > 0) ||
           ql_options_refuse(name, value, "a time is expected, such as 300ms", error);
}

static gboolean take_reprioritize_after(const char *name, const char *value, void *record,
                                        GError **error)
{
    return ql_trigger_parse(name, value, &((ql_get_options *)record)->reprioritize_after, error);
}

const ql_option ql_get_request_table[] = {
    { "url", '\0', QL_OPTION_CALL, 0, "URL",
      "as without this word before it; wss:// is a WebSocket: lines of standard input, or of -d, "
      "are sent as messages, messages are written as lines (RFC 9220)",
      take_url },
    { "request", 'X', QL_OPTION_STRING, FIELD(method), "METHOD",
      "the method; else GET, POST with -d, PUT with -T, HEAD with -I", NULL },
    { "head", 'I', QL_OPTION_FLAG, FIELD(head), NULL, "ask for the header section only", NULL },
    { "header", 'H', QL_OPTION_STRINGS, FIELD(headers), "LINE",
      "\"Name: value\" is sent, too; \"Name:\" leaves it out, \"Name;\" sends it empty", NULL },
    { "data", 'd', QL_OPTION_CALL, 0, "DATA",
      "the content; @FILE takes it from a file without its line ends, @- from standard input; "
      "several are joined by &",
      take_data },
    { "data-binary", '\0', QL_OPTION_CALL, 0, "DATA", "as -d, with line ends", take_data },
    { "data-raw", '\0', QL_OPTION_CALL, 0, "DATA", "as -d, but @ is no more than a letter",
      take_data },
    { "data-urlencode", '\0', QL_OPTION_CALL, 0, "DATA",
      "as -d, encoded: \"content\", \"name=content\"; \"@FILE\", \"name@FILE\"",
      take_encoded_data },
    { "json", '\0', QL_OPTION_CALL, 0, "DATA",
      "as --data-binary, with the Content-Type and Accept of JSON; several are joined as they are",
      take_data },
    { "get", 'G', QL_OPTION_FLAG, FIELD(data_in_query), NULL,
      "send what -d says in the query of a GET", NULL },
    { "url-query", '\0', QL_OPTION_CALL, 0, "TEXT",
      "add to the query as --data-urlencode says it; \"+text\" is taken as it is", take_query },
    { "upload-file", 'T', QL_OPTION_STRINGS, FIELD(uploads), "FILE",
      "send a file by PUT, \"-\" is standard input; the first goes to the first URL", NULL },
    { "user", 'u', QL_OPTION_STRING, FIELD(user), "NAME:PASSWORD",
      "authenticate by Basic (RFC 7617)", NULL },
    { "oauth2-bearer", '\0', QL_OPTION_STRING, FIELD(bearer), "TOKEN",
      "authenticate by this token (RFC 6750)", NULL },
    { "user-agent", 'A', QL_OPTION_STRING, FIELD(user_agent), "NAME", "the User-Agent", NULL },
    { "referer", 'e', QL_OPTION_STRING, FIELD(referer), "URL", "the Referer", NULL },
    { "cookie", 'b', QL_OPTION_STRING, FIELD(cookie), "NAME=VALUE", "the Cookie", NULL },
    { "range", 'r', QL_OPTION_CALL, 0, "FROM-TO", "ask for these bytes (RFC 9110, 14.1.2)",
      take_range },
    { "compressed", '\0', QL_OPTION_FLAG, FIELD(compressed), NULL,
      "accept gzip, br and zstd, and undo them (RFC 9110, 8.4)", NULL },
    { "priority", '\0', QL_OPTION_STRING, FIELD(priority), "VALUE",
      "the Priority, such as u=1,i (RFC 9218, 5)", NULL },
    { "reprioritize", '\0', QL_OPTION_CALL, 0, "N:VALUE",
      "give the request for the Nth URL, from 0, another priority on the way (RFC 9218, 7)",
      take_reprioritize },
    { "reprioritize-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "do that after so much content (200k) or time (300ms); else with the first byte",
      take_reprioritize_after },
    { "datagram", '\0', QL_OPTION_STRINGS, FIELD(datagrams), "TEXT",
      "open a stream by extended CONNECT, send this on it as an unreliable datagram, and write "
      "those "
      "that come back as lines until there are as many (RFC 9297)",
      NULL },
    { "connect-protocol", '\0', QL_OPTION_STRING, FIELD(protocol), "NAME",
      "the protocol of that CONNECT; webtransport if not given (RFC 9220)", NULL },
    { "globoff", 'g', QL_OPTION_FLAG, FIELD(globoff), NULL,
      "{a,b} and [1-100] in a URL do not stand for many", NULL },
    { "http3", '\0', QL_OPTION_FLAG, FIELD(http3), NULL,
      "speak HTTP/3: the usual, unless --alpn has something else, which this refuses", NULL },
    { "http3-only", '\0', QL_OPTION_FLAG, FIELD(http3), NULL, "the same", NULL },
    { "parallel-max", '\0', QL_OPTION_CALL, 0, "NUMBER",
      "requests at a time on one connection; 100 if not given", take_parallel },
    { "delay-requests", '\0', QL_OPTION_CALL, 0, "TIME",
      "send the first request of a connection so long after the handshake", take_delay },
    { "config", 'K', QL_OPTION_CALL, 0, "FILE",
      "take options and URLs from a file, one a line, as curl does; \"-\" is standard input",
      ql_get_options_take_config },
    END,
};

const ql_option ql_get_follow_table[] = {
    { "location", 'L', QL_OPTION_FLAG, FIELD(location), NULL,
      "follow redirections (RFC 9110, 15.4)", NULL },
    { "max-redirs", '\0', QL_OPTION_NUMBER, FIELD(max_redirects), "NUMBER",
      "at most so many; 50 if not given", NULL },
    { "location-trusted", '\0', QL_OPTION_FLAG, FIELD(location_trusted), NULL,
      "as -L, with Authorization and Cookie also for other hosts", NULL },
    { "retry", '\0', QL_OPTION_NUMBER, FIELD(retries), "NUMBER",
      "try again, so often at most, when the connection failed or the status is 408, 429, 500, "
      "502, "
      "503 or 504",
      NULL },
    { "retry-delay", '\0', QL_OPTION_SECONDS, FIELD(retry_delay), "SECONDS",
      "wait so long before; else 1, then twice as long each time, or as Retry-After says", NULL },
    END,
};

const ql_option ql_get_output_table[] = {
    { "output", 'o', QL_OPTION_CALL, 0, "FILE",
      "write there instead of to standard output; the first is for the first URL; #1 stands for "
      "what "
      "its first {} or [] has",
      take_output },
    { "remote-name", 'O', QL_OPTION_CALL_FLAG, 0, NULL, "write to a file named as the URL's end",
      take_output },
    { "output-dir", '\0', QL_OPTION_STRING, FIELD(output_dir), "FOLDER",
      "write all files there, by -O where there is no -o", NULL },
    { "create-dirs", '\0', QL_OPTION_FLAG, FIELD(create_dirs), NULL,
      "make the folders that the files of -o and -D are to stand in", NULL },
    { "remove-on-error", '\0', QL_OPTION_FLAG, FIELD(remove_on_error), NULL,
      "remove the file of a response that failed", NULL },
    { "max-filesize", '\0', QL_OPTION_CALL, 0, "BYTES",
      "content of more bytes is a failure, at once where its length is told before; 1k is 1024",
      take_size },
    { "continue-at", 'C', QL_OPTION_CALL, 0, "-|BYTES",
      "go on behind what is there: \"-\" is the size of the file of -o (RFC 9110, 14)",
      take_continue },
    { "include", 'i', QL_OPTION_FLAG, FIELD(include), NULL,
      "write header sections and trailers, too, informational ones included", NULL },
    { "dump-header", 'D', QL_OPTION_STRING, FIELD(dump_header), "FILE",
      "write header sections and trailers there, those of redirections, too; \"-\" is standard "
      "output",
      NULL },
    { "fail", 'f', QL_OPTION_FLAG, FIELD(fail), NULL,
      "a status of 400 or more is a failure, and its content is not written", NULL },
    { "fail-with-body", '\0', QL_OPTION_FLAG, FIELD(fail_with_body), NULL,
      "as -f, but its content is written", NULL },
    { "write-out", 'w', QL_OPTION_STRING, FIELD(write_out), "FORMAT",
      "write this behind each response, with curl's variables, such as %{http_code}, and "
      "%{quic_rtt}; @FILE takes it from a file",
      NULL },
    { "summary", '\0', QL_OPTION_CALL, 0, "json",
      "write one line of JSON in the end, with every time and count of the session", take_summary },
    { "verbose", 'v', QL_OPTION_FLAG, FIELD(verbose), NULL,
      "tell on standard error what happens, header sections included", NULL },
    { "trace-frames", '\0', QL_OPTION_FLAG, FIELD(trace_frames), NULL,
      "as -v, and each frame of HTTP/3 that is sent or comes (RFC 9114, 7)", NULL },
    { "silent", 's', QL_OPTION_FLAG, FIELD(silent), NULL, "neither progress nor failures", NULL },
    { "show-error", 'S', QL_OPTION_FLAG, FIELD(show_error), NULL, "with -s: failures are told",
      NULL },
    { "no-progress-meter", '\0', QL_OPTION_FLAG, FIELD(no_progress), NULL,
      "no progress, but failures", NULL },
    END,
};
