/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/stream_half.h"

#include <inttypes.h>

#include "model/http3_recognition.h"

ql_stream_half *ql_stream_half_new(ql_side sender, uint64_t *kept_by_all)
{
    ql_stream_half *half = g_new0(ql_stream_half, 1);
    half->sender = (uint8_t)sender;
    ql_reassembly_init(&half->bytes, kept_by_all);
    ql_reassembly_hold(&half->bytes);
    return half;
}

void ql_stream_half_free(ql_stream_half *half)
{
    if (half == NULL)
        return;
    ql_http3_half_free(half->http3);
    ql_reassembly_clear(&half->bytes);
    g_free(half);
}

/* Bytes in order, on their way from reassembly to HTTP/3. */
static void take_bytes(void *user, ql_slice bytes, const ql_arrival *from)
{
    ql_stream_half *half = user;
    if (half->http3 != NULL)
        ql_http3_half_push(half->http3, bytes, from);
}

void ql_stream_half_begin(ql_stream_half *half, ql_stream_protocol protocol, ql_http3 *http3,
                          ql_stream_facts *facts, const ql_stream_half *other)
{
    if (protocol == QL_PROTOCOL_OTHER)
        ql_reassembly_give_up(&half->bytes);
    if (protocol != QL_PROTOCOL_HTTP3)
        return;
    half->http3 =
        ql_http3_half_new(http3, facts, (ql_side)half->sender, other == NULL ? NULL : other->http3);
    if (ql_http3_half_is_ready(half->http3))
        ql_reassembly_release(&half->bytes, take_bytes, half);
}

/* Whether the reader can begin: by what is known of the stream, or by the look of its start. */
static bool is_ready(ql_stream_half *half, uint64_t stream_id)
{
    if (ql_http3_half_is_ready(half->http3))
        return true;
    if (!ql_stream_half_is_recognized(half, stream_id))
        return false;
    ql_http3_half_believe(half->http3);
    return true;
}

bool ql_stream_half_resume(ql_stream_half *half, const ql_stream_facts *facts)
{
    if (half->http3 == NULL || !half->bytes.holding || !is_ready(half, facts->id))
        return false;
    ql_reassembly_release(&half->bytes, take_bytes, half);
    if (facts->half[half->sender].reset)
        ql_http3_half_reset(half->http3, facts->half[half->sender].reset_error);
    return true;
}

ql_reassembly_outcome ql_stream_half_add(ql_stream_half *half, uint64_t offset, ql_slice bytes,
                                         const ql_arrival *from)
{
    half->highest = MAX(half->highest, offset + bytes.length);
    return ql_reassembly_add(&half->bytes, offset, bytes, from, take_bytes, half);
}

bool ql_stream_half_settle(ql_stream_half *half, ql_stream_facts *facts)
{
    ql_side sender = (ql_side)half->sender;
    const ql_reassembly *bytes = &half->bytes;
    facts->half[sender].received = bytes->received;
    facts->half[sender].in_order = bytes->in_order;
    if (half->http3 != NULL)
        ql_http3_half_note(half->http3, bytes->received, bytes->gap_ns,
                           half->highest - bytes->in_order);
    if (!facts->half[sender].has_final_size || bytes->holding)
        return false;
    uint64_t final_size = facts->half[sender].final_size;
    bool reset = facts->half[sender].reset;
    if (half->http3 != NULL && !half->ended && !reset && bytes->delivered == final_size) {
        half->ended = true;
        ql_http3_half_end(half->http3);
    }
    if (half->http3 == NULL)
        return bytes->in_order == final_size;
    return bytes->in_order == final_size && (half->ended || reset) &&
           ql_http3_half_is_done(half->http3);
}

bool ql_stream_half_is_recognized(const ql_stream_half *half, uint64_t stream_id)
{
    uint8_t first[QL_RECOGNITION_BYTES];
    size_t length = ql_reassembly_peek(&half->bytes, first, sizeof first);
    return ql_http3_is_recognized(stream_id, (ql_side)half->sender, (ql_slice){ first, length });
}

void ql_stream_half_finish(ql_stream_half *half, const ql_stream_facts *facts, ql_journal *journal,
                           uint32_t connection, uint32_t frame)
{
    uint64_t in_order = half->bytes.in_order;
    uint64_t behind = half->bytes.received - in_order;
    if (behind > 0 && !half->told_gap && !facts->half[half->sender].reset) {
        half->told_gap = true;
        ql_journal_find(journal, connection, frame, QL_FINDING_CAPTURE_GAP,
                        "stream %" PRIu64 ": bytes of the %s from offset %" PRIu64
                        " on were not captured, %" PRIu64 " bytes behind them were",
                        facts->id, ql_side_name((ql_side)half->sender), in_order, behind);
    }
    if (half->http3 == NULL)
        return;
    ql_stream_half_resume(half, facts);
    if (half->bytes.holding && in_order > 0 && !half->told_unknown) {
        half->told_unknown = true;
        ql_journal_find(journal, connection, frame, QL_FINDING_CAPTURE_GAP,
                        "stream %" PRIu64 ": bytes of the server came, none of the client's first "
                        "ones: a response or WebTransport, which is not known",
                        facts->id);
    }
    ql_http3_half_finish(half->http3);
}
