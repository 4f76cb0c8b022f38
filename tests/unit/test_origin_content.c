/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_content.h"

#include "assert_bytes.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder "www" with files, beside a file "secret" that must never be served. */
typedef struct site {
    char *outer;
    char *folder;
    ql_origin_content *content;
} site;

static char *in(const site *s, const char *name)
{
    return g_build_filename(s->folder, name, NULL);
}

static void write_file(const site *s, const char *name, const char *text)
{
    g_autofree char *path = in(s, name);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void set_up(site *s, gconstpointer unused)
{
    (void)unused;
    s->outer = g_dir_make_tmp("origin-content-XXXXXX", NULL);
    g_assert_nonnull(s->outer);
    s->folder = g_build_filename(s->outer, "www", NULL);
    write_file(s, "index.html", "<p>front");
    write_file(s, "a b.txt", "blank");
    write_file(s, "sub/index.html", "<p>sub");
    write_file(s, "sub/x.json", "{}");
    write_file(s, "empty/.keep", "");
    write_file(s, "../secret", "SECRET");
    s->content = ql_origin_content_new(s->folder, NULL);
    g_assert_nonnull(s->content);
}

static void remove_tree(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;
        while ((name = g_dir_read_name(dir)) != NULL) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_tree(child);
        }
    }
    g_remove(path);
}

static void tear_down(site *s, gconstpointer unused)
{
    (void)unused;
    ql_origin_content_free(s->content);
    remove_tree(s->outer);
    g_free(s->folder);
    g_free(s->outer);
}

static unsigned status_of(const site *s, const char *target)
{
    ql_origin_resource *resource;
    char *location;
    unsigned status = ql_origin_content_find(s->content, target, &resource, &location);
    g_assert_cmpint(status == 200, ==, resource != NULL);
    g_assert_cmpint(status == 301, ==, location != NULL);
    ql_origin_resource_free(resource);
    g_free(location);
    return status;
}

static void assert_served(const site *s, const char *target, const char *type, const char *text)
{
    ql_origin_resource *resource;
    char *location;
    char buffer[64];
    g_assert_cmpuint(ql_origin_content_find(s->content, target, &resource, &location), ==, 200);
    g_assert_cmpstr(ql_origin_resource_type(resource), ==, type);
    g_assert_cmpuint(ql_origin_resource_size(resource), ==, strlen(text));
    ssize_t got = ql_origin_resource_read(resource, 0, buffer, sizeof buffer);
    assert_bytes(buffer, (size_t)got, text, strlen(text));
    ql_origin_resource_free(resource);
}

static void test_files_are_found_by_decoded_path(site *s, gconstpointer unused)
{
    (void)unused;
    assert_served(s, "/a%20b.txt", "text/plain; charset=utf-8", "blank");
    assert_served(s, "/sub/x.json", "application/json", "{}");
    assert_served(s, "/sub%2fx.json?query=../../secret", "application/json", "{}");
    assert_served(s, "//sub///x.json", "application/json", "{}");
}

static void test_folders_stand_for_their_index(site *s, gconstpointer unused)
{
    ql_origin_resource *resource;
    char *location;
    (void)unused;
    assert_served(s, "/", "text/html; charset=utf-8", "<p>front");
    assert_served(s, "/sub/", "text/html; charset=utf-8", "<p>sub");
    g_assert_cmpuint(status_of(s, "/empty/"), ==, 404);
    g_assert_cmpuint(ql_origin_content_find(s->content, "/sub?x", &resource, &location), ==, 301);
    g_assert_cmpstr(location, ==, "/sub/");
    g_free(location);
    /* A browser takes "//host/" for another site's address. */
    g_assert_cmpuint(ql_origin_content_find(s->content, "//sub", &resource, &location), ==, 301);
    g_assert_cmpstr(location, ==, "/sub/");
    g_free(location);
}

static void test_what_is_not_there_is_404(site *s, gconstpointer unused)
{
    (void)unused;
    g_assert_cmpuint(status_of(s, "/missing"), ==, 404);
    g_assert_cmpuint(status_of(s, "/index.html/"), ==, 404);
    g_assert_cmpuint(status_of(s, "/index.html/x"), ==, 404);
}

static void test_targets_that_are_no_paths_are_400(site *s, gconstpointer unused)
{
    static const char *const bad[] = {
        "",
        "*",
        "secret",
        "http://x/",
        "?",
        "/%",
        "/%4",
        "/%zz",
        "/index.html%00",
        "/%00",
        "/.",
        "/..",
        "/../secret",
        "/sub/../index.html",
        "/%2e%2e/secret",
        "/%2E./secret",
        "/sub%2f..%2f..%2fsecret",
        "/..%2fsecret",
        "/./index.html",
    };
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_cmpuint(status_of(s, bad[i]), ==, 400);
    }
}

/* Decoded once: what is encoded twice is a name with a per cent sign in it. */
static void test_double_encoding_does_not_climb_out(site *s, gconstpointer unused)
{
    (void)unused;
    g_assert_cmpuint(status_of(s, "/%252e%252e/secret"), ==, 404);
    g_assert_cmpuint(status_of(s, "/..%c0%af..%c0%afsecret"), ==, 404);
    g_assert_cmpuint(status_of(s, "/..\\secret"), ==, 404);
}

