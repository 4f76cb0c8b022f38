/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quiclens serve: options, output and signals around the embedded origin. */
#include "command.h"
#include "keylog.h"
#include "origin.h"
#include "text.h"

#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DEFAULT_LISTEN "127.0.0.1:4433"

typedef struct serve_options {
    char *listen;
    char *keys;
    char **folders;
    gboolean silent;
} serve_options;

static bool parse_options(serve_options *options, int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "listen", 0, 0, G_OPTION_ARG_STRING, &options->listen,
          "Where to listen (default " DEFAULT_LISTEN "; port 0: any that is free)", "ADDR:PORT" },
        { "keys", 0, 0, G_OPTION_ARG_FILENAME, &options->keys,
          "Append the TLS secrets of all connections (default: what SSLKEYLOGFILE names)", "FILE" },
        { "silent", 's', 0, G_OPTION_ARG_NONE, &options->silent, "Do not print a line a request",
          NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->folders, NULL, "[DIR]" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, "Serves the files of DIR, or some built-in pages, over "
                                          "HTTP/3, with a certificate of its own making.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autofree char *name = g_strdup_printf("quiclens %s", argv[0]);
    g_set_prgname(name);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (options->folders != NULL && options->folders[0] != NULL && options->folders[1] != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "one DIR can be served, \"%s\" is one too many", options->folders[1]);
        return false;
    }
    return true;
}

static void clear_options(serve_options *options)
{
    g_free(options->listen);
    g_free(options->keys);
    g_strfreev(options->folders);
}

/* "127.0.0.1:4433", "[::1]:0", "localhost:4433". */
static bool parse_address(const char *text, ql_address *address, GError **error)
{
    const char *colon = strrchr(text, ':');
    guint64 port;
    if (colon == NULL || colon == text ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 0, UINT16_MAX, &port, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--listen %s: ADDR:PORT is wanted, such as " DEFAULT_LISTEN " or [::1]:0",
                    text);
        return false;
    }
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    g_autofree char *host = bracketed ? g_strndup(text + 1, (gsize)(colon - text) - 2)
                                      : g_strndup(text, (gsize)(colon - text));
    struct addrinfo hints = { .ai_family = bracketed ? AF_INET6 : AF_UNSPEC,
                              .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    int status = getaddrinfo(host, colon + 1, &hints, &found);
    if (status != 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--listen %s: %s", text,
                    gai_strerror(status));
        return false;
    }
    *address = ql_address_from(found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

static void print_access(const ql_origin_access *access, void *unused)
{
    g_autofree char *method = ql_text_escape(access->method);
    g_autofree char *target = ql_text_escape(access->target);
    (void)unused;
    if (access->request_size > 0)
        printf("%s %s (%" PRIu64 " bytes) -> %u, %" PRIu64 " bytes\n", method, target,
               access->request_size, access->status, access->response_size);
    else
        printf("%s %s -> %u, %" PRIu64 " bytes\n", method, target, access->status,
               access->response_size);
    fflush(stdout);
}

static void print_start(const ql_address *address, const char *folder, const char *certificate)
{
    g_autofree char *place = ql_address_to_string(address);
    g_autofree char *shown = ql_text_escape(folder != NULL ? folder : "the built-in pages");
    printf("Serving %s at https://%s/\n", shown, place);
    printf("Its certificate is %s; for example:\n", certificate);
    printf("    quiclens get --cacert %s https://%s/\n", certificate, place);
    printf("Ctrl-C ends it.\n");
    fflush(stdout);
    if (!ql_address_is_loopback(address))
        fprintf(stderr, "quiclens serve: everybody who reaches %s can read what is served\n",
                place);
}

/* A descriptor that becomes readable when the user or the system asks to end. */
static int stop_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

static bool serve(const serve_options *options, ql_origin_options *origin_options, GError **error)
{
    int stop = stop_signals();
    ql_origin *origin = ql_origin_new(origin_options, error);
    if (origin == NULL) {
        close(stop);
        return false;
    }
    print_start(ql_origin_address(origin), options->folders != NULL ? options->folders[0] : NULL,
                origin_options->certificate->path);
    bool ok = ql_origin_run(origin, stop, error);
    ql_origin_free(origin);
    close(stop);
    return ok;
}

/* What an origin needs, one after the other. */
static bool prepare_and_serve(const serve_options *options, const ql_address *listen,
                              GError **error)
{
    const char *folder = options->folders != NULL ? options->folders[0] : NULL;
    ql_origin_content *content = ql_origin_content_new(folder, error);
    ql_origin_certificate *certificate =
        content != NULL ? ql_origin_certificate_load(NULL, error) : NULL;
    ql_keylog *keylog = certificate != NULL ? ql_keylog_new(options->keys, error) : NULL;
    bool ok = keylog != NULL;
    if (ok) {
        ql_origin_options origin_options = {
            .listen = *listen,
            .certificate = certificate,
            .keylog = keylog,
            .http = { .content = content, .log = options->silent ? NULL : print_access },
        };
        ok = serve(options, &origin_options, error);
        ok = ql_keylog_close(keylog, ok ? error : NULL) && ok;
    }
    ql_origin_certificate_free(certificate);
    ql_origin_content_free(content);
    return ok;
}

static int run(int argc, char **argv)
{
    serve_options options = { .listen = NULL };
    ql_address address;
    g_autoptr(GError) error = NULL;
    int status = QL_EXIT_USAGE;
    if (parse_options(&options, argc, argv, &error) &&
        parse_address(options.listen != NULL ? options.listen : DEFAULT_LISTEN, &address, &error))
        status = prepare_and_serve(&options, &address, &error) ? QL_EXIT_DONE : QL_EXIT_FAILED;
    if (error != NULL)
        fprintf(stderr, "quiclens serve: %s\n", error->message);
    clear_options(&options);
    return status;
}

const ql_command ql_command_serve = {
    .name = "serve",
    .arguments = "[options] [DIR]",
    .summary = "an HTTP/3 server for demos and lessons, on loopback",
    .run = run,
};
