/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "get_urls.h"

#include <string.h>

typedef struct stage {
    ql_get_options options;
    ql_get_urls *urls;
} stage;

static void open_line(stage *s, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *whole = g_strconcat("get ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    g_assert_true(ql_get_options_parse(&s->options, (int)g_strv_length(words), words, &error));
    s->urls = ql_get_urls_new(&s->options, &error);
    g_assert_no_error(error);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_get_urls_free(s->urls);
    ql_get_options_clear(&s->options);
}

/* A line an URL: its text, which of those given it comes from, "first" or "later", its file. */
static char *all(stage *s)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    ql_get_url next;
    while (ql_get_urls_next(s->urls, &next, &error)) {
        g_string_append_printf(text, "%s %u %s %s\n", next.url->text, next.given,
                               next.first ? "first" : "later",
                               next.file == NULL ? "none" : next.file);
        ql_get_url_clear(&next);
    }
    g_assert_no_error(error);
    return g_string_free(text, FALSE);
}

static void test_patterns_stand_for_many(stage *s, gconstpointer unused)
{
    (void)unused;
    open_line(s, "-o a#1 https://h/[1-2] https://h/x -o b");
    for (int i = 0; i < 2; i++) {
        g_autofree char *text = all(s);
        g_assert_cmpstr(text, ==,
                        "https://h/1 0 first a1\nhttps://h/2 0 later a2\n"
                        "https://h/x 1 first b\n");
        ql_get_urls_rewind(s->urls);
    }
}

static void test_patterns_can_be_off(stage *s, gconstpointer unused)
{
    (void)unused;
    open_line(s, "-g https://h/{a,b}");
    g_autofree char *text = all(s);
    g_assert_true(g_str_has_suffix(text, " 0 first none\n"));
    g_assert_cmpuint(strcspn(text, "\n"), ==, strlen(text) - 1); /* it is one line */
}

static void test_options_add_to_the_query(stage *s, gconstpointer unused)
{
    (void)unused;
    open_line(s, "-G -d a=1 --url-query b=\xc3\xa4 https://h/x?y https://h/z#end");
    g_autofree char *text = all(s);
    g_assert_nonnull(strstr(text, "https://h/x?y&a=1&b=%C3%A4 0 first none\n"));
    g_assert_nonnull(strstr(text, "https://h/z?a=1&b=%C3%A4"));
}

static void test_an_upload_names_the_end_of_a_folder(stage *s, gconstpointer unused)
{
    (void)unused;
    open_line(s, "-T some/file https://h/in/ https://h/in/");
    g_autofree char *text = all(s);
    g_assert_cmpstr(text, ==, "https://h/in/file 0 first none\nhttps://h/in/ 1 first none\n");
}

static void test_what_is_no_url_is_told_and_passed_over(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) bad = NULL, broken = NULL;
    ql_get_url next;
    open_line(s, "ftp://h/ https://h/[1- https://h/");
    g_assert_false(ql_get_urls_next(s->urls, &next, &bad));
    g_assert_nonnull(strstr(bad->message, "ftp://h/"));
    g_assert_false(ql_get_urls_next(s->urls, &next, &broken));
    g_assert_nonnull(strstr(broken->message, "bracket"));
    g_autofree char *text = all(s);
    g_assert_cmpstr(text, ==, "https://h/ 2 first none\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add("/get_urls/" name, stage, NULL, NULL, function, tear_down)
    TEST("patterns", test_patterns_stand_for_many);
    TEST("globoff", test_patterns_can_be_off);
    TEST("query", test_options_add_to_the_query);
    TEST("upload", test_an_upload_names_the_end_of_a_folder);
    TEST("bad", test_what_is_no_url_is_told_and_passed_over);
    return g_test_run();
}
