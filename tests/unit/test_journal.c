/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/journal.h"

#include <string.h>

static guint event_count(const ql_journal *journal, uint32_t frame)
{
    guint count = 0;
    for (const ql_event *e = ql_journal_first(journal, frame); e != NULL; e = e->next)
        count++;
    return count;
}

static const ql_finding *finding_at(const ql_journal *journal, guint index)
{
    const GPtrArray *findings = ql_journal_findings(journal);
    g_assert_cmpuint(index, <, findings->len);
    return g_ptr_array_index(findings, index);
}

static void test_order(void)
{
    ql_journal *journal = ql_journal_new();
    ql_journal_add(journal, 7, QL_EVENT_CID)->cid.kind = 1;
    ql_journal_add(journal, 3, QL_EVENT_PATH)->path.kind = 2;
    ql_journal_add(journal, 7, QL_EVENT_PACKET)->packet.packet_number = 3;

    const ql_event *first = ql_journal_first(journal, 7);
    g_assert_cmpint(first->kind, ==, QL_EVENT_CID);
    g_assert_cmpuint(first->cid.kind, ==, 1);
    g_assert_cmpint(first->next->kind, ==, QL_EVENT_PACKET);
    g_assert_cmpuint(first->next->packet.packet_number, ==, 3);
    g_assert_null(first->next->next);
    g_assert_cmpuint(event_count(journal, 3), ==, 1);
    ql_journal_free(journal);
}

static void test_unknown_frame(void)
{
    ql_journal *journal = ql_journal_new();
    ql_journal_add(journal, 5, QL_EVENT_CID);
    g_assert_null(ql_journal_first(journal, 0));
    g_assert_null(ql_journal_first(journal, 4));
    g_assert_null(ql_journal_first(journal, 6));
    g_assert_null(ql_journal_first(journal, UINT32_MAX));
    ql_journal_free(journal);
}

static void test_events_stay(void)
{
    ql_journal *journal = ql_journal_new();
    ql_event *first = ql_journal_add(journal, 1, QL_EVENT_PACKET);
    first->packet.packet_number = 42;
    for (uint32_t i = 2; i < 5000; i++)
        g_assert_cmpuint(ql_journal_add(journal, i, QL_EVENT_PACKET)->packet.packet_number, ==, 0);
    g_assert_true(ql_journal_first(journal, 1) == first);
    g_assert_cmpuint(first->packet.packet_number, ==, 42);
    ql_journal_free(journal);
}

static void test_say(void)
{
    ql_journal *journal = ql_journal_new();
    ql_journal_say(journal, 2, "RFC 9000, 1", "the number is %d", 7);
    const ql_event *event = ql_journal_first(journal, 2);
    g_assert_cmpint(event->kind, ==, QL_EVENT_TEXT);
    g_assert_cmpstr(event->text.text, ==, "the number is 7");
    g_assert_cmpstr(event->text.rfc, ==, "RFC 9000, 1");
    ql_journal_free(journal);
}

static void test_find(void)
{
    ql_journal *journal = ql_journal_new();
    ql_journal_find(journal, 4, 9, QL_FINDING_CID_LIMIT, "%u of them", 3u);
    const ql_finding *finding = finding_at(journal, 0);
    g_assert_cmpint(finding->code, ==, QL_FINDING_CID_LIMIT);
    g_assert_cmpuint(finding->connection, ==, 4);
    g_assert_cmpuint(finding->frame, ==, 9);
    g_assert_cmpstr(finding->text, ==, "3 of them");
    g_assert_true(ql_journal_first(journal, 9)->finding == finding);
    ql_journal_free(journal);
}

static void test_find_cap(void)
{
    ql_journal *journal = ql_journal_new();
    for (uint32_t i = 1; i <= QL_FINDINGS_PER_CODE_MAX + 50; i++)
        ql_journal_find(journal, 0, i, QL_FINDING_FRAME_MALFORMED, "number %u", i);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, QL_FINDINGS_PER_CODE_MAX);
    const ql_finding *last = finding_at(journal, QL_FINDINGS_PER_CODE_MAX - 1);
    g_assert_cmpstr(last->text, ==, "number 100; further ones of this kind are not listed");
    g_assert_null(ql_journal_first(journal, QL_FINDINGS_PER_CODE_MAX + 1));

    ql_journal_find(journal, 0, 1, QL_FINDING_CID_LIMIT, "another code");
    ql_journal_find(journal, 1, 1, QL_FINDING_FRAME_MALFORMED, "another connection");
    ql_journal_find(journal, QL_NO_CONNECTION, 1, QL_FINDING_FRAME_MALFORMED, "no connection");
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, QL_FINDINGS_PER_CODE_MAX + 3);
    ql_journal_free(journal);
}

