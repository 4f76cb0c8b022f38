/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_requests.h"

#include "options.h"

#include <errno.h>
#include <string.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

/* What the n-th -o or -O says; NULL: standard output. */
static const char *output_option(const ql_get_options *options, guint index)
{
    if (index >= options->outputs->len)
        return options->output_dir == NULL ? NULL : "";
    const char *name = g_ptr_array_index(options->outputs, index);
    return strcmp(name, "-") == 0 ? NULL : name;
}

bool ql_get_writes_to_stdout(const ql_get_options *options)
{
    for (guint i = 0; options->urls[i] != NULL; i++)
        if (output_option(options, i) == NULL)
            return true;
    return false;
}

/* A URL that ends in "/" names a folder for what is uploaded. */
static char *url_text(const ql_get_options *options, guint index, const char *upload)
{
    const char *url = options->urls[index];
    if (upload == NULL || strcmp(upload, "-") == 0 || !g_str_has_suffix(url, "/") ||
        strpbrk(url, "?#") != NULL)
        return g_strdup(url);
    g_autofree char *base = g_path_get_basename(upload);
    g_autofree char *encoded = g_uri_escape_string(base, NULL, FALSE);
    return g_strconcat(url, encoded, NULL);
}

static ql_body *data_body(const ql_get_options *options, GError **error)
{
    ql_body *body = ql_body_new();
    for (guint i = 0; i < options->data->len; i++) {
        const ql_get_data *data = &g_array_index(options->data, ql_get_data, i);
        if (i > 0)
            ql_body_add_text(body, "&", 1);
        if (!data->file) {
            ql_body_add_text(body, data->text, strlen(data->text));
        } else if (!ql_body_add_file(body, data->text, data->strip, error)) {
            ql_body_free(body);
            return NULL;
        }
    }
    return body;
}

static ql_body *upload_body(const char *path, GError **error)
{
    ql_body *body = ql_body_new();
    if (ql_body_add_file(body, path, false, error))
        return body;
    ql_body_free(body);
    return NULL;
}

/* The names of all files: those that were given first, so that others give way to them. */
static char **choose_files(const ql_get_options *options, ql_url *const *urls, guint count,
                           GError **error)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char **files = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++) {
        const char *name = output_option(options, i);
        if (name == NULL || *name == '\0')
            continue;
        files[i] = options->output_dir == NULL ? g_strdup(name)
                                               : g_build_filename(options->output_dir, name, NULL);
        if (!g_hash_table_add(taken, g_canonicalize_filename(files[i], NULL)) &&
            !g_str_has_prefix(files[i], "/dev/")) {
            g_set_error(error, QL_OPTIONS_ERROR, 0,
                        "two responses cannot be written to one file: %s", files[i]);
            for (guint k = 0; k < count; k++)
                g_free(files[k]);
            g_free(files);
            return NULL;
        }
    }
    const char *folder = options->output_dir == NULL ? "." : options->output_dir;
    for (guint i = 0; i < count; i++) {
        const char *name = output_option(options, i);
        if (name == NULL || *name != '\0')
            continue;
        g_autofree char *wanted = ql_url_file_name(urls[i]);
        g_autofree char *plain = g_build_filename(folder, wanted, NULL);
        g_autofree char *path = g_canonicalize_filename(plain, NULL);
        g_autofree char *unique = ql_output_unique_name(taken, path);
        g_autofree char *base = g_path_get_basename(unique);
        files[i] = options->output_dir == NULL ? g_steal_pointer(&base)
                                               : g_build_filename(folder, base, NULL);
    }
    return files;
}

static ql_request *request_new(const ql_get_options *options, ql_url *url, const char *upload,
                               const char *file, ql_stdout *shared, GError **error)
{
    bool data = options->data->len > 0;
    const ql_request_settings settings = {
        .method = options->method != NULL ? options->method
                  : upload != NULL        ? "PUT"
                  : data                  ? "POST"
                                          : "GET",
        .headers = options->headers,
        .content_type = data ? FORM_TYPE : NULL,
        .fail = options->fail,
        .include = options->include,
    };
    ql_body *body = NULL;
    if (upload != NULL || data) {
        body = upload != NULL ? upload_body(upload, error) : data_body(options, error);
        if (body == NULL) {
            ql_url_free(url);
            return NULL;
        }
    }
    ql_output *output = file != NULL     ? ql_output_new_file(file)
                        : shared == NULL ? ql_output_new_nowhere()
                                         : ql_output_new_stdout(shared);
    return ql_request_new(url, &settings, body, output, error);
}

static bool make_folder(const char *folder, GError **error)
{
    if (folder == NULL || g_mkdir_with_parents(folder, 0777) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                "cannot make the folder %s: %s", folder, g_strerror(errno));
    return false;
}

static const char *upload_of(const ql_get_options *options, guint index)
{
    guint count = options->uploads == NULL ? 0 : g_strv_length(options->uploads);
    return index < count ? options->uploads[index] : NULL;
}

static GPtrArray *parse_urls(const ql_get_options *options, GError **error)
{
    g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func((GDestroyNotify)ql_url_free);
    for (guint i = 0; options->urls[i] != NULL; i++) {
        g_autofree char *text = url_text(options, i, upload_of(options, i));
        ql_url *url = ql_url_new(text, error);
        if (url == NULL)
            return NULL;
        g_ptr_array_add(urls, url);
    }
    return g_steal_pointer(&urls);
}

GPtrArray *ql_get_requests_new(const ql_get_options *options, ql_stdout *shared, GError **error)
{
    g_autoptr(GPtrArray) urls = parse_urls(options, error);
    if (urls == NULL)
        return NULL;
    guint count = urls->len;
    char **files = choose_files(options, (ql_url *const *)(void *)urls->pdata, count, error);
    if (files == NULL)
        return NULL;
    g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func((GDestroyNotify)ql_request_free);
    bool good = make_folder(options->output_dir, error);
    for (guint i = 0; good && i < count; i++) {
        ql_url *url = g_steal_pointer(&urls->pdata[i]);
        ql_request *request =
            request_new(options, url, upload_of(options, i), files[i], shared, error);
        good = request != NULL;
        if (good)
            g_ptr_array_add(requests, request);
    }
    for (guint i = 0; i < count; i++)
        g_free(files[i]);
    g_free(files);
    return good ? g_steal_pointer(&requests) : NULL;
}
