/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/frames.h"

#include "assert_bytes.h"
#include "hex.h"

#define TOKEN "000102030405060708090a0b0c0d0e0f"

/* Reads the only frame of a payload. Slices in *out die with the payload. */
static ql_frame_status read_one(const char *text, ql_frame *out, const char **why)
{
    g_autoptr(GBytes) payload = hex(text);
    ql_reader reader = ql_reader_of(slice_of(payload));

    ql_frame_status status = ql_frame_read(&reader, out, why);
    g_assert_cmpint(reader.bad, ==, status == QL_FRAME_BAD);
    if (status == QL_FRAME_READ)
        g_assert_cmpint(ql_frame_read(&reader, &(ql_frame){ 0 }, why), ==, QL_FRAME_END);
    return status;
}

static void must_read(const char *text, ql_frame *out)
{
    const char *why = NULL;

    if (read_one(text, out, &why) != QL_FRAME_READ)
        g_error("%s: %s", text, why);
}

static void must_not_read(const char *text, const char *expected)
{
    ql_frame frame;
    const char *why = NULL;

    g_assert_cmpint(read_one(text, &frame, &why), ==, QL_FRAME_BAD);
    g_assert_cmpstr(why, ==, expected);
}

/* One frame of each kind, with each variant of its type. */
static const struct {
    ql_frame_kind kind;
    const char *name, *wire;
} frames[] = {
    { QL_FRAME_PADDING, "PADDING", "00" },
    { QL_FRAME_PING, "PING", "01" },
    { QL_FRAME_ACK, "ACK", "02 0a 05 01 02 0001" },
    { QL_FRAME_ACK, "ACK", "03 0a 05 01 02 0001 01 02 03" },
    { QL_FRAME_RESET_STREAM, "RESET_STREAM", "04 04 4101 4200" },
    { QL_FRAME_STOP_SENDING, "STOP_SENDING", "05 04 4101" },
    { QL_FRAME_CRYPTO, "CRYPTO", "06 4100 03 aabbcc" },
    { QL_FRAME_NEW_TOKEN, "NEW_TOKEN", "07 02 aabb" },
    { QL_FRAME_STREAM, "STREAM", "08 04 aabb" },
    { QL_FRAME_STREAM, "STREAM", "09 04" },
    { QL_FRAME_STREAM, "STREAM", "0a 04 02 aabb" },
    { QL_FRAME_STREAM, "STREAM", "0f 04 4100 02 aabb" },
    { QL_FRAME_MAX_DATA, "MAX_DATA", "10 4400" },
    { QL_FRAME_MAX_STREAM_DATA, "MAX_STREAM_DATA", "11 04 4400" },
    { QL_FRAME_MAX_STREAMS, "MAX_STREAMS", "12 4400" },
    { QL_FRAME_MAX_STREAMS, "MAX_STREAMS", "13 4400" },
    { QL_FRAME_DATA_BLOCKED, "DATA_BLOCKED", "14 4400" },
    { QL_FRAME_STREAM_DATA_BLOCKED, "STREAM_DATA_BLOCKED", "15 04 4400" },
    { QL_FRAME_STREAMS_BLOCKED, "STREAMS_BLOCKED", "16 4400" },
    { QL_FRAME_STREAMS_BLOCKED, "STREAMS_BLOCKED", "17 4400" },
    { QL_FRAME_NEW_CONNECTION_ID, "NEW_CONNECTION_ID", "18 05 02 04 aabbccdd" TOKEN },
    { QL_FRAME_RETIRE_CONNECTION_ID, "RETIRE_CONNECTION_ID", "19 05" },
    { QL_FRAME_PATH_CHALLENGE, "PATH_CHALLENGE", "1a 0102030405060708" },
    { QL_FRAME_PATH_RESPONSE, "PATH_RESPONSE", "1b 0102030405060708" },
    { QL_FRAME_CONNECTION_CLOSE, "CONNECTION_CLOSE", "1c 0a 06 02 6f6b" },
    { QL_FRAME_CONNECTION_CLOSE, "CONNECTION_CLOSE", "1d 4100 00" },
    { QL_FRAME_HANDSHAKE_DONE, "HANDSHAKE_DONE", "1e" },
    { QL_FRAME_DATAGRAM, "DATAGRAM", "30 aabb" },
    { QL_FRAME_DATAGRAM, "DATAGRAM", "31 02 aabb" },
    { QL_FRAME_RESET_STREAM_AT, "RESET_STREAM_AT", "24 04 4101 4200 4100" },
    { QL_FRAME_ACK_FREQUENCY, "ACK_FREQUENCY", "40af 01 02 66a8 03" },
    { QL_FRAME_IMMEDIATE_ACK, "IMMEDIATE_ACK", "1f" },
    { QL_FRAME_TIMESTAMP, "TIMESTAMP", "42f5 4400" },
    { QL_FRAME_OBSERVED_ADDRESS, "OBSERVED_ADDRESS", "809f81a6 01 c0000201 1151" },
    { QL_FRAME_OBSERVED_ADDRESS, "OBSERVED_ADDRESS",
      "809f81a7 01 20010db8000000000000000000000001 1151" },
};

