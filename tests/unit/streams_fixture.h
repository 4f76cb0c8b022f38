/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection's streams in tests: frames go in as if captured, what was written into the journal
 * is looked at. */
#pragma once

#include "model/journal.h"

#include "http3_wire.h"

#define MILLISECOND UINT64_C(1000000)

typedef struct fixture {
    ql_journal *journal;
    ql_streams *streams;
    uint32_t frame; /* the last one; frame n comes n ms after the start */
} fixture;

static inline void set_up(fixture *f, const char *alpn)
{
    *f = (fixture){ .journal = ql_journal_new() };
    f->streams = ql_streams_new(f->journal, 0);
    ql_streams_set_alpn(f->streams, alpn);
}

static inline void tear_down(fixture *f)
{
    ql_streams_free(f->streams);
    ql_journal_free(f->journal);
}

static inline ql_where where_of(uint32_t frame)
{
    return (ql_where){ .frame = frame, .time_ns = frame * MILLISECOND };
}

static inline ql_where next_where(fixture *f)
{
    return where_of(++f->frame);
}

static inline void send_piece(fixture *f, ql_side sender, uint64_t id, uint64_t offset,
                              ql_slice data, bool fin, bool early_data)
{
    ql_frame frame = { .kind = QL_FRAME_STREAM, .type = 0x0f };
    ql_where where = next_where(f);
    frame.stream.id = id;
    frame.stream.offset = offset;
    frame.stream.data = data;
    frame.stream.fin = fin;
    ql_streams_on_stream(f->streams, sender, &frame, &where, early_data);
}

/* One STREAM frame in a captured frame of its own. Takes the bytes. */
static inline void send(fixture *f, ql_side sender, uint64_t id, uint64_t offset, bool fin,
                        GByteArray *wire)
{
    send_piece(f, sender, id, offset, wire_slice(wire), fin, false);
    g_byte_array_free(wire, TRUE);
}

static inline void send_text(fixture *f, ql_side sender, uint64_t id, uint64_t offset, bool fin,
                             const char *text)
{
    send_piece(f, sender, id, offset, (ql_slice){ (const uint8_t *)text, strlen(text) }, fin,
               false);
}

static inline void send_reset(fixture *f, ql_side sender, uint64_t id, uint64_t error,
                              uint64_t final_size)
{
    ql_frame frame = { .kind = QL_FRAME_RESET_STREAM, .type = 0x04 };
    ql_where where = next_where(f);
    frame.reset_stream.id = id;
    frame.reset_stream.error = error;
    frame.reset_stream.final_size = final_size;
    ql_streams_on_reset(f->streams, sender, &frame, &where);
}

static inline void send_stop(fixture *f, ql_side sender, uint64_t id, uint64_t error)
{
    ql_frame frame = { .kind = QL_FRAME_STOP_SENDING, .type = 0x05 };
    ql_where where = next_where(f);
    frame.stop_sending.id = id;
    frame.stop_sending.error = error;
    ql_streams_on_stop_sending(f->streams, sender, &frame, &where);
}

static inline void finish(fixture *f)
{
    ql_where where = where_of(f->frame);
    ql_streams_finish(f->streams, &where);
}

static inline guint exchange_count(const fixture *f)
{
    return ql_streams_exchanges(f->streams)->len;
}

static inline const ql_exchange *exchange_at(const fixture *f, guint index)
{
    const GPtrArray *exchanges = ql_streams_exchanges(f->streams);
    g_assert_cmpuint(index, <, exchanges->len);
    return g_ptr_array_index(exchanges, index);
}

static inline const ql_stream_piece *piece_on(const fixture *f, uint32_t frame)
{
    const ql_event *event = ql_journal_first(f->journal, frame);
    while (event != NULL && event->kind != QL_EVENT_STREAM)
        event = event->next;
    g_assert_nonnull(event);
    return &event->stream;
}

/* The events of a frame: "stream section(1) end(request) text finding", without the first when it
 * is the STREAM frame itself. */
