/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/frames.h"

#include <string.h>

#define VARINT_MAX  ((UINT64_C(1) << 62) - 1)
#define STREAMS_MAX (UINT64_C(1) << 60) /* RFC 9000, 4.6 */

/* Bits of the type of STREAM (RFC 9000, 19.8); DATAGRAM has a length in its lowest bit. */
#define STREAM_FIN      0x01
#define STREAM_LENGTH   0x02
#define STREAM_OFFSET   0x04
#define DATAGRAM_LENGTH 0x01

/* What a reader of one kind says: NULL, or the rule that the fields break. Whether the payload
 * sufficed shows on the reader. */
typedef const char *(*body_reader)(ql_reader *payload, ql_frame *frame);

static const char *read_padding(ql_reader *payload, ql_frame *frame)
{
    const uint8_t *start = payload->at;

    while (payload->at < payload->end && *payload->at == 0)
        payload->at++;
    frame->padding.length = 1 + (uint64_t)(payload->at - start);
    return NULL;
}

static const char *read_nothing(ql_reader *payload, ql_frame *frame)
{
    (void)payload, (void)frame;
    return NULL;
}

/* Where the next range down lies. False when it goes below zero. */
static bool next_range(uint64_t smallest, uint64_t gap, uint64_t length, uint64_t *first,
                       uint64_t *last)
{
    if (smallest < gap + 2)
        return false;
    *last = smallest - gap - 2;
    if (*last < length)
        return false;
    *first = *last - length;
    return true;
}

static const char *read_ack(ql_reader *payload, ql_frame *frame)
{
    uint64_t largest = frame->ack.largest = ql_read_varint(payload);
    frame->ack.delay = ql_read_varint(payload);
    frame->ack.range_count = ql_read_varint(payload);
    frame->ack.first_range = ql_read_varint(payload);
    if (frame->ack.first_range > largest)
        return "ACK whose first range goes below packet 0 (RFC 9000, 19.3.1)";

    uint64_t first = largest - frame->ack.first_range, last;
    const uint8_t *start = payload->at;
    for (uint64_t i = 0; i < frame->ack.range_count && !payload->bad; i++) {
        uint64_t gap = ql_read_varint(payload);
        uint64_t length = ql_read_varint(payload);
        if (!payload->bad && !next_range(first, gap, length, &first, &last))
            return "ACK with a range that goes below packet 0 (RFC 9000, 19.3.1)";
    }
    frame->ack.ranges = (ql_slice){ start, (size_t)(payload->at - start) };

    frame->ack.has_ecn = frame->type == 0x03;
    if (frame->ack.has_ecn) {
        frame->ack.ect0 = ql_read_varint(payload);
        frame->ack.ect1 = ql_read_varint(payload);
        frame->ack.ce = ql_read_varint(payload);
    }
    return NULL;
}

static const char *read_reset_stream(ql_reader *payload, ql_frame *frame)
{
    frame->reset_stream.id = ql_read_varint(payload);
    frame->reset_stream.error = ql_read_varint(payload);
    frame->reset_stream.final_size = ql_read_varint(payload);
    if (frame->kind == QL_FRAME_RESET_STREAM_AT)
        frame->reset_stream.reliable_size = ql_read_varint(payload);
    return !payload->bad && frame->reset_stream.reliable_size > frame->reset_stream.final_size
               ? "RESET_STREAM_AT that delivers more than there is "
                 "(draft-ietf-quic-reliable-stream-reset, 4)"
               : NULL;
}

static const char *read_stop_sending(ql_reader *payload, ql_frame *frame)
{
    frame->stop_sending.id = ql_read_varint(payload);
    frame->stop_sending.error = ql_read_varint(payload);
    return NULL;
}

static const char *read_crypto(ql_reader *payload, ql_frame *frame)
{
    frame->crypto.offset = ql_read_varint(payload);
    frame->crypto.data = ql_read_slice_varint(payload);
    if (frame->crypto.offset + frame->crypto.data.length > VARINT_MAX)
        return "CRYPTO that ends beyond 2^62-1 (RFC 9000, 19.6)";
    return NULL;
}

static const char *read_new_token(ql_reader *payload, ql_frame *frame)
{
    frame->new_token.token = ql_read_slice_varint(payload);
    return frame->new_token.token.length == 0 ? "NEW_TOKEN with an empty token (RFC 9000, 19.7)"
                                              : NULL;
}

static const char *read_stream(ql_reader *payload, ql_frame *frame)
{
    frame->stream.fin = (frame->type & STREAM_FIN) != 0;
    frame->stream.id = ql_read_varint(payload);
    frame->stream.offset = (frame->type & STREAM_OFFSET) != 0 ? ql_read_varint(payload) : 0;
    frame->stream.data =
        (frame->type & STREAM_LENGTH) != 0 ? ql_read_slice_varint(payload) : ql_read_rest(payload);
    if (frame->stream.offset + frame->stream.data.length > VARINT_MAX)
        return "STREAM that ends beyond 2^62-1 (RFC 9000, 19.8)";
    return NULL;
}