static void test_kinds(void)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        ql_frame frame;
        must_read(frames[i].wire, &frame);
        g_assert_cmpint(frame.kind, ==, frames[i].kind);
        g_assert_cmpstr(ql_frame_kind_name(frame.kind), ==, frames[i].name);
        seen |= UINT64_C(1) << frame.kind;
    }
    g_assert_cmphex(seen, ==, (UINT64_C(1) << QL_FRAME_COUNT) - 1);
}

/* Cut short, a frame either is bad in its own name, or ends with the payload by its type. */
static void test_every_truncation(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_autoptr(GBytes) wire = hex(frames[i].wire);
        ql_slice whole = slice_of(wire);
        bool to_the_end = whole.data[0] == 0x30 || whole.data[0] == 0x08;

        size_t type_length = (size_t)1 << (whole.data[0] >> 6);

        for (size_t length = type_length; length < whole.length; length++) {
            g_autofree uint8_t *copy = g_memdup2(whole.data, length);
            ql_reader reader = ql_reader_of((ql_slice){ copy, length });
            ql_frame frame;
            const char *why = NULL;
            ql_frame_status status = ql_frame_read(&reader, &frame, &why);

            if (status == QL_FRAME_READ) {
                g_assert_true(to_the_end);
                continue;
            }
            g_assert_cmpint(status, ==, QL_FRAME_BAD);
            if (type_length == 1)
                g_assert_cmphex(frame.type, ==, whole.data[0]);
            g_assert_true(g_str_has_prefix(why, frames[i].name));
            g_assert_nonnull(strstr(why, "cut short ("));
        }
    }
}

static void test_padding_in_a_row(void)
{
    static const uint8_t payload[] = { 0, 0, 0, 0, 1, 0 };
    ql_reader reader = ql_reader_of((ql_slice){ payload, sizeof payload });
    ql_frame frame;
    const char *why;

    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_READ);
    g_assert_cmpuint(frame.padding.length, ==, 4);
    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_READ);
    g_assert_cmpint(frame.kind, ==, QL_FRAME_PING);
    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_READ);
    g_assert_cmpuint(frame.padding.length, ==, 1);
    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_END);
}

static void test_types(void)
{
    ql_frame frame;
    const char *why;

    must_not_read("3f", "unknown frame type (RFC 9000, 12.4)");
    must_not_read("80ff1234 00", "unknown frame type (RFC 9000, 12.4)");
    must_not_read("40", "frame type that is cut short (RFC 9000, 12.4)");
    must_not_read("4001", "frame type in more bytes than it needs (RFC 9000, 12.4)");
    must_not_read("800000af 01020304", "frame type in more bytes than it needs (RFC 9000, 12.4)");
    must_not_read("c000000000000001", "frame type in more bytes than it needs (RFC 9000, 12.4)");
    g_assert_cmpint(read_one("80ff1234 00", &frame, &why), ==, QL_FRAME_BAD);
    g_assert_cmphex(frame.type, ==, 0xff1234);
}

static void test_stream(void)
{
    g_autoptr(GBytes) payload = hex("0e 04 4100 02 aabb 09 08 cc");
    ql_reader reader = ql_reader_of(slice_of(payload));
    ql_frame frame;
    const char *why;

    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_READ);
    g_assert_cmpuint(frame.stream.id, ==, 4);
    g_assert_cmpuint(frame.stream.offset, ==, 0x100);
    g_assert_false(frame.stream.fin);
    assert_bytes(frame.stream.data.data, frame.stream.data.length, "\xaa\xbb", 2);

    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_READ);
    g_assert_cmpuint(frame.stream.id, ==, 8);
    g_assert_cmpuint(frame.stream.offset, ==, 0);
    g_assert_true(frame.stream.fin);
    assert_bytes(frame.stream.data.data, frame.stream.data.length, "\xcc", 1);
}

