/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resume.h"

#include <inttypes.h>
#include <string.h>

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, QL_RESPONSE_ERROR, 0, "cannot go on behind what is there: %s", why);
    return false;
}

/* "bytes 100-199/200" (RFC 9110, 14.4) */
static bool range_starts_at(const char *range, uint64_t from)
{
    g_autofree char *start = g_strdup_printf("bytes %" PRIu64 "-", from);
    return range != NULL && g_str_has_prefix(range, start);
}

/* What a 416 says that there is. */
static bool range_has_nothing_behind(const char *range, uint64_t from)
{
    g_autofree char *all = g_strdup_printf("bytes */%" PRIu64, from);
    return range != NULL && strcmp(range, all) == 0;
}

bool ql_resume_check(const ql_response *response, uint64_t from, bool *complete, GError **error)
{
    const char *range = ql_fields_get(ql_response_header(response), "content-range");
    int status = ql_response_status(response);
    *complete = status == 416 && range_has_nothing_behind(range, from);
    if (*complete)
        return true;
    if (status == 206 && range_starts_at(range, from))
        return true;
    if (status == 206)
        return refuse(error, "another range came than was asked for (RFC 9110, 15.3.7)");
    if (status == 416)
        return refuse(error, "the server has fewer bytes than are there (RFC 9110, 15.5.17)");
    if (status >= 200 && status < 300)
        return refuse(error, "the server sends everything from the beginning (RFC 9110, 14.2)");
    return refuse(error, "the server answered with status %d", status);
}
