/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cid_ledger.h"

#include "quic_frames.h"

static ql_cid_entry told_of(uint64_t sequence, const char *hex)
{
    ql_cid_entry told = { .cid = quic_cid(hex),
                          .origin = QL_ORIGIN_NEW_CONNECTION_ID,
                          .has_sequence = true,
                          .sequence = sequence,
                          .has_reset_token = true };
    quic_reset_token(&told.cid, told.reset_token);
    return told;
}

static ql_cid_issue issue(ql_cid_ledger *ledger, uint64_t sequence, const char *hex, uint32_t frame,
                          ql_cid_entry **out)
{
    ql_cid_entry told = told_of(sequence, hex);
    return ql_cid_ledger_issue(ledger, &told, frame, out);
}

static ql_cid_entry *must_issue(ql_cid_ledger *ledger, uint64_t sequence, const char *hex)
{
    ql_cid_entry *entry;
    g_assert_cmpint(issue(ledger, sequence, hex, 1, &entry), ==, QL_CID_ISSUE_NEW);
    return entry;
}

static ql_cid_entry *see_in_use(ql_cid_ledger *ledger, const char *hex)
{
    ql_cid_entry told = { .cid = quic_cid(hex), .origin = QL_ORIGIN_SEEN_IN_USE }, *entry;
    g_assert_cmpint(ql_cid_ledger_issue(ledger, &told, 3, &entry), ==, QL_CID_ISSUE_NEW);
    return entry;
}

static void test_new(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    ql_cid_entry *entry, told = told_of(4, "0a0b0c0d");
    told.retire_prior_to = 2;
    g_assert_cmpint(ql_cid_ledger_issue(ledger, &told, 12, &entry), ==, QL_CID_ISSUE_NEW);
    g_assert_true(ql_cid_equal(&entry->cid, &told.cid));
    g_assert_cmpint(entry->issuer, ==, QL_SERVER);
    g_assert_cmpint(entry->origin, ==, QL_ORIGIN_NEW_CONNECTION_ID);
    g_assert_cmpuint(entry->sequence, ==, 4);
    g_assert_cmpuint(entry->retire_prior_to, ==, 2);
    g_assert_cmpuint(entry->issued_frame, ==, 12);
    g_assert_cmpuint(entry->issues, ==, 1);
    g_assert_true(entry->has_reset_token);
    g_assert_true(ql_cid_ledger_find(ledger, &told.cid) == entry);
    g_assert_true(ql_cid_ledger_find_sequence(ledger, 4) == entry);
    g_assert_null(ql_cid_ledger_find_sequence(ledger, 5));
    g_assert_cmpuint(ql_cid_ledger_entries(ledger)->len, ==, 1);
    ql_cid_ledger_free(ledger);
}

static void test_repeated(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    ql_cid_entry *first = must_issue(ledger, 1, "0102"), *again;
    g_assert_cmpint(issue(ledger, 1, "0102", 9, &again), ==, QL_CID_ISSUE_REPEATED);
    g_assert_true(again == first);
    g_assert_cmpuint(first->issues, ==, 2);
    g_assert_cmpuint(first->issued_frame, ==, 1);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    ql_cid_ledger_free(ledger);
}

static void test_conflicts(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    ql_cid_entry *first = must_issue(ledger, 1, "0102"), *out;
    g_assert_cmpint(issue(ledger, 1, "0304", 2, &out), ==, QL_CID_ISSUE_SEQUENCE_CONFLICT);
    g_assert_true(out == first);
    g_assert_cmpint(issue(ledger, 2, "0102", 3, &out), ==, QL_CID_ISSUE_VALUE_CONFLICT);
    g_assert_true(out == first);
    ql_cid_entry told = told_of(1, "0102");
    told.reset_token[7] ^= 1;
    g_assert_cmpint(ql_cid_ledger_issue(ledger, &told, 4, &out), ==, QL_CID_ISSUE_TOKEN_CONFLICT);
    g_assert_true(out == first);
    g_assert_cmpuint(first->issues, ==, 1);
    g_assert_cmpuint(ql_cid_ledger_entries(ledger)->len, ==, 1);
    ql_cid_ledger_free(ledger);
}

static void test_seen_then_issued(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_CLIENT);
    ql_cid_entry *seen = see_in_use(ledger, "0506"), *out;
    g_assert_cmpuint(seen->issued_frame, ==, 0);
    g_assert_cmpuint(seen->issues, ==, 0);
    g_assert_false(seen->has_sequence);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 0);

    g_assert_cmpint(issue(ledger, 3, "0506", 8, &out), ==, QL_CID_ISSUE_NEW);
    g_assert_true(out == seen);
    g_assert_cmpuint(seen->issued_frame, ==, 8);
    g_assert_cmpuint(seen->issues, ==, 1);
    g_assert_cmpint(seen->origin, ==, QL_ORIGIN_NEW_CONNECTION_ID);
    g_assert_true(seen->has_reset_token);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    ql_cid_ledger_free(ledger);
}

