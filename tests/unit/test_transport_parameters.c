/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/transport_parameters.h"

#include "assert_bytes.h"
#include "hex.h"

#define TOKEN "101112131415161718191a1b1c1d1e1f"
#define ID_20 "000102030405060708090a0b0c0d0e0f10111213"
#define ID_21 ID_20 "14"

static bool read_hex(const char *text, ql_transport_parameters *out, const char **why)
{
    g_autoptr(GBytes) bytes = hex(text);
    /* A copy of its exact length shows a read beyond the end. */
    g_autofree uint8_t *copy = g_memdup2(slice_of(bytes).data, slice_of(bytes).length);

    return ql_transport_parameters_read((ql_slice){ copy, slice_of(bytes).length }, out, why);
}

static ql_transport_parameters must_read(const char *text)
{
    ql_transport_parameters parameters;
    const char *why = NULL;

    if (!read_hex(text, &parameters, &why))
        g_error("%s: %s", text, why);
    return parameters;
}

static void must_not_read(const char *text, const char *expected)
{
    ql_transport_parameters parameters;
    const char *why = NULL;

    g_assert_false(read_hex(text, &parameters, &why));
    g_assert_cmpstr(why, ==, expected);
}

static void test_defaults(void)
{
    ql_transport_parameters absent, empty;
    const char *why;

    ql_transport_parameters_init(&absent);
    g_assert_true(read_hex("", &empty, &why));
    g_assert_false(absent.present);
    g_assert_true(empty.present);
    g_assert_cmpuint(absent.max_udp_payload_size, ==, 65527);
    g_assert_cmpuint(absent.ack_delay_exponent, ==, 3);
    g_assert_cmpuint(absent.max_ack_delay_ms, ==, 25);
    g_assert_cmpuint(absent.active_connection_id_limit, ==, 2);
    g_assert_cmpuint(absent.initial_max_data | absent.initial_max_stream_data_bidi_local |
                         absent.initial_max_stream_data_bidi_remote |
                         absent.initial_max_stream_data_uni | absent.initial_max_streams_bidi |
                         absent.initial_max_streams_uni | absent.max_idle_timeout_ms |
                         absent.max_datagram_frame_size,
                     ==, 0);
    empty.present = false;
    assert_bytes(&empty, sizeof empty, &absent, sizeof absent);
}

static void test_integers(void)
{
    ql_transport_parameters p =
        must_read("01 02 4101 03 02 45dc 04 01 04 05 01 05 06 01 06 07 01 07 08 01 08 09 01 09 "
                  "0a 01 0a 0b 01 0b 0e 01 0e 20 02 7fff");

    g_assert_cmpuint(p.max_idle_timeout_ms, ==, 0x101);
    g_assert_cmpuint(p.max_udp_payload_size, ==, 1500);
    g_assert_cmpuint(p.initial_max_data, ==, 4);
    g_assert_cmpuint(p.initial_max_stream_data_bidi_local, ==, 5);
    g_assert_cmpuint(p.initial_max_stream_data_bidi_remote, ==, 6);
    g_assert_cmpuint(p.initial_max_stream_data_uni, ==, 7);
    g_assert_cmpuint(p.initial_max_streams_bidi, ==, 8);
    g_assert_cmpuint(p.initial_max_streams_uni, ==, 9);
    g_assert_cmpuint(p.ack_delay_exponent, ==, 10);
    g_assert_cmpuint(p.max_ack_delay_ms, ==, 11);
    g_assert_cmpuint(p.active_connection_id_limit, ==, 14);
    g_assert_cmpuint(p.max_datagram_frame_size, ==, 0x3fff);
}

