/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/handshake.h"

#include <string.h>

#include "model/connection.h"
#include "quic_builder.h"

typedef struct fixture {
    ql_connection_facts facts;
    ql_journal *journal;
    ql_handshake *handshake;
    uint8_t random[32];
    uint32_t frame;
} fixture;

static void set_up(fixture *f)
{
    memset(f, 0, sizeof *f);
    memset(f->random, 0x31, sizeof f->random);
    f->journal = ql_journal_new();
    f->handshake = ql_handshake_new(&f->facts, f->journal);
}

static void tear_down(fixture *f)
{
    ql_handshake_free(f->handshake);
    ql_journal_free(f->journal);
}

static unsigned give(fixture *f, ql_side sender, bool handshake_level, uint64_t offset,
                     ql_slice data)
{
    ql_frame frame = { .kind = QL_FRAME_CRYPTO, .crypto = { offset, data } };
    ql_where where = { ++f->frame, f->frame };
    return ql_handshake_on_crypto(f->handshake, sender, handshake_level, &frame, &where);
}

/* As a whole; the bytes are used up. */
static unsigned give_all(fixture *f, ql_side sender, bool handshake_level, GByteArray *bytes)
{
    unsigned news = give(f, sender, handshake_level, 0, quic_slice(bytes));
    g_byte_array_free(bytes, TRUE);
    return news;
}

static GByteArray *client_hello(const fixture *f, bool early_data)
{
    ql_cid cid = quic_cid("0a0b");
    g_autoptr(GByteArray) parameters = quic_put_cid_parameter(quic_bytes(), 0x0f, &cid);
    return quic_put_client_hello(quic_bytes(), f->random, "example.org", "h3", early_data,
                                 quic_slice(parameters));
}

static GByteArray *extensions(bool early_data)
{
    g_autoptr(GByteArray) parameters = quic_put_number_parameter(quic_bytes(), 0x0e, 7);
    return quic_put_encrypted_extensions(quic_bytes(), "h3", early_data, quic_slice(parameters));
}

static void test_client_hello(void)
{
    fixture f;
    set_up(&f);
    unsigned news = give_all(&f, QL_CLIENT, false, client_hello(&f, false));
    g_assert_cmpuint(news, ==, QL_NEWS_CLIENT_RANDOM | QL_NEWS_CLIENT_PARAMETERS | QL_NEWS_ALPN);
    g_assert_true(f.facts.has_client_random);
    g_assert_true(memcmp(f.facts.client_random, f.random, sizeof f.random) == 0);
    g_assert_cmpstr(f.facts.server_name, ==, "example.org");
    g_assert_cmpstr(f.facts.alpn, ==, "h3");
    g_assert_true(f.facts.parameters[QL_CLIENT].has_initial_scid);
    tear_down(&f);
}

static void test_in_pieces(void)
{
    fixture f;
    set_up(&f);
    g_autoptr(GByteArray) hello = client_hello(&f, false);
    ql_slice behind = { hello->data + 30, hello->len - 30 };
    g_assert_cmpuint(give(&f, QL_CLIENT, false, 30, behind), ==, 0);
    g_assert_cmpuint(give(&f, QL_CLIENT, false, 0, (ql_slice){ hello->data, 29 }), ==, 0);
    g_assert_false(f.facts.has_client_random);
    unsigned news = give(&f, QL_CLIENT, false, 25, (ql_slice){ hello->data + 25, 10 });
    g_assert_true((news & QL_NEWS_CLIENT_RANDOM) != 0);
    g_assert_cmpuint(give(&f, QL_CLIENT, false, 0, quic_slice(hello)), ==, 0);
    tear_down(&f);
}

static void test_server(void)
{
    fixture f;
    set_up(&f);
    give_all(&f, QL_CLIENT, false, client_hello(&f, false));
    give_all(&f, QL_SERVER, false, quic_put_server_hello(quic_bytes(), 0x1303));
    unsigned news = give_all(&f, QL_SERVER, true, extensions(false));
    g_assert_cmpuint(news & QL_NEWS_SERVER_PARAMETERS, !=, 0);
    g_assert_cmpuint(f.facts.parameters[QL_SERVER].active_connection_id_limit, ==, 7);
    g_assert_false(f.facts.early_data_accepted);
    g_assert_false(f.facts.early_data_rejected);
    g_assert_cmpuint(ql_journal_findings(f.journal)->len, ==, 0);
    tear_down(&f);
}

static void test_early_data(void)
{
    for (int accepted = 0; accepted < 2; accepted++) {
        fixture f;
        set_up(&f);
        give_all(&f, QL_CLIENT, false, client_hello(&f, true));
        unsigned news = give_all(&f, QL_SERVER, true, extensions(accepted));
        g_assert_cmpint(f.facts.early_data_accepted, ==, accepted);
        g_assert_cmpint(f.facts.early_data_rejected, ==, !accepted);
        g_assert_cmpint((news & QL_NEWS_EARLY_DATA_REJECTED) != 0, ==, !accepted);
        tear_down(&f);
    }
}