static void test_seen_then_conflict(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_CLIENT);
    ql_cid_entry *first = must_issue(ledger, 3, "0102"), *out;
    see_in_use(ledger, "0506");
    g_assert_cmpint(issue(ledger, 3, "0506", 8, &out), ==, QL_CID_ISSUE_SEQUENCE_CONFLICT);
    g_assert_true(ql_cid_ledger_find_sequence(ledger, 3) == first);
    /* The older one is what the new one is in conflict with. */
    g_assert_true(out == first);
    ql_cid_ledger_free(ledger);
}

static void test_retire(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    ql_cid_entry *first = must_issue(ledger, 0, "01"), *second = must_issue(ledger, 1, "02");
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 2);
    ql_cid_ledger_retire(ledger, first, 20, 77);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    ql_cid_ledger_retire(ledger, first, 30, 99);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    g_assert_cmpuint(first->retired_frame, ==, 20);
    g_assert_cmpuint(first->retired_packet, ==, 77);
    g_assert_cmpuint(second->retired_frame, ==, 0);
    ql_cid_ledger_free(ledger);
}

static void test_retire_prior_to(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    ql_cid_entry *first = must_issue(ledger, 0, "01");
    must_issue(ledger, 1, "02");
    must_issue(ledger, 2, "03");
    ql_cid_ledger_raise_retire_prior_to(ledger, 2);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    g_assert_cmpuint(ql_cid_ledger_retire_prior_to(ledger), ==, 2);
    ql_cid_ledger_raise_retire_prior_to(ledger, 1); /* an older frame comes late */
    g_assert_cmpuint(ql_cid_ledger_retire_prior_to(ledger), ==, 2);
    ql_cid_ledger_retire(ledger, first, 5, 5); /* which was counted off already */
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    /* Issued too late: the peer retires it at once (RFC 9000, 19.15). */
    ql_cid_entry *late;
    g_assert_cmpint(issue(ledger, 1, "02", 7, &late), ==, QL_CID_ISSUE_REPEATED);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    ql_cid_ledger_free(ledger);
}

/* Frames are lost, in captures too: sequence numbers need not be all there. */
static void test_retire_prior_to_with_gaps(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    must_issue(ledger, 0, "01");
    must_issue(ledger, 50, "02");
    must_issue(ledger, UINT64_C(1) << 61, "03");
    ql_cid_ledger_raise_retire_prior_to(ledger, 51);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 1);
    ql_cid_ledger_raise_retire_prior_to(ledger, (UINT64_C(1) << 62) - 1);
    g_assert_cmpuint(ql_cid_ledger_active(ledger), ==, 0);
    ql_cid_ledger_free(ledger);
}

static void test_full(void)
{
    ql_cid_ledger *ledger = ql_cid_ledger_new(QL_SERVER);
    ql_cid_entry *out;
    for (unsigned i = 0; i < QL_CIDS_MAX; i++) {
        g_autofree char *hex = g_strdup_printf("%08x", i);
        must_issue(ledger, i, hex);
    }
    g_assert_cmpint(issue(ledger, QL_CIDS_MAX, "ffff", 2, &out), ==, QL_CID_ISSUE_FULL);
    g_assert_null(out);
    g_assert_cmpint(issue(ledger, 5, "00000005", 2, &out), ==, QL_CID_ISSUE_REPEATED);
    ql_cid_ledger_free(ledger);
}

static void test_names(void)
{
    g_assert_cmpstr(ql_cid_origin_name(QL_ORIGIN_CLIENT_RANDOM), ==, "initial");
    g_assert_cmpstr(ql_cid_origin_name(QL_ORIGIN_HANDSHAKE), ==, "handshake");
    g_assert_cmpstr(ql_cid_origin_name(QL_ORIGIN_PREFERRED_ADDRESS), ==, "preferred_address");
    g_assert_cmpstr(ql_cid_origin_name(QL_ORIGIN_NEW_CONNECTION_ID), ==, "NEW_CONNECTION_ID");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cid_ledger/an ID is entered with what is told of it", test_new);
    g_test_add_func("/cid_ledger/a repeat is counted and changes nothing", test_repeated);
    g_test_add_func("/cid_ledger/each kind of conflict is told and changes nothing",
                    test_conflicts);
    g_test_add_func("/cid_ledger/an ID seen in use may be issued later", test_seen_then_issued);
    g_test_add_func("/cid_ledger/an ID seen in use cannot take another's number",
                    test_seen_then_conflict);
    g_test_add_func("/cid_ledger/an ID is retired once", test_retire);
    g_test_add_func("/cid_ledger/Retire Prior To makes IDs inactive", test_retire_prior_to);
    g_test_add_func("/cid_ledger/Retire Prior To reaches over gaps",
                    test_retire_prior_to_with_gaps);
    g_test_add_func("/cid_ledger/a full ledger passes new IDs over", test_full);
    g_test_add_func("/cid_ledger/origins have the names of the report", test_names);
    return g_test_run();
}