static const char *read_limit(ql_reader *payload, ql_frame *frame)
{
    if (frame->kind == QL_FRAME_MAX_STREAM_DATA || frame->kind == QL_FRAME_STREAM_DATA_BLOCKED)
        frame->limit.id = ql_read_varint(payload);
    frame->limit.value = ql_read_varint(payload);
    return NULL;
}

static const char *read_streams_limit(ql_reader *payload, ql_frame *frame)
{
    frame->limit.value = ql_read_varint(payload);
    frame->limit.unidirectional = (frame->type & 1) != 0;
    if (frame->limit.value <= STREAMS_MAX)
        return NULL;
    return frame->kind == QL_FRAME_MAX_STREAMS
               ? "MAX_STREAMS of more than 2^60 streams (RFC 9000, 19.11)"
               : "STREAMS_BLOCKED of more than 2^60 streams (RFC 9000, 19.14)";
}

static const char *read_new_cid(ql_reader *payload, ql_frame *frame)
{
    frame->new_cid.sequence = ql_read_varint(payload);
    frame->new_cid.retire_prior_to = ql_read_varint(payload);
    uint8_t length = ql_read_u8(payload);
    if (payload->bad)
        return NULL;
    if (length == 0)
        return "NEW_CONNECTION_ID with an ID of 0 bytes (RFC 9000, 19.15)";
    if (length > QL_CID_MAX)
        return "NEW_CONNECTION_ID with an ID of more than 20 bytes (RFC 9000, 19.15)";
    if (frame->new_cid.retire_prior_to > frame->new_cid.sequence)
        return "NEW_CONNECTION_ID with Retire Prior To above its own sequence number (RFC 9000, "
               "19.15)";
    frame->new_cid.cid = ql_cid_of(ql_read_slice(payload, length));
    ql_read_bytes(payload, frame->new_cid.reset_token, sizeof frame->new_cid.reset_token);
    return NULL;
}

static const char *read_retire_cid(ql_reader *payload, ql_frame *frame)
{
    frame->retire_cid.sequence = ql_read_varint(payload);
    return NULL;
}

static const char *read_path(ql_reader *payload, ql_frame *frame)
{
    ql_read_bytes(payload, frame->path.data, sizeof frame->path.data);
    return NULL;
}

static const char *read_close(ql_reader *payload, ql_frame *frame)
{
    frame->close.application = frame->type == 0x1d;
    frame->close.error = ql_read_varint(payload);
    if (!frame->close.application)
        frame->close.frame_type = ql_read_varint(payload);
    frame->close.reason = ql_read_slice_varint(payload);
    return NULL;
}

static const char *read_datagram(ql_reader *payload, ql_frame *frame)
{
    frame->datagram.data = (frame->type & DATAGRAM_LENGTH) != 0 ? ql_read_slice_varint(payload)
                                                                : ql_read_rest(payload);
    return NULL;
}

static const char *read_ack_frequency(ql_reader *payload, ql_frame *frame)
{
    frame->ack_frequency.sequence = ql_read_varint(payload);
    frame->ack_frequency.threshold = ql_read_varint(payload);
    frame->ack_frequency.max_delay_us = ql_read_varint(payload);
    frame->ack_frequency.reordering_threshold = ql_read_varint(payload);
    return NULL;
}

static const char *read_timestamp(ql_reader *payload, ql_frame *frame)
{
    frame->timestamp.time = ql_read_varint(payload);
    return NULL;
}

static const char *read_observed_address(ql_reader *payload, ql_frame *frame)
{
    frame->observed_address.sequence = ql_read_varint(payload);
    frame->observed_address.address = ql_read_slice(payload, (frame->type & 1) != 0 ? 16 : 4);
    frame->observed_address.port = ql_read_u16(payload);
    return NULL;
}

/* The fewest bytes of a varint, in which a type has to stand (RFC 9000, 12.4). */
static unsigned varint_length(uint64_t value)
{
    return value < 1u << 6 ? 1 : value < 1u << 14 ? 2 : value < 1u << 30 ? 4 : 8;
}

