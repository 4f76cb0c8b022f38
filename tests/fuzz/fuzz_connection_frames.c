/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection behind authentication: what packets carry, of all types, from both sides, on several
 * paths. The input is a row of packets:
 *   what    bit 0: the server sends; bits 1-2: type; bit 3: the number of before once more
 *           bits 4-5: the path; bits 6-7: which of four IDs it is sent to
 *   length  two bytes, of the frames that follow it */
#include "fuzz.h"

#include "model/connection_input.h"

#define PACKETS 4000u /* of one input */

typedef struct run {
    ql_journal *journal;
    ql_router *router;
    ql_secrets_log *log;
    ql_body_budget bodies;
    ql_connection *connection;
    uint64_t number[3][2];
    uint32_t frame;
} run;

static ql_cid id_of(uint8_t which)
{
    const uint8_t bytes[4] = { 0xc1, which, which, 0x1d };
    return ql_cid_of((ql_slice){ bytes, which == 3 ? 0 : sizeof bytes });
}

static ql_datagram datagram_of(const run *r, ql_side sender, uint8_t path, size_t length)
{
    ql_endpoint client = { .address = { 192, 0, 2, 1 }, .port = 1000u + path, .family = 4 };
    ql_endpoint server = { .address = { 192, 0, 2, 2 }, .port = 443, .family = 4 };
    bool forth = sender == QL_CLIENT;
    return (ql_datagram){ .where = { r->frame, r->frame * UINT64_C(1000000) },
                          .source = forth ? client : server,
                          .destination = forth ? server : client,
                          .wire_length = length };
}

static ql_packet_header header_of(ql_packet_type type, ql_side sender, uint8_t id, size_t length)
{
    ql_packet_header header = {
        .type = type, .fixed_bit = true, .dcid = id_of(id), .packet = { NULL, length }
    };
    if (type != QL_PACKET_ONE_RTT) {
        header.version = QL_VERSION_1;
        header.scid = id_of((uint8_t)(16 + sender));
    }
    return header;
}

static void deliver(run *r, uint8_t what, ql_slice frames)
{
    static const ql_packet_type types[] = { QL_PACKET_INITIAL, QL_PACKET_ZERO_RTT,
                                            QL_PACKET_HANDSHAKE, QL_PACKET_ONE_RTT };
    static const unsigned spaces[] = { 0, 2, 1, 2 };
    unsigned which = what >> 1 & 3;
    ql_side sender = what & 1 && types[which] != QL_PACKET_ZERO_RTT ? QL_SERVER : QL_CLIENT;
    uint64_t *number = &r->number[spaces[which]][sender];
    if ((what & 8) == 0)
        ++*number;
    r->frame++;
    ql_datagram datagram = datagram_of(r, sender, what >> 4 & 3, frames.length + 30);
    ql_packet_header header = header_of(types[which], sender, what >> 6, frames.length + 30);
    ql_packet_event *event = &ql_journal_add(r->journal, r->frame, QL_EVENT_PACKET)->packet;
    *event = (ql_packet_event){ .connection = r->connection,
                                .type = (uint8_t)types[which],
                                .sender = (uint8_t)sender };
    ql_packet_input in = {
        .datagram = &datagram, .header = &header, .sender = sender, .event = event
    };
    ql_opened opened = { .payload = frames, .packet_number = *number };
    ql_connection_on_packet(r->connection, &in, &opened);
    ql_connection_on_datagram(r->connection, &datagram, sender);
}

static void begin(run *r)
{
    ql_connection_context context = {
        .journal = r->journal, .router = r->router, .log = r->log, .bodies = &r->bodies
    };
    ql_cid id = id_of(0);
    r->frame = 1;
    ql_datagram first = datagram_of(r, QL_CLIENT, 0, 1200);
    r->connection = ql_connection_new(&context, 0, &first, QL_CLIENT, QL_VERSION_1);
    ql_connection_begin(r->connection, &id, QL_VERSION_1, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_reader reader = ql_reader_of((ql_slice){ data, size });
    run r = { .journal = ql_journal_new(),
              .router = ql_router_new(),
              .log = ql_secrets_log_new(),
              .bodies = { .cap = 1u << 20 } };
    begin(&r);
    while (ql_reader_left(&reader) > 0 && r.frame < PACKETS) {
        uint8_t what = ql_read_u8(&reader);
        ql_slice frames = ql_read_slice16(&reader);
        /* A copy of exactly this size, so that a sanitizer sees what is read behind its end. */
        g_autofree uint8_t *copy = g_memdup2(frames.data, frames.length);
        deliver(&r, what, (ql_slice){ copy, frames.length });
    }
    ql_connection_finish(r.connection);
    guint findings = ql_journal_findings(r.journal)->len;
    ql_connection_finish(r.connection);
    g_assert(ql_journal_findings(r.journal)->len == findings);
    ql_connection_free(r.connection);
    ql_router_free(r.router);
    ql_secrets_log_free(r.log);
    ql_journal_free(r.journal);
    return 0;
}
