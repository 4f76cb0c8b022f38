/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_inside.h"

#include "clock.h"
#include "request_fields.h"

#include <string.h>

G_DEFINE_QUARK(ql_request_error, ql_request_error)

static void send_lines(const uint8_t *text, size_t length, GByteArray *out, void *socket)
{
    ql_websocket_send(socket, text, length, out);
}

ql_request *ql_request_new(ql_url *url, const ql_request_settings *settings, ql_body *body,
                           ql_output *output, GError **error)
{
    ql_request *request = g_new0(ql_request, 1);
    const ql_response_settings of_response = { .include = settings->include,
                                               .decode = settings->decode,
                                               .digest = settings->digest };
    request->references = 1;
    request->url = url;
    request->settings = *settings;
    request->body = body;
    request->output = output;
    request->fields = ql_fields_new();
    request->response = ql_response_new(&of_response, output);
    request->stream = -1;
    if (g_strcmp0(settings->protocol, "websocket") == 0) {
        request->socket = ql_websocket_new();
        ql_body_set_filter(body, send_lines, request->socket);
    }
    if (ql_request_fields_build(request->fields, url, settings,
                                body == NULL ? -1 : ql_body_length(body), error))
        return request;
    ql_request_free(request);
    return NULL;
}

ql_request *ql_request_ref(ql_request *request)
{
    request->references++;
    return request;
}

void ql_request_free(ql_request *request)
{
    if (request == NULL || --request->references > 0)
        return;
    ql_url_free(request->url);
    ql_url_free(request->redirection);
    ql_body_free(request->body);
    ql_websocket_free(request->socket);
    ql_response_free(request->response);
    ql_output_free(request->output);
    ql_output_free(request->sections);
    ql_output_free(request->report);
    ql_fields_free(request->fields);
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

const ql_request_settings *ql_request_get_settings(const ql_request *request)
{
    return &request->settings;
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

const ql_response *ql_request_get_response(const ql_request *request)
{
    return request->response;
}

int ql_request_status(const ql_request *request)
{
    return ql_response_status(request->response);
}

uint64_t ql_request_received(const ql_request *request)
{
    return ql_response_received(request->response);
}

int64_t ql_request_expected(const ql_request *request)
{
    int64_t announced = ql_response_announced(request->response);
    bool head = strcmp(ql_request_method(request), "HEAD") == 0;
    return head && announced > 0 ? 0 : announced;
}

const char *ql_request_failure(const ql_request *request)
{
    return request->failure;
}

char *ql_request_sha256(const ql_request *request)
{
    return ql_response_sha256(request->response);
}

int64_t ql_request_get_stream(const ql_request *request)
{
    return request->stream;
}

const char *ql_request_file(const ql_request *request)
{
    return request->output == NULL ? NULL : ql_output_path(request->output);
}

uint64_t ql_request_uploaded(const ql_request *request)
{
    return request->uploaded;
}

ql_request_times ql_request_get_times(const ql_request *request)
{
    return request->times;
}

bool ql_request_failed_locally(const ql_request *request)
{
    return request->failed_locally;
}

bool ql_request_is_followed(const ql_request *request)
{
    return request->followed;
}

ql_url *ql_request_take_redirection(ql_request *request)
{
    return g_steal_pointer(&request->redirection);
}

ql_output *ql_request_take_output(ql_request *request)
{
    return g_steal_pointer(&request->output);
}

void ql_request_set_sections(ql_request *request, ql_output *output)
{
    request->sections = output;
}

void ql_request_pass_outputs(ql_request *from, ql_request *to)
{
    ql_request_set_sections(to, g_steal_pointer(&from->sections));
    ql_request_set_report(to, g_steal_pointer(&from->report), from->reporter, from->reporter_user);
}

void ql_request_set_report(ql_request *request, ql_output *output, ql_request_reporter reporter,
                           void *user)
{
    request->report = output;
    request->reporter = reporter;
    request->reporter_user = user;
}

void ql_request_set_observer(ql_request *request, ql_request_observer observer, void *user)
{
    request->observer = observer;
    request->observer_user = user;
}

void ql_request_begin(ql_request *request)
{
    request->times.begin = ql_clock_now();
}
