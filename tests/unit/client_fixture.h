/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client and an origin in one process, for tests of what goes on between them. */
#pragma once

#include "origin_fixture.h"
#include "tls.h"
#include "transfer.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct client_fixture {
    origin_fixture origin;
    SSL_CTX *tls;
    ql_resolver *resolver;
    GString *reports; /* the sentences, each with a line feed */
    int trace_fd;     /* a file in memory: what -v would say */
    ql_transfer_settings settings;
} client_fixture;

static inline void client_fixture_report(const char *sentence, void *user)
{
    g_string_append_printf(user, "%s\n", sentence);
}

/* The client accepts any certificate; the origin is as wanted has it. */
static inline void client_fixture_start_as(client_fixture *f, const ql_origin_options *wanted)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_new(key, "localhost", -DAY, DAY);
    origin_fixture_start_as(&f->origin, certificate, key, wanted);
    f->tls = ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    f->resolver = ql_resolver_new(AF_INET, NULL, NULL);
    f->reports = g_string_new(NULL);
    f->trace_fd = memfd_create("trace", MFD_CLOEXEC);
    f->settings = (ql_transfer_settings){ .tls = f->tls,
                                          .resolver = f->resolver,
                                          .trace = ql_trace_new(f->trace_fd),
                                          .connect_timeout = 10 * NGTCP2_SECONDS,
                                          .idle_timeout = 10 * NGTCP2_SECONDS,
                                          .max_time = 20 * NGTCP2_SECONDS,
                                          .stop_fd = -1,
                                          .report = client_fixture_report,
                                          .report_user = f->reports };
}

static inline void client_fixture_start(client_fixture *f, const ql_origin_tls_settings *origin)
{
    client_fixture_start_as(f, &(ql_origin_options){ .tls = *origin });
}

static inline void client_fixture_stop(client_fixture *f)
{
    origin_fixture_stop(&f->origin);
    ql_trace_free(f->settings.trace);
    SSL_CTX_free(f->tls);
    ql_resolver_free(f->resolver);
    g_string_free(f->reports, TRUE);
    close(f->trace_fd);
}

static inline ql_request *client_fixture_request(const client_fixture *f, const char *method,
                                                 const char *path, const char *content)
{
    g_autofree char *url = g_strdup_printf("https://localhost:%u%s", f->origin.port, path);
    const ql_request_settings settings = { .method = method, .digest = true };
    ql_body *body = NULL;
    if (content != NULL) {
        body = ql_body_new();
        ql_body_add_text(body, content, strlen(content));
    }
    return ql_request_new(ql_url_new(url, NULL), &settings, body, ql_output_new_nowhere(), NULL);
}

/* What the client has said since the last time; to be freed by g_free. */
static inline char *client_fixture_trace(client_fixture *f)
{
    off_t length = lseek(f->trace_fd, 0, SEEK_END);
    char *text = g_malloc0((gsize)length + 1);
    g_assert_cmpint(pread(f->trace_fd, text, (size_t)length, 0), ==, length);
    g_assert_cmpint(ftruncate(f->trace_fd, 0), ==, 0);
    lseek(f->trace_fd, 0, SEEK_SET);
    return text;
}
