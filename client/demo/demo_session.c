/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_session.h"

#include "demo_files.h"
#include "keylog.h"
#include "resolve.h"
#include "self_capture.h"
#include "tls.h"
#include "transfer.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOST       "localhost"
#define MOVE_BYTES (200u * 1000u) /* of a good megabyte: in the middle of the answers */

#define TIME_TO_CONNECT (5 * NGTCP2_SECONDS)
#define TIME_FOR_ALL    (20 * NGTCP2_SECONDS)

static const struct {
    const char *method, *path, *content;
} requests[] = {
    { "GET", "/", NULL },
    { "GET", "/quiclens.svg", NULL },
    { "GET", "/data.json", NULL },
    { "GET", "/1m.bin", NULL },
    { "POST", "/echo", "Nobody on the way can read this. You can: you have the secrets.\n" },
    { "GET", "/missing", NULL },
};

/* All that one session needs, in the order in which it is made. */
typedef struct session {
    ql_self_capture *capture;
    ql_keylog *keylog;
    SSL_CTX *tls;
    ql_resolver *resolver;
    int trace_fd; /* a file in memory */
    ql_trace *trace;
    ql_transfer *transfer;
    ql_request *requests[G_N_ELEMENTS(requests)]; /* the transfer's */
    char *first_failure;
} session;

static void pass_secret(const char *line, void *user)
{
    ql_self_capture_secret(user, line);
}

static void note_failure(const char *sentence, void *user)
{
    session *s = user;
    if (s->first_failure == NULL)
        s->first_failure = g_strdup(sentence);
}

static bool open_files(session *s, const char *capture_path, const char *keys_path, GError **error)
{
    s->capture = ql_self_capture_new_commented(capture_path, QL_DEMO_MARK, error);
    s->keylog = s->capture != NULL ? ql_keylog_new(keys_path, error) : NULL;
    if (s->keylog == NULL)
        return false;
    ql_keylog_set_listener(s->keylog, pass_secret, s->capture);
    s->trace_fd = memfd_create("trace", MFD_CLOEXEC);
    s->trace = s->trace_fd >= 0 ? ql_trace_new(s->trace_fd) : NULL;
    if (s->trace == NULL)
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "no memory for the record");
    return s->trace != NULL;
}

static bool prepare_transfer(session *s, const ql_demo_origin *origin, GError **error)
{
    g_autofree char *entry =
        g_strdup_printf(HOST ":%u:127.0.0.1", (unsigned)ql_demo_origin_port(origin));
    char *entries[] = { entry, NULL };
    ql_tls_client_options options = { .ca_file = ql_demo_origin_certificate(origin),
                                      .keylog = s->keylog };
    s->resolver = ql_resolver_new(AF_INET, entries, error);
    s->tls = s->resolver != NULL ? ql_tls_client_context_new(&options, error) : NULL;
    if (s->tls == NULL)
        return false;
    ql_transfer_settings settings = {
        .tls = s->tls,
        .resolver = s->resolver,
        .capture = s->capture,
        .trace = s->trace,
        .paths = { .move = { .bytes = MOVE_BYTES } },
        .connect_timeout = TIME_TO_CONNECT,
        .idle_timeout = TIME_FOR_ALL,
        .max_time = TIME_FOR_ALL,
        .stop_fd = -1,
        .report = note_failure,
        .report_user = s,
    };
    s->transfer = ql_transfer_new(&settings);
    return true;
}

static bool add_requests(session *s, const ql_demo_origin *origin, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        ql_request_settings settings = { .method = requests[i].method, .digest = true };
        g_autofree char *text = g_strdup_printf(
            "https://" HOST ":%u%s", (unsigned)ql_demo_origin_port(origin), requests[i].path);
        ql_url *url = ql_url_new(text, error);
        if (url == NULL)
            return false;
        ql_body *body = NULL;
        if (requests[i].content != NULL) {
            body = ql_body_new();
            ql_body_add_text(body, requests[i].content, strlen(requests[i].content));
            settings.content_type = "text/plain";
        }
        s->requests[i] = ql_request_new(url, &settings, body, ql_output_new_nowhere(), error);
        if (s->requests[i] == NULL)
            return false;
        ql_transfer_add(s->transfer, s->requests[i]);
    }
    return true;
}

static bool carry_out(session *s, GError **error)
{
    if (ql_transfer_run(s->transfer) == 0)
        return true;
    g_set_error(error, QL_REQUEST_ERROR, 0, "%s",
                s->first_failure != NULL ? s->first_failure : "a request failed");
    return false;
}

static char *read_trace(const session *s)
{
    GString *text = g_string_new(NULL);
    char buffer[4096];
    ssize_t length;
    off_t at = 0;
    while ((length = pread(s->trace_fd, buffer, sizeof buffer, at)) > 0) {
        g_string_append_len(text, buffer, length);
        at += length;
    }
    return g_string_free(text, FALSE);
}

static ql_demo_record *make_record(const session *s)
{
    ql_demo_record *record = ql_demo_record_new();
    g_autofree char *trace = read_trace(s);
    ql_demo_record_add_trace(record, trace);
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        const char *content = requests[i].content;
        g_autofree char *digest =
            content != NULL ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1) : NULL;
        ql_demo_record_add_request(record, s->requests[i], digest);
    }
    return record;
}

/* The files are closed first: a disk that was full is a failure. */
static bool end_session(session *s, bool ok, GError **error)
{
    ql_transfer_free(s->transfer);
    SSL_CTX_free(s->tls);
    ql_resolver_free(s->resolver);
    ql_trace_free(s->trace);
    if (s->trace_fd >= 0)
        close(s->trace_fd);
    ok = ql_keylog_close(s->keylog, ok ? error : NULL) && ok;
    ok = ql_self_capture_close(s->capture, ok ? error : NULL) && ok;
    g_free(s->first_failure);
    return ok;
}

ql_demo_record *ql_demo_session_run(const ql_demo_origin *origin, const char *capture_path,
                                    const char *keys_path, GError **error)
{
    session s = { .trace_fd = -1 };
    ql_demo_record *record = NULL;
    bool ok = open_files(&s, capture_path, keys_path, error) &&
              prepare_transfer(&s, origin, error) && add_requests(&s, origin, error) &&
              carry_out(&s, error);
    if (ok)
        record = make_record(&s);
    if (!end_session(&s, ok, error))
        g_clear_pointer(&record, ql_demo_record_free);
    return record;
}
