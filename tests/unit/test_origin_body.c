/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_body.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static ql_origin_resource *pattern(void)
{
    ql_origin_content *content = ql_origin_content_new(NULL, NULL);
    ql_origin_resource *resource;
    char *location;
    g_assert_cmpuint(ql_origin_content_find(content, QL_ORIGIN_PATTERN_PATH, &resource, &location),
                     ==, 200);
    ql_origin_content_free(content);
    return resource;
}

static void test_body_comes_whole_when_pieces_are_acknowledged(void)
{
    ql_origin_resource *resource = pattern();
    ql_origin_body *body = ql_origin_body_new(resource, QL_ORIGIN_BODY_UNACKED);
    const uint8_t *data;
    size_t length;
    uint64_t total = 0;
    ql_origin_body_state state;
    do {
        state = ql_origin_body_next(body, UINT64_MAX, &data, &length);
        for (size_t i = 0; i < length; i++)
            g_assert_cmphex(data[i], ==, (uint8_t)((total + i) * 7 + (total + i) / 256));
        total += length;
        ql_origin_body_acknowledge(body, length);
    } while (state == QL_ORIGIN_BODY_PIECE);
    g_assert_cmpint(state, ==, QL_ORIGIN_BODY_END);
    g_assert_cmpuint(total, ==, QL_ORIGIN_PATTERN_BYTES);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==, QL_ORIGIN_BODY_END);
    g_assert_cmpuint(length, ==, 0);
    ql_origin_body_free(body);
    ql_origin_resource_free(resource);
}

static void test_no_more_is_kept_than_the_limit(void)
{
    ql_origin_resource *resource = pattern();
    ql_origin_body *body = ql_origin_body_new(resource, QL_ORIGIN_BODY_UNACKED);
    const uint8_t *first, *data;
    size_t first_length, length, kept = 0;
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &first, &first_length), ==,
                    QL_ORIGIN_BODY_PIECE);
    kept = first_length;
    while (ql_origin_body_next(body, UINT64_MAX, &data, &length) == QL_ORIGIN_BODY_PIECE)
        kept += length;
    g_assert_cmpuint(kept, ==, QL_ORIGIN_BODY_UNACKED);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==, QL_ORIGIN_BODY_FULL);

    g_assert_false(
        ql_origin_body_acknowledge(body, first_length - 1)); /* the piece is still needed */
    g_assert_cmphex(first[first_length - 1], ==,
                    (uint8_t)((first_length - 1) * 7 + (first_length - 1) / 256));
    g_assert_true(ql_origin_body_acknowledge(body, 1));
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==,
                    QL_ORIGIN_BODY_PIECE);
    ql_origin_body_free(body);
    ql_origin_resource_free(resource);
}

static void test_an_empty_body_ends_at_once(void)
{
    ql_origin_resource *resource = ql_origin_resource_from_text("text/plain", g_strdup(""));
    ql_origin_body *body = ql_origin_body_new(resource, QL_ORIGIN_BODY_UNACKED);
    const uint8_t *data;
    size_t length;
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==, QL_ORIGIN_BODY_END);
    g_assert_cmpuint(length, ==, 0);
    ql_origin_body_free(body);
    ql_origin_resource_free(resource);
}

static void test_a_file_that_shrinks_fails_the_body(void)
{
    g_autofree char *folder = g_dir_make_tmp("origin-body-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x", NULL);
    g_autofree char *text = g_strnfill(40000, 'x');
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    ql_origin_content *content = ql_origin_content_new(folder, NULL);
    ql_origin_resource *resource;
    char *location;
    const uint8_t *data;
    size_t length;
    g_assert_cmpuint(ql_origin_content_find(content, "/x", &resource, &location), ==, 200);
    ql_origin_body *body = ql_origin_body_new(resource, QL_ORIGIN_BODY_UNACKED);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==,
                    QL_ORIGIN_BODY_PIECE);
    g_assert_cmpint(truncate(path, 20000), ==, 0);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==,
                    QL_ORIGIN_BODY_FAILED);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==,
                    QL_ORIGIN_BODY_FAILED);
    ql_origin_body_free(body);
    ql_origin_resource_free(resource);
    ql_origin_content_free(content);
    g_remove(path);
    g_rmdir(folder);
}

static void test_a_body_can_be_made_while_it_is_sent(void)
{
    ql_origin_body *body = ql_origin_body_new_empty();
    const uint8_t *data;
    size_t length;
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==, QL_ORIGIN_BODY_FULL);
    ql_origin_body_append(body, (const uint8_t *)"one", 3);
    ql_origin_body_append(body, (const uint8_t *)"four", 4);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==,
                    QL_ORIGIN_BODY_PIECE);
    g_assert_cmpuint(length, ==, 3);
    ql_origin_body_finish(body);
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==, QL_ORIGIN_BODY_END);
    g_assert_cmpint(memcmp(data, "four", 4), ==, 0);
    g_assert_cmpuint(ql_origin_body_kept(body), ==, 7);
    g_assert_false(ql_origin_body_is_acknowledged(body));
    ql_origin_body_acknowledge(body, 7);
    g_assert_true(ql_origin_body_is_acknowledged(body));
    g_assert_cmpint(ql_origin_body_next(body, UINT64_MAX, &data, &length), ==, QL_ORIGIN_BODY_END);
    g_assert_cmpuint(length, ==, 0);
    ql_origin_body_free(body);
}

static void test_a_piece_can_be_small(void)
{
    ql_origin_resource *resource = pattern();
    ql_origin_body *body = ql_origin_body_new(resource, QL_ORIGIN_BODY_UNACKED);
    const uint8_t *data;
    size_t length;
    g_assert_cmpint(ql_origin_body_next(body, 5, &data, &length), ==, QL_ORIGIN_BODY_PIECE);
    g_assert_cmpuint(length, ==, 5);
    g_assert_cmpint(ql_origin_body_next(body, 1, &data, &length), ==, QL_ORIGIN_BODY_PIECE);
    g_assert_cmphex(data[0], ==, 35);
    ql_origin_body_free(body);
    ql_origin_resource_free(resource);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-body/whole", test_body_comes_whole_when_pieces_are_acknowledged);
    g_test_add_func("/origin-body/limit", test_no_more_is_kept_than_the_limit);
    g_test_add_func("/origin-body/empty", test_an_empty_body_ends_at_once);
    g_test_add_func("/origin-body/shrinks", test_a_file_that_shrinks_fails_the_body);
    g_test_add_func("/origin-body/made", test_a_body_can_be_made_while_it_is_sent);
    g_test_add_func("/origin-body/small", test_a_piece_can_be_small);
    return g_test_run();
}
