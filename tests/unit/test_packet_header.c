/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/packet_header.h"

#include "assert_bytes.h"
#include "hex.h"
#include "quic_samples.h"

#define SAMPLE_OF_20 "000102030405060708090a0b0c0d0e0f10111213"

static void assert_cid(const ql_cid *cid, const char *expected)
{
    g_autofree char *text = ql_cid_text(cid);
    g_assert_cmpstr(text, ==, expected);
}

static ql_header_status read_long(const char *text, ql_packet_header *out)
{
    g_autoptr(GBytes) wire = hex(text);

    ql_header_status status = ql_packet_header_read_long(slice_of(wire), out);
    out->packet.data = NULL; /* it dies with the wire */
    return status;
}

static void test_samples(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(GBytes) client = hex(samples[i].client_initial);
        g_autoptr(GBytes) server = hex(samples[i].server_initial);
        ql_packet_header header;

        g_assert_true(ql_packet_is_long(slice_of(client)));
        g_assert_cmpint(ql_packet_header_read_long(slice_of(client), &header), ==, QL_HEADER_OK);
        g_assert_cmpint(header.type, ==, QL_PACKET_INITIAL);
        g_assert_cmphex(header.version, ==, samples[i].version);
        g_assert_true(header.fixed_bit);
        assert_cid(&header.dcid, SAMPLE_DCID);
        assert_cid(&header.scid, "(empty)");
        g_assert_cmpuint(header.token.length, ==, 0);
        g_assert_cmpuint(header.packet.length, ==, 1200);
        g_assert_cmpuint(header.pn_offset, ==, 18);
        g_assert_false(header.cut);

        g_assert_cmpint(ql_packet_header_read_long(slice_of(server), &header), ==, QL_HEADER_OK);
        assert_cid(&header.dcid, "(empty)");
        assert_cid(&header.scid, "f067a5502a4262b5");
        g_assert_cmpuint(header.packet.length, ==, 135);
    }
}

static void test_retry(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(GBytes) wire = hex(samples[i].retry);
        ql_packet_header header;

        g_assert_cmpint(ql_packet_header_read_long(slice_of(wire), &header), ==, QL_HEADER_OK);
        g_assert_cmpint(header.type, ==, QL_PACKET_RETRY);
        assert_bytes(header.token.data, header.token.length, "token", 5);
        g_assert_cmpuint(header.packet.length, ==, 36);
        g_assert_cmpuint(header.pn_offset, ==, 0);
        /* Cut, it has no token, and then not even a tag of 16 bytes. */
        ql_slice part = { slice_of(wire).data, 31 };
        g_assert_cmpint(ql_packet_header_read_long(part, &header), ==, QL_HEADER_OK);
        g_assert_cmpuint(header.token.length, ==, 0);
        part.length = 30;
        g_assert_cmpint(ql_packet_header_read_long(part, &header), ==, QL_HEADER_NOT_QUIC);
    }
}

static void test_types(void)
{
    static const struct {
        const char *version;
        ql_packet_type types[4];
    } cases[] = {
        { "00000001",
          { QL_PACKET_INITIAL, QL_PACKET_ZERO_RTT, QL_PACKET_HANDSHAKE, QL_PACKET_RETRY } },
        { "6b3343cf",
          { QL_PACKET_RETRY, QL_PACKET_INITIAL, QL_PACKET_ZERO_RTT, QL_PACKET_HANDSHAKE } },
        { "ff00001d",
          { QL_PACKET_INITIAL, QL_PACKET_ZERO_RTT, QL_PACKET_HANDSHAKE, QL_PACKET_RETRY } },
        { "ff000022",
          { QL_PACKET_INITIAL, QL_PACKET_ZERO_RTT, QL_PACKET_HANDSHAKE, QL_PACKET_RETRY } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned code = 0; code < 4; code++) {
            ql_packet_header header;
            bool has_token = cases[i].types[code] == QL_PACKET_INITIAL;
            g_autofree char *wire =
                g_strdup_printf("%02x%s 01aa 01bb %s 14 " SAMPLE_OF_20, 0xc0 | code << 4,
                                cases[i].version, has_token ? "00" : "");

            g_assert_cmpint(read_long(wire, &header), ==, QL_HEADER_OK);
            g_assert_cmpstr(ql_packet_type_name(header.type), ==,
                            ql_packet_type_name(cases[i].types[code]));
        }
    }
    g_assert_cmpstr(ql_packet_type_name(QL_PACKET_ZERO_RTT), ==, "0-RTT");
    g_assert_cmpstr(ql_packet_type_name(QL_PACKET_ONE_RTT), ==, "1-RTT");
}

