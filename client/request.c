/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <inttypes.h>
#include <string.h>

#define SECTION_BYTES 262144u
#define ATTEMPTS      3

G_DEFINE_QUARK(ql - request - error, ql_request_error)

struct ql_request {
    ql_url *url;
    ql_body *body;
    ql_output *output;
    ql_fields *fields;
    bool fail, include;
    GChecksum *digest;

    ql_request_state state;
    unsigned attempts;
    int64_t stream;
    uint64_t uploaded;
    int status;
    uint64_t received;
    ql_fields *section;  /* that is coming */
    ql_fields *response; /* header section of the final response */
    char *failure;
    bool failed_locally;
    ql_request_observer observer;
    void *observer_user;
};

static void line_clear(void *line)
{
    ql_field_line_clear(line);
}

static GArray *parse_lines(char *const *headers, GError **error)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(ql_field_line));
    g_array_set_clear_func(lines, line_clear);
    for (; headers != NULL && *headers != NULL; headers++) {
        ql_field_line line;
        if (!ql_field_line_parse(*headers, &line, error)) {
            g_array_unref(lines);
            return NULL;
        }
        g_array_append_val(lines, line);
    }
    return lines;
}

static const ql_field_line *find_line(const GArray *lines, const char *name)
{
    for (guint i = 0; i < lines->len; i++) {
        const ql_field_line *line = &g_array_index(lines, ql_field_line, i);
        if (strcmp(line->name, name) == 0)
            return line;
    }
    return NULL;
}

static void add_unless_typed(ql_request *request, const GArray *lines, const char *name,
                             const char *value)
{
    if (value != NULL && find_line(lines, name) == NULL)
        ql_fields_add(request->fields, name, value);
}

static void build_fields(ql_request *request, const ql_request_settings *settings,
                         const GArray *lines)
{
    const ql_field_line *host = find_line(lines, "host");
    const char *authority =
        host != NULL && host->value != NULL ? host->value : request->url->authority;
    int64_t length = request->body == NULL ? -1 : ql_body_length(request->body);
    g_autofree char *length_text = length < 0 ? NULL : g_strdup_printf("%" PRId64, length);
    ql_fields_add(request->fields, ":method", settings->method);
    ql_fields_add(request->fields, ":scheme", "https");
    ql_fields_add(request->fields, ":authority", authority);
    ql_fields_add(request->fields, ":path", request->url->path);
    add_unless_typed(request, lines, "user-agent", "quiclens/" QUICLENS_VERSION);
    add_unless_typed(request, lines, "accept", "*/*");
    add_unless_typed(request, lines, "content-type", settings->content_type);
    add_unless_typed(request, lines, "content-length", length_text);
    for (guint i = 0; i < lines->len; i++) {
        const ql_field_line *line = &g_array_index(lines, ql_field_line, i);
        if (line->value != NULL && line != host && strcmp(line->name, "host") != 0 &&
            !ql_field_is_of_connection(line->name))
            ql_fields_add(request->fields, line->name, line->value);
    }
}

ql_request *ql_request_new(ql_url *url, const ql_request_settings *settings, ql_body *body,
                           ql_output *output, GError **error)
{
    ql_request *request = g_new0(ql_request, 1);
    ql_request_settings known = *settings;
    known.method = settings->method == NULL ? "GET" : settings->method;
    request->url = url;
    request->body = body;
    request->output = output;
    request->fields = ql_fields_new();
    request->section = ql_fields_new();
    request->response = ql_fields_new();
    request->fail = settings->fail;
    request->include = settings->include;
    request->stream = -1;
    request->digest = settings->digest ? g_checksum_new(G_CHECKSUM_SHA256) : NULL;
    GArray *lines = NULL;
    if (!ql_field_is_token(known.method) || strcmp(known.method, "CONNECT") == 0)
        g_set_error(error, QL_REQUEST_ERROR, 0, "cannot send a request with the method %s",
                    ql_field_is_token(known.method) ? known.method
                                                    : "that was given: it is no token");
    else
        lines = parse_lines(settings->headers, error);
    if (lines == NULL) {
        ql_request_free(request);
        return NULL;
    }
    build_fields(request, &known, lines);
    g_array_unref(lines);
    return request;
}

