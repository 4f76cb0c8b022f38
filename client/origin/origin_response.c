/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_response.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 204, "No Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 410, "Gone" },
    { 413, "Content Too Large" },
    { 418, "I'm a teapot" },
    { 421, "Misdirected Request" },
    { 425, "Too Early" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
};

static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return status < 400 ? "Status" : "Error";
}

/* Takes value. */
static void add_field(ql_origin_response *response, const char *name, char *value)
{
    g_assert(response->field_count < QL_ORIGIN_MAX_FIELDS);
    response->fields[response->field_count++] = (ql_origin_field){ name, value };
}

static ql_origin_resource *describe_status(unsigned status)
{
    return ql_origin_resource_from_text("text/plain; charset=utf-8",
                                        g_strdup_printf("%u %s\n", status, reason_of(status)));
}

static ql_origin_resource *describe_body(const ql_origin_request *request)
{
    return ql_origin_resource_from_text(
        "application/json", g_strdup_printf("{\"size\": %" PRIu64 ", \"sha256\": \"%s\"}\n",
                                            request->body_size, request->body_sha256));
}

static bool is_method(const ql_origin_request *request, const char *method)
{
    return request->method != NULL && strcmp(request->method, method) == 0;
}

static ql_origin_resource *lab_content(const ql_origin_plan *plan, const ql_origin_request *request,
                                       unsigned *status)
{
    switch (plan->content) {
    case QL_ORIGIN_PLAN_STATUS: break;
    case QL_ORIGIN_PLAN_BYTES: return ql_origin_resource_from_pattern(plan->bytes);
    case QL_ORIGIN_PLAN_HEADERS:
        return ql_origin_resource_from_text("text/plain; charset=utf-8", g_strdup(request->fields));
    case QL_ORIGIN_PLAN_MIRROR:
        if (request->body != NULL)
            return ql_origin_resource_from_bytes("application/octet-stream", request->body);
        *status = 413;
    }
    return describe_status(*status);
}

/* Larger content is left as it is. */
#define MOST_CODED_BYTES (64u * 1024u * 1024u)

/* The content in the coding that is wanted; false if it stays as it is. */
static bool encode(ql_origin_response *response, ql_origin_coding coding)
{
    uint64_t size = ql_origin_resource_size(response->body);
    if (coding == QL_ORIGIN_CODING_NONE || size > MOST_CODED_BYTES)
        return false;
    g_autofree uint8_t *buffer = g_malloc(size + 1);
    ssize_t got = ql_origin_resource_read(response->body, 0, buffer, size);
    g_autoptr(GBytes) plain = g_bytes_new(buffer, got > 0 ? (gsize)got : 0);
    g_autoptr(GBytes) coded = ql_origin_coding_encode(coding, plain);
    if (coded == NULL)
        return false;
    ql_origin_resource *made =
        ql_origin_resource_from_bytes(ql_origin_resource_type(response->body), coded);
    ql_origin_resource_free(response->body);
    response->body = made;
    return true;
}

static void decide_lab(ql_origin_response *response, const ql_origin_request *request,
                       ql_origin_field *extra)
{
    const ql_origin_plan *plan = &response->plan;
    response->status = plan->status > 0 ? plan->status : 200;
    if (plan->redirects > 0) {
        response->status = 302;
        *extra = (ql_origin_field){ "location",
                                    plan->redirects > 1
                                        ? g_strdup_printf("/redirect/%u", plan->redirects - 1)
                                        : g_strdup("/") };
    }
    response->body = lab_content(plan, request, &response->status);
    if (encode(response, plan->coding))
        response->content_encoding = ql_origin_coding_name(plan->coding);
}

static bool is_for_lab(const ql_origin_request *request, const ql_origin_content *content,
                       ql_origin_plan *plan)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT" };
    if (request->target == NULL || !ql_origin_content_is_built_in(content))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
        if (is_method(request, methods[i]))
            return ql_origin_lab_parse(request->target, plan);
    return false;
}

/* Status and body, and the field that goes with the status, if there is one. */
static void decide(ql_origin_response *response, const ql_origin_request *request,
                   const ql_origin_content *content, ql_origin_field *extra)
{
    if (request->too_large) {
        response->status = 431;
    } else if (is_for_lab(request, content, &response->plan)) {
        decide_lab(response, request, extra);
    } else if (is_method(request, "POST")) {
        response->status = 200;
        response->body = describe_body(request);
    } else if (!is_method(request, "GET") && !is_method(request, "HEAD")) {
        response->status = 405;
        *extra = (ql_origin_field){ "allow", g_strdup("GET, HEAD, POST") };
    } else {
        char *location;
        response->status = ql_origin_content_find(
            content, request->target != NULL ? request->target : "", &response->body, &location);
        if (location != NULL)
            *extra = (ql_origin_field){ "location", location };
    }
    if (response->body == NULL)
        response->body = describe_status(response->status);
}

/* RFC 9110, 5.6.7. In English, whatever the locale. */
static char *format_date(void)
{
    static const char days[][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return g_strdup_printf(
        "%s, %02d %s %d %02d:%02d:%02d GMT", days[g_date_time_get_day_of_week(now) - 1],
        g_date_time_get_day_of_month(now), months[g_date_time_get_month(now) - 1],
        g_date_time_get_year(now), g_date_time_get_hour(now), g_date_time_get_minute(now),
        g_date_time_get_second(now));
}

/* RFC 9110, 15.3.5 and 15.4.5. */
static bool has_content(const ql_origin_response *response)
{
    return response->status != 204 && response->status != 304;
}

void ql_origin_response_init(ql_origin_response *response, const ql_origin_request *request,
                             const ql_origin_content *content)
{
    ql_origin_field extra = { NULL, NULL };
    *response = (ql_origin_response){ .status = 0 };
    decide(response, request, content, &extra);
    add_field(response, ":status", g_strdup_printf("%u", response->status));
    add_field(response, "server", g_strdup("quiclens/" QUICLENS_VERSION));
    add_field(response, "date", format_date());
    if (has_content(response)) {
        add_field(response, "content-type", g_strdup(ql_origin_resource_type(response->body)));
        add_field(response, "content-length",
                  g_strdup_printf("%" PRIu64, ql_origin_resource_size(response->body)));
        if (response->content_encoding != NULL)
            add_field(response, "content-encoding", g_strdup(response->content_encoding));
    }
    if (extra.name != NULL)
        add_field(response, extra.name, extra.value);
    if (is_method(request, "HEAD") || !has_content(response))
        g_clear_pointer(&response->body, ql_origin_resource_free);
}

void ql_origin_response_clear(ql_origin_response *response)
{
    for (size_t i = 0; i < response->field_count; i++)
        g_free(response->fields[i].value);
    ql_origin_resource_free(response->body);
    *response = (ql_origin_response){ .status = 0 };
}
