/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_agreement.h"

#include "streams_fixture.h"

/* Control streams, with their SETTINGS. */
#define NOTHING         "00 0400"
#define CONNECT_ALLOWED "00 0402 0801"
#define DATAGRAMS       "00 0402 3301"
#define DRAFT_DATAGRAMS "00 0405 80ffd277 01"

static void send_settings(fixture *f, ql_side side, const char *settings)
{
    if (settings != NULL)
        send(f, side, side == QL_CLIENT ? 2 : 3, 0, false, hex_wire(settings));
}

static void send_connect(fixture *f, bool extended)
{
    GByteArray *wire = wire_new();
    if (extended)
        HEADERS(wire, ":method", "CONNECT", ":protocol", "websocket", ":scheme", "https",
                ":authority", "host", ":path", "/");
    else
        HEADERS(wire, ":method", "CONNECT", ":authority", "host:1");
    send(f, QL_CLIENT, 0, 0, false, wire);
}

static void send_datagram(fixture *f, ql_side sender)
{
    static const uint8_t data[] = { 0x00, 0x61 };
    ql_frame frame = { .kind = QL_FRAME_DATAGRAM, .type = 0x30 };
    ql_where where = next_where(f);
    frame.datagram.data = (ql_slice){ data, sizeof data };
    ql_streams_on_datagram(f->streams, sender, &frame, &where);
}

/* SETTINGS ahead of the use, and behind it. */
static void test_extended_connect(void)
{
    static const struct {
        const char *settings;
        bool extended;
        const char *findings;
    } cases[] = {
        { NOTHING, true, "h3.settings-error" },
        { NOTHING, false, "" },
        { CONNECT_ALLOWED, true, "" },
        { NULL, true, "" },
    };
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        if (i % 2 == 0)
            send_settings(&f, QL_SERVER, cases[i / 2].settings);
        send_connect(&f, cases[i / 2].extended);
        if (i % 2 == 1)
            send_settings(&f, QL_SERVER, cases[i / 2].settings);
        send_settings(&f, QL_CLIENT, NOTHING);
        assert_findings(&f, cases[i / 2].findings);
        tear_down(&f);
    }
}

static void test_datagrams(void)
{
    static const struct {
        const char *client, *server, *findings, *text;
    } cases[] = {
        { DATAGRAMS, DATAGRAMS, "", NULL },
        { DRAFT_DATAGRAMS, DRAFT_DATAGRAMS, "", NULL },
        { DATAGRAMS, NOTHING, "h3.settings-error",
          "of the client, though the SETTINGS of the "
          "server" },
        { NOTHING, DATAGRAMS, "h3.settings-error", "though the SETTINGS of the client" },
        { NULL, DATAGRAMS, "", NULL },
        { NULL, NULL, "", NULL },
    };
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        if (i % 2 == 1)
            send_datagram(&f, QL_CLIENT);
        send_settings(&f, QL_CLIENT, cases[i / 2].client);
        send_settings(&f, QL_SERVER, cases[i / 2].server);
        send_datagram(&f, QL_CLIENT);
        send_datagram(&f, QL_CLIENT);
        assert_findings(&f, cases[i / 2].findings);
        if (cases[i / 2].text != NULL)
            assert_found(&f, cases[i / 2].text);
        tear_down(&f);
    }
}

static void test_both_senders(void)
{
    fixture f;
    set_up(&f, "h3");
    send_settings(&f, QL_SERVER, NOTHING);
    send_datagram(&f, QL_CLIENT);
    send_datagram(&f, QL_SERVER);
    assert_findings(&f, "h3.settings-error h3.settings-error");
    tear_down(&f);
}

/* What was cut says nothing of what it does not hold. */
static void test_cut_settings(void)
{
    fixture f;
    set_up(&f, "h3");
    send_settings(&f, QL_SERVER, "00 0402 0140");
    send_connect(&f, true);
    assert_findings(&f, "h3.frame-error");
    tear_down(&f);
}

/* With early data that was rejected goes what the client asked for in it. */
static void test_rejected_early_data(void)
{
    fixture f;
    set_up(&f, "h3");
    GByteArray *wire = wire_new();
    HEADERS(wire, ":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority",
            "host", ":path", "/");
    send_piece(&f, QL_CLIENT, 0, 0, wire_slice(wire), false, true);
    g_byte_array_free(wire, TRUE);
    ql_streams_on_early_data_rejected(f.streams);
    send_settings(&f, QL_SERVER, NOTHING);
    assert_findings(&f, "");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3_agreement/extended CONNECT needs the server's SETTINGS",
                    test_extended_connect);
    g_test_add_func("/http3_agreement/datagrams need the SETTINGS of both", test_datagrams);
    g_test_add_func("/http3_agreement/each sender is told of", test_both_senders);
    g_test_add_func("/http3_agreement/SETTINGS that were cut rule nothing out", test_cut_settings);
    g_test_add_func("/http3_agreement/rejected early data counts for nothing",
                    test_rejected_early_data);
    return g_test_run();
}