static void test_links_are_followed_inside_the_folder_only(site *s, gconstpointer unused)
{
    g_autofree char *out = in(s, "out"), *up = in(s, "up"), *root = in(s, "root");
    g_autofree char *inside = in(s, "inside.json"), *secret = in(s, "../secret");
    (void)unused;
    g_assert_cmpint(symlink("../secret", out), ==, 0);
    g_assert_cmpint(symlink("..", up), ==, 0);
    g_assert_cmpint(symlink(secret, root), ==, 0);
    g_assert_cmpint(symlink("sub/x.json", inside), ==, 0);
    g_assert_cmpuint(status_of(s, "/out"), ==, 404);
    g_assert_cmpuint(status_of(s, "/up/secret"), ==, 404);
    g_assert_cmpuint(status_of(s, "/root"), ==, 404);
    assert_served(s, "/inside.json", "application/json", "{}");
}

static void test_only_regular_files_are_served(site *s, gconstpointer unused)
{
    g_autofree char *pipe = in(s, "pipe");
    (void)unused;
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_assert_cmpuint(status_of(s, "/pipe"), ==, 404);
}

static void test_a_file_that_must_not_be_read_is_403(site *s, gconstpointer unused)
{
    g_autofree char *path = in(s, "a b.txt");
    (void)unused;
    if (geteuid() == 0) {
        g_test_skip("root may read every file");
        return;
    }
    g_assert_cmpint(g_chmod(path, 0), ==, 0);
    g_assert_cmpuint(status_of(s, "/a%20b.txt"), ==, 403);
}

static void test_reading_goes_on_where_it_is_told(site *s, gconstpointer unused)
{
    ql_origin_resource *resource;
    char *location, buffer[8];
    (void)unused;
    ql_origin_content_find(s->content, "/index.html", &resource, &location);
    g_assert_cmpint(ql_origin_resource_read(resource, 3, buffer, 2), ==, 2);
    assert_bytes(buffer, 2, "fr", 2);
    g_assert_cmpint(ql_origin_resource_read(resource, 6, buffer, 8), ==, 2);
    g_assert_cmpint(ql_origin_resource_read(resource, 8, buffer, 8), ==, 0);
    g_assert_cmpint(ql_origin_resource_read(resource, UINT64_MAX, buffer, 8), ==, 0);
    ql_origin_resource_free(resource);
}

static void test_built_in_pages_need_no_folder(void)
{
    g_autofree uint8_t *pattern = g_malloc(QL_ORIGIN_PATTERN_BYTES);
    site built_in = { .content = ql_origin_content_new(NULL, NULL) };
    ql_origin_resource *resource;
    char *location;
    static const char *const pages[] = { "/", "/index.html", "/quiclens.svg", "/data.json" };
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        g_assert_cmpuint(status_of(&built_in, pages[i]), ==, 200);
    g_assert_cmpuint(status_of(&built_in, "/missing"), ==, 404);
    g_assert_cmpuint(status_of(&built_in, "/../etc/passwd"), ==, 400);
    g_assert_cmpuint(status_of(&built_in, "/etc/passwd"), ==, 404);
    g_assert_cmpuint(
        ql_origin_content_find(built_in.content, QL_ORIGIN_PATTERN_PATH, &resource, &location), ==,
        200);
    g_assert_cmpuint(ql_origin_resource_size(resource), ==, QL_ORIGIN_PATTERN_BYTES);
    g_assert_cmpint(ql_origin_resource_read(resource, 1, pattern, QL_ORIGIN_PATTERN_BYTES), ==,
                    QL_ORIGIN_PATTERN_BYTES - 1);
    g_assert_cmphex(pattern[0], ==, 7);
    g_assert_cmphex(pattern[999], ==, (1000u * 7 + 1000 / 256) & 0xff);
    ql_origin_resource_free(resource);
    ql_origin_content_free(built_in.content);
}

static void test_a_missing_folder_is_named(void)
{
    GError *error = NULL;
    g_assert_null(ql_origin_content_new("/nonexistent/folder", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_nonnull(strstr(error->message, "/nonexistent/folder"));
    g_error_free(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/origin-content/" name, site, NULL, set_up, function, tear_down)
    TEST("decoded", test_files_are_found_by_decoded_path);
    TEST("index", test_folders_stand_for_their_index);
    TEST("missing", test_what_is_not_there_is_404);
    TEST("bad-targets", test_targets_that_are_no_paths_are_400);
    TEST("double-encoding", test_double_encoding_does_not_climb_out);
    TEST("links", test_links_are_followed_inside_the_folder_only);
    TEST("regular-files", test_only_regular_files_are_served);
    TEST("forbidden", test_a_file_that_must_not_be_read_is_403);
    TEST("offsets", test_reading_goes_on_where_it_is_told);
    g_test_add_func("/origin-content/built-in", test_built_in_pages_need_no_folder);
    g_test_add_func("/origin-content/missing-folder", test_a_missing_folder_is_named);
    return g_test_run();
}
