/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request whose output is a pipe, and what comes for it. */
#pragma once

#include "request.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct request_stage {
    int reader, writer;
    ql_stdout *shared;
    ql_request *request;
    unsigned over; /* calls of the observer */
} request_stage;

static inline void request_stage_on_over(ql_request *request, void *user)
{
    request_stage *s = user;
    g_assert_true(request == s->request);
    s->over += ql_request_is_over(request) ? 1 : 0;
}

static inline void request_stage_set_up(request_stage *s, gconstpointer unused)
{
    int fds[2];
    (void)unused;
    g_assert_cmpint(pipe2(fds, O_NONBLOCK), ==, 0);
    s->reader = fds[0];
    s->writer = fds[1];
    s->shared = ql_stdout_new(s->writer);
}

static inline void request_stage_tear_down(request_stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request_free(s->request);
    ql_stdout_free(s->shared);
    close(s->reader);
    close(s->writer);
}

static inline void request_stage_make(request_stage *s, ql_request_settings settings)
{
    g_autoptr(GError) error = NULL;
    s->request = ql_request_new(ql_url_new("https://example.org/a?b", NULL), &settings, NULL,
                                ql_output_new_stdout(s->shared), &error);
    g_assert_no_error(error);
    ql_request_set_observer(s->request, request_stage_on_over, s);
    ql_request_on_sent(s->request, 4, NULL);
}

static inline void request_stage_add_field(request_stage *s, const char *name, const char *value)
{
    g_assert_true(ql_request_on_field(s->request, name, strlen(name), value, strlen(value)));
}

static inline void request_stage_give_head(request_stage *s, const char *status)
{
    request_stage_add_field(s, ":status", status);
    request_stage_add_field(s, "x-a", "b");
    ql_request_on_fields_end(s->request, false, NULL);
}

static inline void request_stage_give_data(request_stage *s, const char *text)
{
    ql_request_on_data(s->request, (const uint8_t *)text, strlen(text));
}

static inline void request_stage_assert_written(const request_stage *s, const char *expected)
{
    char buffer[4096];
    ssize_t length = read(s->reader, buffer, sizeof buffer);
    g_autofree char *text = g_strndup(buffer, (gsize)MAX(length, 0));
    g_assert_cmpstr(text, ==, expected);
}
