/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome.h"

#include <float.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#define FIELD(member) offsetof(ql_outcome, member)

static const struct {
    const char *name;
    ql_outcome_kind kind;
    size_t offset;
} values[] = {
    { "content_type", QL_OUTCOME_TEXT, FIELD(content_type) },
    { "errormsg", QL_OUTCOME_TEXT, FIELD(error) },
    { "exitcode", QL_OUTCOME_NUMBER, FIELD(exit_code) },
    { "filename_effective", QL_OUTCOME_TEXT, FIELD(file) },
    { "http_code", QL_OUTCOME_CODE, FIELD(status) },
    { "http_version", QL_OUTCOME_TEXT, FIELD(http_version) },
    { "local_ip", QL_OUTCOME_TEXT, FIELD(local_ip) },
    { "local_port", QL_OUTCOME_NUMBER, FIELD(local_port) },
    { "method", QL_OUTCOME_TEXT, FIELD(method) },
    { "num_connects", QL_OUTCOME_NUMBER, FIELD(connects) },
    { "num_headers", QL_OUTCOME_NUMBER, FIELD(header_fields) },
    { "num_redirects", QL_OUTCOME_NUMBER, FIELD(redirects) },
    { "num_retries", QL_OUTCOME_NUMBER, FIELD(retries) },
    { "redirect_url", QL_OUTCOME_TEXT, FIELD(redirect_url) },
    { "referer", QL_OUTCOME_TEXT, FIELD(referer) },
    { "remote_ip", QL_OUTCOME_TEXT, FIELD(remote_ip) },
    { "remote_port", QL_OUTCOME_NUMBER, FIELD(remote_port) },
    { "response_code", QL_OUTCOME_CODE, FIELD(status) },
    { "scheme", QL_OUTCOME_TEXT, FIELD(scheme) },
    { "size_download", QL_OUTCOME_NUMBER, FIELD(size_download) },
    { "size_header", QL_OUTCOME_NUMBER, FIELD(size_header) },
    { "size_request", QL_OUTCOME_NUMBER, FIELD(size_request) },
    { "size_upload", QL_OUTCOME_NUMBER, FIELD(size_upload) },
    { "speed_download", QL_OUTCOME_NUMBER, FIELD(speed_download) },
    { "speed_upload", QL_OUTCOME_NUMBER, FIELD(speed_upload) },
    { "ssl_verify_result", QL_OUTCOME_NUMBER, FIELD(verify_result) },
    { "time_appconnect", QL_OUTCOME_TIME, FIELD(appconnect) },
    { "time_connect", QL_OUTCOME_TIME, FIELD(connect) },
    { "time_namelookup", QL_OUTCOME_TIME, FIELD(namelookup) },
    { "time_pretransfer", QL_OUTCOME_TIME, FIELD(pretransfer) },
    { "time_redirect", QL_OUTCOME_TIME, FIELD(redirect) },
    { "time_starttransfer", QL_OUTCOME_TIME, FIELD(starttransfer) },
    { "time_total", QL_OUTCOME_TIME, FIELD(total) },
    { "url", QL_OUTCOME_TEXT, FIELD(url) },
    { "url_effective", QL_OUTCOME_TEXT, FIELD(url) },
    { "urlnum", QL_OUTCOME_NUMBER, FIELD(number) },
    { "quic_bytes_lost", QL_OUTCOME_NUMBER, FIELD(bytes_lost) },
    { "quic_bytes_received", QL_OUTCOME_NUMBER, FIELD(bytes_received) },
    { "quic_bytes_sent", QL_OUTCOME_NUMBER, FIELD(bytes_sent) },
    { "quic_connection", QL_OUTCOME_NUMBER, FIELD(connection) },
    { "quic_cwnd", QL_OUTCOME_NUMBER, FIELD(window) },
    { "quic_dcid", QL_OUTCOME_TEXT, FIELD(dcid) },
    { "quic_min_rtt", QL_OUTCOME_TIME, FIELD(min_rtt) },
    { "quic_packets_lost", QL_OUTCOME_NUMBER, FIELD(packets_lost) },
    { "quic_packets_received", QL_OUTCOME_NUMBER, FIELD(packets_received) },
    { "quic_packets_sent", QL_OUTCOME_NUMBER, FIELD(packets_sent) },
    { "quic_rtt", QL_OUTCOME_TIME, FIELD(rtt) },
    { "quic_stream", QL_OUTCOME_NUMBER, FIELD(stream) },
    { "quic_version", QL_OUTCOME_TEXT, FIELD(version) },
};

