/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/capsules.h"

#include "streams_fixture.h"

#define EXTENDED(protocol)                                                                         \
    ":method", "CONNECT", ":protocol", protocol, ":scheme", "https", ":authority", "host",         \
        ":path", "/tunnel"

static void put_capsules(GByteArray *wire)
{
    g_autoptr(GByteArray) capsules = wire_new();
    put_frame(capsules, 0x00, "datagram", 8);
    put_frame(capsules, 0x2843, "\0\0\0\0bye", 7);
    put_frame(capsules, 0x7fff, NULL, 0);
    put_frame(wire, 0x00, capsules->data, capsules->len - 5); /* cut within the second one */
    put_frame(wire, 0x00, capsules->data + capsules->len - 5, 5);
}

static void test_both_directions(void)
{
    fixture f;
    set_up(&f, "h3");
    GByteArray *wire = wire_new();
    HEADERS(wire, EXTENDED("webtransport"));
    put_capsules(wire);
    send(&f, QL_CLIENT, 0, 0, false, wire);
    wire = response_wire("200", NULL);
    put_capsules(wire);
    send(&f, QL_SERVER, 0, 0, false, wire);
    for (uint32_t frame = 1; frame <= 2; frame++) {
        assert_said(&f, frame, "capsule DATAGRAM (type 0x0) of 8 bytes on stream 0");
        assert_said(&f, frame, "capsule WT_CLOSE_SESSION (type 0x2843) of 7 bytes");
        assert_said(&f, frame, "capsule of unknown meaning (type 0x7fff)");
    }
    g_assert_cmpuint(exchange_at(&f, 0)->request.body_size, ==, 10 + 10 + 5);
    assert_findings(&f, "");
    tear_down(&f);
}

static void test_cut_capsule(void)
{
    for (size_t cut = 0; cut <= 1; cut++) {
        fixture f;
        set_up(&f, "h3");
        GByteArray *wire = wire_new();
        g_autoptr(GByteArray) capsule = wire_new();
        put_frame(capsule, 0x2843, "\0\0\0\0bye", 7);
        HEADERS(wire, EXTENDED("connect-udp"));
        put_frame(wire, 0x00, capsule->data, capsule->len - cut);
        send(&f, QL_CLIENT, 0, 0, true, wire);
        assert_findings(&f, cut > 0 ? "h3.message-error" : "");
        tear_down(&f);
    }
}

static void test_use(void)
{
    static const struct {
        const char *fields[14];
        bool used;
    } cases[] = {
        { { EXTENDED("connect-udp") }, true },
        { { EXTENDED("other"), "capsule-protocol", "?1" }, true },
        { { EXTENDED("other"), "capsule-protocol", "?0" }, false },
        { { EXTENDED("websocket") }, false },
        { { ":method", "GET", ":scheme", "https", ":authority", "host", ":path", "/" }, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        GByteArray *wire = wire_new();
        put_headers(wire, cases[i].fields);
        send(&f, QL_CLIENT, 0, 0, false, wire);
        g_assert_cmpint(ql_capsules_are_used(exchange_at(&f, 0)), ==, cases[i].used);
        tear_down(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capsules/capsules are told in both directions", test_both_directions);
    g_test_add_func("/capsules/some protocols use them", test_use);
    g_test_add_func("/capsules/content does not end within a capsule", test_cut_capsule);
    return g_test_run();
}
