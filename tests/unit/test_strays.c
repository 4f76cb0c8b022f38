/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/strays.h"

#include <string.h>

#include "quic_builder.h"

static uint8_t quic_like[40];

static ql_datagram datagram_of(uint16_t port, uint32_t frame, uint8_t first)
{
    memset(quic_like, 0x55, sizeof quic_like);
    quic_like[0] = first;
    return (ql_datagram){ .where = { .frame = frame },
                          .source = quic_endpoint(1, port),
                          .destination = quic_endpoint(2, 4433),
                          .payload = { quic_like, sizeof quic_like },
                          .wire_length = sizeof quic_like };
}

static ql_datagram turned(ql_datagram datagram)
{
    ql_endpoint source = datagram.source;
    datagram.source = datagram.destination;
    datagram.destination = source;
    return datagram;
}

/* Datagrams of one pair, as QUIC with header protection would look. */
static void note_many(ql_strays *strays, uint16_t port, uint32_t from, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ql_datagram datagram = datagram_of(port, from + i, (uint8_t)(0x40 + i * 7 % 32));
        if (i % 2 == 1)
            datagram = turned(datagram);
        ql_strays_note(strays, &datagram);
    }
}

static void test_told_once(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    note_many(strays, 1000, 5, 20);
    ql_strays_tell(strays, journal, 3);
    ql_strays_tell(strays, journal, 3);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 1);
    const ql_finding *finding = g_ptr_array_index(ql_journal_findings(journal), 0);
    g_assert_cmpint(finding->code, ==, QL_FINDING_CAPTURE_START_MISSING);
    g_assert_cmpuint(finding->frame, ==, 5);
    g_assert_cmpuint(finding->connection, ==, QL_NO_CONNECTION);
    g_assert_nonnull(strstr(finding->text, "20 datagrams between "));
    g_assert_nonnull(strstr(finding->text, "192.0.2.1:1000"));
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_few_are_not_told(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    note_many(strays, 1000, 5, 4);
    ql_strays_tell(strays, journal, 0);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 0);
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_one_foreign_datagram_clears_the_pair(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    note_many(strays, 1000, 5, 20);
    ql_datagram foreign = turned(datagram_of(1000, 30, 0x12)); /* no fixed bit, and a number */
    quic_like[1] = quic_like[2] = 0;
    ql_strays_note(strays, &foreign);
    ql_strays_tell(strays, journal, 0);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 0);
    ql_journal_free(journal);
    ql_strays_free(strays);
}

