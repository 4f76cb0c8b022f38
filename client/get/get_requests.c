/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_requests.h"

#include "get_urls.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FORM_TYPE "application/x-www-form-urlencoded"
#define JSON_TYPE "application/json"
#define CODINGS   "gzip, deflate, br, zstd"

struct ql_get_requests {
    const ql_get_options *options;
    ql_stdout *shared;
    const ql_get_report *report;
    ql_get_urls *urls;
    GHashTable *taken; /* as ql_output_unique_name has it: the whole names of all files */
    unsigned count, made;
    ql_request *first; /* NULL once it was taken */
};

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

/* Takes names that were given, so that those of -O give way to them. False and error if another
 * response has it already. */
static bool take_named(ql_get_requests *requests, const ql_get_url *of, GError **error)
{
    const char *folder = requests->options->output_dir;
    const char *name = output_name(requests->options, of->file);
    if (name == NULL || *name == '\0')
        return true;
    g_autofree char *whole = folder == NULL ? g_strdup(name) : g_build_filename(folder, name, NULL);
    if (g_hash_table_insert(requests->taken, g_canonicalize_filename(whole, NULL), NULL) ||
        g_str_has_prefix(whole, "/dev/"))
        return true;
    g_set_error(error, QL_OPTIONS_ERROR, 0, "two responses cannot be written to one file: %s",
                whole);
    return false;
}

static char *take_remote_name(ql_get_requests *requests, const ql_url *url)
{
    const char *folder = requests->options->output_dir;
    g_autofree char *wanted = ql_url_file_name(url);
    g_autofree char *plain = g_build_filename(folder == NULL ? "." : folder, wanted, NULL);
    g_autofree char *path = g_canonicalize_filename(plain, NULL);
    g_autofree char *unique = ql_output_unique_name(requests->taken, path);
    g_autofree char *base = g_path_get_basename(unique);
    return folder == NULL ? g_steal_pointer(&base) : g_build_filename(folder, base, NULL);
}

/* From here on, file is the name of a file, or NULL for standard output. */
static void place_file(ql_get_requests *requests, ql_get_url *of)
{
    const char *folder = requests->options->output_dir;
    const char *name = output_name(requests->options, of->file);
    char *whole = name == NULL     ? NULL
                  : *name == '\0'  ? take_remote_name(requests, of->url)
                  : folder == NULL ? g_strdup(name)
                                   : g_build_filename(folder, name, NULL);
    g_free(of->file);
    of->file = whole;
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

/* How many bytes of the response are there. */
static uint64_t resumption_of(const ql_get_options *options, const char *file)
{
    struct stat entry;
    uint64_t from = 0;
    if (options->continue_at == NULL)
        return 0;
    if (strcmp(options->continue_at, "-") != 0)
        from = g_ascii_strtoull(options->continue_at, NULL, 10);
    else if (stat(file, &entry) == 0 && S_ISREG(entry.st_mode))
        from = (uint64_t)entry.st_size;
    return from;
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
        .bearer = options->bearer,
        .datagrams = options->datagrams,
        .fail = options->fail,
        .fail_with_body = options->fail_with_body,
        .include = options->include || options->head,
        .remove_on_error = options->remove_on_error,
        .max_size = options->max_filesize,
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

static ql_output *output_of(const ql_get_requests *requests, const char *file)
{
    if (file == NULL)
        return requests->shared == NULL ? ql_output_new_nowhere()
                                        : ql_output_new_stdout(requests->shared);
    return requests->options->continue_at != NULL ? ql_output_new_file_behind(file)
                                                  : ql_output_new_file(file);
}

static bool dumps_to_stdout(const ql_get_options *options)
{
    return g_strcmp0(options->dump_header, "-") == 0;
}

/* Where the header sections go besides (-D); NULL: nowhere. On standard output they stand before
 * their content, as with -i. */
static ql_output *sections_of(const ql_get_requests *requests, const char *file)
{
    const ql_get_options *options = requests->options;
    if (options->dump_header == NULL || (dumps_to_stdout(options) && file == NULL))
        return NULL;
    return dumps_to_stdout(options) ? output_of(requests, NULL)
                                    : ql_output_new_file_behind(options->dump_header);
}

static bool make_folder(const char *folder, int mode, GError **error)
{
    if (folder == NULL || g_mkdir_with_parents(folder, mode) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                "cannot make the folder %s: %s", folder, g_strerror(errno));
    return false;
}

/* With --create-dirs, and as private as curl makes them. */
static bool make_folder_of(const ql_get_options *options, const char *file, GError **error)
{
    g_autofree char *folder =
        options->create_dirs && file != NULL ? g_path_get_dirname(file) : NULL;
    return make_folder(folder, 0750, error);
}

/* Makes the file of -D, or empties it: each response goes on at its end. */
static bool begin_sections(const ql_get_requests *requests, GError **error)
{
    const ql_get_options *options = requests->options;
    if (options->dump_header == NULL || dumps_to_stdout(options))
        return true;
    if (!make_folder_of(options, options->dump_header, error))
        return false;
    ql_output *file = ql_output_new_file(options->dump_header);
    bool good = ql_output_open(file, error);
    ql_output_free(file);
    return good;
}

static ql_request *request_new(const ql_get_requests *requests, ql_get_url *of, guint place,
                               GError **error)
{
    const ql_get_options *options = requests->options;
    const char *upload = upload_of(options, of->given);
    bool content = options->data->len > 0 && !options->data_in_query;
    ql_request_settings settings = settings_of(options);
    settings.method = method_of(options, upload, content);
    settings.content_type = !content ? NULL : options->json ? JSON_TYPE : FORM_TYPE;
    settings.resume = resumption_of(options, of->file);
    settings.include = settings.include || (dumps_to_stdout(options) && of->file == NULL);
    settings.later_priority =
        g_hash_table_lookup(options->later_priorities, GUINT_TO_POINTER(place));
    ql_body *body = NULL;
    if (of->url->websocket)
        settings.protocol = "websocket";
    else if (options->datagrams != NULL)
        settings.protocol = options->protocol != NULL ? options->protocol : "webtransport";
    if (!make_folder_of(options, of->file, error))
        return NULL;
    if (upload != NULL || content || settings.protocol != NULL) {
        body = content_of(options, of, error);
        if (body == NULL)
            return NULL;
    }
    ql_request *request = ql_request_new(g_steal_pointer(&of->url), &settings, body,
                                         output_of(requests, of->file), error);
    if (request == NULL)
        return NULL;
    ql_request_set_sections(request, sections_of(requests, of->file));
    if (requests->report != NULL)
        ql_request_set_report(request, output_of(requests, NULL), requests->report->reporter,
                              requests->report->user);
    return request;
}

/* What can be seen before anything is sent. */
static bool check_one(ql_get_requests *requests, const ql_get_url *of, GError **error)
{
    const ql_get_options *options = requests->options;
    const char *upload = of->first ? upload_of(options, of->given) : NULL;
    if (of->url->websocket && !ql_get_options_have_http3(options)) {
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "%s needs HTTP/3: --alpn without h3 is HTTP/0.9, which has no WebSockets",
                    of->url->text);
        return false;
    }
    if (of->url->websocket && options->datagrams != NULL) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "--datagram needs an https URL, not %s",
                    of->url->text);
        return false;
    }
    if (g_strcmp0(options->continue_at, "-") == 0 && output_name(options, of->file) == NULL) {
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "-C - needs the name of a file, to see what is there: -o FILE or -O");
        return false;
    }
    return take_named(requests, of, error) && (upload == NULL || ql_body_check_file(upload, error));
}

