/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/stream_half.h"

#include "http3_wire.h"

typedef struct fixture {
    ql_journal *journal;
    ql_http3 *http3;
    ql_stream_facts facts;
    uint64_t kept;
    ql_stream_half *half;
} fixture;

static void set_up(fixture *f)
{
    *f = (fixture){ .journal = ql_journal_new() };
    f->http3 = ql_http3_new(f->journal, 0);
    f->half = ql_stream_half_new(QL_CLIENT, &f->kept);
}

static void tear_down(fixture *f)
{
    ql_stream_half_free(f->half);
    ql_http3_free(f->http3);
    ql_journal_free(f->journal);
    g_assert_cmpuint(f->kept, ==, 0);
}

static void add(fixture *f, uint64_t offset, ql_slice bytes)
{
    const ql_arrival from = { .where = { .frame = 1, .time_ns = 1 } };
    ql_http3_look_at(f->http3, &from.where, NULL);
    ql_stream_half_add(f->half, offset, bytes, &from);
}

static void test_held(void)
{
    fixture f;
    set_up(&f);
    g_autoptr(GByteArray) wire = g_byte_array_new();
    GET(wire, "/a");
    add(&f, 0, wire_slice(wire));
    f.facts.half[QL_CLIENT].has_final_size = true;
    f.facts.half[QL_CLIENT].final_size = wire->len;
    g_assert_false(ql_stream_half_settle(f.half, &f.facts));
    g_assert_cmpuint(f.facts.half[QL_CLIENT].in_order, ==, wire->len);
    g_assert_true(ql_stream_half_is_recognized(f.half, 0));
    g_assert_null(f.facts.exchange);
    ql_stream_half_begin(f.half, QL_PROTOCOL_HTTP3, f.http3, &f.facts, NULL);
    g_assert_nonnull(f.facts.exchange);
    g_assert_true(ql_stream_half_settle(f.half, &f.facts));
    g_assert_true(f.facts.exchange->request.complete);
    tear_down(&f);
}

static void test_other_protocol(void)
{
    fixture f;
    set_up(&f);
    add(&f, 0, (ql_slice){ (const uint8_t *)"abc", 3 });
    add(&f, 5, (ql_slice){ (const uint8_t *)"f", 1 });
    ql_stream_half_begin(f.half, QL_PROTOCOL_OTHER, f.http3, &f.facts, NULL);
    g_assert_cmpuint(f.kept, ==, 0);
    g_assert_false(ql_stream_half_settle(f.half, &f.facts));
    g_assert_cmpuint(f.facts.half[QL_CLIENT].in_order, ==, 3);
    g_assert_cmpuint(f.facts.half[QL_CLIENT].received, ==, 4);
    add(&f, 3, (ql_slice){ (const uint8_t *)"de", 2 });
    f.facts.half[QL_CLIENT].has_final_size = true;
    f.facts.half[QL_CLIENT].final_size = 6;
    g_assert_true(ql_stream_half_settle(f.half, &f.facts));
    tear_down(&f);
}

static void test_gap(void)
{
    fixture f;
    set_up(&f);
    ql_stream_half_begin(f.half, QL_PROTOCOL_HTTP3, f.http3, &f.facts, NULL);
    add(&f, 10, (ql_slice){ (const uint8_t *)"abc", 3 });
    ql_stream_half_finish(f.half, &f.facts, f.journal, 0, 1);
    ql_stream_half_finish(f.half, &f.facts, f.journal, 0, 1);
    g_assert_cmpuint(ql_journal_findings(f.journal)->len, ==, 1);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream_half/bytes are held until it is known what they are", test_held);
    g_test_add_func("/stream_half/bytes of other protocols are counted", test_other_protocol);
    g_test_add_func("/stream_half/a gap is told once", test_gap);
    return g_test_run();
}