static inline char *events_on(const fixture *f, uint32_t frame)
{
    GString *text = g_string_new(NULL);
    for (const ql_event *e = ql_journal_first(f->journal, frame); e != NULL; e = e->next) {
        if (text->len > 0)
            g_string_append_c(text, ' ');
        switch (e->kind) {
        case QL_EVENT_STREAM: g_string_append(text, "stream"); break;
        case QL_EVENT_SECTION:
            g_string_append_printf(text, "section(%" G_GUINT64_FORMAT ")",
                                   e->section.exchange->stream_id);
            break;
        case QL_EVENT_END:
            g_string_append_printf(text, "end(%s %" G_GUINT64_FORMAT ")",
                                   e->end.response ? "response" : "request",
                                   e->end.exchange->stream_id);
            break;
        case QL_EVENT_FINDING: g_string_append(text, "finding"); break;
        case QL_EVENT_SIGNAL:
            g_string_append_printf(text, "%s(%" G_GUINT64_FORMAT ")", e->signal.frame,
                                   e->signal.id);
            break;
        case QL_EVENT_TEXT: g_string_append(text, "text"); break;
        default: g_string_append(text, "other"); break;
        }
    }
    return g_string_free(text, FALSE);
}

static inline void assert_events(const fixture *f, uint32_t frame, const char *expected)
{
    g_autofree char *found = events_on(f, frame);
    g_assert_cmpstr(found, ==, expected);
}

/* All findings so far, by their codes: "h3.message-error stream.final-size". */
static inline void assert_findings(const fixture *f, const char *expected)
{
    const GPtrArray *findings = ql_journal_findings(f->journal);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        const ql_finding *finding = g_ptr_array_index(findings, i);
        g_string_append_printf(text, "%s%s", i == 0 ? "" : " ",
                               ql_finding_kind_of(finding->code)->code);
        if (g_test_verbose())
            g_test_message("frame %u: %s", finding->frame, finding->text);
    }
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

/* Whether a text event of the frame holds this. */
static inline void assert_said(const fixture *f, uint32_t frame, const char *part)
{
    for (const ql_event *e = ql_journal_first(f->journal, frame); e != NULL; e = e->next)
        if (e->kind == QL_EVENT_TEXT && strstr(e->text.text, part) != NULL)
            return;
    g_error("nothing on frame %u says \"%s\"", frame, part);
}

/* Whether the last finding holds this. */
static inline void assert_found(const fixture *f, const char *part)
{
    const GPtrArray *findings = ql_journal_findings(f->journal);
    const ql_finding *last = g_ptr_array_index(findings, findings->len - 1);
    if (strstr(last->text, part) == NULL)
        g_error("\"%s\" does not hold \"%s\"", last->text, part);
}

static inline GByteArray *wire_new(void)
{
    return g_byte_array_new();
}

static inline GByteArray *get_wire(const char *path)
{
    GByteArray *wire = wire_new();
    GET(wire, path);
    return wire;
}

static inline GByteArray *response_wire(const char *status, const char *content)
{
    GByteArray *wire = wire_new();
    HEADERS(wire, ":status", status, "server", "test");
    if (content != NULL)
        put_data(wire, content);
    return wire;
}

static inline GByteArray *hex_wire(const char *text)
{
    GByteArray *wire = wire_new();
    for (; *text != '\0'; text++)
        if (*text != ' ') {
            put_byte(wire, (unsigned)(g_ascii_xdigit_value(text[0]) << 4 |
                                      g_ascii_xdigit_value(text[1])));
            text++;
        }
    return wire;
}

/* The control stream's type and SETTINGS with a QPACK table of this capacity. */
static inline GByteArray *control_wire(uint64_t capacity)
{
    g_autoptr(GByteArray) settings = g_byte_array_new();
    GByteArray *wire = wire_new();
    put_varint(settings, 0x01);
    put_varint(settings, capacity);
    put_varint(wire, 0x00);
    put_frame(wire, 0x04, settings->data, settings->len);
    return wire;
}
