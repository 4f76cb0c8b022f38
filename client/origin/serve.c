/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quiclens serve: output, files and signals around the embedded origin. */
#include "command.h"
#include "command_line.h"
#include "ending_signals.h"
#include "keylog.h"
#include "origin.h"
#include "origin_alpn.h"
#include "serve_options.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the origin borrows. */
typedef struct serve_parts {
    GArray *listen; /* ql_address */
    GBytes *alpn;
    ql_origin_quic_settings quic;
    ql_origin_content *content;
    ql_origin_certificate *certificate;
    ql_keylog *keylog;
    ql_origin_capture *capture;
    ql_qlog_book *qlogs;
} serve_parts;

static void print_access(const ql_origin_access *access, void *user)
{
    FILE *out = user;
    g_autofree char *method = ql_text_escape(access->method);
    g_autofree char *target = ql_text_escape(access->target);
    if (access->request_size > 0)
        fprintf(out, "%s %s (%" PRIu64 " bytes) -> %u, %" PRIu64 " bytes\n", method, target,
                access->request_size, access->status, access->response_size);
    else
        fprintf(out, "%s %s -> %u, %" PRIu64 " bytes\n", method, target, access->status,
                access->response_size);
    fflush(out);
}

static void print_full(unsigned most, void *unused)
{
    (void)unused;
    fprintf(stderr,
            "quiclens serve: %u connections are open, the most at one time (--max-connections): "
            "until one of them ends, other clients are refused\n",
            most);
}

/* Standard output, unless the capture goes there. */
static FILE *speech(const ql_serve_options *options)
{
    return g_strcmp0(options->capture, "-") == 0 ? stderr : stdout;
}

/* How to ask for the front page, so that it works: a certificate of our own making is for localhost
 * and the usual loopback addresses. */
static char *example(const ql_serve_options *options, const ql_address *at)
{
    g_autofree char *place = ql_address_to_string(at);
    int host = (int)(strrchr(place, ':') - place);
    unsigned port = ql_address_port(at);
    if (ql_address_is_any(at))
        return g_strdup_printf("https://%s:%u/", place[0] == '[' ? "[::1]" : "127.0.0.1", port);
    if (options->certificate != NULL || g_str_has_prefix(place, "127.0.0.1:") ||
        g_str_has_prefix(place, "[::1]:"))
        return g_strdup_printf("https://%s/", place);
    return g_strdup_printf("--resolve localhost:%u:%.*s https://localhost:%u/", port, host, place,
                           port);
}

static void print_start(const ql_serve_options *options, const ql_origin *origin, size_t count,
                        const char *certificate)
{
    FILE *out = speech(options);
    g_autofree char *first = ql_address_to_string(ql_origin_address(origin, 0));
    g_autofree char *try = example(options, ql_origin_address(origin, 0));
    g_autofree char *shown =
        ql_text_escape(options->folder != NULL ? options->folder : "the built-in pages");
    fprintf(out, "Serving %s at https://%s/\n", shown, first);
    fprintf(out, "Its certificate is %s; for example:\n", certificate);
    fprintf(out, "    quiclens get --cacert %s %s\n", certificate, try);
    for (size_t i = 0; i < count; i++) {
        const ql_address *address = ql_origin_address(origin, i);
        g_autofree char *place = ql_address_to_string(address);
        if (i > 0)
            fprintf(out, "Also at https://%s/\n", place);
        if (!ql_address_is_loopback(address))
            fprintf(stderr, "quiclens serve: everybody who reaches %s can read what is served\n",
                    place);
    }
    fprintf(out, "Ctrl-C ends it.\n");
    fflush(out);
}

