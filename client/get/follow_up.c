/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow_up.h"

#include <string.h>

#define FIRST_DELAY   (1 * NGTCP2_SECONDS)
#define LONGEST_DELAY (600 * NGTCP2_SECONDS)

static bool is_redirection(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool may_pass(int status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

/* The method becomes GET, and the content is left out (RFC 9110, 15.4). */
static bool becomes_get(int status, const char *method)
{
    bool post = strcmp(method, "POST") == 0;
    bool head = strcmp(method, "HEAD") == 0;
    return ((status == 301 || status == 302) && post) || (status == 303 && !head);
}

static bool can_be_sent_again(const ql_request *request)
{
    const ql_body *body = ql_request_body(request);
    return body == NULL || ql_body_can_repeat(body);
}

static ql_follow_up forbid(GError **error, const char *why)
{
    g_set_error(error, QL_REQUEST_ERROR, 0, "cannot follow the redirection: %s", why);
    return QL_FOLLOW_UP_FORBIDDEN;
}

static ql_follow_up judge_redirection(const ql_request *request, ql_url **target, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const ql_fields *header = ql_response_header(ql_request_get_response(request));
    const char *location = ql_fields_get(header, "location");
    if (location == NULL)
        return QL_FOLLOW_UP_NONE;
    if (ql_request_get_settings(request)->redirects_left == 0)
        return forbid(error, "there were too many; --max-redirs NUMBER allows more");
    if (!becomes_get(ql_request_status(request), ql_request_method(request)) &&
        !can_be_sent_again(request))
        return forbid(error, "its content was read from a pipe and cannot be sent again");
    *target = ql_url_resolve(ql_request_url(request), location, &cause);
    return *target == NULL ? forbid(error, cause->message) : QL_FOLLOW_UP_REDIRECTION;
}

bool ql_follow_up_may_retry(const ql_request *request)
{
    return ql_request_get_settings(request)->retries_left > 0 && can_be_sent_again(request);
}

ql_follow_up ql_follow_up_judge(const ql_request *request, ql_url **target, GError **error)
{
    int status = ql_request_status(request);
    if (ql_request_get_settings(request)->follow && is_redirection(status))
        return judge_redirection(request, target, error);
    return may_pass(status) && ql_follow_up_may_retry(request) ? QL_FOLLOW_UP_RETRY
                                                               : QL_FOLLOW_UP_NONE;
}

/* Retry-After in seconds (RFC 9110, 10.2.3), else what was asked for, else twice as long each
 * time. */
static ngtcp2_duration retry_delay(const ql_request *over, ql_request_settings *settings)
{
    const ql_fields *header = ql_response_header(ql_request_get_response(over));
    const char *text = ql_fields_get(header, "retry-after");
    guint64 seconds = 0;
    ngtcp2_duration own = settings->retry_delay > 0 ? settings->retry_delay : settings->next_delay;
    own = own > 0 ? own : FIRST_DELAY;
    settings->next_delay = MIN(2 * own, LONGEST_DELAY);
    if (text != NULL && g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &seconds, NULL))
        return MIN(seconds * NGTCP2_SECONDS, LONGEST_DELAY);
    return own;
}

static bool is_same_origin(const ql_url *a, const ql_url *b)
{
    return strcmp(a->host, b->host) == 0 && a->port == b->port;
}

static void redirect_settings(const ql_request *over, const ql_url *target,
                              ql_request_settings *settings)
{
    settings->redirects_left--;
    settings->redirects++;
    if (becomes_get(ql_request_status(over), ql_request_method(over))) {
        settings->method = "GET";
        settings->without_content = true;
    }
    /* Where credentials go, the one who typed them decides (RFC 9110, 15.4). */
    if (!is_same_origin(ql_request_url(over), target) && !settings->follow_with_secrets)
        settings->without_secrets = true;
}

ql_request *ql_follow_up_new(ql_request *over, ngtcp2_duration *delay, GError **error)
{
    ql_request_settings settings = *ql_request_get_settings(over);
    ql_url *target = ql_request_take_redirection(over);
    *delay = 0;
    if (settings.first_begin == 0)
        settings.first_begin = ql_request_get_times(over).begin;
    if (target != NULL) {
        redirect_settings(over, target, &settings);
    } else {
        settings.retries_left--;
        settings.retries++;
        *delay = retry_delay(over, &settings);
        target = ql_url_copy(ql_request_url(over));
    }
    ql_body *body = NULL;
    if (ql_request_body(over) != NULL && !settings.without_content) {
        body = ql_body_new_again(ql_request_body(over), error);
        if (body == NULL) {
            ql_url_free(target);
            return NULL;
        }
    }
    ql_request *next = ql_request_new(target, &settings, body, ql_request_take_output(over), error);
    if (next != NULL)
        ql_request_pass_outputs(over, next);
    return next;
}
