/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_inside.h"

#include "clock.h"
#include "follow_up.h"
#include "request_fields.h"
#include "resume.h"

#include <inttypes.h>
#include <string.h>

#define ATTEMPTS 3

static void enter(ql_request *request, ql_request_state state)
{
    request->state = state;
    if (request->observer != NULL)
        request->observer(request, request->observer_user);
}

static size_t sections_pending(const ql_request *request)
{
    return request->sections == NULL ? 0 : ql_output_pending(request->sections);
}

static bool is_waiting_for_output(const ql_request *request)
{
    return !request->written &&
           ql_response_pending(request->response) + sections_pending(request) > 0;
}

/* Over, and not well. */
static void enter_failure(ql_request *request)
{
    if (request->settings.remove_on_error && !request->followed)
        ql_output_remove(request->output);
    enter(request, QL_REQUEST_FAILED);
}

/* The first failure is the one that is told. Takes error; NULL is none. */
static void note_failure(ql_request *request, GError *error)
{
    if (error != NULL && request->failure == NULL) {
        request->failure = g_strdup(error->message);
        request->failed_locally = error->domain != QL_RESPONSE_ERROR;
    }
    g_clear_error(&error);
}

/* All of the response that is to be written is. */
static void close_output(ql_request *request)
{
    GError *error = NULL, *unwritten = NULL, *unreported = NULL;
    int status = ql_request_status(request);
    request->written = true;
    if (request->followed)
        return;
    if (!ql_response_close(request->response, &error))
        note_failure(request, error);
    if (request->sections != NULL && !ql_output_close(request->sections, &unwritten))
        note_failure(request, unwritten);
    if (request->settings.fail_with_body && status >= 400 && request->failure == NULL)
        request->failure = g_strdup_printf("the server answered with status %d", status);
    g_autofree char *text =
        request->reporter == NULL ? NULL : request->reporter(request, request->reporter_user);
    if (text != NULL && !ql_output_write(request->report, text, strlen(text), &unreported))
        note_failure(request, unreported);
}

static void finish_if_written(ql_request *request)
{
    GError *error = NULL;
    if (request->state != QL_REQUEST_ENDED || is_waiting_for_output(request))
        return;
    if (!request->written)
        close_output(request);
    if (request->report != NULL && !request->followed) {
        if (!ql_output_flush(request->report, &error))
            note_failure(request, error);
        if (ql_output_pending(request->report) > 0)
            return;
        ql_output_close(request->report, NULL);
    }
    if (request->failure != NULL)
        enter_failure(request);
    else
        enter(request, QL_REQUEST_DONE);
}

/* Nothing more will come. */
static void end(ql_request *request)
{
    request->times.end = ql_clock_now();
    enter(request, QL_REQUEST_ENDED);
    finish_if_written(request);
}

static void fail(ql_request *request, const char *sentence, bool locally, bool for_good)
{
    if (ql_request_is_over(request) || request->failure != NULL)
        return;
    request->failure = g_strdup(sentence);
    request->failed_locally = locally;
    request->followed = !locally && !for_good && request->state != QL_REQUEST_ENDED &&
                        ql_follow_up_may_retry(request) && ql_output_rewind(request->output);
    if (request->followed)
        ql_response_discard(request->response);
    else
        ql_response_flush(request->response, NULL);
    if (request->state == QL_REQUEST_ENDED)
        finish_if_written(request);
    else
        end(request);
}

void ql_request_fail(ql_request *request, const char *sentence)
{
    fail(request, sentence, false, false);
}

void ql_request_fail_locally(ql_request *request, const char *sentence)
{
    fail(request, sentence, true, true);
}

void ql_request_fail_for_good(ql_request *request, const char *sentence)
{
    fail(request, sentence, false, true);
}

void ql_request_give_up(ql_request *request, const char *sentence)
{
    if (ql_request_is_over(request))
        return;
    request->settings.retries_left = 0;
    fail(request, sentence, false, true);
    if (ql_request_is_over(request))
        return;
    ql_response_discard(request->response);
    if (!request->written)
        close_output(request);
    enter_failure(request);
}

