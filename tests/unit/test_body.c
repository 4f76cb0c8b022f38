/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/body.h"

#include <string.h>

#include "assert_bytes.h"

static bool append(ql_body **body, ql_body_budget *budget, const char *text, uint32_t frame)
{
    ql_where where = { .frame = frame, .time_ns = frame };
    return ql_body_append(body, budget, (ql_slice){ (const uint8_t *)text, strlen(text) }, &where);
}

static void test_pieces(void)
{
    ql_body_budget budget = { .cap = 1000 };
    ql_body *body = NULL;
    g_assert_true(append(&body, &budget, "abc", 5));
    g_assert_true(append(&body, &budget, "de", 5));
    g_assert_true(append(&body, &budget, "f", 9));
    assert_bytes(body->bytes->data, body->bytes->len, "abcdef", 6);
    g_assert_cmpuint(body->pieces->len, ==, 2);
    g_assert_cmpuint(g_array_index(body->pieces, ql_body_piece, 0).length, ==, 5);
    g_assert_cmpuint(g_array_index(body->pieces, ql_body_piece, 1).where.frame, ==, 9);
    g_assert_cmpuint(budget.held, ==, 6 + 2 * sizeof(ql_body_piece));
    g_assert_false(body->cut);
    ql_body_free(body);
}

static void test_cap(void)
{
    ql_body_budget budget = { .cap = 10 + sizeof(ql_body_piece) };
    ql_body *one = NULL, *two = NULL;
    g_assert_true(append(&one, &budget, "0123456789", 1));
    g_assert_false(append(&two, &budget, "x", 2));
    g_assert_true(append(&one, &budget, "y", 3));
    g_assert_true(one->cut && two->cut);
    g_assert_cmpuint(one->bytes->len, ==, 10);
    g_assert_cmpuint(two->bytes->len, ==, 0);
    g_assert_cmpuint(budget.held, ==, budget.cap);
    ql_body_free(one);
    ql_body_free(two);
}

static void test_cut_stays_cut(void)
{
    ql_body_budget budget = { .cap = 5 + sizeof(ql_body_piece) };
    ql_body *body = NULL;
    g_assert_false(append(&body, &budget, "too long", 1));
    g_assert_true(append(&body, &budget, "ok", 2));
    g_assert_cmpuint(body->bytes->len, ==, 0);
    ql_body_free(body);
}

static void test_nothing_unless_asked(void)
{
    ql_body_budget budget = { 0 };
    ql_body *body = NULL;
    g_assert_true(append(&body, &budget, "abc", 1));
    g_assert_null(body);
    ql_body_free(body);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/body/content is kept with the frames that brought it", test_pieces);
    g_test_add_func("/body/the cap is one over all bodies, and told once", test_cap);
    g_test_add_func("/body/what follows a hole is not kept", test_cut_stays_cut);
    g_test_add_func("/body/without a cap nothing is kept", test_nothing_unless_asked);
    return g_test_run();
}
