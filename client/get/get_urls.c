/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_urls.h"

#include "glob.h"

#include <string.h>

static void get_url_clear(void *data)
{
    ql_get_url *old = data;
    ql_url_free(old->url);
    g_free(old->file);
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

static bool append_one(GArray *list, const ql_get_options *options, guint given, const char *text,
                       char *file, const char *query, GError **error)
{
    g_autoptr(GString) whole = g_string_new(text);
    append_upload(whole, upload_of(options, given));
    if (*query != '\0')
        append_query(whole, query);
    ql_get_url added = { ql_url_new(whole->str, error), given, file };
    if (added.url == NULL)
        g_free(file);
    else
        g_array_append_val(list, added);
    return added.url != NULL;
}

static bool append_given(GArray *list, const ql_get_options *options, guint given,
                         const char *query, GError **error)
{
    const char *pattern = g_ptr_array_index(options->urls, given);
    const char *file =
        given < options->outputs->len ? g_ptr_array_index(options->outputs, given) : NULL;
    if (options->globoff)
        return append_one(list, options, given, pattern, g_strdup(file), query, error);
    g_autoptr(ql_glob) glob = ql_glob_new(pattern, error);
    if (glob == NULL)
        return false;
    for (size_t i = 0; i < ql_glob_count(glob); i++) {
        g_autofree char *text = ql_glob_url(glob, i);
        char *name = file == NULL ? NULL : ql_glob_name(glob, i, file);
        if (!append_one(list, options, given, text, name, query, error))
            return false;
    }
    return true;
}

GArray *ql_get_urls_new(const ql_get_options *options, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(ql_get_url));
    g_autofree char *query = common_query(options, error);
    g_array_set_clear_func(list, get_url_clear);
    for (guint i = 0; query != NULL && i < options->urls->len; i++)
        if (!append_given(list, options, i, query, error))
            return NULL;
    return query == NULL ? NULL : g_steal_pointer(&list);
}
