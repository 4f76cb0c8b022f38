/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet's payload. */
#include "fuzz.h"
#include "model/frames.h"

static void check_range(void *user, uint64_t first, uint64_t last)
{
    uint64_t *below = user;

    g_assert(first <= last && last < *below);
    *below = first;
}

static void check(const ql_frame *frame, ql_slice payload)
{
    g_assert(frame->kind < QL_FRAME_COUNT && ql_frame_kind_name(frame->kind) != NULL);
    switch (frame->kind) {
    case QL_FRAME_ACK: {
        uint64_t below = UINT64_MAX;
        g_assert(ql_ack_visit(frame, check_range, &below));
        break;
    }
    case QL_FRAME_CRYPTO: assert_within(frame->crypto.data, payload); break;
    case QL_FRAME_NEW_TOKEN: assert_within(frame->new_token.token, payload); break;
    case QL_FRAME_STREAM:
        assert_within(frame->stream.data, payload);
        g_assert(frame->stream.offset + frame->stream.data.length < UINT64_C(1) << 62);
        break;
    case QL_FRAME_NEW_CONNECTION_ID:
        g_assert(frame->new_cid.cid.length >= 1 && frame->new_cid.cid.length <= QL_CID_MAX);
        g_assert(frame->new_cid.retire_prior_to <= frame->new_cid.sequence);
        break;
    case QL_FRAME_CONNECTION_CLOSE: assert_within(frame->close.reason, payload); break;
    case QL_FRAME_DATAGRAM: assert_within(frame->datagram.data, payload); break;
    default: break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_slice payload = { data, size };
    ql_reader reader = ql_reader_of(payload);
    ql_frame frame;
    const char *why = NULL;
    ql_frame_status status;
    size_t left = size;

    while ((status = ql_frame_read(&reader, &frame, &why)) == QL_FRAME_READ) {
        check(&frame, payload);
        g_assert(ql_reader_left(&reader) < left);
        left = ql_reader_left(&reader);
    }
    g_assert(status == QL_FRAME_END ? left == 0 : why != NULL);
    return 0;
}