static void fail_with(ql_request *request, GError *error)
{
    if (error->domain == QL_RESPONSE_ERROR || error->domain == QL_WEBSOCKET_ERROR)
        ql_request_fail_for_good(request, error->message);
    else
        ql_request_fail_locally(request, error->message);
    g_error_free(error);
}

void ql_request_on_sent(ql_request *request, int64_t stream, ql_trace *trace)
{
    request->state = QL_REQUEST_SENT;
    request->stream = stream;
    request->times.sent = ql_clock_now();
    request->attempts++;
    if (trace != NULL)
        ql_request_fields_trace(request->fields, request->url, stream, trace);
}

void ql_request_on_uploaded(ql_request *request, size_t length)
{
    request->uploaded += length;
}

bool ql_request_on_field(ql_request *request, const char *name, size_t name_length,
                         const char *value, size_t value_length)
{
    return ql_response_add_field(request->response, name, name_length, value, value_length);
}

void ql_request_on_datagram(ql_request *request, const uint8_t *data, size_t length)
{
    GError *error = NULL;
    if (request->state != QL_REQUEST_SENT || request->settings.datagrams == NULL)
        return;
    if (!ql_response_add_data(request->response, data, length, &error) ||
        !ql_response_add_data(request->response, (const uint8_t *)"\n", 1, &error)) {
        fail_with(request, error);
        return;
    }
    request->datagrams++;
    if (request->datagrams == g_strv_length((char **)(uintptr_t)request->settings.datagrams))
        end(request);
}

/* Fails a response of which nothing is written. */
static void refuse_response(ql_request *request, const char *sentence)
{
    ql_response_discard(request->response);
    ql_request_fail_for_good(request, sentence);
}

static bool is_too_large(const ql_request *request, uint64_t size)
{
    return request->settings.max_size > 0 && size > request->settings.max_size;
}

static char *too_large(const ql_request *request)
{
    return g_strdup_printf("its content has more than %" PRIu64 " bytes (--max-filesize)",
                           request->settings.max_size);
}

/* The final status is there: it decides what becomes of the rest. */
static void begin_response(ql_request *request, int status)
{
    GError *error = NULL;
    bool complete = false;
    int64_t expected = ql_request_expected(request);
    g_autofree char *sentence = NULL;
    switch (ql_follow_up_judge(request, &request->redirection, &error)) {
    case QL_FOLLOW_UP_NONE: break;
    case QL_FOLLOW_UP_REDIRECTION:
    case QL_FOLLOW_UP_RETRY: request->followed = true; return;
    case QL_FOLLOW_UP_FORBIDDEN:
        ql_request_fail_for_good(request, error->message);
        g_error_free(error);
        return;
    }
    if (request->settings.protocol != NULL && status >= 300) {
        sentence = g_strdup_printf("the server refused the %s with status %d",
                                   request->settings.protocol, status);
        refuse_response(request, sentence);
    } else if (request->settings.fail && status >= 400) {
        sentence = g_strdup_printf("the server answered with status %d (--fail)", status);
        refuse_response(request, sentence);
    } else if (expected > 0 && is_too_large(request, (uint64_t)expected)) {
        sentence = too_large(request);
        refuse_response(request, sentence);
    } else if (request->settings.resume > 0 &&
               !ql_resume_check(request->response, request->settings.resume, &complete, &error)) {
        refuse_response(request, error->message);
        g_error_free(error);
    } else if (complete) {
        ql_response_discard(request->response);
    } else if (!ql_response_open(request->response, &error)) {
        fail_with(request, error);
    }
}

/* Whatever becomes of the response. */
static void write_section(ql_request *request)
{
    GError *error = NULL;
    g_autofree char *text = ql_response_section_text(request->response);
    if (!ql_output_open(request->sections, &error) ||
        !ql_output_write(request->sections, text, strlen(text), &error) ||
        !ql_output_flush(request->sections, &error))
        fail_with(request, error);
}

