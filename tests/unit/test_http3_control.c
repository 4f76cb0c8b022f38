/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_control.h"

#include "streams_fixture.h"

/* A control stream behind its type, and what is wrong with it. */
static void test_control_stream(void)
{
    static const struct {
        ql_side sender;
        const char *wire, *findings;
    } cases[] = {
        { QL_CLIENT, "0400", "" },
        { QL_CLIENT, "0404 01406406 00", "h3.frame-error" },
        { QL_CLIENT, "0400 0d0105 0d0106 0d0106", "" },
        { QL_CLIENT, "0400 0d0105 0d0104", "h3.id-error" },
        { QL_SERVER, "0400 0d0105", "h3.frame-unexpected" },
        { QL_SERVER, "0400 070108 070104 070104", "" },
        { QL_SERVER, "0400 070104 070108", "h3.id-error" },
        { QL_SERVER, "0400 070105", "h3.id-error" },
        { QL_CLIENT, "0400 070105", "" },
        { QL_CLIENT, "0400 0700", "h3.frame-error" },
        { QL_CLIENT, "0400 07020000", "h3.frame-error" },
        { QL_CLIENT, "0400 0d0108 030101", "" },
        { QL_CLIENT, "0400 030101", "h3.id-error" },
        { QL_CLIENT, "2100 0400", "h3.missing-settings" },
        { QL_CLIENT, "0d0105", "h3.missing-settings" },
        { QL_CLIENT, "0400 0400", "h3.frame-unexpected" },
        { QL_CLIENT, "0404 01000100", "h3.settings-error" },
        { QL_CLIENT, "0402 0200", "h3.settings-error" },
        { QL_CLIENT, "0402 0802", "h3.settings-error" },
        { QL_CLIENT, "0402 3302", "h3.settings-error" },
        { QL_CLIENT, "0406 0801 3301 2105", "" },
        { QL_CLIENT, "0400 0000", "h3.frame-unexpected" },
        { QL_CLIENT, "0400 0100", "h3.frame-unexpected" },
        { QL_CLIENT, "0400 0600", "h3.frame-unexpected" },
        { QL_CLIENT, "0400 800f0700 04 00 753d30", "" }, /* PRIORITY_UPDATE: u=0 */
        { QL_CLIENT, "0400 800f0700 04 01 753d30", "h3.id-error" },
        { QL_CLIENT, "0400 0d0101 800f0701 04 01 753d30", "" },
        { QL_CLIENT, "0400 0d0100 800f0701 04 01 753d30", "h3.id-error" },
        { QL_CLIENT, "0400 800f0700 00", "h3.frame-error" },
        { QL_SERVER, "0400 800f0700 04 00 753d30", "h3.frame-unexpected" },
        { QL_SERVER, "0400 0c00", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture f;
        set_up(&f, "h3");
        g_test_message("%s: %s", ql_side_name(cases[i].sender), cases[i].wire);
        GByteArray *wire = hex_wire("00");
        g_autoptr(GByteArray) rest = hex_wire(cases[i].wire);
        put_bytes(wire, rest->data, rest->len);
        send(&f, cases[i].sender, cases[i].sender == QL_CLIENT ? 2 : 3, 0, false, wire);
        assert_findings(&f, cases[i].findings);
        tear_down(&f);
    }
}

static void test_settings(void)
{
    fixture f;
    set_up(&f, "h3");
    g_assert_null(ql_streams_settings(f.streams, QL_SERVER));
    send(&f, QL_SERVER, 3, 0, false, hex_wire("00 0407 01 4064 07 10 33 01"));
    const GArray *settings = ql_streams_settings(f.streams, QL_SERVER);
    g_assert_cmpuint(settings->len, ==, 3);
    g_assert_cmpuint(ql_http3_setting(settings, 0x01), ==, 100);
    g_assert_cmpuint(ql_http3_setting(settings, 0x07), ==, 16);
    g_assert_cmpuint(ql_http3_setting(settings, 0x06), ==, 0);
    assert_said(&f, 1, "QPACK_MAX_TABLE_CAPACITY = 100, QPACK_BLOCKED_STREAMS = 16");
    g_assert_null(ql_streams_settings(f.streams, QL_CLIENT));
    tear_down(&f);
}

static void test_texts(void)
{
    fixture f;
    set_up(&f, "h3");
    send(&f, QL_SERVER, 3, 0, false, hex_wire("00 0400"));
    send(&f, QL_SERVER, 3, 3, false, hex_wire("07 01 08"));
    send(&f, QL_CLIENT, 2, 0, false, hex_wire("00 0400"));
    send(&f, QL_CLIENT, 2, 3, false, hex_wire("800f0700 06 04 753d312c69"));
    send(&f, QL_CLIENT, 2, 14, false, hex_wire("0d 01 07"));
    send(&f, QL_CLIENT, 2, 17, false, hex_wire("03 01 02"));
    assert_said(&f, 1, "stream 3 is the control stream of the server");
    assert_said(&f, 2, "GOAWAY of the server: requests on streams from 8 on are not served");
    assert_said(&f, 4, "PRIORITY_UPDATE for stream 4: \"u=1,i\"");
    assert_said(&f, 5, "up to 7");
    assert_said(&f, 6, "the client gives up push 2");
    tear_down(&f);
    set_up(&f, "h3");
    send(&f, QL_SERVER, 3, 0, false, hex_wire("00 0400 07 08 fffffffffffffffc"));
    assert_said(&f, 1, "GOAWAY of the server: it is going to shut down; requests");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3_control/control streams keep the rules", test_control_stream);
    g_test_add_func("/http3_control/settings of both sides can be read", test_settings);
    g_test_add_func("/http3_control/what control streams say is told", test_texts);
    return g_test_run();
}