static void test_offsets(void)
{
    ql_frame frame;

    must_read("0e 04 fffffffffffffffe 01 aa", &frame);
    g_assert_cmpuint(frame.stream.offset, ==, (UINT64_C(1) << 62) - 2);
    must_not_read("0e 04 ffffffffffffffff 01 aa",
                  "STREAM that ends beyond 2^62-1 (RFC 9000, 19.8)");
    must_not_read("0c 04 ffffffffffffffff aa", "STREAM that ends beyond 2^62-1 (RFC 9000, 19.8)");
    must_read("0e 04 ffffffffffffffff 00", &frame);
    must_read("06 fffffffffffffffe 01 aa", &frame);
    must_not_read("06 ffffffffffffffff 01 aa", "CRYPTO that ends beyond 2^62-1 (RFC 9000, 19.6)");
}

static void test_limits(void)
{
    ql_frame frame;

    must_read("11 04 7fff", &frame);
    g_assert_cmpuint(frame.limit.id, ==, 4);
    g_assert_cmpuint(frame.limit.value, ==, 0x3fff);
    must_read("10 7fff", &frame);
    g_assert_cmpuint(frame.limit.id, ==, 0);
    g_assert_false(frame.limit.unidirectional);
    must_read("12 d000000000000000", &frame);
    g_assert_cmpuint(frame.limit.value, ==, UINT64_C(1) << 60);
    g_assert_false(frame.limit.unidirectional);
    must_read("17 04", &frame);
    g_assert_true(frame.limit.unidirectional);
    must_not_read("13 d000000000000001", "MAX_STREAMS of more than 2^60 streams (RFC 9000, 19.11)");
    must_not_read("16 d000000000000001",
                  "STREAMS_BLOCKED of more than 2^60 streams (RFC 9000, 19.14)");
}

