/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures whose secrets come after some of their packets, or after all: what is told has to be the
 * same as with secrets that were there from the beginning. CAPTURES is the folder. */
#include <string.h>

#include "capture_reader.h"
#include "session_text.h"

static ql_session *load(const char *capture, const char *keys, unsigned packets_before)
{
    GError *error = NULL;
    ql_capture *reader = ql_capture_open(capture, &error);
    g_assert_no_error(error);
    ql_session *session = ql_session_new();
    ql_slice text = { (const uint8_t *)keys, strlen(keys) };
    ql_datagram datagram;
    unsigned seen = 0;
    while (ql_capture_next(reader, &datagram)) {
        if (seen++ == packets_before)
            ql_session_add_secrets(session, text);
        ql_session_add_datagram(session, &datagram);
    }
    if (seen <= packets_before)
        ql_session_add_secrets(session, text);
    ql_session_finish(session);
    ql_capture_close(reader);
    return session;
}

static void assert_same(const ql_session *early, const ql_session *late)
{
    g_autofree char *expected = session_facts_text(early), *found = session_facts_text(late);
    g_assert_cmpstr(found, ==, expected);
    g_autofree char *expected_findings = session_findings_text(early);
    g_autofree char *findings = session_findings_text(late);
    g_assert_cmpstr(findings, ==, expected_findings);
    uint32_t last = 0;
    for (unsigned i = 0; i < ql_session_connection_count(early); i++)
        last = MAX(last, ql_connection_facts_of(ql_session_connection(early, i))->last.frame);
    for (uint32_t frame = 1; frame <= last; frame++) {
        g_autofree char *should = session_sorted_events_text(early, frame);
        g_autofree char *is = session_sorted_events_text(late, frame);
        g_assert_cmpstr(is, ==, should);
    }
}

static void test_capture(gconstpointer data)
{
    const char *capture = data;
    g_autofree char *stem = g_strndup(capture, strlen(capture) - strlen(".pcap"));
    g_autofree char *path = g_strconcat(stem, ".keys", NULL), *keys = NULL;
    g_assert_true(g_file_get_contents(path, &keys, NULL, NULL));
    ql_session *early = load(capture, keys, 0);
    static const unsigned moments[] = { 1, 2, 3, 7, 20, 45, UINT_MAX };
    for (unsigned i = 0; i < G_N_ELEMENTS(moments); i++) {
        ql_session *late = load(capture, keys, moments[i]);
        assert_same(early, late);
        ql_session_free(late);
    }
    ql_session_free(early);
}

/* Without their start connections are looked for in the log as their packets come, and once. */
static bool has_start(const char *name)
{
    return strstr(name, "midstart") == NULL;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    GError *error = NULL;
    GDir *folder = g_dir_open(CAPTURES, 0, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(folder)) != NULL) {
        if (!g_str_has_suffix(name, ".pcap") || !has_start(name))
            continue;
        char *path = g_build_filename(CAPTURES, name, NULL);
        g_autofree char *title = g_strdup_printf("/late_secrets/%s", name);
        g_ptr_array_add(paths, path);
        g_test_add_data_func(title, path, test_capture);
    }
    g_dir_close(folder);
    return g_test_run();
}
