/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_response.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    { 301, "Moved Permanently" },  { 400, "Bad Request" },
    { 403, "Forbidden" },          { 404, "Not Found" },
    { 405, "Method Not Allowed" }, { 431, "Request Header Fields Too Large" },
};

static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Error";
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

/* Status and body, and the field that goes with the status, if there is one. */
static void decide(ql_origin_response *response, const ql_origin_request *request,
                   const ql_origin_content *content, ql_origin_field *extra)
{
    if (request->too_large) {
        response->status = 431;
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

void ql_origin_response_init(ql_origin_response *response, const ql_origin_request *request,
                             const ql_origin_content *content)
{
    ql_origin_field extra = { NULL, NULL };
    *response = (ql_origin_response){ .status = 0 };
    decide(response, request, content, &extra);
    add_field(response, ":status", g_strdup_printf("%u", response->status));
    add_field(response, "server", g_strdup("quiclens/" QUICLENS_VERSION));
    add_field(response, "date", format_date());
    add_field(response, "content-type", g_strdup(ql_origin_resource_type(response->body)));
    add_field(response, "content-length",
              g_strdup_printf("%" PRIu64, ql_origin_resource_size(response->body)));
    if (extra.name != NULL)
        add_field(response, extra.name, extra.value);
    if (is_method(request, "HEAD"))
        g_clear_pointer(&response->body, ql_origin_resource_free);
}

void ql_origin_response_clear(ql_origin_response *response)
{
    for (size_t i = 0; i < response->field_count; i++)
        g_free(response->fields[i].value);
    ql_origin_resource_free(response->body);
    *response = (ql_origin_response){ .status = 0 };
}