static void test_hello_retry_request(void)
{
    fixture f;
    static const char random[] = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
    set_up(&f);
    GByteArray *bytes = quic_put_server_hello(quic_bytes(), 0x1301);
    g_autoptr(GByteArray) special = quic_put_hex(quic_bytes(), random);
    memcpy(bytes->data + 6, special->data, special->len);
    give_all(&f, QL_SERVER, false, bytes);
    const ql_event *event = ql_journal_first(f.journal, 1);
    g_assert_nonnull(event);
    g_assert_cmpstr(event->text.text, ==,
                    "HelloRetryRequest: the server wants another ClientHello");
    tear_down(&f);
}

static void test_restart(void)
{
    fixture f;
    set_up(&f);
    give_all(&f, QL_CLIENT, false, client_hello(&f, false));
    f.random[5] ^= 1;
    g_assert_cmpuint(give_all(&f, QL_CLIENT, false, client_hello(&f, false)), ==, 0);
    ql_handshake_restart(f.handshake);
    unsigned news = give_all(&f, QL_CLIENT, false, client_hello(&f, false));
    g_assert_true((news & QL_NEWS_CLIENT_RANDOM) != 0);
    g_assert_true(memcmp(f.facts.client_random, f.random, sizeof f.random) == 0);
    tear_down(&f);
}

/* Anybody can protect Initial packets: what the other side alone may say is not believed. */
static void test_messages_of_the_wrong_side(void)
{
    fixture f;
    set_up(&f);
    g_assert_cmpuint(give_all(&f, QL_SERVER, false, client_hello(&f, false)), ==, 0);
    g_assert_false(f.facts.has_client_random);
    g_assert_cmpuint(give_all(&f, QL_CLIENT, true, client_hello(&f, false)), ==, 0);
    g_assert_false(f.facts.has_client_random);
    tear_down(&f);
    set_up(&f);
    g_assert_cmpuint(give_all(&f, QL_CLIENT, true, extensions(false)), ==, 0);
    g_assert_cmpuint(give_all(&f, QL_SERVER, false, extensions(false)), ==, 0);
    g_assert_false(f.facts.parameters[QL_SERVER].present);
    tear_down(&f);
}

/* The secrets hang on the random alone: a hello with a fault behind it is still a hello. */
static void test_faulty_hello_has_a_random(void)
{
    fixture f;
    set_up(&f);
    g_autoptr(GByteArray) parameters =
        quic_put_parameter(quic_bytes(), 0x03, (ql_slice){ f.random, 2 }); /* below 1200 */
    unsigned news = give_all(&f, QL_CLIENT, false,
                             quic_put_client_hello(quic_bytes(), f.random, "example.org", "h3",
                                                   false, quic_slice(parameters)));
    g_assert_true((news & QL_NEWS_CLIENT_RANDOM) != 0);
    g_assert_true(f.facts.has_client_random);
    g_assert_cmpuint(ql_journal_findings(f.journal)->len, ==, 1);
    const ql_finding *finding = g_ptr_array_index(ql_journal_findings(f.journal), 0);
    g_assert_cmpint(finding->code, ==, QL_FINDING_TLS_MALFORMED);
    tear_down(&f);
}

static void test_hello_cut_short(void)
{
    fixture f;
    set_up(&f);
    /* A ClientHello of ten bytes: no random fits in. */
    g_autoptr(GByteArray) bytes = quic_put_hex(quic_bytes(), "0100000a03030102030405060708");
    g_assert_cmpuint(give(&f, QL_CLIENT, false, 0, quic_slice(bytes)), ==, 0);
    g_assert_false(f.facts.has_client_random);
    g_assert_cmpuint(ql_journal_findings(f.journal)->len, ==, 1);
    tear_down(&f);
}

static void test_cap(void)
{
    fixture f;
    set_up(&f);
    g_autoptr(GByteArray) much = quic_put_padding(quic_put_hex(quic_bytes(), "0bffffff"), 60000);
    give(&f, QL_SERVER, true, 0, quic_slice(much));
    give(&f, QL_SERVER, true, much->len, quic_slice(much));
    g_assert_cmpuint(ql_journal_findings(f.journal)->len, ==, 1);
    const ql_finding *finding = g_ptr_array_index(ql_journal_findings(f.journal), 0);
    g_assert_cmpint(finding->code, ==, QL_FINDING_LIMIT_REACHED);
    give(&f, QL_SERVER, true, 2 * much->len, quic_slice(much));
    g_assert_cmpuint(ql_journal_findings(f.journal)->len, ==, 1);
    g_assert_cmpuint(give_all(&f, QL_CLIENT, false, client_hello(&f, false)), !=, 0);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/handshake/a ClientHello tells who asks for what", test_client_hello);
    g_test_add_func("/handshake/CRYPTO frames may come in any order", test_in_pieces);
    g_test_add_func("/handshake/the server's parameters become known", test_server);
    g_test_add_func("/handshake/early data is accepted or rejected", test_early_data);
    g_test_add_func("/handshake/a HelloRetryRequest is told", test_hello_retry_request);
    g_test_add_func("/handshake/a restart lets another ClientHello in", test_restart);
    g_test_add_func("/handshake/messages of the wrong side are passed over",
                    test_messages_of_the_wrong_side);
    g_test_add_func("/handshake/a faulty ClientHello still has its random",
                    test_faulty_hello_has_a_random);
    g_test_add_func("/handshake/a ClientHello without room for a random has none",
                    test_hello_cut_short);
    g_test_add_func("/handshake/a handshake beyond the cap is told once", test_cap);
    return g_test_run();
}