static void test_ranges(void)
{
    must_read("03 02 44b0");
    must_not_read("03 02 44af", "max_udp_payload_size below 1200 (RFC 9000, 18.2)");
    must_read("0a 01 14");
    must_not_read("0a 01 15", "ack_delay_exponent above 20 (RFC 9000, 18.2)");
    must_read("0b 02 7fff");
    must_not_read("0b 04 80004000", "max_ack_delay of 2^14 or more (RFC 9000, 18.2)");
    must_read("0e 01 02");
    must_not_read("0e 01 01", "active_connection_id_limit below 2 (RFC 9000, 18.2)");
    g_assert_cmpuint(must_read("01 01 00").max_idle_timeout_ms, ==, 0);
    must_read("08 01 00 09 01 00 0a 01 00 0b 01 00");
    must_read("08 08 d000000000000000");
    must_not_read("08 08 d000000000000001", "initial_max_streams_bidi above 2^60 (RFC 9000, 4.6)");
    must_not_read("09 08 d000000000000001", "initial_max_streams_uni above 2^60 (RFC 9000, 4.6)");
}

static void test_encodings(void)
{
    must_not_read("04 00", "initial_max_data that is not one integer (RFC 9000, 18.2)");
    must_not_read("04 02 0404", "initial_max_data that is not one integer (RFC 9000, 18.2)");
    must_not_read("04 01 40", "initial_max_data that is not one integer (RFC 9000, 18.2)");
    must_not_read("01 00", "max_idle_timeout that is not one integer (RFC 9000, 18.2)");
    must_not_read("20 00", "max_datagram_frame_size that is not one integer (RFC 9221, 3)");
    must_not_read("04", "transport parameter that is cut short (RFC 9000, 18)");
    must_not_read("04 02 04", "transport parameter that is cut short (RFC 9000, 18)");
    must_not_read("0c 01 00", "disable_active_migration with a value (RFC 9000, 18.2)");
    g_assert_true(must_read("0c 00").disable_active_migration);
}

static void test_cids(void)
{
    ql_transport_parameters p = must_read("00 03 aabbcc 0f 00 10 01 dd");
    g_autofree char *original = ql_cid_text(&p.original_dcid);
    g_autofree char *retry = ql_cid_text(&p.retry_scid);

    g_assert_true(p.has_original_dcid && p.has_initial_scid && p.has_retry_scid);
    g_assert_cmpstr(original, ==, "aabbcc");
    g_assert_cmpuint(p.initial_scid.length, ==, 0);
    g_assert_cmpstr(retry, ==, "dd");
    g_assert_cmpuint(must_read("0f 14" ID_20).initial_scid.length, ==, 20);
    must_not_read("00 15" ID_21,
                  "original_destination_connection_id of more than 20 bytes (RFC 9000, 17.2)");
    must_not_read("0f 15" ID_21,
                  "initial_source_connection_id of more than 20 bytes (RFC 9000, 17.2)");
    must_not_read("10 15" ID_21,
                  "retry_source_connection_id of more than 20 bytes (RFC 9000, 17.2)");
}

static void test_reset_token(void)
{
    ql_transport_parameters p = must_read("02 10" TOKEN);

    g_assert_true(p.has_reset_token);
    g_assert_cmphex(p.reset_token[0], ==, 0x10);
    g_assert_cmphex(p.reset_token[15], ==, 0x1f);
    must_not_read("02 0f 101112131415161718191a1b1c1d1e",
                  "stateless_reset_token that has not 16 bytes (RFC 9000, 18.2)");
}

static void test_preferred_address(void)
{
    ql_transport_parameters p =
        must_read("0d 2d c0000201 01bb 20010db8000000000000000000000001 01bc 04 aabbccdd" TOKEN);
    g_autofree char *v4 = ql_endpoint_text(&p.preferred_v4);
    g_autofree char *v6 = ql_endpoint_text(&p.preferred_v6);
    g_autofree char *cid = ql_cid_text(&p.preferred_cid);

    g_assert_true(p.has_preferred_address);
    g_assert_cmpstr(v4, ==, "192.0.2.1:443");
    g_assert_cmpstr(v6, ==, "[2001:db8::1]:444");
    g_assert_cmpstr(cid, ==, "aabbccdd");
    g_assert_cmphex(p.preferred_reset_token[15], ==, 0x1f);

    p = must_read("0d 2a c0000201 01bb 00000000000000000000000000000000 0000 01 aa" TOKEN);
    g_assert_cmpuint(p.preferred_v4.family, ==, 4);
    g_assert_cmpuint(p.preferred_v6.family, ==, 0);

    must_not_read("0d 29 c0000201 01bb 00000000000000000000000000000000 0000 00" TOKEN,
                  "preferred_address with an ID of 0 bytes (RFC 9000, 18.2)");
    must_not_read("0d 3e c0000201 01bb 00000000000000000000000000000000 0000 15" ID_21 TOKEN,
                  "preferred_address with an ID of more than 20 bytes (RFC 9000, 18.2)");
    must_not_read("0d 2b c0000201 01bb 00000000000000000000000000000000 0000 01 aa" TOKEN "00",
                  "preferred_address of a wrong length (RFC 9000, 18.2)");
    must_not_read("0d 04 c0000201", "preferred_address of a wrong length (RFC 9000, 18.2)");
}

