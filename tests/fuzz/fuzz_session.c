/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session from its outside: datagrams as they come, protected packets of two connections, secrets
 * at any time. The input is a row of steps, each a byte and what it needs:
 *   bits 0-2  what: below
 *   bit 3     of which connection
 *   bit 4     who sends
 *   bits 5-7  which packet type, secret, change or flight
 * Lengths have two bytes. */
#include "fuzz.h"

#include "quic_builder.h"

enum step {
    RAW,     /* length, bytes: a datagram between the addresses of the connection */
    PACKET,  /* length, frames: into the datagram at hand */
    SEND,    /* the datagram at hand */
    SECRET,  /* one line of the log */
    SECRETS, /* length, text */
    CHANGE,  /* something of the ends; one byte says how */
    FLIGHT,  /* a part of the handshake, Retry, Version Negotiation */
    FINISH,
};

#define CONNECTIONS 2u
#define DATAGRAMS   4000u /* of one input */

typedef struct run {
    ql_session *session;
    quic_ends ends[CONNECTIONS];
    GByteArray *datagram; /* at hand */
    uint32_t frame;
} run;

static void send_bytes(run *r, const quic_ends *ends, ql_side sender, ql_slice bytes)
{
    r->frame++;
    g_autofree uint8_t *copy = g_memdup2(bytes.data, bytes.length);
    ql_datagram datagram = { .where = { r->frame, r->frame * UINT64_C(1000000) },
                             .source = ends->at[sender],
                             .destination = ends->at[ql_side_other(sender)],
                             .ecn = (uint8_t)(r->frame & 3),
                             .payload = { copy, bytes.length },
                             .wire_length = bytes.length };
    if (r->frame < DATAGRAMS)
        ql_session_add_datagram(r->session, &datagram);
}

static void add_text(run *r, ql_slice text)
{
    ql_session_add_secrets(r->session, text);
}

static void add_secret(run *r, const quic_ends *ends, unsigned which)
{
    g_autofree char *line = which < QL_SECRET_LABEL_COUNT
                                ? quic_secret_line(ends, (ql_secret_label)which)
                                : quic_secrets_text(ends);
    add_text(r, (ql_slice){ (const uint8_t *)line, strlen(line) });
}

static void put_packet(run *r, quic_ends *ends, ql_side sender, unsigned which, ql_slice frames)
{
    static const ql_packet_type types[] = { QL_PACKET_INITIAL, QL_PACKET_ZERO_RTT,
                                            QL_PACKET_HANDSHAKE, QL_PACKET_ONE_RTT };
    if (frames.length <= 4096 && r->datagram->len < 60000)
        quic_put_packet(r->datagram, ends, sender, types[which % G_N_ELEMENTS(types)],
                        quic_put(quic_bytes(), frames.data, frames.length));
}

static void change(quic_ends *ends, ql_side sender, unsigned which, uint8_t how)
{
    static const uint32_t versions[] = { QL_VERSION_1, QL_VERSION_2, 0xff00001d };
    const uint8_t id[20] = { how, 0x51, how, 1, 2, 3, 4, 5, 6, how };
    switch (which) {
    case 0: ends->at[sender].port = (uint16_t)(1000 + how); break;
    case 1: ends->destination[sender] = ql_cid_of((ql_slice){ id, how % 21u }); break;
    case 2: ends->id[sender] = ql_cid_of((ql_slice){ id, how % 21u }); break;
    case 3: ends->updates[sender] = MIN(ends->updates[sender] + how % 3u, 20u); break;
    case 4: ends->next_number[how % 3u][sender] += (uint64_t)how << (how & 31); break;
    case 5: ends->version = versions[how % G_N_ELEMENTS(versions)]; break;
    case 6: ends->number_length = 1 + how % 4u; break;
    default: ends->destination[sender] = ends->id[ql_side_other(sender)]; break;
    }
}

static void put_flight(run *r, quic_ends *ends, unsigned which)
{
    static const uint8_t token[] = { 't', 'o', 'k', 'e', 'n' };
    switch (which) {
    case 0: quic_join(r->datagram, quic_client_hello(ends)); break;
    case 1: quic_join(r->datagram, quic_server_flight(ends)); break;
    case 2: quic_join(r->datagram, quic_client_finished(ends)); break;
    case 3:
        quic_put_retry(r->datagram, ends, &ends->id[QL_SERVER], (ql_slice){ token, sizeof token });
        break;
    case 4: ends->token = (ql_slice){ token, sizeof token }; break;
    case 5: ends->initial_dcid = ends->destination[QL_CLIENT]; break;
    case 6: quic_put_version_negotiation(r->datagram, ends, QL_VERSION_2); break;
    default: ends->offers_early_data = !ends->offers_early_data; break;
    }
}

static void step(run *r, ql_reader *reader)
{
    uint8_t what = ql_read_u8(reader);
    quic_ends *ends = &r->ends[what >> 3 & 1];
    ql_side sender = what & 0x10 ? QL_SERVER : QL_CLIENT;
    unsigned which = what >> 5;
    switch ((enum step)(what & 7)) {
    case RAW: send_bytes(r, ends, sender, ql_read_slice16(reader)); break;
    case PACKET: put_packet(r, ends, sender, which, ql_read_slice16(reader)); break;
    case SEND:
        send_bytes(r, ends, sender, quic_slice(r->datagram));
        g_byte_array_set_size(r->datagram, 0);
        break;
    case SECRET: add_secret(r, ends, which); break;
    case SECRETS: add_text(r, ql_read_slice16(reader)); break;
    case CHANGE: change(ends, sender, which, ql_read_u8(reader)); break;
    case FLIGHT:
        if (r->datagram->len < 60000)
            put_flight(r, ends, which);
        break;
    case FINISH: ql_session_finish(r->session); break;
    }
}

static void check_connection(const ql_connection *connection)
{
    const ql_connection_facts *facts = ql_connection_facts_of(connection);
    uint64_t sum = 0;
    for (int cause = 0; cause < QL_CLOSED_CAUSE_COUNT; cause++) {
        g_assert(facts->closed[cause] <= facts->packets);
        sum += facts->closed[cause];
    }
    g_assert(sum == facts->packets);
    g_assert(facts->datagrams <= DATAGRAMS);
    g_assert(ql_connection_paths(connection)->len > 0);
}

/* All that views read can be read, and the end of the capture is told once. */
static void check(run *r)
{
    for (uint32_t frame = 0; frame <= r->frame; frame++)
        for (const ql_event *e = ql_session_events(r->session, frame); e != NULL; e = e->next)
            g_assert(e->kind != QL_EVENT_PACKET ||
                     (e->packet.connection != NULL && e->packet.closed < QL_CLOSED_CAUSE_COUNT &&
                      e->packet.type < QL_PACKET_TYPE_COUNT));
    for (unsigned i = 0; i < ql_session_connection_count(r->session); i++)
        check_connection(ql_session_connection(r->session, i));
    ql_session_finish(r->session);
    guint findings = ql_session_findings(r->session)->len;
    ql_session_finish(r->session);
    g_assert(ql_session_findings(r->session)->len == findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_reader reader = ql_reader_of((ql_slice){ data, size });
    run r = { .session = ql_session_new(), .datagram = quic_bytes() };
    for (unsigned i = 0; i < CONNECTIONS; i++)
        quic_ends_init(&r.ends[i], i + 1);
    while (ql_reader_left(&reader) > 0)
        step(&r, &reader);
    check(&r);
    g_byte_array_free(r.datagram, TRUE);
    ql_session_free(r.session);
    return 0;
}
