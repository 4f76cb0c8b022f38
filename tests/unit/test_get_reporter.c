/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written about requests, of a transfer from an origin. */
#include "get_reporter.h"

#include "client_fixture.h"
#include "get_line.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

typedef struct stage {
    client_fixture client;
    ql_get_options options;
    int reader, writer; /* a pipe in the place of standard output */
    ql_stdout *shared;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    int fds[2];
    client_fixture_start(&s->client, &(ql_origin_tls_settings){ 0 });
    g_assert_cmpint(pipe2(fds, O_NONBLOCK | O_CLOEXEC), ==, 0);
    s->reader = fds[0];
    s->writer = fds[1];
    s->shared = ql_stdout_new(s->writer);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_get_options_clear(&s->options);
    ql_stdout_free(s->shared);
    close(s->reader);
    close(s->writer);
    client_fixture_stop(&s->client);
}

static char *take_written(const stage *s)
{
    char *text = g_malloc0(65536);
    g_assert_cmpint(read(s->reader, text, 65535), >=, 0);
    return text;
}

static ql_get_reporter *reporter_of(stage *s, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(get_line_parse(&s->options, line, &error));
    ql_get_reporter *reporter = ql_get_reporter_new(&s->options, s->shared, &error);
    g_assert_no_error(error);
    return reporter;
}

static ql_request *next(void *requests, GError **error)
{
    return ql_get_requests_next(requests, error);
}

/* Carries the options' requests out. */
static void run(stage *s, ql_get_reporter *reporter)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ql_get_requests) requests =
        ql_get_requests_new(&s->options, s->shared, ql_get_reporter_report(reporter), &error);
    g_assert_no_error(error);
    s->client.settings.source.next = next;
    s->client.settings.source.user = requests;
    s->client.settings.source.count = ql_get_requests_count(requests);
    s->client.settings.over = ql_get_reporter_listener(reporter);
    s->client.settings.over_user = reporter;
    ql_transfer *transfer = ql_transfer_new(&s->client.settings);
    ql_get_reporter_watch(reporter, transfer);
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 0);
    g_assert_true(ql_get_reporter_end(reporter, &error));
    ql_transfer_free(transfer);
}

static void test_each_response_has_its_line_behind_it(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *line = g_strdup_printf(
        "-d one -w <%%{http_code}:%%{urlnum}> https://localhost:%u/echo https://localhost:%u/echo",
        s->client.origin.port, s->client.origin.port);
    ql_get_reporter *reporter = reporter_of(s, line);
    g_assert_null(ql_get_reporter_listener(reporter));
    run(s, reporter);
    g_autofree char *text = take_written(s);
    g_assert_nonnull(strstr(text, "}\n<200:0>{"));
    g_assert_true(g_str_has_suffix(text, "}\n<200:1>"));
    ql_get_reporter_free(reporter);
}

static void test_nothing_is_said_unless_it_is_asked_for(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_get_reporter *reporter = reporter_of(s, "https://a/");
    g_autoptr(GError) error = NULL;
    g_assert_null(ql_get_reporter_report(reporter));
    g_assert_null(ql_get_reporter_listener(reporter));
    g_assert_true(ql_get_reporter_end(reporter, &error));
    ql_get_reporter_free(reporter);
    ql_get_reporter_free(NULL);
}

static void test_a_summary_has_all_requests_in_their_order(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *line = g_strdup_printf(
        "--summary json -o /dev/null https://localhost:%u/file-{1,2,3}", s->client.origin.port);
    ql_get_reporter *reporter = reporter_of(s, line);
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    g_assert_cmpint(dup2(s->writer, STDOUT_FILENO), ==, STDOUT_FILENO);
    run(s, reporter);
    g_assert_cmpint(dup2(before, STDOUT_FILENO), ==, STDOUT_FILENO);
    close(before);
    g_autofree char *text = take_written(s);
    g_assert_true(g_str_has_suffix(text, "}\n"));
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    g_assert_nonnull(node);
    JsonArray *requests = json_object_get_array_member(json_node_get_object(node), "requests");
    g_assert_cmpuint(json_array_get_length(requests), ==, 3);
    for (guint i = 0; i < 3; i++)
        g_assert_cmpint(
            json_object_get_int_member(json_array_get_object_element(requests, i), "urlnum"), ==,
            i);
    ql_get_reporter_free(reporter);
}

static void test_a_format_may_be_in_a_file(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_assert_true(get_line_parse(&s->options, "-w @/no/such/format https://a/", NULL));
    g_assert_null(ql_get_reporter_new(&s->options, s->shared, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_true(g_str_has_prefix(error->message, "cannot read the format of -w: "));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/get_reporter/" name, stage, NULL, set_up, test, tear_down)
    ADD("each response has its line behind it", test_each_response_has_its_line_behind_it);
    ADD("nothing is said unless it is asked for", test_nothing_is_said_unless_it_is_asked_for);
    ADD("a summary has all requests in their order",
        test_a_summary_has_all_requests_in_their_order);
    ADD("a format may be in a file", test_a_format_may_be_in_a_file);
    return g_test_run();
}
