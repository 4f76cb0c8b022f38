/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of HTTP/3 frames: however it is cut, the same items must come out. The first byte is the
 * size of the pieces. */
#include "fuzz.h"
#include "model/http3_frames.h"

typedef struct digest {
    uint64_t items, content, sum;
    bool between;
} digest;

static void add(digest *d, uint64_t value)
{
    d->sum = (d->sum ^ value) * UINT64_C(0x100000001b3);
}

static void add_bytes(digest *d, ql_slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        add(d, bytes.data[i]);
}

static digest read_all(ql_slice all, size_t piece)
{
    ql_http3_parser parser;
    digest d = { 0 };
    ql_http3_parser_init(&parser);
    for (size_t at = 0; at < all.length; at += piece) {
        ql_slice bytes = { all.data + at, MIN(piece, all.length - at) };
        ql_http3_item item;
        while ((item = ql_http3_parser_next(&parser, &bytes)).kind != QL_HTTP3_MORE) {
            if (item.kind == QL_HTTP3_CONTENT) {
                assert_within(item.bytes, all);
                d.content += item.bytes.length;
            } else {
                d.items++;
                add(&d, item.kind);
                add(&d, item.type);
            }
            add_bytes(&d, item.bytes);
        }
        g_assert(bytes.length == 0);
    }
    d.between = ql_http3_parser_is_between_frames(&parser);
    ql_http3_parser_clear(&parser);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    ql_slice all = { data + 1, size - 1 };
    digest whole = read_all(all, all.length);
    digest cut = read_all(all, (size_t)data[0] + 1);
    g_assert(whole.items == cut.items && whole.content == cut.content && whole.sum == cut.sum);
    g_assert(whole.between == cut.between && whole.content <= all.length);
    return 0;
}
