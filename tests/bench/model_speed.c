/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_speed [PACKETS]: how many packets a second the model takes, on one core. Packets are made
 * first and are not measured. Each scenario runs with half of the packets, too: where the time a
 * packet grows with their number, something is not linear. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quic_builder.h"

#define PAYLOAD     1150u
#define SMALL       30u
#define STREAMS     100u /* of one connection */
#define ACK_EVERY   2u
#define CONNECTIONS 200u

typedef struct scenario {
    const char *name;
    const char *alpn;
    ql_suite suite;
    size_t payload; /* bytes of stream data in a packet */
    unsigned connections;
    bool secrets;
} scenario;

static const scenario scenarios[] = {
    { "AES-128-GCM, plain streams", "hq-interop", QL_SUITE_AES_128_GCM, PAYLOAD, 1, true },
    { "AES-256-GCM, plain streams", "hq-interop", QL_SUITE_AES_256_GCM, PAYLOAD, 1, true },
    { "ChaCha20, plain streams", "hq-interop", QL_SUITE_CHACHA20_POLY1305, PAYLOAD, 1, true },
    { "HTTP/3 bodies", "h3", QL_SUITE_AES_128_GCM, PAYLOAD, 1, true },
    { "small packets", "hq-interop", QL_SUITE_AES_128_GCM, SMALL, 1, true },
    { "200 connections", "hq-interop", QL_SUITE_AES_128_GCM, PAYLOAD, CONNECTIONS, true },
    { "no secrets", "hq-interop", QL_SUITE_AES_128_GCM, PAYLOAD, 1, false },
};

/* A connection's streams: each carries a response, in HTTP/3 one DATA frame without end. */
typedef struct flow {
    quic_ends ends;
    uint64_t offsets[STREAMS];
    unsigned turn;
} flow;

static void put_stream_head(GByteArray *out, uint64_t id, uint64_t offset)
{
    quic_put_varint(quic_put_varint(quic_put_varint(out, 0x0c), id), offset);
}

/* RFC 9114: HEADERS with :status 200, then DATA of 2^30 bytes. */
static void begin_response(GByteArray *out)
{
    quic_put_varint(quic_put_hex(quic_put_varint(out, 0x01), "030000d9"), 0x00);
    quic_put_varint(out, (1u << 30) - 1);
}

static void send_data(quic_tape *tape, flow *f, const scenario *s)
{
    unsigned which = f->turn % STREAMS;
    GByteArray *frames = quic_bytes();
    put_stream_head(frames, 4 * which, f->offsets[which]);
    guint head = frames->len;
    if (f->offsets[which] == 0 && strcmp(s->alpn, "h3") == 0)
        begin_response(frames);
    while (frames->len < head + s->payload)
        quic_put_number(frames, f->turn * 7 + frames->len, 1);
    f->offsets[which] += frames->len - head;
    quic_send_frames(tape, &f->ends, QL_SERVER, frames);
    f->turn++;
    if (f->turn % ACK_EVERY == 0)
        quic_send_frames(tape, &f->ends, QL_CLIENT,
                         quic_put_ack(quic_bytes(), 0, f->ends.next_number[2][QL_SERVER] - 1));
}

static quic_tape *record(const scenario *s, uint32_t packets, flow *flows)
{
    quic_tape *tape = quic_tape_new();
    for (unsigned i = 0; i < s->connections; i++) {
        memset(&flows[i], 0, sizeof flows[i]);
        quic_ends_init(&flows[i].ends, i + 1);
        flows[i].ends.suite = s->suite;
        flows[i].ends.alpn = s->alpn;
        flows[i].ends.number_length = 4;
        quic_send_handshake(tape, &flows[i].ends);
    }
    for (unsigned i = 0; quic_tape_length(tape) < packets; i++)
        send_data(tape, &flows[i % s->connections], s);
    return tape;
}

/* Time of the processor, in nanoseconds: what else the machine does is not counted. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Nanoseconds a packet for the first `packets` of the tape. */
static double measure(const scenario *s, const quic_tape *tape, const flow *flows, uint32_t packets)
{
    ql_session *session = ql_session_new();
    for (unsigned i = 0; s->secrets && i < s->connections; i++)
        quic_add_secrets(session, &flows[i].ends);
    double start = now();
    for (uint32_t frame = 1; frame <= packets; frame++)
        ql_session_add_datagram(session, quic_tape_frame(tape, frame));
    double taken = (now() - start) / packets;
    g_assert_cmpuint(ql_session_connection_count(session), ==, s->connections);
    ql_session_free(session);
    return taken;
}

int main(int argc, char **argv)
{
    uint32_t asked = argc > 1 ? (uint32_t)g_ascii_strtoull(argv[1], NULL, 10) : 120000;
    uint32_t packets = MAX(asked, 10 * CONNECTIONS); /* handshakes, and some more */
    g_autofree flow *flows = g_new0(flow, CONNECTIONS);
    printf("%-28s %12s %14s %14s\n", "scenario", "packets/s", "ns a packet", "of the half");
    for (unsigned i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        const scenario *s = &scenarios[i];
        quic_tape *tape = record(s, packets, flows);
        double half = measure(s, tape, flows, packets / 2);
        double whole = measure(s, tape, flows, packets);
        printf("%-28s %12.0f %14.0f %14.0f\n", s->name, 1e9 / whole, whole, half);
        quic_tape_free(tape);
    }
    return EXIT_SUCCESS;
}
