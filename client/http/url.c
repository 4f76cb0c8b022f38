/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "url.h"

#include "text.h"

#include <stdbool.h>
#include <string.h>

#define HTTPS_PORT      443
#define FILE_NAME_BYTES 200 /* leaves room for what tells clashing names apart, below NAME_MAX */

G_DEFINE_QUARK(ql_url_error, ql_url_error)

static bool fail(const char *text, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(text);
    g_set_error(error, QL_URL_ERROR, 0, "bad URL %s: %s", shown, why);
    return false;
}

/* RFC 3986, 2.1 */
static char *encode_forbidden(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        bool bare_percent = c == '%' && !(g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2]));
        if (c <= 0x20 || c >= 0x7f || bare_percent || strchr("\"<>\\^`{|}", c) != NULL)
            g_string_append_printf(out, "%%%02X", c);
        else
            g_string_append_c(out, (char)c);
    }
    return g_string_free(out, FALSE);
}

static char *with_scheme(const char *text)
{
    const char *separator = strstr(text, "://");
    size_t before_path = strcspn(text, "/?#");
    bool scheme = separator != NULL && (size_t)(separator - text) < before_path;
    return scheme ? g_strdup(text) : g_strconcat("https://", text, NULL);
}

/* Everything behind the host stays as it was encoded; g_uri_parse_relative only removes dot
 * segments where there is a base. */
static GUri *parse(const char *text, GError **error)
{
    g_autofree char *whole = with_scheme(text);
    if (g_uri_peek_scheme(whole) == NULL) { /* else it were a path below the base */
        fail(text, "its scheme is neither https nor wss", error);
        return NULL;
    }
    const char *rest = strstr(whole, "://") + strlen("://");
    size_t host_length = strcspn(rest, "/?#");
    g_autofree char *path = encode_forbidden(rest + host_length);
    g_autofree char *front = g_strndup(whole, (gsize)(rest - whole) + host_length);
    g_autofree char *clean = g_strconcat(front, path, NULL);
    GUriFlags flags = G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY |
                      G_URI_FLAGS_ENCODED_FRAGMENT | G_URI_FLAGS_HAS_PASSWORD |
                      G_URI_FLAGS_SCHEME_NORMALIZE;
    bool dots = strstr(path, "/.") != NULL;
    g_autoptr(GUri) base = dots ? g_uri_parse("https://base/", flags, NULL) : NULL;
    g_autoptr(GError) cause = NULL;
    GUri *uri = g_uri_parse_relative(base, clean, flags, &cause);
    if (uri == NULL)
        fail(text, cause->message, error);
    return uri;
}

static bool check(const char *text, GUri *uri, GError **error)
{
    const char *scheme = g_uri_get_scheme(uri);
    if (g_ascii_strcasecmp(scheme, "http") == 0)
        return fail(text, "HTTP/3 is spoken over https only (RFC 9114, 3.1)", error);
    if (g_ascii_strcasecmp(scheme, "https") != 0 && g_ascii_strcasecmp(scheme, "wss") != 0)
        return fail(text, "its scheme is neither https nor wss", error);
    if (g_uri_get_userinfo(uri) != NULL)
        return fail(text, "a user name may not stand in an https URL (RFC 9110, 4.2.4); -u has it",
                    error);
    if (g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0')
        return fail(text, "it names no host", error);
    if (g_uri_get_port(uri) == 0)
        return fail(text, "port 0 cannot be connected to", error);
    return true;
}

/* NULL if it is neither a DNS name nor an address. */
static char *normal_host(const char *host)
{
    if (g_hostname_is_ip_address(host))
        return g_ascii_strdown(host, -1);
    g_autofree char *ascii = g_hostname_to_ascii(host);
    if (ascii == NULL || *ascii == '\0' || strlen(ascii) > 253)
        return NULL;
    for (const char *at = ascii; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr("-._", *at) == NULL)
            return NULL;
    return g_ascii_strdown(ascii, -1);
}

ql_url *ql_url_new(const char *text, GError **error)
{
    g_autoptr(GUri) uri = parse(text, error);
    if (uri == NULL || !check(text, uri, error))
        return NULL;
    g_autofree char *host = normal_host(g_uri_get_host(uri));
    if (host == NULL) {
        fail(text, "its host is neither a name nor an address", error);
        return NULL;
    }
    ql_url *url = g_new0(ql_url, 1);
    const char *path = g_uri_get_path(uri), *query = g_uri_get_query(uri);
    url->port = g_uri_get_port(uri) < 0 ? HTTPS_PORT : (uint16_t)g_uri_get_port(uri);
    g_autofree char *bracketed =
        strchr(host, ':') != NULL ? g_strdup_printf("[%s]", host) : g_strdup(host);
    url->authority = url->port == HTTPS_PORT ? g_strdup(bracketed)
                                             : g_strdup_printf("%s:%u", bracketed, url->port);
    url->path = g_strconcat(*path == '/' ? "" : "/", path, query != NULL ? "?" : "",
                            query != NULL ? query : "", NULL);
    url->websocket = g_ascii_strcasecmp(g_uri_get_scheme(uri), "wss") == 0;
    url->text =
        g_strdup_printf("%s://%s%s", url->websocket ? "wss" : "https", url->authority, url->path);
    url->host = g_steal_pointer(&host);
    return url;
}

ql_url *ql_url_resolve(const ql_url *base, const char *reference, GError **error)
{
    GUriFlags flags = G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD;
    g_autoptr(GError) cause = NULL;
    const char *scheme = g_uri_peek_scheme(reference);
    if (scheme != NULL && g_str_has_prefix(reference + strlen(scheme), "://"))
        return ql_url_new(reference, error);
    if (scheme != NULL) { /* GLib cannot put every one of these together again */
        fail(reference, "it names a scheme and no host", error);
        return NULL;
    }
    g_autofree char *clean = encode_forbidden(reference);
    g_autofree char *absolute = g_uri_resolve_relative(base->text, clean, flags, &cause);
    if (absolute == NULL) {
        fail(reference, cause->message, error);
        return NULL;
    }
    return ql_url_new(absolute, error);
}

ql_url *ql_url_copy(const ql_url *url)
{
    ql_url *copy = g_new0(ql_url, 1);
    *copy = (ql_url){ .text = g_strdup(url->text),
                      .host = g_strdup(url->host),
                      .port = url->port,
                      .authority = g_strdup(url->authority),
                      .websocket = url->websocket,
                      .path = g_strdup(url->path) };
    return copy;
}

void ql_url_free(ql_url *url)
{
    if (url == NULL)
        return;
    g_free(url->text);
    g_free(url->host);
    g_free(url->authority);
    g_free(url->path);
    g_free(url);
}

char *ql_url_origin(const ql_url *url)
{
    return strchr(url->host, ':') != NULL ? g_strdup_printf("[%s]:%u", url->host, url->port)
                                          : g_strdup_printf("%s:%u", url->host, url->port);
}

char *ql_url_file_name(const ql_url *url)
{
    size_t length = strcspn(url->path, "?");
    size_t start = length;
    while (start > 0 && url->path[start - 1] != '/')
        start--;
    char *name = g_strndup(url->path + start, MIN(length - start, FILE_NAME_BYTES));
    for (char *at = name; *at != '\0'; at++)
        if (!g_ascii_isprint(*at) || strchr("/\\:*?\"<>|", *at) != NULL)
            *at = '_';
    if (*name == '\0') {
        g_free(name);
        return g_strdup("index.html");
    }
    if (*name == '.') /* neither "." nor ".." nor a hidden file that somebody else chose */
        *name = '_';
    return name;
}
