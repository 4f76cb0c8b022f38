/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The streams of a connection. The input is a row of steps:
 *   what     bits 0-2: STREAM at the end of what was sent (0-3), STREAM at an offset (4),
 *            RESET_STREAM (5), STOP_SENDING or DATAGRAM (6), the connection (7)
 *            bit 3: the server sends; bit 4: FIN; bit 5: early data
 *   stream   its ID
 *   length   of the bytes that follow it; in between, of (4), two bytes of offset */
#include "fuzz.h"
#include "model/journal.h"

typedef struct run {
    ql_journal *journal;
    ql_streams *streams;
    ql_where where;
    uint64_t sent[2][256];
} run;

static void send_stream(run *r, uint8_t what, ql_side sender, uint8_t id, ql_reader *reader)
{
    ql_frame frame = { .kind = QL_FRAME_STREAM, .type = 0x0f };
    frame.stream.id = id;
    frame.stream.fin = (what & 0x10) != 0;
    frame.stream.offset = (what & 7) == 4 ? ql_read_u16(reader) : r->sent[sender][id];
    frame.stream.data = ql_read_slice8(reader);
    if (reader->bad)
        return;
    r->sent[sender][id] = MAX(r->sent[sender][id], frame.stream.offset + frame.stream.data.length);
    ql_streams_on_stream(r->streams, sender, &frame, &r->where, (what & 0x20) != 0);
}

static void send_other(run *r, uint8_t what, ql_side sender, uint8_t id, ql_reader *reader)
{
    ql_frame frame = { .kind = QL_FRAME_RESET_STREAM };
    if ((what & 7) == 5) {
        frame.reset_stream.id = id;
        frame.reset_stream.error = ql_read_u16(reader);
        frame.reset_stream.final_size =
            what & 0x10 ? r->sent[sender][id] : (uint64_t)ql_read_u16(reader);
        ql_streams_on_reset(r->streams, sender, &frame, &r->where);
    } else if (what & 0x10) {
        frame.kind = QL_FRAME_STOP_SENDING;
        frame.stop_sending.id = id;
        frame.stop_sending.error = ql_read_u16(reader);
        ql_streams_on_stop_sending(r->streams, sender, &frame, &r->where);
    } else {
        frame.kind = QL_FRAME_DATAGRAM;
        frame.datagram.data = ql_read_slice8(reader);
        ql_streams_on_datagram(r->streams, sender, &frame, &r->where);
    }
}

static void change(run *r, uint8_t what)
{
    if (what & 0x10)
        ql_streams_set_alpn(r->streams, what & 0x20 ? "hq-interop" : "h3");
    else if (what & 0x20)
        ql_streams_on_early_data_rejected(r->streams);
    else
        ql_streams_finish(r->streams, &r->where);
}

static void check_section(const ql_section *section)
{
    if (section == NULL)
        return;
    g_assert(section->first.frame > 0 && section->first.frame <= section->decoded.frame);
    for (uint32_t i = 0; i < section->fields->count; i++)
        g_assert(section->fields->line[i].value != NULL);
}

static void check_message(const ql_message *m)
{
    check_section(m->headers);
    check_section(m->trailers);
    g_assert(m->sha256 == NULL || (m->complete && m->body_size > 0));
    g_assert(m->first.frame == 0 || m->last.frame > 0);
}

static void check(const run *r)
{
    const GPtrArray *exchanges = ql_streams_exchanges(r->streams);
    uint32_t before = 0;
    for (guint i = 0; i < exchanges->len; i++) {
        const ql_exchange *e = g_ptr_array_index(exchanges, i);
        g_assert(e->method != NULL && e->request.headers != NULL);
        g_assert(e->method == ql_section_value(e->request.headers, ":method"));
        g_assert(e->request.first.frame >= before);
        before = e->request.first.frame;
        check_message(&e->request);
        check_message(&e->response);
        g_assert(e->status == (e->response.headers == NULL ? 0 : e->response.headers->status));
        g_free(ql_exchange_url(e));
    }
    for (uint64_t id = 0; id < 256; id++) {
        const ql_stream_facts *stream = ql_streams_find(r->streams, id);
        if (stream == NULL)
            continue;
        for (int side = QL_CLIENT; side <= QL_SERVER; side++) {
            g_assert(stream->half[side].in_order <= stream->half[side].received);
            g_assert(stream->half[side].received <= r->sent[side][id]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run r = { .journal = ql_journal_new() };
    ql_reader reader = ql_reader_of((ql_slice){ data, size });
    r.streams = ql_streams_new(r.journal, 0);
    while (ql_reader_left(&reader) > 0) {
        uint8_t what = ql_read_u8(&reader);
        ql_side sender = what & 0x08 ? QL_SERVER : QL_CLIENT;
        r.where.frame++;
        r.where.time_ns += 1000;
        if ((what & 7) == 7) {
            change(&r, what);
            continue;
        }
        uint8_t id = ql_read_u8(&reader);
        if ((what & 7) <= 4)
            send_stream(&r, what, sender, id, &reader);
        else
            send_other(&r, what, sender, id, &reader);
    }
    ql_streams_finish(r.streams, &r.where);
    check(&r);
    ql_streams_free(r.streams);
    ql_journal_free(r.journal);
    return 0;
}
