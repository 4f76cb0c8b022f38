/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/object_names.h"

#include <string.h>

static void assert_taken(ql_object_names *names, const char *path, const char *mark,
                         const char *type, const char *expected)
{
    char *name = ql_object_names_take(names, path, mark, type);
    g_assert_cmpstr(name, ==, expected);
    g_free(name);
}

static void assert_name(const char *path, const char *type, const char *expected)
{
    ql_object_names *names = ql_object_names_new();
    assert_taken(names, path, "", type, expected);
    ql_object_names_free(names);
}

static void test_last_segment(void)
{
    assert_name("/a/b/page.html", NULL, "page.html");
    assert_name("/a/b/?q=../../x", NULL, "b");
    assert_name("/style.css?v=1.2/3#top", "text/html", "style.css");
    assert_name("/caf%C3%A9.txt", NULL, "caf\u00e9.txt");
}

static void test_no_segment(void)
{
    assert_name("/", "text/html; charset=utf-8", "index.html");
    assert_name(NULL, NULL, "index");
    assert_name("*", NULL, "_");
}

static void test_traversal(void)
{
    assert_name("/..", NULL, "__");
    assert_name("/../../etc/..%2f..%2fpasswd", NULL, "_._.._passwd");
    assert_name("/a%5c..%5cb", NULL, "a_.._b");
    assert_name("/.bashrc", NULL, "_bashrc");
    assert_name("/a%00b%0a%1b[m", NULL, "a_00b_0a_1b_m");
    assert_name("/C:NUL|x", NULL, "C_NUL_x");
    assert_name("/-rf", NULL, "-rf");
    assert_name("/bad%ff", NULL, "bad_");
}

static void test_extension(void)
{
    assert_name("/archive.tar.gz", "application/gzip", "archive.tar.gz");
    assert_name("/data", "APPLICATION/JSON", "data.json");
    assert_name("/data", "application/x-unheard", "data");
    assert_name("/end.", "text/plain", "end_.txt");
    assert_name("/v1.a-very-long-thing-behind-a-dot", "text/plain",
                "v1.a-very-long-thing-behind-a-dot.txt");
}

static void test_marks(void)
{
    ql_object_names *names = ql_object_names_new();
    assert_taken(names, "/form.cgi", "-request", NULL, "form-request.cgi");
    assert_taken(names, "/form.cgi", "-request-incomplete", NULL, "form-request-incomplete.cgi");
    assert_taken(names, "/form.cgi", "", NULL, "form.cgi");
    ql_object_names_free(names);
}

static void test_clashes(void)
{
    ql_object_names *names = ql_object_names_new();
    assert_taken(names, "/a.txt", "", NULL, "a.txt");
    assert_taken(names, "/b/a.txt", "", NULL, "a-2.txt");
    assert_taken(names, "/a-3.txt", "", NULL, "a-3.txt");
    assert_taken(names, "/A.TXT", "", NULL, "A-4.TXT");
    assert_taken(names, "/a.txt", "", NULL, "a-5.txt");
    ql_object_names_free(names);
}

static void test_length(void)
{
    ql_object_names *names = ql_object_names_new();
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *path = g_string_new("/");
    for (int i = 0; i < 500; i++)
        g_string_append(path, "\u00e9");
    g_string_append(path, ".html");
    for (int i = 0; i < 30; i++) {
        char *name = ql_object_names_take(names, path->str, "-request", NULL);
        g_assert_cmpuint(strlen(name), <=, QL_OBJECT_NAME_MAX);
        g_assert_true(g_utf8_validate(name, -1, NULL));
        g_assert_true(g_str_has_suffix(name, ".html"));
        g_assert_true(g_hash_table_add(seen, name));
    }
    g_string_free(path, TRUE);
    g_hash_table_destroy(seen);
    ql_object_names_free(names);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/object_names/a name is the last segment of the path", test_last_segment);
    g_test_add_func("/object_names/without a segment it is index", test_no_segment);
    g_test_add_func("/object_names/no name leads elsewhere or hides", test_traversal);
    g_test_add_func("/object_names/the extension is the path's, else the type's", test_extension);
    g_test_add_func("/object_names/a mark stands before the extension", test_marks);
    g_test_add_func("/object_names/no two are the same, also without regard to case", test_clashes);
    g_test_add_func("/object_names/long names are cut and stay different", test_length);
    return g_test_run();
}