void ql_request_free(ql_request *request)
{
    if (request == NULL)
        return;
    ql_url_free(request->url);
    ql_body_free(request->body);
    ql_output_free(request->output);
    ql_fields_free(request->fields);
    ql_fields_free(request->section);
    ql_fields_free(request->response);
    if (request->digest != NULL)
        g_checksum_free(request->digest);
    g_free(request->failure);
    g_free(request);
}

const ql_url *ql_request_url(const ql_request *request)
{
    return request->url;
}

const char *ql_request_method(const ql_request *request)
{
    return ql_fields_get(request->fields, ":method");
}

ql_body *ql_request_body(const ql_request *request)
{
    return request->body;
}

const ql_field *ql_request_fields(const ql_request *request, size_t *count)
{
    return ql_fields_list(request->fields, count);
}

ql_request_state ql_request_get_state(const ql_request *request)
{
    return request->state;
}

bool ql_request_is_over(const ql_request *request)
{
    return request->state == QL_REQUEST_DONE || request->state == QL_REQUEST_FAILED;
}

int ql_request_status(const ql_request *request)
{
    return request->status;
}

uint64_t ql_request_received(const ql_request *request)
{
    return request->received;
}

int64_t ql_request_expected(const ql_request *request)
{
    const char *text = ql_fields_get(request->response, "content-length");
    guint64 length = 0;
    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, INT64_MAX, &length, NULL))
        return -1;
    bool none = strcmp(ql_request_method(request), "HEAD") == 0 || request->status == 204 ||
                request->status == 304; /* RFC 9110, 6.4.1 */
    return none ? 0 : (int64_t)length;
}

const ql_field *ql_request_response_fields(const ql_request *request, size_t *count)
{
    return ql_fields_list(request->response, count);
}

const char *ql_request_failure(const ql_request *request)
{
    return request->failure;
}

char *ql_request_sha256(const ql_request *request)
{
    if (request->digest == NULL)
        return NULL;
    GChecksum *copy = g_checksum_copy(request->digest); /* reading a digest ends it */
    char *text = g_strdup(g_checksum_get_string(copy));
    g_checksum_free(copy);
    return text;
}

int64_t ql_request_get_stream(const ql_request *request)
{
    return request->stream;
}

uint64_t ql_request_uploaded(const ql_request *request)
{
    return request->uploaded;
}

size_t ql_request_pending(const ql_request *request)
{
    return ql_request_is_over(request) ? 0 : ql_output_pending(request->output);
}

int ql_request_output_fd(const ql_request *request)
{
    return ql_request_is_over(request) ? -1 : ql_output_fd(request->output);
}

static void become_over(ql_request *request, ql_request_state state)
{
    request->state = state;
    if (request->observer != NULL)
        request->observer(request, request->observer_user);
}

void ql_request_fail(ql_request *request, const char *sentence)
{
    if (ql_request_is_over(request))
        return;
    ql_output_flush(request->output, NULL);
    ql_output_close(request->output, NULL);
    request->failure = g_strdup(sentence);
    become_over(request, QL_REQUEST_FAILED);
}

void ql_request_fail_locally(ql_request *request, const char *sentence)
{
    request->failed_locally = !ql_request_is_over(request);
    ql_request_fail(request, sentence);
}

bool ql_request_failed_locally(const ql_request *request)
{
    return request->failed_locally;
}

void ql_request_set_observer(ql_request *request, ql_request_observer observer, void *user)
{
    request->observer = observer;
    request->observer_user = user;
}

static void fail_with(ql_request *request, GError *error)
{
    ql_request_fail_locally(request, error->message);
    g_error_free(error);
}

void ql_request_on_sent(ql_request *request, int64_t stream, ql_trace *trace)
{
    size_t count;
    const ql_field *fields = ql_fields_list(request->fields, &count);
    request->state = QL_REQUEST_SENT;
    request->stream = stream;
    request->attempts++;
    if (trace == NULL)
        return;
    ql_trace_note(trace, "stream %" PRId64 ": %s", stream, request->url->text);
    g_autofree char *line =
        g_strdup_printf("%s %s HTTP/3", ql_fields_get(request->fields, ":method"),
                        ql_fields_get(request->fields, ":path"));
    ql_trace_line(trace, '>', line);
    for (size_t i = 0; i < count; i++) {
        bool authority = strcmp(fields[i].name, ":authority") == 0;
        if (fields[i].name[0] == ':' && !authority)
            continue;
        g_autofree char *text =
            g_strdup_printf("%s: %s", authority ? "host" : fields[i].name, fields[i].value);
        ql_trace_line(trace, '>', text);
    }
    ql_trace_line(trace, '>', "");
}