static bool parts_init(serve_parts *parts, const ql_serve_options *options,
                       const char *command_line, GError **error)
{
    parts->content = ql_origin_content_new(options->folder, error);
    if (parts->content == NULL)
        return false;
    parts->certificate = options->certificate != NULL
                             ? ql_origin_certificate_read(options->certificate, options->key, error)
                             : ql_origin_certificate_load(NULL, error);
    if (parts->certificate == NULL || (parts->keylog = ql_keylog_new(options->keys, error)) == NULL)
        return false;
    if (options->qlog != NULL) {
        parts->qlogs = ql_qlog_book_new(options->qlog, true, "quiclens serve", error);
        if (parts->qlogs == NULL)
            return false;
    }
    if (options->capture == NULL)
        return true;
    parts->capture = ql_origin_capture_new(options->capture, command_line, error);
    if (parts->capture != NULL)
        ql_keylog_set_listener(parts->keylog, ql_origin_capture_secret, parts->capture);
    return parts->capture != NULL;
}

/* False and error if a file could not be written; ok is whether there was no failure before. */
static bool parts_clear(serve_parts *parts, bool ok, GError **error)
{
    ok = ql_keylog_close(parts->keylog, ok ? error : NULL) && ok;
    ok = ql_qlog_book_close(parts->qlogs, ok ? error : NULL) && ok;
    ok = ql_origin_capture_close(parts->capture, ok ? error : NULL) && ok;
    ql_origin_certificate_free(parts->certificate);
    ql_origin_content_free(parts->content);
    return ok;
}

static bool serve(const ql_serve_options *options, const serve_parts *parts, GError **error)
{
    const ql_origin_options origin_options = {
        .listen = (const ql_address *)(const void *)parts->listen->data,
        .listen_count = parts->listen->len,
        .capture = parts->capture,
        .qlogs = parts->qlogs,
        .max_connections = (unsigned)options->max_connections,
        .on_full = print_full,
        .tls = { .certificate = parts->certificate,
                 .keylog = parts->keylog,
                 .alpn = parts->alpn,
                 .client_ca = options->client_ca,
                 .reject_early_data = options->reject_early_data },
        .quic = parts->quic,
        .http = { .content = parts->content,
                  .misbehaviour = options->misbehaviour,
                  .goaway_after = (uint64_t)options->goaway_after,
                  .log = options->silent ? NULL : print_access,
                  .log_user = speech(options) },
    };
    int stop = ql_ending_signals_hold();
    ql_origin *origin = ql_origin_new(&origin_options, error);
    bool ok = origin != NULL;
    if (ok) {
        print_start(options, origin, parts->listen->len, parts->certificate->path);
        ok = ql_origin_run(origin, stop, error);
    }
    ql_origin_free(origin);
    if (stop >= 0)
        close(stop);
    return ok;
}

static int run(int argc, char **argv)
{
    ql_serve_options options;
    serve_parts parts = { .listen = NULL };
    g_autoptr(GError) error = NULL;
    int status = QL_EXIT_USAGE;
    g_autofree char *command_line = ql_command_line_show(argc, argv);
    if (ql_serve_options_parse(&options, argc, argv, &error) &&
        (parts.listen = ql_serve_options_addresses(&options, &error)) != NULL &&
        (parts.alpn = ql_origin_alpn_parse(
             options.alpn != NULL ? options.alpn : QL_ORIGIN_ALPN_DEFAULT, &error)) != NULL &&
        ql_serve_options_quic(&options, &parts.quic, &error)) {
        bool ok =
            parts_init(&parts, &options, command_line, &error) && serve(&options, &parts, &error);
        ok = parts_clear(&parts, ok, &error);
        status = ok ? QL_EXIT_DONE : QL_EXIT_FAILED;
    } else if (error == NULL) {
        status = QL_EXIT_DONE;
    }
    if (error != NULL)
        fprintf(stderr, "quiclens serve: %s\n", error->message);
    g_clear_pointer(&parts.listen, g_array_unref);
    g_clear_pointer(&parts.alpn, g_bytes_unref);
    ql_serve_options_clear(&options);
    return status;
}

const ql_command ql_command_serve = {
    .name = "serve",
    .arguments = "[options] [DIR]",
    .summary = "an HTTP/3 server for demos and lessons, on loopback",
    .run = run,
};