void ql_request_on_fields_end(ql_request *request, bool trailers, ql_trace *trace)
{
    GError *error = NULL;
    int status = ql_response_end_section(request->response, trailers, request->stream, trace);
    if (request->state != QL_REQUEST_SENT)
        return;
    if (request->times.response == 0)
        request->times.response = ql_clock_now();
    if (request->sections != NULL)
        write_section(request);
    if (status != 0 && request->state == QL_REQUEST_SENT)
        begin_response(request, status);
    if (request->state != QL_REQUEST_SENT)
        return;
    if (!ql_response_write_section(request->response, &error))
        fail_with(request, error);
    else if (request->followed)
        ql_response_discard(request->response);
}

void ql_request_on_bare_response(ql_request *request)
{
    GError *error = NULL;
    if (request->state == QL_REQUEST_SENT && !ql_response_open(request->response, &error))
        fail_with(request, error);
}

/* Messages that came are written as lines; what they ask for is answered. */
static bool receive_messages(ql_request *request, const uint8_t *data, size_t length,
                             GError **error)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GByteArray) frames = g_byte_array_new();
    GError *broken = NULL;
    bool good = ql_websocket_receive(request->socket, data, length, lines, frames, &broken);
    ql_body_interject(request->body, frames->data, frames->len);
    if (ql_websocket_was_closed(request->socket))
        ql_body_finish(request->body);
    if (!ql_response_add_data(request->response, (const uint8_t *)lines->str, lines->len, error)) {
        g_clear_error(&broken);
        return false;
    }
    if (!good)
        g_propagate_error(error, broken);
    return good;
}

void ql_request_on_data(ql_request *request, const uint8_t *data, size_t length)
{
    GError *error = NULL;
    if (request->state == QL_REQUEST_SENT &&
        is_too_large(request, ql_request_received(request) + length)) {
        g_autofree char *sentence = too_large(request);
        ql_request_fail_for_good(request, sentence);
    }
    if (request->state == QL_REQUEST_SENT &&
        !(request->socket != NULL ? receive_messages(request, data, length, &error)
                                  : ql_response_add_data(request->response, data, length, &error)))
        fail_with(request, error);
}

void ql_request_on_end(ql_request *request)
{
    ql_request_flush(request);
    if (request->state != QL_REQUEST_SENT)
        return;
    g_autofree char *failure =
        request->socket == NULL ? NULL : ql_websocket_failure(request->socket);
    if (failure != NULL)
        ql_request_fail_for_good(request, failure);
    else
        end(request);
}

void ql_request_flush(ql_request *request)
{
    GError *error = NULL, *unwritten = NULL;
    if (ql_request_is_over(request))
        return;
    if (!request->written && !ql_response_flush(request->response, &error))
        fail_with(request, error);
    if (sections_pending(request) > 0 && !ql_output_flush(request->sections, &unwritten))
        fail_with(request, unwritten);
    finish_if_written(request);
}

size_t ql_request_pending(const ql_request *request)
{
    if (ql_request_is_over(request))
        return 0;
    return request->written ? ql_output_pending(request->report)
                            : ql_response_pending(request->response) + sections_pending(request);
}

int ql_request_output_fd(const ql_request *request)
{
    if (ql_request_is_over(request))
        return -1;
    if (request->written)
        return ql_output_fd(request->report);
    int fd = ql_output_fd(request->output);
    return fd >= 0 || request->sections == NULL ? fd : ql_output_fd(request->sections);
}

bool ql_request_restart(ql_request *request)
{
    if (request->state != QL_REQUEST_SENT || ql_request_status(request) != 0 ||
        request->uploaded > 0 || request->attempts >= ATTEMPTS)
        return false;
    ql_response_reset(request->response);
    request->state = QL_REQUEST_WAITING;
    request->stream = -1;
    return true;
}
