/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_log.h"

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <string.h>

static const ql_relay_event drop = {
    .action = QL_RELAY_DROP,
    .cause = QL_RELAY_CAUSE_RATE,
    .from = QL_RELAY_CLIENT,
    .time_ns = 1500000000,
    .number = 7,
    .length = 1200,
};

static void assert_written(const ql_relay_event *event, const char *json, const char *text)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GString) comment = g_string_new(NULL);
    ql_relay_event_append_json(event, line);
    ql_relay_event_append_text(event, comment);
    g_assert_cmpstr(line->str, ==, json);
    g_assert_cmpstr(comment->str, ==, text);
}

static void test_each_action_has_a_line_and_a_comment(void)
{
    ql_relay_event event = drop;
    assert_written(&event,
                   "{\"time\":1.500000,\"event\":\"packet\",\"from\":\"client\",\"number\":7,"
                   "\"length\":1200,\"action\":\"drop\",\"cause\":\"rate\"}",
                   "client packet 7: dropped (by chance)");
    event.action = QL_RELAY_CORRUPT;
    event.from = QL_RELAY_SERVER;
    event.offset = 3;
    event.was = 0x0a;
    event.is = 0xff;
    assert_written(&event,
                   "{\"time\":1.500000,\"event\":\"packet\",\"from\":\"server\",\"number\":7,"
                   "\"length\":1200,\"action\":\"corrupt\",\"offset\":3,\"was\":10,\"is\":255}",
                   "server packet 7: corrupted (byte 3, 0x0a to 0xff)");
    event.action = QL_RELAY_REORDER;
    event.by_ns = 2500000;
    assert_written(&event,
                   "{\"time\":1.500000,\"event\":\"packet\",\"from\":\"server\",\"number\":7,"
                   "\"length\":1200,\"action\":\"reorder\",\"by\":0.002500}",
                   "server packet 7: held back for 2.5 ms");
    event.action = QL_RELAY_DUPLICATE;
    assert_written(&event,
                   "{\"time\":1.500000,\"event\":\"packet\",\"from\":\"server\",\"number\":7,"
                   "\"length\":1200,\"action\":\"duplicate\"}",
                   "server packet 7: duplicated");
    event.action = QL_RELAY_PASS;
    assert_written(&event,
                   "{\"time\":1.500000,\"event\":\"packet\",\"from\":\"server\",\"number\":7,"
                   "\"length\":1200,\"action\":\"pass\"}",
                   "");
}

static ql_address address_of(const char *text, uint16_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET, text, &v4.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&v4, sizeof v4);
}

/* The lines of a log in which one of everything was written. */
static char **write_log(bool all)
{
    g_autofree char *folder = g_dir_make_tmp("relay-log-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    g_autoptr(GError) error = NULL;
    char *text;
    ql_address client = address_of("127.0.0.1", 1), server = address_of("127.0.0.1", 2);
    ql_relay_event pass = drop;
    pass.action = QL_RELAY_PASS;
    ql_relay_log *log = ql_relay_log_new(path, all, &error);
    g_assert_no_error(error);
    ql_relay_log_start(log, &client, &server, UINT64_MAX);
    ql_relay_log_binding(log, 0, &client, NULL, &server);
    ql_relay_log_packet(log, &drop);
    ql_relay_log_packet(log, &pass);
    ql_relay_log_binding(log, 1000000000, &client, &server, &client);
    ql_relay_log_trouble(log, 0, "a \"quote\", a \\ and\na new line");
    ql_relay_log_close(log, (uint64_t[]){ 2, 0 }, &error);
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_remove(path);
    g_rmdir(folder);
    char **lines = g_strsplit(text, "\n", -1);
    g_free(text);
    return lines;
}

static void test_every_line_is_json(void)
{
    g_auto(GStrv) lines = write_log(true);
    static const char *const events[] = { "start",  "client",  "packet", "packet",
                                          "rebind", "trouble", "end",    NULL };
    for (size_t i = 0; events[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(lines[i], &error);
        g_assert_no_error(error);
        g_assert_cmpstr(json_object_get_string_member(json_node_get_object(node), "event"), ==,
                        events[i]);
    }
    g_assert_cmpuint(g_strv_length(lines), ==, G_N_ELEMENTS(events));
    g_assert_cmpstr(lines[6], ==,
                    "{\"event\":\"end\",\"client\":{\"packets\":2,\"pass\":1,\"drop\":1,"
                    "\"corrupt\":0,\"duplicate\":0,\"reorder\":0},\"server\":{\"packets\":0,"
                    "\"pass\":0,\"drop\":0,\"corrupt\":0,\"duplicate\":0,\"reorder\":0}}");
}

static void test_packets_that_pass_are_counted_and_not_told(void)
{
    g_auto(GStrv) lines = write_log(false);
    g_assert_cmpuint(g_strv_length(lines), ==, 7);
    g_assert_nonnull(strstr(lines[5], "\"pass\":1"));
}

static void test_a_full_disk_is_an_error(void)
{
    g_autoptr(GError) error = NULL;
    ql_relay_log *log = ql_relay_log_new("/dev/full", false, &error);
    g_assert_no_error(error);
    ql_relay_log_packet(log, &drop);
    g_assert_false(ql_relay_log_close(log, (uint64_t[]){ 1, 0 }, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_log/each_action_has_a_line_and_a_comment",
                    test_each_action_has_a_line_and_a_comment);
    g_test_add_func("/relay_log/every_line_is_json", test_every_line_is_json);
    g_test_add_func("/relay_log/packets_that_pass_are_counted_and_not_told",
                    test_packets_that_pass_are_counted_and_not_told);
    g_test_add_func("/relay_log/a_full_disk_is_an_error", test_a_full_disk_is_an_error);
    return g_test_run();
}
