/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/frame_text.h"

#include "quic_frames.h"

/* The frames of a payload, a line each. The bytes are used up. */
static void assert_texts(GByteArray *payload, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    ql_reader reader = ql_reader_of(quic_slice(payload));
    ql_frame frame;
    const char *why = NULL;
    while (ql_frame_read(&reader, &frame, &why) == QL_FRAME_READ) {
        g_autofree char *line = ql_frame_text(&frame);
        g_string_append_printf(text, "%s\n", line);
    }
    g_assert_null(why);
    g_assert_cmpstr(text->str, ==, expected);
    g_byte_array_free(payload, TRUE);
}

static void test_streams(void)
{
    GByteArray *bytes = quic_bytes();
    quic_put_stream(bytes, 4, 10, "hello", true);
    quic_put_stream(bytes, 0, 0, "x", false);
    quic_put_hex(bytes, "04080341f4"); /* RESET_STREAM */
    quic_put_hex(bytes, "050803");
    quic_put_crypto(bytes, 7, (ql_slice){ (const uint8_t *)"ab", 2 });
    assert_texts(bytes, "STREAM 4, offset 10, 5 bytes, end\n"
                        "STREAM 0, offset 0, 1 byte\n"
                        "RESET_STREAM 8, error 0x3, final size 500\n"
                        "STOP_SENDING 8, error 0x3\n"
                        "CRYPTO, offset 7, 2 bytes\n");
}

static void test_limits(void)
{
    assert_texts(quic_put_hex(quic_bytes(), "10091108071205130614081508091603170231020203"),
                 "MAX_DATA: 9\n"
                 "MAX_STREAM_DATA of stream 8: 7\n"
                 "MAX_STREAMS, bidirectional: 5\n"
                 "MAX_STREAMS, unidirectional: 6\n"
                 "DATA_BLOCKED: 8\n"
                 "STREAM_DATA_BLOCKED of stream 8: 9\n"
                 "STREAMS_BLOCKED, bidirectional: 3\n"
                 "STREAMS_BLOCKED, unidirectional: 2\n"
                 "DATAGRAM, 2 bytes\n");
}

static void test_extensions(void)
{
    assert_texts(
        quic_put_hex(quic_bytes(), "24080341f440c840af01020a031f42f507809f81a601c00002011151"),
        "RESET_STREAM_AT 8, error 0x3, final size 500, delivered up to 200\n"
        "ACK_FREQUENCY 1: after 2 packets, 10 us at most, reordering 3\n"
        "IMMEDIATE_ACK\n"
        "TIMESTAMP 7\n"
        "OBSERVED_ADDRESS c0000201 port 4433\n");
}

static void test_acks(void)
{
    assert_texts(quic_put_ack(quic_bytes(), 3, 5), "ACK of 3 to 5\n");
    /* 40, then every second number below it; ECN counts. */
    assert_texts(quic_put_hex(quic_bytes(), "0328000200"
                                            "00000001"
                                            "010203"),
                 "ACK of 40, 38, 35 to 36, ECN counts: ECT(0) 1, ECT(1) 2, CE 3\n");
    assert_texts(quic_put_hex(quic_bytes(), "0228000900"
                                            "000000000000000000000000000000000000"),
                 "ACK of 40, 38, 36, 34, 32, 30, 28, 26 and 2 more ranges\n");
}

static void test_ids_and_paths(void)
{
    ql_cid cid = quic_cid("0102030405060708");
    GByteArray *bytes = quic_bytes();
    quic_put_new_cid(bytes, 3, 1, &cid);
    quic_put_retire_cid(bytes, 2);
    quic_put_challenge(bytes, 0x1122334455667788);
    quic_put_response(bytes, 1);
    assert_texts(bytes, "NEW_CONNECTION_ID 3: 0102030405060708, Retire Prior To 1\n"
                        "RETIRE_CONNECTION_ID 2\n"
                        "PATH_CHALLENGE 1122334455667788\n"
                        "PATH_RESPONSE 0000000000000001\n");
}

static void test_rest(void)
{
    GByteArray *bytes = quic_bytes();
    quic_put_ping(bytes);
    quic_put_hex(bytes, "0702abcd");
    quic_put_close(bytes, true, 0x100, "a\nb");
    quic_put_close(bytes, false, 10, "");
    quic_put_handshake_done(bytes);
    quic_put_padding(bytes, 1200);
    assert_texts(bytes, "PING\n"
                        "NEW_TOKEN, 2 bytes\n"
                        "CONNECTION_CLOSE, application error 0x100: a\357\277\275b\n"
                        "CONNECTION_CLOSE, transport error 0xa\n"
                        "HANDSHAKE_DONE\n"
                        "PADDING, 1,200 bytes\n");
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame_text/extensions are told too", test_extensions);
    g_test_add_func("/frame_text/streams and crypto", test_streams);
    g_test_add_func("/frame_text/flow control and datagrams", test_limits);
    g_test_add_func("/frame_text/acknowledgements name their ranges, up to eight", test_acks);
    g_test_add_func("/frame_text/connection IDs and paths", test_ids_and_paths);
    g_test_add_func("/frame_text/everything else", test_rest);
    return g_test_run();
}
