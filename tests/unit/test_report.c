/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reports, on captures of real sessions. What is in them is the truth tests' business; here it
 * is their form. */
#include "reports/report.h"

#include "capture_reader.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

static ql_session *load(const char *name, bool with_keys)
{
    g_autofree char *capture = g_strdup_printf("%s/%s.pcap", QL_CAPTURES, name);
    g_autofree char *keys = g_strdup_printf("%s/%s.keys", QL_CAPTURES, name);
    g_autoptr(GError) error = NULL;
    ql_session *session = ql_capture_load(capture, with_keys ? keys : NULL, &error);
    g_assert_no_error(error);
    return session;
}

/* What the report writes, for the caller to free(). */
static char *report(const char *name, const ql_session *session)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    const ql_report *found = ql_report_find(name);
    g_assert_nonnull(found);
    found->write(session, out);
    fclose(out);
    return text;
}

/* The lines of the JSON report, parsed. */
static GPtrArray *json_lines(const ql_session *session)
{
    GPtrArray *objects = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    char *text = report("json", session);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL && (*line)[0] != '\0'; line++) {
        g_autoptr(GError) error = NULL;
        JsonNode *node = json_from_string(*line, &error);
        g_assert_no_error(error);
        g_ptr_array_add(objects, node);
    }
    free(text);
    return objects;
}

static JsonObject *object_at(GPtrArray *lines, guint index)
{
    return json_node_get_object(g_ptr_array_index(lines, index));
}

static const struct {
    const char *type, *first_frame, *keys;
} contract[] = {
    { "connection", "first_frame",
      "type connection version alpn client_random secrets client server first_frame last_frame "
      "packets close client_settings server_settings" },
    { "exchange", "request_frame",
      "type connection stream pushed method scheme authority path status informational "
      "informational_headers "
      "request_headers response_headers request_trailers response_trailers request_body_size "
      "request_body_sha256 response_body_size response_body_sha256 request_frame response_frame "
      "end_frame time_to_first_byte duration complete request_fields_left_out "
      "response_fields_left_out request_gap_time response_gap_time "
      "request_qpack_time response_qpack_time early_data "
      "push_id promised_on request_reset response_reset stop_sending" },
    { "cid", "issued_frame",
      "type connection issuer sequence value origin reset_token issued_frame first_used_frame "
      "last_used_frame retired_frame packets" },
    { "path", "first_frame",
      "type connection id client server cause first_frame last_frame packets challenge_frame "
      "response_frame validation_time validated" },
    { "finding", "frame", "type connection frame code severity text rfc" },
    { "stream", "first_frame", "type connection stream role session first_frame client server" },
    { "event", "frame", "type connection frame text rfc" },
};

static size_t kind_of(JsonObject *object)
{
    const char *type = json_object_get_string_member(object, "type");
    for (size_t i = 0; i < G_N_ELEMENTS(contract); i++)
        if (g_str_equal(contract[i].type, type))
            return i;
    g_error("no line has the type %s", type);
}

static void test_every_key_is_on_every_line(void)
{
    static const char *const names[] = { "ngtcp2-v1-migrate", "aioq-aioq-push", "x-nokeys",
                                         "aioq-h3-webtransport" };
    bool seen[G_N_ELEMENTS(contract)] = { false };
    for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
        ql_session *session = load(names[n], true);
        g_autoptr(GPtrArray) lines = json_lines(session);
        for (guint i = 0; i < lines->len; i++) {
            size_t kind = kind_of(object_at(lines, i));
            g_auto(GStrv) keys = g_strsplit(contract[kind].keys, " ", -1);
            for (char **key = keys; *key != NULL; key++)
                g_assert_true(json_object_has_member(object_at(lines, i), *key));
            seen[kind] = true;
        }
        ql_session_free(session);
    }
    for (size_t kind = 0; kind < G_N_ELEMENTS(contract); kind++)
        g_assert_true(seen[kind]);
}

static void test_lines_are_ordered_by_first_frame(void)
{
    ql_session *session = load("ngtcp2-v1-migrate", true);
    g_autoptr(GPtrArray) lines = json_lines(session);
    gint64 last = 0;
    for (guint i = 0; i < lines->len; i++) {
        JsonObject *object = object_at(lines, i);
        const char *member = contract[kind_of(object)].first_frame;
        if (json_object_get_null_member(object, member))
            continue;
        gint64 frame = json_object_get_int_member(object, member);
        g_assert_cmpint(frame, >=, last);
        last = frame;
    }
    g_assert_cmpint(last, >, 1);
    ql_session_free(session);
}

static guint count_of(GPtrArray *lines, const char *type, const char *member, const char *value)
{
    guint count = 0;
    for (guint i = 0; i < lines->len; i++) {
        JsonObject *object = object_at(lines, i);
        if (g_str_equal(json_object_get_string_member(object, "type"), type) &&
            strstr(json_object_get_string_member(object, member), value) != NULL)
            count++;
    }
    return count;
}

