/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/names.h"

#include "model/http3_error.h"
#include "model/packet_header.h"
#include "model/transport_error.h"

#include <inttypes.h>

static const struct {
    uint16_t status;
    const char *phrase;
} statuses[] = {
    { 100, "Continue" },
    { 101, "Switching Protocols" },
    { 102, "Processing" },
    { 103, "Early Hints" },
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 203, "Non-Authoritative Information" },
    { 204, "No Content" },
    { 205, "Reset Content" },
    { 206, "Partial Content" },
    { 207, "Multi-Status" },
    { 300, "Multiple Choices" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 407, "Proxy Authentication Required" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 425, "Too Early" },
    { 426, "Upgrade Required" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 451, "Unavailable For Legal Reasons" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 511, "Network Authentication Required" },
};

const char *ql_status_phrase(uint16_t status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].phrase;
    return NULL;
}

char *ql_status_text(uint16_t status)
{
    const char *phrase = ql_status_phrase(status);
    return phrase != NULL ? g_strdup_printf("%u (%s)", status, phrase)
                          : g_strdup_printf("%u", status);
}

char *ql_version_text(uint32_t version)
{
    if (version == QL_VERSION_1)
        return g_strdup("QUIC v1");
    if (version == QL_VERSION_2)
        return g_strdup("QUIC v2");
    if (version >> 8 == 0xff0000)
        return g_strdup_printf("QUIC draft-%u", version & 0xff);
    return g_strdup_printf("QUIC 0x%08x", version);
}

char *ql_close_text(const ql_connection_facts *facts)
{
    if (facts->close.frame == 0)
        return NULL;
    return facts->close.application
               ? ql_http3_error_text(facts->close.error)
               : g_strdup_printf("%s (0x%" PRIx64 ")", ql_transport_error_name(facts->close.error),
                                 facts->close.error);
}
