/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_urls.h"

#include "glob.h"

#include <string.h>

struct ql_get_urls {
    const ql_get_options *options;
    char *query;   /* common_query */
    guint given;   /* the index of the one that is at hand */
    ql_glob *glob; /* of it; NULL: not begun, or it is no pattern */
    size_t index;  /* among those that it stands for */
};

void ql_get_url_clear(ql_get_url *url)
{
    g_clear_pointer(&url->url, ql_url_free);
    g_clear_pointer(&url->file, g_free);
}

/* A URL that ends in "/" names a folder for what is uploaded. */
static void append_upload(GString *url, const char *upload)
{
    if (upload == NULL || strcmp(upload, "-") == 0 || url->len == 0 ||
        url->str[url->len - 1] != '/' || strpbrk(url->str, "?#") != NULL)
        return;
    g_autofree char *base = g_path_get_basename(upload);
    g_autofree char *encoded = g_uri_escape_string(base, NULL, FALSE);
    g_string_append(url, encoded);
}

/* Goes behind the query that is there, or makes one. */
static void append_query(GString *url, const char *query)
{
    g_autofree char *fragment = NULL;
    char *hash = strchr(url->str, '#');
    if (hash != NULL) {
        fragment = g_strdup(hash);
        g_string_truncate(url, (gsize)(hash - url->str));
    }
    const char *mark = strchr(url->str, '?');
    g_string_append(url, mark == NULL ? "?" : mark[1] == '\0' ? "" : "&");
    g_string_append(url, query);
    if (fragment != NULL)
        g_string_append(url, fragment);
}

static bool append_data(GString *query, const ql_get_data *data, GError **error)
{
    g_autofree char *content = NULL;
    if (query->len > 0)
        g_string_append_c(query, '&');
    if (!data->file) {
        g_string_append(query, data->text);
        return true;
    }
    const char *path = strcmp(data->text, "-") == 0 ? "/dev/stdin" : data->text;
    if (!g_file_get_contents(path, &content, NULL, error))
        return false;
    for (const char *at = content; *at != '\0'; at++)
        if (!data->strip || strchr("\r\n", *at) == NULL)
            g_string_append_c(query, *at);
    return true;
}

/* What all URLs get behind their queries; "" for nothing. NULL and error if a file cannot be read.
 */
static char *common_query(const ql_get_options *options, GError **error)
{
    g_autoptr(GString) query = g_string_new(NULL);
    for (guint i = 0; options->data_in_query && i < options->data->len; i++)
        if (!append_data(query, &g_array_index(options->data, ql_get_data, i), error))
            return NULL;
    for (guint i = 0; i < options->queries->len; i++)
        g_string_append_printf(query, "%s%s", query->len > 0 ? "&" : "",
                               (const char *)g_ptr_array_index(options->queries, i));
    return g_strdup(query->str);
}

static const char *upload_of(const ql_get_options *options, guint given)
{
    guint count = options->uploads == NULL ? 0 : g_strv_length(options->uploads);
    return given < count ? options->uploads[given] : NULL;
}

ql_get_urls *ql_get_urls_new(const ql_get_options *options, GError **error)
{
    char *query = common_query(options, error);
    if (query == NULL)
        return NULL;
    ql_get_urls *urls = g_new0(ql_get_urls, 1);
    urls->options = options;
    urls->query = query;
    return urls;
}

void ql_get_urls_free(ql_get_urls *urls)
{
    if (urls == NULL)
        return;
    ql_glob_free(urls->glob);
    g_free(urls->query);
    g_free(urls);
}

void ql_get_urls_rewind(ql_get_urls *urls)
{
    g_clear_pointer(&urls->glob, ql_glob_free);
    urls->given = 0;
    urls->index = 0;
}

/* How many URLs the one at hand stands for; 0 and error if its pattern is none. */
static size_t count_of(ql_get_urls *urls, const char *pattern, GError **error)
{
    if (urls->options->globoff)
        return 1;
    if (urls->glob == NULL)
        urls->glob = ql_glob_new(pattern, error);
    return urls->glob == NULL ? 0 : ql_glob_count(urls->glob);
}

static char *text_of(const ql_get_urls *urls, const char *pattern)
{
    char *text = urls->glob == NULL ? g_strdup(pattern) : ql_glob_url(urls->glob, urls->index);
    GString *whole = g_string_new(text);
    g_free(text);
    append_upload(whole, upload_of(urls->options, urls->given));
    if (*urls->query != '\0')
        append_query(whole, urls->query);
    return g_string_free(whole, FALSE);
}

/* As ql_get_url has it. */
static char *file_of(const ql_get_urls *urls)
{
    const GPtrArray *outputs = urls->options->outputs;
    const char *file = urls->given < outputs->len ? g_ptr_array_index(outputs, urls->given) : NULL;
    return file == NULL || urls->glob == NULL ? g_strdup(file)
                                              : ql_glob_name(urls->glob, urls->index, file);
}

static void advance(ql_get_urls *urls, size_t count)
{
    if (++urls->index < count)
        return;
    g_clear_pointer(&urls->glob, ql_glob_free);
    urls->given++;
    urls->index = 0;
}

bool ql_get_urls_next(ql_get_urls *urls, ql_get_url *next, GError **error)
{
    if (urls->given == urls->options->urls->len)
        return false;
    const char *pattern = g_ptr_array_index(urls->options->urls, urls->given);
    size_t count = count_of(urls, pattern, error);
    *next = (ql_get_url){ .given = urls->given, .first = urls->index == 0 };
    if (count > 0) {
        g_autofree char *text = text_of(urls, pattern);
        next->url = ql_url_new(text, error);
    }
    if (next->url != NULL)
        next->file = file_of(urls);
    advance(urls, count);
    return next->url != NULL;
}
