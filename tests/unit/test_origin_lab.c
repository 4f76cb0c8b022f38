/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_lab.h"

#include <glib.h>

static void test_words_combine(void)
{
    ql_origin_plan plan;
    g_assert_true(ql_origin_lab_parse("/delay/300ms/status/503/trailers?x=/y", &plan));
    g_assert_cmpuint(plan.delay, ==, 300000000);
    g_assert_cmpuint(plan.status, ==, 503);
    g_assert_true(plan.trailers && !plan.reset && !plan.early_hints);
    g_assert_true(ql_origin_lab_parse("/bytes/200k/gzip/slow/10k/reset/5000", &plan));
    g_assert_cmpint(plan.content, ==, QL_ORIGIN_PLAN_BYTES);
    g_assert_cmpuint(plan.bytes, ==, 200000);
    g_assert_cmpint(plan.coding, ==, QL_ORIGIN_CODING_GZIP);
    g_assert_cmpuint(plan.rate, ==, 10000);
    g_assert_true(plan.reset && plan.reset_after == 5000);
    g_assert_true(ql_origin_lab_parse("/early-hints/redirect/3", &plan));
    g_assert_true(plan.early_hints && plan.redirects == 3);
}

static void test_other_paths_are_no_lab_pages(void)
{
    static const char *const paths[] = {
        "",          "/",          "/data.json",    "/status",     "/status/",   "/status/199",
        "/status/x", "/bytes/1T",  "/bytes/-1",     "/delay/61s",  "/delay/5",   "/slow/0",
        "/gzip/",    "/gzip/what", "/redirect/101", "/redirect/0", "status/200", "/bytes/200000G",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        ql_origin_plan plan = { .status = 77 };
        g_test_message("%s", paths[i]);
        g_assert_false(ql_origin_lab_parse(paths[i], &plan));
        g_assert_cmpuint(plan.status, ==, 77);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-lab/words", test_words_combine);
    g_test_add_func("/origin-lab/others", test_other_paths_are_no_lab_pages);
    return g_test_run();
}
