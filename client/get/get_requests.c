/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_requests.h"

#include "get_urls.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FORM_TYPE "application/x-www-form-urlencoded"
#define JSON_TYPE "application/json"
#define CODINGS   "gzip, deflate, br, zstd"

/* The name that its -o or -O gives; NULL: standard output. */
static const char *output_name(const ql_get_options *options, const char *name)
{
    if (name == NULL)
        return options->output_dir == NULL ? NULL : "";
    return strcmp(name, "-") == 0 ? NULL : name;
}

bool ql_get_writes_to_stdout(const ql_get_options *options)
{
    for (guint i = 0; i < options->urls->len; i++) {
        const char *name =
            i < options->outputs->len ? g_ptr_array_index(options->outputs, i) : NULL;
        if (output_name(options, name) == NULL)
            return true;
    }
    return false;
}

static ql_body *data_body(const ql_get_options *options, const char *between, GError **error)
{
    ql_body *body = ql_body_new();
    for (guint i = 0; i < options->data->len; i++) {
        const ql_get_data *data = &g_array_index(options->data, ql_get_data, i);
        if (i > 0)
            ql_body_add_text(body, between, strlen(between));
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

/* Gives the file of -o its whole name. False if another has it. */
static bool place_named(const ql_get_options *options, ql_get_url *of, GHashTable *taken,
                        GError **error)
{
    char *whole = options->output_dir == NULL
                      ? g_strdup(of->file)
                      : g_build_filename(options->output_dir, of->file, NULL);
    g_free(of->file);
    of->file = whole;
    if (g_hash_table_add(taken, g_canonicalize_filename(whole, NULL)) ||
        g_str_has_prefix(whole, "/dev/"))
        return true;
    g_set_error(error, QL_OPTIONS_ERROR, 0, "two responses cannot be written to one file: %s",
                whole);
    return false;
}

static void place_remote_name(const ql_get_options *options, ql_get_url *of, GHashTable *taken)
{
    const char *folder = options->output_dir == NULL ? "." : options->output_dir;
    g_autofree char *wanted = ql_url_file_name(of->url);
    g_autofree char *plain = g_build_filename(folder, wanted, NULL);
    g_autofree char *path = g_canonicalize_filename(plain, NULL);
    g_autofree char *unique = ql_output_unique_name(taken, path);
    g_autofree char *base = g_path_get_basename(unique);
    g_free(of->file);
    of->file =
        options->output_dir == NULL ? g_steal_pointer(&base) : g_build_filename(folder, base, NULL);
}

/* From here on, file is the name of a file, or NULL for standard output. Those that were given come
 * first, so that others give way to them. */
static bool place_files(const ql_get_options *options, GArray *urls, GError **error)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GArray) remote = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < urls->len; i++) {
        ql_get_url *of = &g_array_index(urls, ql_get_url, i);
        const char *name = output_name(options, of->file);
        if (name == NULL)
            g_clear_pointer(&of->file, g_free);
        else if (*name == '\0')
            g_array_append_val(remote, i);
        else if (!place_named(options, of, taken, error))
            return false;
    }
    for (guint i = 0; i < remote->len; i++)
        place_remote_name(options,
                          &g_array_index(urls, ql_get_url, g_array_index(remote, guint, i)), taken);
    return true;
}

static const char *upload_of(const ql_get_options *options, guint index)
{
    guint count = options->uploads == NULL ? 0 : g_strv_length(options->uploads);
    return index < count ? options->uploads[index] : NULL;
}

static const char *method_of(const ql_get_options *options, const char *upload, bool content)
{
    return options->method != NULL ? options->method
           : options->head         ? "HEAD"
           : upload != NULL        ? "PUT"
           : content               ? "POST"
                                   : "GET";
}

static bool find_resumption(const ql_get_options *options, const char *file, uint64_t *from,
                            GError **error)
{
    struct stat entry;
    *from = 0;
    if (options->continue_at == NULL)
        return true;
    if (strcmp(options->continue_at, "-") != 0) {
        *from = g_ascii_strtoull(options->continue_at, NULL, 10);
        return true;
    }
    if (file == NULL) {
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "-C - needs the name of a file, to see what is there: -o FILE or -O");
        return false;
    }
    if (stat(file, &entry) == 0 && S_ISREG(entry.st_mode))
        *from = (uint64_t)entry.st_size;
    return true;
}

