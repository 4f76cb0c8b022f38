/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/keyring.h"

#include <string.h>

#include "quic_builder.h"

typedef struct fixture {
    quic_ends ends;
    ql_keyring *ring;
    ql_packet_numbers numbers; /* of the sender that a test is about */
    uint8_t scratch[4096];
    ql_opened opened;
} fixture;

static void set_up(fixture *f)
{
    memset(f, 0, sizeof *f);
    quic_ends_init(&f->ends, 1);
    f->ends.destination[QL_CLIENT] = f->ends.id[QL_SERVER];
    f->ring = ql_keyring_new();
}

static void tear_down(fixture *f)
{
    ql_keyring_free(f->ring);
    ql_packet_numbers_clear(&f->numbers);
}

static void give_secrets(fixture *f, bool all)
{
    ql_secrets_log *log = ql_secrets_log_new();
    g_autofree char *text =
        all ? quic_secrets_text(&f->ends) : quic_secret_line(&f->ends, QL_SECRET_CLIENT_TRAFFIC);
    ql_secrets_log_add(log, (ql_slice){ (const uint8_t *)text, strlen(text) });
    ql_keyring_set_secrets(f->ring, ql_secrets_log_find(log, f->ends.client_random));
    ql_secrets_log_free(log);
}

static ql_packet_header header_of(const fixture *f, ql_side sender, const GByteArray *packet)
{
    ql_packet_header header;
    ql_header_status status =
        ql_packet_is_long(quic_slice(packet))
            ? ql_packet_header_read_long(quic_slice(packet), &header)
            : ql_packet_header_read_short(quic_slice(packet), f->ends.destination[sender].length,
                                          &header);
    g_assert_cmpint(status, ==, QL_HEADER_OK);
    return header;
}

/* Enters the number of what it opened, as a connection does. */
static ql_open_status open_packet(fixture *f, ql_side sender, const GByteArray *packet)
{
    ql_packet_header header = header_of(f, sender, packet);
    ql_open_status status =
        ql_keyring_open(f->ring, sender, &header, &f->numbers, f->scratch, &f->opened);
    if (status == QL_OPEN_OK)
        ql_packet_numbers_add(&f->numbers, f->opened.packet_number);
    return status;
}

static GByteArray *make(fixture *f, ql_side sender, ql_packet_type type)
{
    return quic_packet(&f->ends, sender, type, quic_put_padding(quic_put_ping(quic_bytes()), 20));
}

static void assert_opens(fixture *f, ql_side sender, ql_packet_type type)
{
    g_autoptr(GByteArray) packet = make(f, sender, type);
    g_assert_cmpint(open_packet(f, sender, packet), ==, QL_OPEN_OK);
    g_assert_cmpuint(f->opened.payload.length, ==, 21);
    g_assert_cmpuint(f->opened.payload.data[0], ==, 1);
}