void ql_request_on_uploaded(ql_request *request, size_t length)
{
    request->uploaded += length;
}

bool ql_request_on_field(ql_request *request, const char *name, size_t name_length,
                         const char *value, size_t value_length)
{
    ql_fields_add_bytes(request->section, name, name_length, value, value_length);
    return ql_fields_size(request->section) <= SECTION_BYTES;
}

/* The section as HTTP/1.1 would have it on the wire. */
static char *section_to_text(const ql_fields *section, bool trailers)
{
    size_t count;
    const ql_field *fields = ql_fields_list(section, &count);
    GString *text = g_string_new(NULL);
    if (!trailers)
        g_string_append_printf(text, "HTTP/3 %s\r\n", ql_fields_get(section, ":status"));
    for (size_t i = 0; i < count; i++)
        if (fields[i].name[0] != ':')
            g_string_append_printf(text, "%s: %s\r\n", fields[i].name, fields[i].value);
    g_string_append(text, "\r\n");
    return g_string_free(text, FALSE);
}

static void trace_section(const ql_request *request, const char *text, ql_trace *trace)
{
    if (trace == NULL)
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    ql_trace_note(trace, "stream %" PRId64 ":", request->stream);
    for (char **line = lines; line[0] != NULL && line[1] != NULL; line++)
        ql_trace_line(trace, '<', *line);
}

static void begin_response(ql_request *request, int status)
{
    GError *error = NULL;
    ql_fields *swapped = request->response;
    request->response = request->section;
    request->section = swapped;
    request->status = status;
    if (request->fail && status >= 400) {
        g_autofree char *sentence =
            g_strdup_printf("the server answered with status %d (--fail)", status);
        ql_request_fail(request, sentence);
    } else if (!ql_output_open(request->output, &error))
        fail_with(request, error);
}

void ql_request_on_fields_end(ql_request *request, bool trailers, ql_trace *trace)
{
    guint64 status = 0;
    g_autofree char *text = section_to_text(request->section, trailers);
    trace_section(request, text, trace);
    const char *digits = ql_fields_get(request->section, ":status");
    if (!trailers && digits != NULL)
        g_ascii_string_to_unsigned(digits, 10, 100, 999, &status, NULL);
    if (!trailers && status >= 200)
        begin_response(request, (int)status);
    GError *error = NULL;
    if (request->include && !ql_request_is_over(request) &&
        (!ql_output_open(request->output, &error) ||
         !ql_output_write(request->output, text, strlen(text), &error)))
        fail_with(request, error);
    ql_fields_clear(request->section);
}

void ql_request_on_data(ql_request *request, const uint8_t *data, size_t length)
{
    GError *error = NULL;
    if (ql_request_is_over(request))
        return;
    request->received += length;
    if (request->digest != NULL)
        g_checksum_update(request->digest, data, (gssize)length);
    if (!ql_output_write(request->output, data, length, &error))
        fail_with(request, error);
}

static void finish_if_written(ql_request *request)
{
    GError *error = NULL;
    if (request->state != QL_REQUEST_ENDED || ql_output_pending(request->output) > 0)
        return;
    if (!ql_output_close(request->output, &error))
        fail_with(request, error);
    else
        become_over(request, QL_REQUEST_DONE);
}

void ql_request_on_end(ql_request *request)
{
    if (request->state != QL_REQUEST_SENT)
        return;
    request->state = QL_REQUEST_ENDED;
    finish_if_written(request);
}

void ql_request_flush(ql_request *request)
{
    GError *error = NULL;
    if (ql_request_is_over(request))
        return;
    if (!ql_output_flush(request->output, &error))
        fail_with(request, error);
    else
        finish_if_written(request);
}

bool ql_request_restart(ql_request *request)
{
    if (request->state != QL_REQUEST_SENT || request->status != 0 || request->uploaded > 0 ||
        request->attempts >= ATTEMPTS)
        return false;
    ql_fields_clear(request->section);
    request->state = QL_REQUEST_WAITING;
    request->stream = -1;
    return true;
}
