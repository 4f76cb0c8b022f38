/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_misbehaviour.h"

#include <glib.h>
#include <string.h>

static void test_all_have_a_name_and_something_to_do(void)
{
    const ql_origin_misbehaviour *how;
    size_t count = 0;
    for (; (how = ql_origin_misbehaviour_at(count)) != NULL; count++) {
        g_test_message("%s", how->name);
        g_assert_true(ql_origin_misbehaviour_find(how->name) == how);
        switch (how->level) {
        case QL_ORIGIN_FAULT_ALPN: break;
        case QL_ORIGIN_FAULT_FRAME: g_assert_cmpuint(how->frames.length, >, 0); break;
        case QL_ORIGIN_FAULT_HTTP:
            g_assert_true(how->control.data != NULL || how->encoder.data != NULL ||
                          how->second_control.data != NULL || how->response.data != NULL ||
                          how->end == QL_ORIGIN_FAULT_END_SILENT);
        }
    }
    g_assert_cmpuint(count, >=, 30);
}

/* RFC 9114, 7.1: the frames of these are whole, so that nothing else is wrong with them. */
static void test_frames_have_the_length_that_they_say(void)
{
    static const char *const names[] = { "data-first",      "settings-on-request", "no-status",
                                         "uppercase-field", "too-little-content",  "bad-qpack",
                                         "unasked-push",    "too-much-content" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const ql_origin_bytes response = ql_origin_misbehaviour_find(names[i])->response;
        size_t at = 0;
        g_test_message("%s", names[i]);
        while (at < response.length)
            at += 2 + (size_t)response.data[at + 1];
        g_assert_cmpuint(at, ==, response.length);
    }
}

static void test_others_are_not_known(void)
{
    g_assert_null(ql_origin_misbehaviour_find(""));
    g_assert_null(ql_origin_misbehaviour_find("data"));
    g_assert_null(ql_origin_misbehaviour_at(1000));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-misbehaviour/all", test_all_have_a_name_and_something_to_do);
    g_test_add_func("/origin-misbehaviour/frames", test_frames_have_the_length_that_they_say);
    g_test_add_func("/origin-misbehaviour/others", test_others_are_not_known);
    return g_test_run();
}