static void check_places(const ql_get_requests *requests, GError **error)
{
    GHashTableIter iter;
    void *place;
    g_hash_table_iter_init(&iter, requests->options->later_priorities);
    while (g_hash_table_iter_next(&iter, &place, NULL)) {
        if (GPOINTER_TO_UINT(place) < requests->count)
            continue;
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "--reprioritize %u: the URLs have the numbers 0 to %u", GPOINTER_TO_UINT(place),
                    requests->count - 1);
        return;
    }
}

static bool check_all(ql_get_requests *requests, GError **error)
{
    GError *wrong = NULL;
    ql_get_url of;
    while (ql_get_urls_next(requests->urls, &of, &wrong)) {
        requests->count++;
        check_one(requests, &of, &wrong);
        ql_get_url_clear(&of);
        if (wrong != NULL)
            break;
    }
    ql_get_urls_rewind(requests->urls);
    if (wrong == NULL)
        check_places(requests, &wrong);
    if (wrong != NULL)
        g_propagate_error(error, wrong);
    return wrong == NULL;
}

ql_get_requests *ql_get_requests_new(const ql_get_options *options, ql_stdout *shared,
                                     const ql_get_report *report, GError **error)
{
    g_autoptr(ql_get_requests) requests = g_new0(ql_get_requests, 1);
    requests->options = options;
    requests->shared = shared;
    requests->report = report;
    requests->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (options->dump_header != NULL)
        g_hash_table_add(requests->taken, g_canonicalize_filename(options->dump_header, NULL));
    requests->urls = ql_get_urls_new(options, error);
    if (requests->urls == NULL || !check_all(requests, error) ||
        !make_folder(options->output_dir, 0777, error) || !begin_sections(requests, error))
        return NULL;
    /* What is wrong with the options is wrong with every request. */
    requests->first = ql_get_requests_next(requests, error);
    return requests->first == NULL && requests->count > 0 ? NULL : g_steal_pointer(&requests);
}

void ql_get_requests_free(ql_get_requests *requests)
{
    if (requests == NULL)
        return;
    ql_request_free(requests->first);
    g_hash_table_unref(requests->taken);
    ql_get_urls_free(requests->urls);
    g_free(requests);
}

unsigned ql_get_requests_count(const ql_get_requests *requests)
{
    return requests->count;
}

ql_request *ql_get_requests_next(ql_get_requests *requests, GError **error)
{
    ql_get_url of;
    if (requests->first != NULL)
        return g_steal_pointer(&requests->first);
    if (!ql_get_urls_next(requests->urls, &of, error))
        return NULL;
    place_file(requests, &of);
    ql_request *request = request_new(requests, &of, requests->made++, error);
    ql_get_url_clear(&of);
    return request;
}