static double seconds(ngtcp2_duration duration)
{
    return (double)duration / (double)NGTCP2_SECONDS;
}

/* 0 where it has not happened, or had happened before. */
static double seconds_since(ngtcp2_tstamp begin, ngtcp2_tstamp when)
{
    return when > begin ? seconds(when - begin) : 0;
}

static char *ip_text(const ql_address *address)
{
    if (address->length == 0)
        return NULL;
    g_autofree char *text = ql_address_to_string(address);
    *strrchr(text, ':') = '\0';
    size_t length = strlen(text);
    return *text == '[' ? g_strndup(text + 1, length - 2) : g_strdup(text);
}

static char *cid_text(const ngtcp2_cid *cid)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < cid->datalen; i++)
        g_string_append_printf(text, "%02x", cid->data[i]);
    return g_string_free(text, FALSE);
}

static void set_times(ql_outcome *outcome, const ql_request *request,
                      const ql_connection_figures *figures)
{
    const ql_request_settings *settings = ql_request_get_settings(request);
    ql_request_times times = ql_request_get_times(request);
    ngtcp2_tstamp begin = settings->first_begin > 0 ? settings->first_begin : times.begin;
    outcome->namelookup = seconds_since(begin, figures->looked_up);
    outcome->connect = outcome->appconnect = seconds_since(begin, figures->opened);
    outcome->pretransfer = seconds_since(begin, times.sent);
    outcome->starttransfer = seconds_since(begin, times.response);
    outcome->total = seconds_since(begin, times.end);
    outcome->redirect = settings->redirects > 0 ? seconds_since(begin, times.begin) : 0;
}

static void set_sizes(ql_outcome *outcome, const ql_request *request)
{
    size_t count = 0;
    const ql_response *response = ql_request_get_response(request);
    const ql_field *fields = ql_request_fields(request, &count);
    for (size_t i = 0; i < count; i++)
        outcome->size_request += (int64_t)(strlen(fields[i].name) + strlen(fields[i].value));
    ql_fields_list(ql_response_header(response), &count);
    outcome->header_fields = count > 0 ? (int64_t)count - 1 : 0; /* without :status */
    outcome->size_header = (int64_t)ql_response_header_bytes(response);
    outcome->size_download = (int64_t)ql_request_received(request);
    outcome->size_upload = (int64_t)ql_request_uploaded(request);
    if (outcome->total > 0) {
        outcome->speed_download = (int64_t)((double)outcome->size_download / outcome->total);
        outcome->speed_upload = (int64_t)((double)outcome->size_upload / outcome->total);
    }
}

static void set_connection(ql_outcome *outcome, const ql_connection_figures *figures)
{
    outcome->connection = (int64_t)figures->number;
    outcome->local_ip = ip_text(&figures->local);
    outcome->remote_ip = ip_text(&figures->remote);
    outcome->local_port = ql_address_port(&figures->local);
    outcome->remote_port = ql_address_port(&figures->remote);
    outcome->version =
        figures->version == 0 ? NULL : g_strdup_printf("0x%08" PRIx32, figures->version);
    outcome->dcid = cid_text(&figures->dcid);
    outcome->rtt = seconds(figures->rtt);
    outcome->min_rtt = seconds(figures->min_rtt);
    outcome->window = (int64_t)figures->window;
    outcome->packets_sent = (int64_t)figures->packets_sent;
    outcome->packets_received = (int64_t)figures->packets_received;
    outcome->packets_lost = (int64_t)figures->packets_lost;
    outcome->bytes_sent = (int64_t)figures->bytes_sent;
    outcome->bytes_received = (int64_t)figures->bytes_received;
    outcome->bytes_lost = (int64_t)figures->bytes_lost;
}