static void test_what_is_no_exchange(void)
{
    ql_session *session = load("aioq-h3-webtransport", true);
    g_autoptr(GPtrArray) lines = json_lines(session);
    JsonArray *settings = json_object_get_array_member(object_at(lines, 0), "server_settings");
    bool allows = false;
    for (guint i = 0; i < json_array_get_length(settings); i++) {
        JsonObject *setting = json_array_get_object_element(settings, i);
        allows |= json_object_get_int_member(setting, "identifier") == 0x08 &&
                  json_object_get_int_member(setting, "value") == 1;
    }
    g_assert_true(allows);
    g_assert_cmpuint(count_of(lines, "stream", "role", "webtransport"), ==, 4);
    g_assert_cmpuint(count_of(lines, "event", "text", "HTTP datagram of "), ==, 2);
    g_assert_cmpuint(count_of(lines, "event", "text", "capsule "), >, 0);
    ql_session_free(session);
}

static void test_what_is_absent_is_null(void)
{
    ql_session *session = load("x-nokeys", false);
    g_autoptr(GPtrArray) lines = json_lines(session);
    JsonObject *connection = object_at(lines, 0);
    g_assert_true(json_object_get_null_member(connection, "close"));
    g_assert_cmpstr(json_object_get_string_member(connection, "secrets"), ==, "missing");
    ql_session_free(session);
}

static void test_bodies_of_no_bytes_have_no_hash(void)
{
    ql_session *session = load("curl-nginx-get1", true);
    g_autoptr(GPtrArray) lines = json_lines(session);
    guint exchanges = 0;
    for (guint i = 0; i < lines->len; i++) {
        JsonObject *object = object_at(lines, i);
        if (!g_str_equal(json_object_get_string_member(object, "type"), "exchange"))
            continue;
        exchanges++;
        g_assert_cmpint(json_object_get_int_member(object, "request_body_size"), ==, 0);
        g_assert_true(json_object_get_null_member(object, "request_body_sha256"));
        g_assert_cmpint(json_object_get_int_member(object, "response_body_size"), ==, 18);
        g_assert_cmpuint(strlen(json_object_get_string_member(object, "response_body_sha256")), ==,
                         64);
    }
    g_assert_cmpuint(exchanges, ==, 1);
    ql_session_free(session);
}

static void assert_says(const char *capture, const char *name, const char *what)
{
    ql_session *session = load(capture, true);
    char *text = report(name, session);
    if (strstr(text, what) == NULL)
        g_error("%s of %s does not say \"%s\":\n%s", name, capture, what, text);
    free(text);
    ql_session_free(session);
}

static void test_tables_say_what_matters(void)
{
    assert_says("curl-nginx-get1", "requests", "https://127.0.0.1:14433/small.txt");
    assert_says("ngtcp2-v1-migrate", "cids", "74e0d08d1692003212ee10fbe150c4682dbf");
    assert_says("ngtcp2-v1-migrate", "paths", "migration");
    assert_says("aioq-haproxy-0rtt", "connections", "early data accepted");
    assert_says("x-nokeys", "doctor", "SSLKEYLOGFILE");
}

static void test_an_empty_session_is_reported_as_such(void)
{
    unsigned count;
    const ql_report *reports = ql_reports(&count);
    g_assert_cmpuint(count, >=, 6);
    ql_session *session = ql_session_new();
    for (unsigned i = 0; i < count; i++) {
        char *text = report(reports[i].name, session);
        g_assert_cmpint(text[0] == '\0', ==, g_str_equal(reports[i].name, "json"));
        free(text);
    }
    ql_session_free(session);
}

static void test_a_report_changes_nothing(void)
{
    ql_session *session = load("aioq-aioq-push", true);
    unsigned count;
    const ql_report *reports = ql_reports(&count);
    for (unsigned i = 0; i < count; i++) {
        char *once = report(reports[i].name, session), *again = report(reports[i].name, session);
        g_assert_cmpstr(once, ==, again);
        free(once);
        free(again);
    }
    ql_session_free(session);
}

#define ADD(name, function) g_test_add_func("/report/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("every key is on every line", test_every_key_is_on_every_line);
    ADD("lines are ordered by first frame", test_lines_are_ordered_by_first_frame);
    ADD("what is absent is null", test_what_is_absent_is_null);
    ADD("bodies of no bytes have no hash", test_bodies_of_no_bytes_have_no_hash);
    ADD("tables say what matters", test_tables_say_what_matters);
    ADD("an empty session is reported as such", test_an_empty_session_is_reported_as_such);
    ADD("a report changes nothing", test_a_report_changes_nothing);
    g_test_add_func("/report/streams and events that are no exchange have lines of their own",
                    test_what_is_no_exchange);
    return g_test_run();
}
