/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/frame_text.h"

#include "reports/text.h"

#include <inttypes.h>

#define ACK_RANGES_SHOWN 8u

typedef struct ranges {
    GString *text;
    unsigned count;
} ranges;

static void add_range(void *user, uint64_t first, uint64_t last)
{
    ranges *all = user;
    if (++all->count > ACK_RANGES_SHOWN)
        return;
    g_string_append(all->text, all->count == 1 ? " of " : ", ");
    if (first == last)
        g_string_append_printf(all->text, "%" PRIu64, first);
    else
        g_string_append_printf(all->text, "%" PRIu64 " to %" PRIu64, first, last);
}

static void add_ack(GString *text, const ql_frame *frame)
{
    ranges all = { .text = text };
    ql_ack_visit(frame, add_range, &all);
    if (all.count > ACK_RANGES_SHOWN)
        g_string_append_printf(text, " and %u more ranges", all.count - ACK_RANGES_SHOWN);
    if (frame->ack.has_ecn)
        g_string_append_printf(text,
                               ", ECN counts: ECT(0) %" PRIu64 ", ECT(1) %" PRIu64 ", CE %" PRIu64,
                               frame->ack.ect0, frame->ack.ect1, frame->ack.ce);
}

static void add_bytes(GString *text, const char *before, uint64_t count)
{
    char *bytes = ql_text_bytes(count);
    g_string_append_printf(text, "%s%s", before, bytes);
    g_free(bytes);
}

static void add_hex(GString *text, const char *before, const uint8_t *bytes, size_t length)
{
    char *hex = ql_text_hex(bytes, length);
    g_string_append_printf(text, "%s%s", before, hex);
    g_free(hex);
}

static void add_data(GString *text, uint64_t offset, ql_slice data)
{
    g_string_append_printf(text, ", offset %" PRIu64, offset);
    add_bytes(text, ", ", data.length);
}

static void add_limit(GString *text, const ql_frame *frame)
{
    if (frame->kind == QL_FRAME_MAX_STREAM_DATA || frame->kind == QL_FRAME_STREAM_DATA_BLOCKED)
        g_string_append_printf(text, " of stream %" PRIu64, frame->limit.id);
    if (frame->kind == QL_FRAME_MAX_STREAMS || frame->kind == QL_FRAME_STREAMS_BLOCKED)
        g_string_append_printf(text, ", %s",
                               frame->limit.unidirectional ? "unidirectional" : "bidirectional");
    g_string_append_printf(text, ": %" PRIu64, frame->limit.value);
}

static void add_new_cid(GString *text, const ql_frame *frame)
{
    char *value = ql_cid_text(&frame->new_cid.cid);
    g_string_append_printf(text, " %" PRIu64 ": %s, Retire Prior To %" PRIu64,
                           frame->new_cid.sequence, value, frame->new_cid.retire_prior_to);
    g_free(value);
}

static void add_close(GString *text, const ql_frame *frame)
{
    char *reason = ql_text_safe((const char *)frame->close.reason.data, frame->close.reason.length);
    g_string_append_printf(text, ", %s error 0x%" PRIx64,
                           frame->close.application ? "application" : "transport",
                           frame->close.error);
    if (*reason != '\0')
        g_string_append_printf(text, ": %s", reason);
    g_free(reason);
}

static void add_fields(GString *text, const ql_frame *frame)
{
    switch (frame->kind) {
    case QL_FRAME_PADDING: add_bytes(text, ", ", frame->padding.length); break;
    case QL_FRAME_ACK: add_ack(text, frame); break;
    case QL_FRAME_RESET_STREAM:
        g_string_append_printf(text, " %" PRIu64 ", error 0x%" PRIx64 ", final size %" PRIu64,
                               frame->reset_stream.id, frame->reset_stream.error,
                               frame->reset_stream.final_size);
        break;
    case QL_FRAME_RESET_STREAM_AT:
        g_string_append_printf(text,
                               " %" PRIu64 ", error 0x%" PRIx64 ", final size %" PRIu64
                               ", delivered up to %" PRIu64,
                               frame->reset_stream.id, frame->reset_stream.error,
                               frame->reset_stream.final_size, frame->reset_stream.reliable_size);
        break;
    case QL_FRAME_STOP_SENDING:
        g_string_append_printf(text, " %" PRIu64 ", error 0x%" PRIx64, frame->stop_sending.id,
                               frame->stop_sending.error);
        break;
    case QL_FRAME_CRYPTO: add_data(text, frame->crypto.offset, frame->crypto.data); break;
    case QL_FRAME_NEW_TOKEN: add_bytes(text, ", ", frame->new_token.token.length); break;
    case QL_FRAME_STREAM:
        g_string_append_printf(text, " %" PRIu64, frame->stream.id);
        add_data(text, frame->stream.offset, frame->stream.data);
        g_string_append(text, frame->stream.fin ? ", end" : "");
        break;
    case QL_FRAME_MAX_DATA:
    case QL_FRAME_MAX_STREAM_DATA:
    case QL_FRAME_MAX_STREAMS:
    case QL_FRAME_DATA_BLOCKED:
    case QL_FRAME_STREAM_DATA_BLOCKED:
    case QL_FRAME_STREAMS_BLOCKED: add_limit(text, frame); break;
    case QL_FRAME_NEW_CONNECTION_ID: add_new_cid(text, frame); break;
    case QL_FRAME_RETIRE_CONNECTION_ID:
        g_string_append_printf(text, " %" PRIu64, frame->retire_cid.sequence);
        break;
    case QL_FRAME_PATH_CHALLENGE:
    case QL_FRAME_PATH_RESPONSE:
        add_hex(text, " ", frame->path.data, sizeof frame->path.data);
        break;
    case QL_FRAME_CONNECTION_CLOSE: add_close(text, frame); break;
    case QL_FRAME_DATAGRAM: add_bytes(text, ", ", frame->datagram.data.length); break;
    case QL_FRAME_ACK_FREQUENCY:
        g_string_append_printf(
            text,
            " %" PRIu64 ": after %" PRIu64 " packets, %" PRIu64 " us at most, reordering %" PRIu64,
            frame->ack_frequency.sequence, frame->ack_frequency.threshold,
            frame->ack_frequency.max_delay_us, frame->ack_frequency.reordering_threshold);
        break;
    case QL_FRAME_TIMESTAMP:
        g_string_append_printf(text, " %" PRIu64, frame->timestamp.time);
        break;
    case QL_FRAME_OBSERVED_ADDRESS:
        add_hex(text, " ", frame->observed_address.address.data,
                frame->observed_address.address.length);
        g_string_append_printf(text, " port %u", frame->observed_address.port);
        break;
    case QL_FRAME_PING:
    case QL_FRAME_IMMEDIATE_ACK:
    case QL_FRAME_HANDSHAKE_DONE:
    case QL_FRAME_COUNT: break;
    }
}

char *ql_frame_text(const ql_frame *frame)
{
    GString *text = g_string_new(ql_frame_kind_name(frame->kind));
    add_fields(text, frame);
    return g_string_free(text, FALSE);
}