static void test_new_cid(void)
{
    static const uint8_t token[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    ql_frame frame;

    must_read("18 05 05 01 aa" TOKEN, &frame);
    g_assert_cmpuint(frame.new_cid.sequence, ==, 5);
    g_assert_cmpuint(frame.new_cid.retire_prior_to, ==, 5);
    g_assert_cmpuint(frame.new_cid.cid.length, ==, 1);
    g_assert_cmphex(frame.new_cid.cid.bytes[0], ==, 0xaa);
    assert_bytes(frame.new_cid.reset_token, 16, token, sizeof token);

    must_read("18 05 02 14" TOKEN "10111213" TOKEN, &frame);
    g_assert_cmpuint(frame.new_cid.cid.length, ==, 20);
    must_not_read("18 05 02 00" TOKEN, "NEW_CONNECTION_ID with an ID of 0 bytes (RFC 9000, 19.15)");
    must_not_read("18 05 02 15" TOKEN "1011121314" TOKEN,
                  "NEW_CONNECTION_ID with an ID of more than 20 bytes (RFC 9000, 19.15)");
    must_not_read("18 05 06 01 aa" TOKEN,
                  "NEW_CONNECTION_ID with Retire Prior To above its own sequence number (RFC 9000, "
                  "19.15)");
}

static void test_rest(void)
{
    ql_frame frame;

    must_read("04 04 4101 4200", &frame);
    g_assert_cmpuint(frame.reset_stream.id, ==, 4);
    g_assert_cmpuint(frame.reset_stream.error, ==, 0x101);
    g_assert_cmpuint(frame.reset_stream.final_size, ==, 0x200);
    must_read("24 04 4101 4200 4100", &frame);
    g_assert_cmpuint(frame.reset_stream.final_size, ==, 0x200);
    g_assert_cmpuint(frame.reset_stream.reliable_size, ==, 0x100);
    must_not_read("24 04 4101 4200 4201", "RESET_STREAM_AT that delivers more than there is "
                                          "(draft-ietf-quic-reliable-stream-reset, 4)");
    must_read("809f81a6 01 c0000201 1151", &frame);
    g_assert_cmpuint(frame.observed_address.address.length, ==, 4);
    g_assert_cmpuint(frame.observed_address.port, ==, 4433);
    must_read("05 08 4102", &frame);
    g_assert_cmpuint(frame.stop_sending.id, ==, 8);
    g_assert_cmpuint(frame.stop_sending.error, ==, 0x102);
    must_read("1c 0a 06 02 6f6b", &frame);
    g_assert_false(frame.close.application);
    g_assert_cmpuint(frame.close.error, ==, 10);
    g_assert_cmpuint(frame.close.frame_type, ==, 6);
    g_assert_cmpuint(frame.close.reason.length, ==, 2);
    must_read("1d 4100 02 6f6b", &frame);
    g_assert_true(frame.close.application);
    g_assert_cmpuint(frame.close.error, ==, 0x100);
    g_assert_cmpuint(frame.close.frame_type, ==, 0);
    must_read("1b 0102030405060708", &frame);
    g_assert_cmphex(frame.path.data[7], ==, 8);
    must_read("19 07", &frame);
    g_assert_cmpuint(frame.retire_cid.sequence, ==, 7);
    must_not_read("07 00", "NEW_TOKEN with an empty token (RFC 9000, 19.7)");
}

static void collect(void *user, uint64_t first, uint64_t last)
{
    g_string_append_printf(user, "%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " ", first, last);
}

/* Reads the ACK and visits its ranges, while the payload lives. */
static char *ranges_of(const char *text, bool *sound)
{
    g_autoptr(GBytes) payload = hex(text);
    ql_reader reader = ql_reader_of(slice_of(payload));
    GString *ranges = g_string_new(NULL);
    ql_frame frame;
    const char *why;

    g_assert_cmpint(ql_frame_read(&reader, &frame, &why), ==, QL_FRAME_READ);
    g_assert_cmpint(frame.kind, ==, QL_FRAME_ACK);
    *sound = ql_ack_visit(&frame, collect, ranges);
    return g_string_free(ranges, FALSE);
}

static void test_ack_ranges(void)
{
    bool sound;
    /* 18..20; gap 1 leaves 16 and 17 out; 14..15; gap 0 leaves 13 out; 0..12 */
    g_autofree char *several = ranges_of("02 14 00 02 02 0101 000c", &sound);
    g_assert_true(sound);
    g_assert_cmpstr(several, ==, "18-20 14-15 0-12 ");

    g_autofree char *one = ranges_of("02 05 00 00 05", &sound);
    g_assert_true(sound);
    g_assert_cmpstr(one, ==, "0-5 ");
}

static void test_ack_fields(void)
{
    ql_frame frame;

    must_read("03 14 4400 00 02 01 02 03", &frame);
    g_assert_cmpuint(frame.ack.largest, ==, 20);
    g_assert_cmpuint(frame.ack.delay, ==, 0x400);
    g_assert_true(frame.ack.has_ecn);
    g_assert_cmpuint(frame.ack.ect0, ==, 1);
    g_assert_cmpuint(frame.ack.ect1, ==, 2);
    g_assert_cmpuint(frame.ack.ce, ==, 3);
    must_not_read("02 05 00 00 06", "ACK whose first range goes below packet 0 (RFC 9000, 19.3.1)");
    must_not_read("02 05 00 01 04 0000",
                  "ACK with a range that goes below packet 0 (RFC 9000, 19.3.1)");
    must_not_read("02 05 00 01 01 0003",
                  "ACK with a range that goes below packet 0 (RFC 9000, 19.3.1)");
    must_not_read("02 05 00 01 01 ffffffffffffffff 00",
                  "ACK with a range that goes below packet 0 (RFC 9000, 19.3.1)");
    must_not_read("02 05 00 ffffffffffffffff 00 0000 0000",
                  "ACK that is cut short (RFC 9000, 19.3)");
}

static void test_ack_made_by_hand(void)
{
    static const uint8_t below_zero[] = { 0x00, 0x09 };
    g_autoptr(GString) ranges = g_string_new(NULL);
    ql_frame ack = { .kind = QL_FRAME_ACK };
    ack.ack.largest = 10;
    ack.ack.first_range = 2;
    ack.ack.range_count = 1;
    ack.ack.ranges = (ql_slice){ below_zero, sizeof below_zero };

    g_assert_false(ql_ack_visit(&ack, collect, ranges));
    g_assert_cmpstr(ranges->str, ==, "8-10 ");
    ack.ack.first_range = 11;
    g_assert_false(ql_ack_visit(&ack, collect, ranges));
    g_assert_cmpstr(ranges->str, ==, "8-10 ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frames/every kind has a name and its type codes", test_kinds);
    g_test_add_func("/frames/no truncation reads beyond the end", test_every_truncation);
    g_test_add_func("/frames/PADDING in a row is one frame", test_padding_in_a_row);
    g_test_add_func("/frames/types are known and as short as they can be", test_types);
    g_test_add_func("/frames/STREAM has the fields that its type says", test_stream);
    g_test_add_func("/frames/data ends at 2^62-1 at the latest", test_offsets);
    g_test_add_func("/frames/limits on streams are 2^60 at most", test_limits);
    g_test_add_func("/frames/NEW_CONNECTION_ID keeps its rules", test_new_cid);
    g_test_add_func("/frames/the other frames give their fields", test_rest);
    g_test_add_func("/frames/ranges of ACK go from the largest down", test_ack_ranges);
    g_test_add_func("/frames/ranges of ACK stay above zero", test_ack_fields);
    g_test_add_func("/frames/visiting stops at a range below zero", test_ack_made_by_hand);
    return g_test_run();
}