#define KIND(name, first, last, read, section)                                                     \
    [QL_FRAME_##name] = { #name, #name " that is cut short (" section ")", first, last, read }

static const struct {
    const char *name, *truncated;
    uint32_t first, last; /* types on the wire */
    body_reader read;
} kinds[QL_FRAME_COUNT] = {
    KIND(PADDING, 0x00, 0x00, read_padding, "RFC 9000, 19.1"),
    KIND(PING, 0x01, 0x01, read_nothing, "RFC 9000, 19.2"),
    KIND(ACK, 0x02, 0x03, read_ack, "RFC 9000, 19.3"),
    KIND(RESET_STREAM, 0x04, 0x04, read_reset_stream, "RFC 9000, 19.4"),
    KIND(STOP_SENDING, 0x05, 0x05, read_stop_sending, "RFC 9000, 19.5"),
    KIND(CRYPTO, 0x06, 0x06, read_crypto, "RFC 9000, 19.6"),
    KIND(NEW_TOKEN, 0x07, 0x07, read_new_token, "RFC 9000, 19.7"),
    KIND(STREAM, 0x08, 0x0f, read_stream, "RFC 9000, 19.8"),
    KIND(MAX_DATA, 0x10, 0x10, read_limit, "RFC 9000, 19.9"),
    KIND(MAX_STREAM_DATA, 0x11, 0x11, read_limit, "RFC 9000, 19.10"),
    KIND(MAX_STREAMS, 0x12, 0x13, read_streams_limit, "RFC 9000, 19.11"),
    KIND(DATA_BLOCKED, 0x14, 0x14, read_limit, "RFC 9000, 19.12"),
    KIND(STREAM_DATA_BLOCKED, 0x15, 0x15, read_limit, "RFC 9000, 19.13"),
    KIND(STREAMS_BLOCKED, 0x16, 0x17, read_streams_limit, "RFC 9000, 19.14"),
    KIND(NEW_CONNECTION_ID, 0x18, 0x18, read_new_cid, "RFC 9000, 19.15"),
    KIND(RETIRE_CONNECTION_ID, 0x19, 0x19, read_retire_cid, "RFC 9000, 19.16"),
    KIND(PATH_CHALLENGE, 0x1a, 0x1a, read_path, "RFC 9000, 19.17"),
    KIND(PATH_RESPONSE, 0x1b, 0x1b, read_path, "RFC 9000, 19.18"),
    KIND(CONNECTION_CLOSE, 0x1c, 0x1d, read_close, "RFC 9000, 19.19"),
    KIND(HANDSHAKE_DONE, 0x1e, 0x1e, read_nothing, "RFC 9000, 19.20"),
    KIND(DATAGRAM, 0x30, 0x31, read_datagram, "RFC 9221, 4"),
    KIND(RESET_STREAM_AT, 0x24, 0x24, read_reset_stream,
         "draft-ietf-quic-reliable-stream-reset, 4"),
    KIND(ACK_FREQUENCY, 0xaf, 0xaf, read_ack_frequency, "draft-ietf-quic-ack-frequency, 4"),
    KIND(IMMEDIATE_ACK, 0x1f, 0x1f, read_nothing, "draft-ietf-quic-ack-frequency, 5"),
    KIND(TIMESTAMP, 0x2f5, 0x2f5, read_timestamp, "draft-huitema-quic-ts, 3"),
    KIND(OBSERVED_ADDRESS, 0x9f81a6, 0x9f81a7, read_observed_address,
         "draft-ietf-quic-address-discovery, 3"),
};

const char *ql_frame_kind_name(ql_frame_kind kind)
{
    g_assert(kind < QL_FRAME_COUNT);
    return kinds[kind].name;
}

static bool find_kind(uint64_t type, ql_frame_kind *kind)
{
    for (unsigned i = 0; i < QL_FRAME_COUNT; i++) {
        if (type >= kinds[i].first && type <= kinds[i].last) {
            *kind = (ql_frame_kind)i;
            return true;
        }
    }
    return false;
}

ql_frame_status ql_frame_read(ql_reader *payload, ql_frame *out, const char **why)
{
    if (!payload->bad && payload->at == payload->end)
        return QL_FRAME_END;

    const uint8_t *start = payload->at;
    memset(out, 0, sizeof *out);
    out->type = ql_read_varint(payload);
    if (payload->bad)
        *why = "frame type that is cut short (RFC 9000, 12.4)";
    else if (!find_kind(out->type, &out->kind))
        *why = "unknown frame type (RFC 9000, 12.4)";
    else if (payload->at - start > varint_length(out->type))
        *why = "frame type in more bytes than it needs (RFC 9000, 12.4)";
    else {
        *why = kinds[out->kind].read(payload, out);
        if (payload->bad)
            *why = kinds[out->kind].truncated;
        if (*why == NULL)
            return QL_FRAME_READ;
    }
    payload->bad = true;
    return QL_FRAME_BAD;
}

bool ql_ack_visit(const ql_frame *ack, ql_ack_visitor visit, void *user)
{
    if (ack->ack.first_range > ack->ack.largest)
        return false;
    uint64_t first = ack->ack.largest - ack->ack.first_range, last = ack->ack.largest;
    visit(user, first, last);

    ql_reader ranges = ql_reader_of(ack->ack.ranges);
    for (uint64_t i = 0; i < ack->ack.range_count; i++) {
        uint64_t gap = ql_read_varint(&ranges);
        uint64_t length = ql_read_varint(&ranges);
        if (ranges.bad || !next_range(first, gap, length, &first, &last))
            return false;
        visit(user, first, last);
    }
    return true;
}