static void test_no_keys(void)
{
    fixture f;
    set_up(&f);
    for (int type = QL_PACKET_INITIAL; type <= QL_PACKET_HANDSHAKE; type++) {
        g_autoptr(GByteArray) packet = make(&f, QL_CLIENT, (ql_packet_type)type);
        g_assert_false(ql_keyring_has(f.ring, QL_CLIENT, (ql_packet_type)type));
        g_assert_cmpint(open_packet(&f, QL_CLIENT, packet), ==, QL_OPEN_NO_KEYS);
    }
    g_autoptr(GByteArray) packet = make(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_assert_cmpint(open_packet(&f, QL_CLIENT, packet), ==, QL_OPEN_NO_KEYS);
    tear_down(&f);
}

static void test_initial(void)
{
    for (int side = 0; side < 2; side++) {
        fixture f;
        set_up(&f);
        ql_keyring_set_initial_dcid(f.ring, &f.ends.initial_dcid);
        assert_opens(&f, (ql_side)side, QL_PACKET_INITIAL);
        f.ends.version = QL_VERSION_2; /* both versions' keys come from the same ID (RFC 9369, 4) */
        assert_opens(&f, (ql_side)side, QL_PACKET_INITIAL);
        f.ends.version = QL_VERSION_1;
        assert_opens(&f, (ql_side)side, QL_PACKET_INITIAL);
        tear_down(&f);
    }
}

static void test_initial_of_another_id(void)
{
    fixture f;
    set_up(&f);
    ql_keyring_set_initial_dcid(f.ring, &f.ends.initial_dcid);
    assert_opens(&f, QL_CLIENT, QL_PACKET_INITIAL);
    ql_keyring_set_initial_dcid(f.ring, &f.ends.id[QL_SERVER]);
    g_autoptr(GByteArray) packet = make(&f, QL_CLIENT, QL_PACKET_INITIAL);
    g_assert_cmpint(open_packet(&f, QL_CLIENT, packet), ==, QL_OPEN_FAILED);
    f.ends.initial_dcid = f.ends.id[QL_SERVER];
    assert_opens(&f, QL_CLIENT, QL_PACKET_INITIAL);
    tear_down(&f);
}

static void test_levels(void)
{
    static const uint32_t versions[] = { QL_VERSION_1, QL_VERSION_2, 0xff00001d };
    for (unsigned v = 0; v < G_N_ELEMENTS(versions); v++) {
        for (int suite = 0; suite < QL_SUITE_COUNT; suite++) {
            fixture f;
            set_up(&f);
            f.ends.version = versions[v];
            f.ends.suite = (ql_suite)suite;
            give_secrets(&f, true);
            assert_opens(&f, QL_CLIENT, QL_PACKET_ZERO_RTT);
            assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
            g_assert_cmpint(f.opened.suite, ==, suite);
            ql_packet_numbers_clear(&f.numbers);
            assert_opens(&f, QL_SERVER, QL_PACKET_HANDSHAKE);
            ql_packet_numbers_clear(&f.numbers);
            assert_opens(&f, QL_SERVER, QL_PACKET_ONE_RTT);
            g_assert_false(f.opened.key_phase);
            tear_down(&f);
        }
    }
}

static void test_rest(void)
{
    fixture f;
    set_up(&f);
    ql_keyring_set_initial_dcid(f.ring, &f.ends.initial_dcid);
    give_secrets(&f, true);
    for (int round = 0; round < 3; round++) {
        for (int side = 0; side < 2; side++) {
            ql_packet_numbers_clear(&f.numbers);
            assert_opens(&f, (ql_side)side, QL_PACKET_INITIAL);
            assert_opens(&f, (ql_side)side, QL_PACKET_HANDSHAKE);
            assert_opens(&f, (ql_side)side, QL_PACKET_ONE_RTT);
        }
        ql_keyring_rest(f.ring);
    }
    tear_down(&f);
}

static void test_doze(void)
{
    fixture f;
    set_up(&f);
    ql_keyring_set_initial_dcid(f.ring, &f.ends.initial_dcid);
    f.ends.suite = QL_SUITE_CHACHA20_POLY1305;
    f.ends.version = QL_VERSION_2;
    give_secrets(&f, true);
    for (unsigned round = 0; round < 3; round++) {
        assert_opens(&f, QL_CLIENT, QL_PACKET_INITIAL);
        assert_opens(&f, QL_CLIENT, QL_PACKET_HANDSHAKE);
        assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
        ql_keyring_doze(f.ring);
    }
    tear_down(&f);
}

/* Before, behind and between the times at which the keys are put away. */
static void test_doze_and_key_update(void)
{
    for (unsigned when = 0; when < 3; when++) {
        fixture f;
        set_up(&f);
        give_secrets(&f, true);
        for (unsigned updates = 0; updates < 3; updates++) {
            f.ends.updates[QL_SERVER] = updates;
            assert_opens(&f, QL_SERVER, QL_PACKET_ONE_RTT);
            g_assert_cmpint(f.opened.key_update, ==, updates > 0);
            if (updates == when)
                ql_keyring_doze(f.ring);
            assert_opens(&f, QL_SERVER, QL_PACKET_ONE_RTT);
            g_assert_cmpint(f.opened.key_phase, ==, updates % 2 == 1);
        }
        tear_down(&f);
    }
}

static void test_damage_does_not_decide(void)
{
    fixture f;
    set_up(&f);
    f.ends.suite = QL_SUITE_AES_128_CCM;
    give_secrets(&f, true);
    g_autoptr(GByteArray) packet = make(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    packet->data[packet->len - 1] ^= 1;
    g_assert_cmpint(open_packet(&f, QL_CLIENT, packet), ==, QL_OPEN_FAILED);
    packet->data[packet->len - 1] ^= 1;
    g_assert_cmpint(open_packet(&f, QL_CLIENT, packet), ==, QL_OPEN_OK);
    tear_down(&f);
}

static void test_secrets_in_pieces(void)
{
    fixture f;
    set_up(&f);
    give_secrets(&f, false);
    g_assert_true(ql_keyring_has(f.ring, QL_CLIENT, QL_PACKET_ONE_RTT));
    g_assert_false(ql_keyring_has(f.ring, QL_SERVER, QL_PACKET_ONE_RTT));
    g_assert_false(ql_keyring_has(f.ring, QL_CLIENT, QL_PACKET_HANDSHAKE));
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    f.ends.updates[QL_CLIENT]++;
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    /* What is known already goes on where it was. */
    give_secrets(&f, true);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_assert_false(f.opened.key_update);
    ql_packet_numbers_clear(&f.numbers);
    assert_opens(&f, QL_SERVER, QL_PACKET_ONE_RTT);
    tear_down(&f);
}

static void test_key_update(void)
{
    fixture f;
    set_up(&f);
    give_secrets(&f, true);
    for (unsigned updates = 0; updates < 4; updates++) {
        f.ends.updates[QL_CLIENT] = updates;
        assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
        g_assert_cmpint(f.opened.key_phase, ==, updates % 2 == 1);
        g_assert_cmpint(f.opened.key_update, ==, updates > 0);
        assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
        g_assert_false(f.opened.key_update);
    }
    tear_down(&f);
}

static void test_reordered_key_update(void)
{
    fixture f;
    set_up(&f);
    give_secrets(&f, true);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_autoptr(GByteArray) late = make(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    f.ends.updates[QL_CLIENT] = 1;
    g_autoptr(GByteArray) first = make(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_assert_true(f.opened.key_update);
    g_assert_cmpint(open_packet(&f, QL_CLIENT, late), ==, QL_OPEN_OK);
    g_assert_false(f.opened.key_phase);
    g_assert_false(f.opened.key_update);
    g_assert_cmpint(open_packet(&f, QL_CLIENT, first), ==, QL_OPEN_OK);
    g_assert_true(f.opened.key_phase);
    g_assert_false(f.opened.key_update);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    tear_down(&f);
}

static void test_forged_phase(void)
{
    fixture f;
    set_up(&f);
    give_secrets(&f, true);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_autoptr(GByteArray) packet = make(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    packet->data[0] ^= 0x04; /* the phase bit, under whatever mask */
    g_assert_cmpint(open_packet(&f, QL_CLIENT, packet), ==, QL_OPEN_FAILED);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_assert_false(f.opened.key_update);
    tear_down(&f);
}

/* A gap of the capture may hide updates: the phase bit tells one from two, no more. */
static void test_update_behind_a_gap(void)
{
    fixture f;
    set_up(&f);
    give_secrets(&f, true);
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    f.ends.updates[QL_CLIENT] = 1;
    f.ends.next_number[2][QL_CLIENT] += 5000;
    assert_opens(&f, QL_CLIENT, QL_PACKET_ONE_RTT);
    g_assert_cmpuint(f.opened.packet_number, ==, 5001);
    tear_down(&f);
}

static ql_open_status search(fixture *f, ql_side sender, ql_packet_type type, unsigned *budget)
{
    g_autoptr(GByteArray) packet = make(f, sender, type);
    ql_packet_header header = header_of(f, sender, packet);
    return ql_keyring_search(f->ring, sender, &header, QL_SEARCH_WIDE, f->scratch, budget,
                             &f->opened);
}

static void test_search(void)
{
    static const struct {
        unsigned length, updates;
        uint64_t number;
    } cases[] = { { 1, 0, 60000 },    { 1, 1, 300 },        { 2, 0, 4000000 }, { 2, 3, 70000 },
                  { 3, 2, 20000000 }, { 4, 0, 4000000000 }, { 4, 8, 5 } };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        unsigned budget = 100000;
        set_up(&f);
        give_secrets(&f, true);
        f.ends.number_length = cases[i].length;
        f.ends.updates[QL_SERVER] = cases[i].updates;
        f.ends.next_number[2][QL_SERVER] = cases[i].number;
        g_assert_cmpint(search(&f, QL_SERVER, QL_PACKET_ONE_RTT, &budget), ==, QL_OPEN_OK);
        g_assert_cmpuint(f.opened.packet_number, ==, cases[i].number);
        g_assert_cmpint(f.opened.key_phase, ==, cases[i].updates % 2 == 1);
        g_assert_cmpuint(budget, <, 100000 - 16 * cases[i].updates); /* keys have their price */
        /* What it found is what goes on. */
        ql_packet_numbers_add(&f.numbers, f.opened.packet_number);
        assert_opens(&f, QL_SERVER, QL_PACKET_ONE_RTT);
        f.ends.updates[QL_SERVER]++;
        assert_opens(&f, QL_SERVER, QL_PACKET_ONE_RTT);
        tear_down(&f);
    }
}

/* What is likely costs little, and does not find what is not. */
static void test_search_effort(void)
{
    static const struct {
        uint64_t number;
        unsigned updates;
        bool likely;
    } cases[] = { { 700000, 0, true }, { 2000000, 0, false }, { 50, 1, true }, { 50, 2, false } };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        unsigned budget = 1000;
        set_up(&f);
        give_secrets(&f, true);
        f.ends.updates[QL_SERVER] = cases[i].updates;
        f.ends.next_number[2][QL_SERVER] = cases[i].number;
        g_autoptr(GByteArray) packet = make(&f, QL_SERVER, QL_PACKET_ONE_RTT);
        ql_packet_header header = header_of(&f, QL_SERVER, packet);
        ql_open_status status = ql_keyring_search(f.ring, QL_SERVER, &header, QL_SEARCH_LIKELY,
                                                  f.scratch, &budget, &f.opened);
        g_assert_cmpint(status == QL_OPEN_OK, ==, cases[i].likely);
        g_assert_cmpuint(budget, >, 700);
        tear_down(&f);
    }
}

static void test_search_in_vain(void)
{
    fixture f;
    unsigned budget = 100000;
    set_up(&f);
    g_assert_cmpint(search(&f, QL_SERVER, QL_PACKET_ONE_RTT, &budget), ==, QL_OPEN_NO_KEYS);
    give_secrets(&f, true);
    f.ends.client_random[0] ^= 1; /* other secrets */
    g_assert_cmpint(search(&f, QL_SERVER, QL_PACKET_ONE_RTT, &budget), ==, QL_OPEN_FAILED);
    f.ends.client_random[0] ^= 1;
    unsigned none = 0;
    g_assert_cmpint(search(&f, QL_SERVER, QL_PACKET_ONE_RTT, &none), ==, QL_OPEN_FAILED);
    g_assert_cmpint(search(&f, QL_SERVER, QL_PACKET_ONE_RTT, &budget), ==, QL_OPEN_OK);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyring/without secrets there are no keys", test_no_keys);
    g_test_add_func("/keyring/Initial packets of both versions open with one ID", test_initial);
    g_test_add_func("/keyring/another ID makes other Initial keys", test_initial_of_another_id);
    g_test_add_func("/keyring/all levels, suites and versions open", test_levels);
    g_test_add_func("/keyring/keys that rest come back", test_rest);
    g_test_add_func("/keyring/keys that doze come back", test_doze);
    g_test_add_func("/keyring/keys that doze do not forget their phase", test_doze_and_key_update);
    g_test_add_func("/keyring/a damaged packet does not decide on the suite",
                    test_damage_does_not_decide);
    g_test_add_func("/keyring/secrets may come in pieces", test_secrets_in_pieces);
    g_test_add_func("/keyring/keys are updated with the phase", test_key_update);
    g_test_add_func("/keyring/packets around a key update may be out of order",
                    test_reordered_key_update);
    g_test_add_func("/keyring/a forged phase bit changes nothing", test_forged_phase);
    g_test_add_func("/keyring/a key update may hide in a gap", test_update_behind_a_gap);
    g_test_add_func("/keyring/a search finds number and phase", test_search);
    g_test_add_func("/keyring/a search may be for what is likely", test_search_effort);
    g_test_add_func("/keyring/a search in vain leaves all as it was", test_search_in_vain);
    return g_test_run();
}