static void test_withdraw(void)
{
    ql_journal *journal = ql_journal_new();
    ql_journal_add(journal, 1, QL_EVENT_PACKET);
    ql_journal_find(journal, 0, 1, QL_FINDING_SECRETS_MISSING, "a");
    ql_journal_find(journal, 1, 1, QL_FINDING_SECRETS_MISSING, "another connection");
    ql_journal_find(journal, 0, 2, QL_FINDING_SECRETS_MISSING, "b");
    ql_journal_find(journal, 0, 1, QL_FINDING_CID_LIMIT, "another code");

    ql_journal_withdraw(journal, 0, QL_FINDING_SECRETS_MISSING);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 2);
    g_assert_cmpstr(finding_at(journal, 0)->text, ==, "another connection");
    g_assert_cmpstr(finding_at(journal, 1)->text, ==, "another code");
    g_assert_cmpuint(event_count(journal, 1), ==, 3);
    g_assert_null(ql_journal_first(journal, 2));

    ql_journal_add(journal, 2, QL_EVENT_CID);
    g_assert_cmpint(ql_journal_first(journal, 2)->kind, ==, QL_EVENT_CID);
    ql_journal_free(journal);
}

static void test_doubt_of_order(void)
{
    ql_journal *journal = ql_journal_new();
    ql_journal_find(journal, 0, 1, QL_FINDING_CID_LIMIT, "told from the order");
    ql_journal_find(journal, 1, 1, QL_FINDING_CID_LIMIT, "another connection");
    ql_journal_find(journal, 0, 1, QL_FINDING_CID_CONFLICT, "told from itself");
    ql_journal_doubt_order(journal, 0);
    ql_journal_find(journal, 0, 2, QL_FINDING_CID_LIMIT, "again");
    ql_journal_find(journal, 0, 2, QL_FINDING_CID_CONFLICT, "told from itself again");
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 3);
    g_assert_cmpstr(finding_at(journal, 0)->text, ==, "another connection");
    g_assert_cmpstr(finding_at(journal, 1)->text, ==, "told from itself");
    g_assert_cmpstr(finding_at(journal, 2)->text, ==, "told from itself again");
    ql_journal_free(journal);
}

/* What was taken back does not count against the cap. */
static void test_withdraw_makes_room(void)
{
    ql_journal *journal = ql_journal_new();
    for (unsigned i = 0; i < 3 * QL_FINDINGS_PER_CODE_MAX; i++) {
        ql_journal_find(journal, 0, 1, QL_FINDING_SECRETS_MISSING, "once more");
        g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 1);
        g_assert_cmpstr(finding_at(journal, 0)->text, ==, "once more");
        ql_journal_withdraw(journal, 0, QL_FINDING_SECRETS_MISSING);
    }
    ql_journal_free(journal);
}

static void test_remove(void)
{
    ql_journal *journal = ql_journal_new();
    const ql_event *events[3];
    for (unsigned i = 0; i < 3; i++)
        events[i] = ql_journal_add(journal, 4, QL_EVENT_CID);
    ql_journal_remove(journal, 4, events[2]);
    ql_journal_remove(journal, 4, events[0]);
    g_assert_true(ql_journal_first(journal, 4) == events[1]);
    g_assert_cmpuint(event_count(journal, 4), ==, 1);
    const ql_event *next = ql_journal_add(journal, 4, QL_EVENT_PATH);
    g_assert_true(ql_journal_first(journal, 4)->next == next);
    ql_journal_remove(journal, 4, events[1]);
    ql_journal_remove(journal, 4, next);
    g_assert_null(ql_journal_first(journal, 4));
    ql_journal_free(journal);
}

static void test_names(void)
{
    for (int cause = 0; cause < QL_CLOSED_CAUSE_COUNT; cause++)
        g_assert_cmpstr(ql_closed_cause_text((ql_closed_cause)cause), !=, "unknown");
    g_assert_cmpstr(ql_cid_event_name(QL_CID_FIRST_USED), ==, "first-used");
    g_assert_cmpstr(ql_cid_event_name(QL_CID_PREFERRED_ADDRESS), ==, "preferred-address");
    g_assert_cmpstr(ql_path_event_name(QL_PATH_ABANDONED), ==, "abandoned");
    g_assert_cmpstr(ql_path_event_name(QL_PATH_REBOUND), ==, "rebound");
}

static void test_findings_table(void)
{
    for (int code = 0; code < QL_FINDING_CODE_COUNT; code++) {
        const ql_finding_kind *kind = ql_finding_kind_of((ql_finding_code)code);
        g_assert_nonnull(kind->code);
        g_assert_nonnull(kind->summary);
        g_assert_true(kind->rfc == NULL || g_str_has_prefix(kind->rfc, "RFC "));
        for (int other = 0; other < code; other++)
            g_assert_cmpstr(kind->code, !=, ql_finding_kind_of((ql_finding_code)other)->code);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/without an order nothing is told from it", test_doubt_of_order);
    g_test_add_func("/journal/events of a frame stand in the order of adding", test_order);
    g_test_add_func("/journal/a frame without events has none", test_unknown_frame);
    g_test_add_func("/journal/events stay where they are while others are added", test_events_stay);
    g_test_add_func("/journal/a text is formatted and kept", test_say);
    g_test_add_func("/journal/a finding is listed and stands on its frame", test_find);
    g_test_add_func("/journal/findings of one code and connection have a cap", test_find_cap);
    g_test_add_func("/journal/withdrawing takes findings off list and frames", test_withdraw);
    g_test_add_func("/journal/withdrawn findings make room for others", test_withdraw_makes_room);
    g_test_add_func("/journal/an event can be taken off its frame", test_remove);
    g_test_add_func("/journal/causes and events have names", test_names);
    g_test_add_func("/journal/each finding has a code of its own", test_findings_table);
    return g_test_run();
}