static void test_versions(void)
{
    static const uint32_t known[] = { 1, 0x6b3343cf, 0xff00001d, 0xff000020, 0xff000022 };
    static const uint32_t unknown[] = { 0, 2, 0xff00001c, 0xff000023, 0x1a2a3a4a };
    ql_packet_header header;

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        g_assert_true(ql_version_is_known(known[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++)
        g_assert_false(ql_version_is_known(unknown[i]));

    g_assert_cmpint(read_long("c0 1a2a3a4a 02aabb 01cc", &header), ==, QL_HEADER_UNKNOWN_VERSION);
    g_assert_cmphex(header.version, ==, 0x1a2a3a4a);
    assert_cid(&header.dcid, "aabb");
    assert_cid(&header.scid, "cc");
    g_assert_cmpint(read_long("80 1a2a3a4a 02aabb 01cc", &header), ==, QL_HEADER_NOT_QUIC);
}

static void test_version_negotiation(void)
{
    ql_packet_header header;

    g_assert_cmpint(read_long("80 00000000 01aa 01bb 00000001 6b3343cf", &header), ==,
                    QL_HEADER_OK);
    g_assert_cmpint(header.type, ==, QL_PACKET_VERSION_NEGOTIATION);
    g_assert_cmpuint(header.versions.length, ==, 8);
    g_assert_cmpuint(header.pn_offset, ==, 0);
    g_assert_cmpint(read_long("80 00000000 01aa 01bb", &header), ==, QL_HEADER_NOT_QUIC);
    g_assert_cmpint(read_long("80 00000000 01aa 01bb 000001", &header), ==, QL_HEADER_NOT_QUIC);
}

static void test_coalesced(void)
{
    ql_packet_header header;

    g_assert_cmpint(
        read_long("c0 00000001 01aa 01bb 02cccc 14" SAMPLE_OF_20 "e0 00000001", &header), ==,
        QL_HEADER_OK);
    g_assert_cmpuint(header.token.length, ==, 2);
    g_assert_cmpuint(header.pn_offset, ==, 13);
    g_assert_cmpuint(header.packet.length, ==, 13 + 20);
    g_assert_false(header.cut);
}

static void test_cut_by_the_capture(void)
{
    ql_packet_header header;

    g_assert_cmpint(read_long("c0 00000001 01aa 01bb 00 4400" SAMPLE_OF_20, &header), ==,
                    QL_HEADER_OK);
    g_assert_true(header.cut);
    g_assert_cmpuint(header.packet.length, ==, 12 + 20);
    g_assert_cmpint(read_long("c0 00000001 01aa 01bb 00 ffffffffffffffff 00", &header), ==,
                    QL_HEADER_OK);
    g_assert_true(header.cut);
}

static void test_not_quic(void)
{
    static const char *const wires[] = {
        "",
        "40 00000001 01aa 01bb 00 14 " SAMPLE_OF_20,                 /* not a long header */
        "c0 00000001 15 00" SAMPLE_OF_20 " 01bb 00 14" SAMPLE_OF_20, /* a destination ID of 21 */
        "c0 00000001 01aa 15 00" SAMPLE_OF_20 " 00 14" SAMPLE_OF_20, /* a source ID of 21 */
        "c0 1a2a3a4a 15 00" SAMPLE_OF_20 " 01bb",
        "c0 00000001 01aa 01bb 00 13 " SAMPLE_OF_20,   /* no room for a sample */
        "c0 00000001 01aa 01bb 4040 14 " SAMPLE_OF_20, /* a token beyond the end */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wires); i++) {
        ql_packet_header header;
        g_assert_cmpint(read_long(wires[i], &header), ==, QL_HEADER_NOT_QUIC);
    }
}

static void test_every_truncation(void)
{
    g_autoptr(GBytes) wire = hex("c0 00000001 02aabb 02ccdd 03eeeeee 14" SAMPLE_OF_20);
    ql_slice whole = slice_of(wire);
    const size_t header_length = 5 + 3 + 3 + 4 + 1;

    for (size_t length = 0; length < whole.length; length++) {
        g_autofree uint8_t *copy = g_memdup2(whole.data, length);
        ql_packet_header header;
        ql_header_status status = ql_packet_header_read_long((ql_slice){ copy, length }, &header);
        g_assert_cmpint(status, ==, length < header_length ? QL_HEADER_NOT_QUIC : QL_HEADER_OK);
        if (status == QL_HEADER_OK)
            g_assert_true(header.cut);
    }
}

static void test_short(void)
{
    g_autoptr(GBytes) wire = hex("40 aabbcc" SAMPLE_OF_20), greased = hex("00 aabbcc" SAMPLE_OF_20);
    ql_slice whole = slice_of(wire);
    ql_packet_header header;

    g_assert_false(ql_packet_is_long(whole));
    g_assert_false(ql_packet_is_long((ql_slice){ NULL, 0 }));
    g_assert_true(ql_packet_is_long((ql_slice){ (const uint8_t *)"\x80", 1 }));
    g_assert_cmpint(ql_packet_header_read_short(whole, 3, &header), ==, QL_HEADER_OK);
    g_assert_cmpint(header.type, ==, QL_PACKET_ONE_RTT);
    assert_cid(&header.dcid, "aabbcc");
    g_assert_cmpuint(header.pn_offset, ==, 4);
    g_assert_true(header.fixed_bit);
    g_assert_cmpint(ql_packet_header_read_short(whole, 4, &header), ==, QL_HEADER_NOT_QUIC);
    g_assert_cmpint(ql_packet_header_read_short((ql_slice){ whole.data, 23 }, 3, &header), ==,
                    QL_HEADER_NOT_QUIC);
    g_assert_cmpint(ql_packet_header_read_short((ql_slice){ NULL, 0 }, 0, &header), ==,
                    QL_HEADER_NOT_QUIC);

    g_assert_cmpint(ql_packet_header_read_short(slice_of(greased), 3, &header), ==, QL_HEADER_OK);
    g_assert_false(header.fixed_bit);
}

static void test_short_with_a_long_id(void)
{
    g_autoptr(GBytes) wire = hex("40" SAMPLE_OF_20 "ff" SAMPLE_OF_20);
    ql_packet_header header;

    g_assert_cmpint(ql_packet_header_read_short(slice_of(wire), 20, &header), ==, QL_HEADER_OK);
    g_assert_cmpint(ql_packet_header_read_short(slice_of(wire), 21, &header), ==,
                    QL_HEADER_NOT_QUIC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet header/the sample Initials of three versions are read", test_samples);
    g_test_add_func("/packet header/Retry has a token and a tag", test_retry);
    g_test_add_func("/packet header/type codes are those of the version", test_types);
    g_test_add_func("/packet header/of an unknown version only the IDs are read", test_versions);
    g_test_add_func("/packet header/Version Negotiation lists whole versions",
                    test_version_negotiation);
    g_test_add_func("/packet header/a packet ends where its length says", test_coalesced);
    g_test_add_func("/packet header/a packet that the capture cut is said to be cut",
                    test_cut_by_the_capture);
    g_test_add_func("/packet header/what breaks the format is not QUIC", test_not_quic);
    g_test_add_func("/packet header/no truncation reads beyond the end", test_every_truncation);
    g_test_add_func("/packet header/a short header has an ID of the given length", test_short);
    g_test_add_func("/packet header/an ID has 20 bytes at most", test_short_with_a_long_id);
    return g_test_run();
}