static char *redirect_url(const ql_request *request)
{
    const char *location =
        ql_fields_get(ql_response_header(ql_request_get_response(request)), "location");
    ql_url *url = location == NULL || ql_request_status(request) / 100 != 3
                      ? NULL
                      : ql_url_resolve(ql_request_url(request), location, NULL);
    char *text = url == NULL ? NULL : g_strdup(url->text);
    ql_url_free(url);
    return text;
}

void ql_outcome_init(ql_outcome *outcome, const ql_request *request,
                     const ql_connection_figures *figures, unsigned number)
{
    const ql_fields *header = ql_response_header(ql_request_get_response(request));
    const ql_request_settings *settings = ql_request_get_settings(request);
    const char *failure = ql_request_failure(request);
    *outcome = (ql_outcome){ .number = number };
    outcome->exit_code = failure == NULL ? 0 : 1;
    outcome->error = g_strdup(failure);
    outcome->status = ql_request_status(request);
    outcome->redirects = settings->redirects;
    outcome->retries = settings->retries;
    outcome->stream = ql_request_get_stream(request);
    outcome->connects = outcome->stream == 0 ? 1 : 0; /* the first request has the first stream */
    outcome->content_type = g_strdup(ql_fields_get(header, "content-type"));
    outcome->file = g_strdup(ql_request_file(request));
    outcome->method = g_strdup(ql_request_method(request));
    outcome->url = g_strdup(ql_request_url(request)->text);
    outcome->redirect_url = redirect_url(request);
    outcome->http_version = g_strdup(outcome->status == 0 ? "0" : "3");
    outcome->scheme = g_strdup("https");
    outcome->referer = g_strdup(settings->referer);
    set_connection(outcome, figures);
    set_times(outcome, request, figures);
    set_sizes(outcome, request);
}

void ql_outcome_clear(ql_outcome *outcome)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].kind == QL_OUTCOME_TEXT)
            g_clear_pointer((char **)(void *)((char *)outcome + values[i].offset), g_free);
}

char *ql_outcome_value(const ql_outcome *outcome, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        const void *at = (const char *)outcome + values[i].offset;
        if (strcmp(values[i].name, name) != 0)
            continue;
        switch (values[i].kind) {
        case QL_OUTCOME_NUMBER: return g_strdup_printf("%" PRId64, *(const int64_t *)at);
        case QL_OUTCOME_CODE: return g_strdup_printf("%03" PRId64, *(const int64_t *)at);
        case QL_OUTCOME_TIME: return g_strdup_printf("%.6f", *(const double *)at);
        case QL_OUTCOME_TEXT: {
            const char *text = *(char *const *)at;
            return g_strdup(text == NULL ? "" : text);
        }
        }
    }
    return NULL;
}

/* json-glib writes a number without a point, such as 4e-08, as 4e-08.0, which is no JSON. */
static double with_point(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(text, sizeof text, value);
    return strchr(text, 'e') != NULL && strchr(text, '.') == NULL ? value * (1 + DBL_EPSILON)
                                                                  : value;
}

JsonNode *ql_outcome_to_json(const ql_outcome *outcome)
{
    g_autoptr(JsonObject) object = json_object_new();
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        const void *at = (const char *)outcome + values[i].offset;
        const char *name = values[i].name;
        switch (values[i].kind) {
        case QL_OUTCOME_NUMBER:
        case QL_OUTCOME_CODE: json_object_set_int_member(object, name, *(const int64_t *)at); break;
        case QL_OUTCOME_TIME:
            json_object_set_double_member(object, name, with_point(*(const double *)at));
            break;
        case QL_OUTCOME_TEXT: {
            const char *text = *(char *const *)at;
            g_autofree char *valid = text == NULL ? NULL : g_utf8_make_valid(text, -1);
            if (valid == NULL)
                json_object_set_null_member(object, name);
            else
                json_object_set_string_member(object, name, valid);
            break;
        }
        }
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    return node;
}
