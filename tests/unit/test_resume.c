/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resume.h"

#include <string.h>

/* Whether the answer with that status and Content-Range may be written behind 100 bytes. */
static bool check(int status, const char *range, bool *complete, GError **error)
{
    ql_output *output = ql_output_new_nowhere();
    ql_response *response = ql_response_new(&(ql_response_settings){ 0 }, output);
    g_autofree char *text = g_strdup_printf("%d", status);
    g_assert_true(ql_response_add_field(response, ":status", 7, text, strlen(text)));
    if (range != NULL)
        g_assert_true(ql_response_add_field(response, "content-range", 13, range, strlen(range)));
    ql_response_end_section(response, false, 0, NULL);
    bool good = ql_resume_check(response, 100, complete, error);
    ql_response_free(response);
    ql_output_free(output);
    return good;
}

static void assert_refused(int status, const char *range, const char *words)
{
    g_autoptr(GError) error = NULL;
    bool complete = true;
    g_assert_false(check(status, range, &complete, &error));
    g_assert_false(complete);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, words));
}

static void test_the_range_that_was_asked_for_goes_on(void)
{
    bool complete = true;
    g_assert_true(check(206, "bytes 100-199/200", &complete, NULL));
    g_assert_false(complete);
    g_assert_true(check(206, "bytes 100-199/*", &complete, NULL));
}

static void test_nothing_more_is_complete(void)
{
    bool complete = false;
    g_assert_true(check(416, "bytes */100", &complete, NULL));
    g_assert_true(complete);
}

static void test_all_else_is_refused(void)
{
    assert_refused(206, "bytes 10-199/200", "another range");
    assert_refused(206, "bytes 1000-1999/2000", "another range");
    assert_refused(206, NULL, "another range");
    assert_refused(416, "bytes */99", "fewer bytes");
    assert_refused(416, NULL, "fewer bytes");
    assert_refused(200, NULL, "everything from the beginning");
    assert_refused(404, NULL, "status 404");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/resume/goes-on", test_the_range_that_was_asked_for_goes_on);
    g_test_add_func("/resume/complete", test_nothing_more_is_complete);
    g_test_add_func("/resume/refused", test_all_else_is_refused);
    return g_test_run();
}