static ql_request_settings settings_of(const ql_get_options *options)
{
    return (ql_request_settings){
        .headers = options->headers,
        .accept = options->json ? JSON_TYPE : NULL,
        .accept_encoding = options->compressed ? CODINGS : NULL,
        .user_agent = options->user_agent,
        .referer = options->referer,
        .cookie = options->cookie,
        .range = options->range,
        .priority = options->priority,
        .user = options->user,
        .datagrams = options->datagrams,
        .fail = options->fail,
        .fail_with_body = options->fail_with_body,
        .include = options->include || options->head,
        .decode = options->compressed,
        .follow = options->location || options->location_trusted,
        .follow_with_secrets = options->location_trusted,
        .redirects_left = (unsigned)MIN(options->max_redirects, G_MAXINT),
        .retries_left = (unsigned)MIN(options->retries, G_MAXINT),
        .retry_delay = (ngtcp2_duration)(options->retry_delay * (double)NGTCP2_SECONDS),
    };
}

/* What is said over a WebSocket: lines of -d, else of standard input. */
static ql_body *lines_body(const ql_get_options *options, GError **error)
{
    return options->data->len > 0 ? data_body(options, "\n", error) : upload_body("-", error);
}

static ql_body *content_of(const ql_get_options *options, const ql_get_url *of, GError **error)
{
    const char *upload = upload_of(options, of->given);
    if (of->url->websocket && options->datagrams != NULL) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "--datagram needs an https URL, not %s",
                    of->url->text);
        return NULL;
    }
    if (of->url->websocket)
        return lines_body(options, error);
    if (options->datagrams != NULL) {
        ql_body *body = ql_body_new();
        ql_body_hold(body);
        return body;
    }
    return upload != NULL ? upload_body(upload, error)
                          : data_body(options, options->json ? "" : "&", error);
}

static ql_request *request_new(const ql_get_options *options, ql_get_url *of, ql_stdout *shared,
                               GError **error)
{
    const char *upload = upload_of(options, of->given);
    bool content = options->data->len > 0 && !options->data_in_query;
    ql_request_settings settings = settings_of(options);
    settings.method = method_of(options, upload, content);
    settings.content_type = !content ? NULL : options->json ? JSON_TYPE : FORM_TYPE;
    if (!find_resumption(options, of->file, &settings.resume, error))
        return NULL;
    ql_body *body = NULL;
    if (of->url->websocket)
        settings.protocol = "websocket";
    else if (options->datagrams != NULL)
        settings.protocol = options->protocol != NULL ? options->protocol : "webtransport";
    if (upload != NULL || content || settings.protocol != NULL) {
        body = content_of(options, of, error);
        if (body == NULL)
            return NULL;
    }
    ql_output *output =
        of->file == NULL ? shared == NULL ? ql_output_new_nowhere() : ql_output_new_stdout(shared)
        : options->continue_at != NULL ? ql_output_new_file_behind(of->file)
                                       : ql_output_new_file(of->file);
    return ql_request_new(g_steal_pointer(&of->url), &settings, body, output, error);
}

static bool make_folder(const char *folder, GError **error)
{
    if (folder == NULL || g_mkdir_with_parents(folder, 0777) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                "cannot make the folder %s: %s", folder, g_strerror(errno));
    return false;
}

GPtrArray *ql_get_requests_new(const ql_get_options *options, ql_stdout *shared,
                               const ql_get_report *report, GError **error)
{
    g_autoptr(GArray) urls = ql_get_urls_new(options, error);
    if (urls == NULL || !place_files(options, urls, error) ||
        !make_folder(options->output_dir, error))
        return NULL;
    g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func((GDestroyNotify)ql_request_free);
    for (guint i = 0; i < urls->len; i++) {
        ql_request *request =
            request_new(options, &g_array_index(urls, ql_get_url, i), shared, error);
        if (request == NULL)
            return NULL;
        g_ptr_array_add(requests, request);
        if (report != NULL)
            ql_request_set_report(
                request, shared == NULL ? ql_output_new_nowhere() : ql_output_new_stdout(shared),
                report->reporter, report->user);
    }
    return g_steal_pointer(&requests);
}