static void test_version_information(void)
{
    ql_transport_parameters p = must_read("11 0c 6b3343cf 6b3343cf 00000001");

    g_assert_true(p.has_version_information);
    g_assert_cmphex(p.chosen_version, ==, 0x6b3343cf);
    must_read("11 04 00000001");
    must_not_read("11 00", "version_information that is not a list of versions (RFC 9368, 3)");
    must_not_read("11 05 0000000101",
                  "version_information that is not a list of versions (RFC 9368, 3)");
    must_not_read("11 08 00000000 00000001", "version_information with a version 0 (RFC 9368, 4)");
    must_not_read("11 08 00000001 00000000", "version_information with a version 0 (RFC 9368, 4)");
}

static void test_repeats(void)
{
    static const char twice[] = "transport parameter that is there twice (RFC 9000, 7.4)";

    must_not_read("04 01 04 05 01 05 04 01 06", twice);
    must_not_read("1b 00 04 01 04 1b 00", twice);
    must_not_read("04 01 04 4004 01 04", twice);
    must_not_read("0c 00 0c 00", twice);
}

static void test_unknown(void)
{
    ql_transport_parameters p = must_read("1b 03 aabbcc 6ab2 00 c000000000ff73db 02 0001 04 01 07");

    g_assert_cmpuint(p.initial_max_data, ==, 7);
}

static void test_what_was_read_stays(void)
{
    ql_transport_parameters p;
    const char *why;

    g_assert_false(read_hex("04 01 07 0a 01 15 05 01 09", &p, &why));
    g_assert_cmpuint(p.initial_max_data, ==, 7);
    g_assert_cmpuint(p.ack_delay_exponent, ==, 3);
    g_assert_cmpuint(p.initial_max_stream_data_bidi_local, ==, 0);
}

/* Many small ones must not cost the square of their number. */
static void test_many(void)
{
    g_autoptr(GByteArray) wire = g_byte_array_new();
    ql_transport_parameters p;
    const char *why;

    for (unsigned i = 0; i < 13000; i++) {
        const uint8_t parameter[] = { (uint8_t)(0x80), 1, (uint8_t)(i >> 8), (uint8_t)i, 0 };
        g_byte_array_append(wire, parameter, sizeof parameter);
    }
    gint64 start = g_get_monotonic_time();
    g_assert_true(ql_transport_parameters_read((ql_slice){ wire->data, wire->len }, &p, &why));
    g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transport parameters/absent ones have their defaults", test_defaults);
    g_test_add_func("/transport parameters/integers go where they belong", test_integers);
    g_test_add_func("/transport parameters/integers stay in their ranges", test_ranges);
    g_test_add_func("/transport parameters/values have the lengths that they announce",
                    test_encodings);
    g_test_add_func("/transport parameters/connection IDs have 20 bytes at most", test_cids);
    g_test_add_func("/transport parameters/a reset token has 16 bytes", test_reset_token);
    g_test_add_func("/transport parameters/a preferred address has two families and an ID",
                    test_preferred_address);
    g_test_add_func("/transport parameters/version information is a list of versions",
                    test_version_information);
    g_test_add_func("/transport parameters/none is there twice", test_repeats);
    g_test_add_func("/transport parameters/unknown ones are passed over", test_unknown);
    g_test_add_func("/transport parameters/what was read before an error stays",
                    test_what_was_read_stays);
    g_test_add_func("/transport parameters/many unknown ones take no time", test_many);
    return g_test_run();
}
