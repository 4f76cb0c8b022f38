/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request_fields.h"

#include <inttypes.h>
#include <string.h>

#define WEBSOCKET_VERSION "13" /* RFC 6455, 4.1 */

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

/* Whether a redirection forbids it. */
static bool is_withheld(const ql_request_settings *settings, const char *name)
{
    static const char *const secrets[] = { "authorization", "cookie", NULL };
    return (settings->without_content && g_str_has_prefix(name, "content-")) ||
           (settings->without_secrets && g_strv_contains(secrets, name));
}

/* What comes from an option takes the same way as a line that was typed, and keeps to its rules. */
static bool add_unless_typed(ql_fields *fields, const GArray *lines, const char *name,
                             const char *value, GError **error)
{
    if (value == NULL || *value == '\0' || find_line(lines, name) != NULL)
        return true;
    g_autofree char *text = g_strdup_printf("%s: %s", name, value);
    ql_field_line line;
    if (!ql_field_line_parse(text, &line, error))
        return false;
    if (line.value != NULL)
        ql_fields_add(fields, name, line.value);
    ql_field_line_clear(&line);
    return true;
}

static char *basic_credentials(const char *user)
{
    if (user == NULL)
        return NULL;
    g_autofree char *pair =
        strchr(user, ':') == NULL ? g_strconcat(user, ":", NULL) : g_strdup(user);
    g_autofree char *coded = g_base64_encode((const guchar *)pair, strlen(pair));
    return g_strconcat("Basic ", coded, NULL);
}

static bool add_chosen(ql_fields *fields, const ql_request_settings *settings, int64_t length,
                       const GArray *lines, GError **error)
{
    g_autofree char *length_text = length < 0 ? NULL : g_strdup_printf("%" PRId64, length);
    g_autofree char *credentials = settings->bearer != NULL
                                       ? g_strconcat("Bearer ", settings->bearer, NULL)
                                       : basic_credentials(settings->user);
    g_autofree char *rest =
        settings->resume > 0 ? g_strdup_printf("bytes=%" PRIu64 "-", settings->resume) : NULL;
    const struct {
        const char *name, *value;
    } chosen[] = {
        { "user-agent",
          settings->user_agent != NULL ? settings->user_agent : "quiclens/" QUICLENS_VERSION },
        { "accept", settings->accept != NULL ? settings->accept : "*/*" },
        { "accept-encoding", settings->accept_encoding },
        { "authorization", credentials },
        { "cookie", settings->cookie },
        { "referer", settings->referer },
        { "range", rest != NULL ? rest : settings->range },
        { "priority", settings->priority },
        { "sec-websocket-version",
          g_strcmp0(settings->protocol, "websocket") == 0 ? WEBSOCKET_VERSION : NULL },
        { "content-type", settings->content_type },
        { "content-length", length_text },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(chosen); i++)
        if (!is_withheld(settings, chosen[i].name) &&
            !add_unless_typed(fields, lines, chosen[i].name, chosen[i].value, error))
            return false;
    return true;
}

static void add_typed(ql_fields *fields, const ql_request_settings *settings, const GArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const ql_field_line *line = &g_array_index(lines, ql_field_line, i);
        if (line->value != NULL && strcmp(line->name, "host") != 0 &&
            !ql_field_is_of_connection(line->name) && !is_withheld(settings, line->name))
            ql_fields_add(fields, line->name, line->value);
    }
}

static bool check_method(const char *method, const char *protocol, GError **error)
{
    bool token = ql_field_is_token(method);
    if (token && (protocol != NULL || strcmp(method, "CONNECT") != 0))
        return true;
    g_set_error(error, QL_REQUEST_ERROR, 0, "cannot send a request with the method %s",
                token ? method : "that was given: it is no token");
    return false;
}

bool ql_request_fields_build(ql_fields *fields, const ql_url *url,
                             const ql_request_settings *settings, int64_t length, GError **error)
{
    const char *method = settings->method == NULL ? "GET" : settings->method;
    if (settings->protocol != NULL)
        method = "CONNECT";
    GArray *lines = check_method(method, settings->protocol, error)
                        ? parse_lines(settings->headers, error)
                        : NULL;
    if (lines == NULL)
        return false;
    const ql_field_line *host = find_line(lines, "host");
    ql_fields_add(fields, ":method", method);
    ql_fields_add(fields, ":scheme", "https");
    ql_fields_add(fields, ":authority",
                  host != NULL && host->value != NULL ? host->value : url->authority);
    ql_fields_add(fields, ":path", url->path);
    if (settings->protocol != NULL)
        ql_fields_add(fields, ":protocol", settings->protocol);
    bool good = add_chosen(fields, settings, length, lines, error);
    add_typed(fields, settings, lines);
    g_array_unref(lines);
    return good;
}

void ql_request_fields_trace(const ql_fields *fields, const ql_url *url, int64_t stream,
                             ql_trace *trace)
{
    size_t count;
    const ql_field *list = ql_fields_list(fields, &count);
    ql_trace_note(trace, "stream %" PRId64 ": %s", stream, url->text);
    g_autofree char *line = g_strdup_printf("%s %s HTTP/3", ql_fields_get(fields, ":method"),
                                            ql_fields_get(fields, ":path"));
    ql_trace_line(trace, '>', line);
    for (size_t i = 0; i < count; i++) {
        bool authority = strcmp(list[i].name, ":authority") == 0;
        if (list[i].name[0] == ':' && !authority && strcmp(list[i].name, ":protocol") != 0)
            continue;
        g_autofree char *text =
            g_strdup_printf("%s: %s", authority ? "host" : list[i].name, list[i].value);
        ql_trace_line(trace, '>', text);
    }
    ql_trace_line(trace, '>', "");
}
