/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/finding.h"

#include <stdbool.h>
#include <string.h>

static void test_rows(void)
{
    g_autoptr(GHashTable) codes = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned code = 0; code < QL_FINDING_CODE_COUNT; code++) {
        const ql_finding_kind *kind = ql_finding_kind_of((ql_finding_code)code);
        if (kind->code == NULL || kind->summary == NULL)
            g_error("finding %u has no row", code);
        g_assert_true(g_hash_table_add(codes, (gpointer)kind->code));
        const char *dot = strchr(kind->code, '.');
        g_assert_true(dot != NULL && dot != kind->code && dot[1] != '\0');
        for (const char *c = kind->code; *c != '\0'; c++)
            g_assert_true(g_ascii_islower(*c) || g_ascii_isdigit(*c) || *c == '-' || c == dot);
        g_assert_true(kind->rfc == NULL || g_str_has_prefix(kind->rfc, "RFC "));
        g_assert_false(g_str_has_suffix(kind->summary, "."));
        g_assert_cmpstr(ql_severity_name(kind->severity), !=, "unknown");
    }
}

/* What keeps us from seeing is found by these prefixes. */
static void test_causes(void)
{
    for (unsigned code = 0; code < QL_FINDING_CODE_COUNT; code++) {
        const char *text = ql_finding_kind_of((ql_finding_code)code)->code;
        bool cause = code <= QL_FINDING_CAPTURE_UNKNOWN_VERSION;
        g_assert_cmpint(g_str_has_prefix(text, "secrets.") || g_str_has_prefix(text, "capture."),
                        ==, cause);
    }
}

static void test_severities(void)
{
    g_assert_cmpstr(ql_severity_name(QL_SEVERITY_CHAT), ==, "chat");
    g_assert_cmpstr(ql_severity_name(QL_SEVERITY_NOTE), ==, "note");
    g_assert_cmpstr(ql_severity_name(QL_SEVERITY_WARN), ==, "warn");
    g_assert_cmpstr(ql_severity_name(QL_SEVERITY_ERROR), ==, "error");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/finding/each code has a row of its own", test_rows);
    g_test_add_func("/finding/what keeps us from seeing is told apart by its prefix", test_causes);
    g_test_add_func("/finding/severities have names", test_severities);
    return g_test_run();
}