/* Header protection makes the first byte differ; a protocol whose first byte is a type does not. */
static void test_constant_first_byte_is_not_quic(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    for (uint32_t frame = 1; frame <= 50; frame++) {
        ql_datagram datagram = datagram_of(1000, frame, 0x48);
        ql_strays_note(strays, &datagram);
    }
    ql_strays_tell(strays, journal, 0);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 0);
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_forget(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    note_many(strays, 1000, 5, 20);
    note_many(strays, 1001, 50, 20);
    ql_datagram of_known = turned(datagram_of(1000, 30, 0x40));
    ql_strays_forget(strays, &of_known);
    ql_strays_tell(strays, journal, 0);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 1);
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_order_of_frames(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    for (uint16_t i = 0; i < 30; i++)
        note_many(strays, (uint16_t)(1000 + i), 100 + 10u * i, 9);
    ql_strays_tell(strays, journal, 0);
    const GPtrArray *findings = ql_journal_findings(journal);
    g_assert_cmpuint(findings->len, ==, 30);
    for (guint i = 0; i < findings->len; i++)
        g_assert_cmpuint(((ql_finding *)g_ptr_array_index(findings, i))->frame, ==, 100 + 10 * i);
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_many_pairs(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    for (unsigned i = 0; i < QL_STRAY_PAIRS_MAX + 100; i++)
        note_many(strays, (uint16_t)(1 + i), 1 + i, 2);
    note_many(strays, 60000, 9000, 20);
    ql_strays_tell(strays, journal, 0);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 0); /* was not looked at */
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_tries(void)
{
    ql_strays *strays = ql_strays_new();
    for (unsigned i = 1; i <= QL_STRAY_TRIES_MAX; i++) {
        ql_datagram datagram = datagram_of(1000, i, (uint8_t)(0x40 + i));
        if (i % 2 == 1)
            datagram = turned(datagram);
        g_assert_cmpuint(ql_strays_try(strays, &datagram), ==, i);
    }
    ql_datagram more = datagram_of(1000, 50, 0x41), other = datagram_of(1001, 51, 0x41);
    g_assert_cmpuint(ql_strays_try(strays, &more), ==, 0);
    g_assert_cmpuint(ql_strays_try(strays, &other), ==, 1);
    ql_strays_forget(strays, &more);
    g_assert_cmpuint(ql_strays_try(strays, &more), ==, 1);
    ql_strays_free(strays);
}

/* RFC 9287: some send all packets of a connection without the bit. A single one is no reason. */
static void test_without_the_fixed_bit(void)
{
    ql_strays *strays = ql_strays_new();
    ql_journal *journal = ql_journal_new();
    for (uint32_t frame = 1; frame <= 20; frame++) {
        ql_datagram datagram = datagram_of(1000, frame, (uint8_t)(frame * 7 % 32));
        g_assert_cmpuint(ql_strays_try(strays, &datagram) > 0, ==, frame > 2 && frame < 19);
        ql_strays_note(strays, &datagram);
    }
    ql_strays_tell(strays, journal, 0);
    g_assert_cmpuint(ql_journal_findings(journal)->len, ==, 1);
    ql_journal_free(journal);
    ql_strays_free(strays);
}

static void test_foreign_is_not_tried(void)
{
    ql_strays *strays = ql_strays_new();
    ql_datagram foreign = datagram_of(1000, 1, 0x12);
    quic_like[1] = quic_like[2] = 0;
    g_assert_cmpuint(ql_strays_try(strays, &foreign), ==, 0);
    ql_datagram quic = datagram_of(1000, 2, 0x41);
    g_assert_cmpuint(ql_strays_try(strays, &quic), ==, 1);
    foreign = datagram_of(1000, 3, 0x12);
    quic_like[1] = quic_like[2] = 0;
    ql_strays_note(strays, &foreign);
    quic = datagram_of(1000, 4, 0x41);
    g_assert_cmpuint(ql_strays_try(strays, &quic), ==, 0);
    quic.payload.length = 20; /* no room for a sample */
    quic.source.port = 1001;
    g_assert_cmpuint(ql_strays_try(strays, &quic), ==, 0);
    ql_strays_free(strays);
}

static void test_other_protocols_are_not_tried(void)
{
    static const char *const others[] = {
        "0001000c2112a442", /* STUN */
        "16fefd0000000000", /* DTLS */
        "0400000001000000", /* WireGuard */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        ql_strays *strays = ql_strays_new();
        note_many(strays, 1000, 1, 20);
        ql_datagram datagram = datagram_of(1000, 30, 0);
        g_autoptr(GByteArray) bytes = quic_put_hex(quic_bytes(), others[i]);
        memcpy(quic_like, bytes->data, bytes->len);
        g_assert_cmpuint(ql_strays_try(strays, &datagram), ==, 0);
        ql_strays_free(strays);
    }
}

/* A query of DNS whose random ID has the bit that marks a short header. */
static void test_dns_is_not_tried(void)
{
    ql_strays *strays = ql_strays_new();
    g_autoptr(GByteArray) query =
        quic_put_hex(quic_bytes(), "41c70100000100000000000107657861"
                                   "6d706c65036f7267000001000100002904d0");
    ql_datagram datagram = datagram_of(1000, 1, 0x41);
    datagram.payload = quic_slice(query);
    g_assert_cmpuint(ql_strays_try(strays, &datagram), ==, 0);
    ql_strays_free(strays);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/strays/a pair that looks like QUIC is told once", test_told_once);
    g_test_add_func("/strays/a few datagrams prove nothing", test_few_are_not_told);
    g_test_add_func("/strays/one foreign datagram clears its pair",
                    test_one_foreign_datagram_clears_the_pair);
    g_test_add_func("/strays/a first byte that never changes is not QUIC",
                    test_constant_first_byte_is_not_quic);
    g_test_add_func("/strays/a pair that became a connection's is forgotten", test_forget);
    g_test_add_func("/strays/pairs are told in the order of their frames", test_order_of_frames);
    g_test_add_func("/strays/pairs beyond the cap are not looked at", test_many_pairs);
    g_test_add_func("/strays/a pair is tried a few times", test_tries);
    g_test_add_func("/strays/the fixed bit need not be set", test_without_the_fixed_bit);
    g_test_add_func("/strays/what does not look like QUIC is not tried", test_foreign_is_not_tried);
    g_test_add_func("/strays/other protocols are not tried", test_other_protocols_are_not_tried);
    g_test_add_func("/strays/a query of DNS is not tried", test_dns_is_not_tried);
    return g_test_run();
}
