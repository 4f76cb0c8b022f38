/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reassembly.h"

#include "assert_bytes.h"

#define SECOND UINT64_C(1000000000)

typedef struct fixture {
    ql_reassembly reassembly;
    uint64_t kept;
    GByteArray *got;
    GArray *frames; /* of uint32_t: where each delivered byte came from */
} fixture;

static void sink(void *user, ql_slice bytes, const ql_arrival *from)
{
    fixture *f = user;
    g_byte_array_append(f->got, bytes.data, (guint)bytes.length);
    for (size_t i = 0; i < bytes.length; i++)
        g_array_append_val(f->frames, from->where.frame);
}

static void set_up(fixture *f)
{
    f->kept = 0;
    ql_reassembly_init(&f->reassembly, &f->kept);
    f->got = g_byte_array_new();
    f->frames = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

static void tear_down(fixture *f)
{
    ql_reassembly_clear(&f->reassembly);
    g_assert_cmpuint(f->kept, ==, 0);
    g_byte_array_free(f->got, TRUE);
    g_array_free(f->frames, TRUE);
}

static ql_reassembly_outcome add(fixture *f, uint64_t offset, const char *text, uint32_t frame)
{
    const ql_arrival from = { .where = { .frame = frame, .time_ns = frame * SECOND } };
    const ql_slice bytes = { (const uint8_t *)text, strlen(text) };
    return ql_reassembly_add(&f->reassembly, offset, bytes, &from, sink, f);
}

static void assert_got(const fixture *f, const char *text)
{
    assert_bytes(f->got->data, f->got->len, text, strlen(text));
}

static const char whole[] = "abcdefghij";

/* Overlapping pieces of `whole` that cover it. */
static const struct {
    uint64_t offset, length;
} pieces[] = { { 0, 3 }, { 2, 3 }, { 5, 1 }, { 4, 5 }, { 9, 1 }, { 3, 1 } };

static void add_all(const unsigned *order, bool hold)
{
    fixture f;
    set_up(&f);
    uint64_t fresh = 0;
    if (hold)
        ql_reassembly_hold(&f.reassembly);
    for (unsigned i = 0; i < G_N_ELEMENTS(pieces); i++) {
        unsigned which = order[i];
        g_autofree char *text =
            g_strndup(whole + pieces[which].offset, (gsize)pieces[which].length);
        ql_reassembly_outcome outcome = add(&f, pieces[which].offset, text, i + 1);
        g_assert_false(outcome.changed);
        g_assert_false(outcome.became_full);
        fresh += outcome.fresh;
        g_assert_cmpuint(f.reassembly.received, ==, fresh);
        g_assert_cmpuint(f.reassembly.in_order, <=, fresh);
        g_assert_cmpuint(f.got->len, ==, hold ? 0 : f.reassembly.in_order);
    }
    g_assert_cmpuint(f.reassembly.in_order, ==, 10);
    if (hold)
        ql_reassembly_release(&f.reassembly, sink, &f);
    g_assert_cmpuint(fresh, ==, 10);
    assert_got(&f, whole);
    g_assert_cmpuint(f.kept, ==, 0);
    tear_down(&f);
}

static void permute(unsigned *order, unsigned count, bool hold)
{
    if (count == 1) {
        add_all(order, hold);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned last = order[count - 1];
        order[count - 1] = order[i];
        order[i] = last;
        permute(order, count - 1, hold);
        order[i] = order[count - 1];
        order[count - 1] = last;
    }
}

static void test_permutations(void)
{
    unsigned order[G_N_ELEMENTS(pieces)];
    for (unsigned i = 0; i < G_N_ELEMENTS(pieces); i++)
        order[i] = i;
    permute(order, G_N_ELEMENTS(pieces), false);
    permute(order, G_N_ELEMENTS(pieces), true);
}

static void test_retransmission(void)
{
    fixture f;
    set_up(&f);
    g_assert_cmpuint(add(&f, 0, "abc", 1).fresh, ==, 3);
    g_assert_cmpuint(add(&f, 0, "abc", 2).fresh, ==, 0);
    g_assert_cmpuint(add(&f, 6, "gh", 3).fresh, ==, 2);
    g_assert_cmpuint(add(&f, 6, "gh", 4).fresh, ==, 0);
    g_assert_cmpuint(add(&f, 2, "cdefghi", 5).fresh, ==, 4);
    g_assert_cmpuint(add(&f, 3, "", 6).fresh, ==, 0);
    g_assert_cmpuint(add(&f, 20, "", 7).fresh, ==, 0);
    assert_got(&f, "abcdefghi");
    tear_down(&f);
}

static void test_first_bytes_win(void)
{
    fixture f;
    set_up(&f);
    add(&f, 2, "cd", 1);
    g_assert_true(add(&f, 1, "bXX", 2).changed);
    g_assert_false(add(&f, 1, "bcd", 3).changed);
    add(&f, 0, "a", 4);
    assert_got(&f, "abcd");
    tear_down(&f);
}

static void test_places(void)
{
    fixture f;
    set_up(&f);
    add(&f, 2, "cd", 1);
    add(&f, 0, "abcde", 2);
    static const uint32_t frames[] = { 2, 2, 1, 1, 2 };
    assert_bytes(f.frames->data, f.frames->len * sizeof(uint32_t), frames, sizeof frames);
    tear_down(&f);
}

static void test_largest_offset(void)
{
    fixture f;
    set_up(&f);
    const uint64_t end = UINT64_C(1) << 62;
    g_assert_cmpuint(add(&f, end - 3, "xyz", 1).fresh, ==, 3);
    g_assert_cmpuint(add(&f, end - 4, "wxyz", 1).fresh, ==, 1);
    g_assert_cmpuint(f.reassembly.received, ==, 4);
    g_assert_cmpuint(f.reassembly.in_order, ==, 0);
    tear_down(&f);
}

static void test_gap_time(void)
{
    fixture f;
    set_up(&f);
    add(&f, 0, "a", 1);
    add(&f, 2, "c", 2);
    add(&f, 4, "e", 3);
    add(&f, 1, "b", 5);
    g_assert_cmpuint(f.reassembly.gap_ns, ==, 0);
    add(&f, 3, "d", 7);
    g_assert_cmpuint(f.reassembly.gap_ns, ==, 5 * SECOND);
    add(&f, 6, "g", 8);
    add(&f, 5, "f", 9);
    g_assert_cmpuint(f.reassembly.gap_ns, ==, 6 * SECOND);
    tear_down(&f);
}

static void test_peek(void)
{
    fixture f;
    uint8_t out[4];
    set_up(&f);
    ql_reassembly_hold(&f.reassembly);
    add(&f, 1, "bc", 1);
    g_assert_cmpuint(ql_reassembly_peek(&f.reassembly, out, sizeof out), ==, 0);
    add(&f, 0, "a", 2);
    add(&f, 3, "de", 3);
    add(&f, 7, "h", 3);
    g_assert_cmpuint(ql_reassembly_peek(&f.reassembly, out, sizeof out), ==, 4);
    assert_bytes(out, sizeof out, "abcd", 4);
    ql_reassembly_release(&f.reassembly, sink, &f);
    assert_got(&f, "abcde");
    add(&f, 5, "fg", 4);
    assert_got(&f, "abcdefgh");
    tear_down(&f);
}

static void test_caps(void)
{
    fixture f;
    set_up(&f);
    enum { PIECE = 1 << 20 };
    g_autofree char *text = g_strnfill(PIECE, 'x');
    unsigned full = 0;
    uint64_t fresh = 0;
    add(&f, 0, "a", 1);
    for (unsigned i = 1; i <= 20; i++) {
        ql_reassembly_outcome outcome = add(&f, (uint64_t)i * PIECE, text, 2);
        full += outcome.became_full;
        fresh += outcome.fresh;
        g_assert_cmpuint(f.kept, <=, QL_REASSEMBLY_HALF_MAX);
    }
    g_assert_cmpuint(full, ==, 1);
    g_assert_cmpuint(fresh, ==, UINT64_C(20) * PIECE);
    g_assert_cmpuint(f.kept, ==, 0);
    add(&f, 0, text, 3);
    g_assert_cmpuint(f.reassembly.in_order, ==, UINT64_C(21) * PIECE);
    g_assert_cmpuint(f.reassembly.received, ==, UINT64_C(21) * PIECE);
    assert_got(&f, "a");
    tear_down(&f);
}

static void test_shared_cap(void)
{
    fixture f;
    set_up(&f);
    f.kept = QL_REASSEMBLY_CONNECTION_MAX;
    g_assert_true(add(&f, 1, "b", 1).became_full);
    f.kept -= QL_REASSEMBLY_CONNECTION_MAX;
    tear_down(&f);
}

/* All permutations of pieces again, counted only. */
static void test_given_up(void)
{
    for (unsigned first = 0; first < G_N_ELEMENTS(pieces); first++) {
        fixture f;
        set_up(&f);
        for (unsigned i = 0; i < G_N_ELEMENTS(pieces); i++) {
            unsigned which = (first + i) % (unsigned)G_N_ELEMENTS(pieces);
            g_autofree char *text =
                g_strndup(whole + pieces[which].offset, (gsize)pieces[which].length);
            if (i == 2)
                ql_reassembly_give_up(&f.reassembly);
            add(&f, pieces[which].offset, text, 1);
        }
        g_assert_cmpuint(f.reassembly.received, ==, 10);
        g_assert_cmpuint(f.reassembly.in_order, ==, 10);
        tear_down(&f);
    }
}

static void test_give_up_while_holding(void)
{
    fixture f;
    set_up(&f);
    ql_reassembly_hold(&f.reassembly);
    add(&f, 0, "ab", 1);
    add(&f, 3, "d", 1);
    ql_reassembly_give_up(&f.reassembly);
    add(&f, 2, "c", 1);
    ql_reassembly_release(&f.reassembly, sink, &f);
    g_assert_cmpuint(f.reassembly.in_order, ==, 4);
    g_assert_cmpuint(f.reassembly.received, ==, 4);
    assert_got(&f, "");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reassembly/pieces in any order give each byte once", test_permutations);
    g_test_add_func("/reassembly/what comes again brings nothing", test_retransmission);
    g_test_add_func("/reassembly/the first bytes win, and a difference is told",
                    test_first_bytes_win);
    g_test_add_func("/reassembly/each byte keeps the place where it was captured", test_places);
    g_test_add_func("/reassembly/offsets reach to 2^62", test_largest_offset);
    g_test_add_func("/reassembly/the time that bytes wait for a gap is summed", test_gap_time);
    g_test_add_func("/reassembly/held bytes can be looked at, then go on in order", test_peek);
    g_test_add_func("/reassembly/over its cap a half counts bytes and keeps none", test_caps);
    g_test_add_func("/reassembly/the halves of a connection share a cap", test_shared_cap);
    g_test_add_func("/reassembly/bytes that are only counted are counted once", test_given_up);
    g_test_add_func("/reassembly/held bytes can be given up", test_give_up_while_holding);
    return g_test_run();
}
