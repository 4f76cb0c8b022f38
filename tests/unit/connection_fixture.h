/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection whose packets come in opened: frames as a test writes them, without protection. */
#pragma once

#include <string.h>

#include "model/connection_input.h"
#include "quic_frames.h"

typedef struct fixture {
    ql_journal *journal;
    ql_router *router;
    ql_secrets_log *log;
    ql_connection *connection;
    ql_endpoint at[2]; /* by side */
    ql_cid id[2];      /* by side: source ID of its long headers */
    ql_cid destination[2];
    uint8_t first;         /* of the packets, without protection: reserved bits, spin */
    uint64_t number[3][2]; /* of the next packet, by space and sender */
    uint32_t frame;        /* the last one; frame n comes n ms after the start */
} fixture;

static inline ql_datagram datagram_of(const fixture *f, ql_side sender, size_t length)
{
    return (ql_datagram){ .where = { f->frame, f->frame * UINT64_C(1000000) },
                          .source = f->at[sender],
                          .destination = f->at[ql_side_other(sender)],
                          .payload = { (const uint8_t *)"", length > 0 },
                          .wire_length = length };
}

static inline void set_up(fixture *f)
{
    *f = (fixture){ .journal = ql_journal_new(),
                    .router = ql_router_new(),
                    .log = ql_secrets_log_new(),
                    .frame = 1 };
    for (int side = 0; side < 2; side++)
        f->at[side] = (ql_endpoint){ .address = { 192, 0, 2, (uint8_t)(1 + side) },
                                     .port = (uint16_t)(1000 + side),
                                     .family = 4 };
    ql_cid random = quic_cid("d0d1d2d3d4d5d6d7");
    f->id[QL_CLIENT] = f->destination[QL_SERVER] = quic_cid("c0c1c2c3");
    f->id[QL_SERVER] = quic_cid("50515253");
    f->destination[QL_CLIENT] = random;
    ql_connection_context context = { .journal = f->journal, .router = f->router, .log = f->log };
    ql_datagram datagram = datagram_of(f, QL_CLIENT, 1200);
    f->connection = ql_connection_new(&context, 0, &datagram, QL_CLIENT, QL_VERSION_1);
    ql_connection_begin(f->connection, &random, QL_VERSION_1, 1);
    f->frame = 0;
}

static inline void tear_down(fixture *f)
{
    ql_connection_free(f->connection);
    ql_router_free(f->router);
    ql_secrets_log_free(f->log);
    ql_journal_free(f->journal);
}

static inline ql_packet_header header_of(const fixture *f, ql_side sender, ql_packet_type type,
                                         size_t length)
{
    ql_packet_header header = {
        .type = type, .fixed_bit = true, .dcid = f->destination[sender], .packet = { NULL, length }
    };
    if (type != QL_PACKET_ONE_RTT) {
        header.version = QL_VERSION_1;
        header.scid = f->id[sender];
    }
    return header;
}

static inline unsigned space_of(ql_packet_type type)
{
    return type == QL_PACKET_INITIAL ? 0 : type == QL_PACKET_HANDSHAKE ? 1 : 2;
}

/* A packet with this number, in a captured frame of its own, whose number it gives. */
static inline uint32_t deliver_as(fixture *f, ql_side sender, ql_packet_type type, uint64_t number,
                                  ql_slice frames)
{
    f->frame++;
    ql_datagram datagram = datagram_of(f, sender, frames.length + 30);
    ql_packet_header header = header_of(f, sender, type, frames.length + 30);
    ql_packet_event *event = &ql_journal_add(f->journal, f->frame, QL_EVENT_PACKET)->packet;
    *event = (ql_packet_event){ .connection = f->connection,
                                .type = (uint8_t)type,
                                .sender = (uint8_t)sender };
    ql_packet_input in = { .datagram = &datagram,
                           .datagram_size = datagram.wire_length,
                           .header = &header,
                           .sender = sender,
                           .event = event };
    ql_opened opened = { .payload = frames, .packet_number = number, .first = f->first };
    ql_connection_on_packet(f->connection, &in, &opened);
    ql_connection_on_datagram(f->connection, &datagram, sender);
    return f->frame;
}

/* The next packet of its sender; the frames are used up. */
static inline uint32_t deliver(fixture *f, ql_side sender, ql_packet_type type, GByteArray *frames)
{
    uint64_t number = f->number[space_of(type)][sender]++;
    uint32_t frame = deliver_as(f, sender, type, number, quic_slice(frames));
    g_byte_array_free(frames, TRUE);
    return frame;
}

static inline const ql_connection_facts *facts_of(const fixture *f)
{
    return ql_connection_facts_of(f->connection);
}

static inline void assert_findings(const fixture *f, const char *expected)
{
    g_autoptr(GString) found = g_string_new(NULL);
    const GPtrArray *findings = ql_journal_findings(f->journal);
    for (guint i = 0; i < findings->len; i++) {
        const ql_finding *finding = g_ptr_array_index(findings, i);
        g_string_append_printf(found, "%s%s@%u", i > 0 ? " " : "",
                               ql_finding_kind_of(finding->code)->code, finding->frame);
    }
    g_assert_cmpstr(found->str, ==, expected);
}

static inline const char *finding_text(const fixture *f, guint index)
{
    const GPtrArray *findings = ql_journal_findings(f->journal);
    g_assert_cmpuint(index, <, findings->len);
    return ((const ql_finding *)g_ptr_array_index(findings, index))->text;
}

/* The first plain text on a frame, NULL when it has none. */
static inline const char *text_on(const fixture *f, uint32_t frame)
{
    const ql_event *event = ql_journal_first(f->journal, frame);
    while (event != NULL && event->kind != QL_EVENT_TEXT)
        event = event->next;
    return event == NULL ? NULL : event->text.text;
}
