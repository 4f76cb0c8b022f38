/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cids [PACKETS]: what a packet costs the model when a connection has many IDs and many paths. The
 * client sends small packets, each to the server's next ID and from its next port; packets are made
 * first and are not measured. From the second row on each packet is a switch of IDs and a move, and
 * the cost has to stay the same but for what memory caches make of it. */
#include <stdio.h>
#include <stdlib.h>

#include "quic_builder.h"

#define PACKETS     60000u
#define IDS_A_FRAME 30u /* NEW_CONNECTION_ID frames in a packet */
#define ROUNDS      3u  /* the best of these counts */

static const struct {
    unsigned ids, paths;
} rows[] = { { 1, 1 }, { 2, 2 }, { 10, 10 }, { 100, 100 }, { 1000, 1000 }, { 10000, 1000 } };

static ql_cid id_of(unsigned sequence)
{
    char hex[17];
    g_snprintf(hex, sizeof hex, "%08x%08x", 0xc1d00000u + sequence, sequence * 2654435761u);
    return quic_cid(hex);
}

static void issue(quic_tape *tape, quic_ends *ends, unsigned ids)
{
    for (unsigned next = 1; next <= ids;) {
        GByteArray *frames = quic_bytes();
        for (unsigned i = 0; i < IDS_A_FRAME && next <= ids; i++, next++) {
            ql_cid id = id_of(next);
            quic_put_new_cid(frames, next, 0, &id);
        }
        quic_send_frames(tape, ends, QL_SERVER, frames);
    }
}

/* Seconds that `packets` packets take. */
static double measure(unsigned ids, unsigned paths, unsigned packets)
{
    quic_ends ends;
    quic_ends_init(&ends, 1);
    g_autoptr(GByteArray) limit = quic_put_number_parameter(quic_bytes(), 0x0e, 1u << 20);
    ends.more_parameters[QL_CLIENT] = quic_slice(limit);
    g_autoptr(quic_tape) tape = quic_tape_new();
    quic_send_handshake(tape, &ends);
    issue(tape, &ends, ids);
    uint32_t before = quic_tape_length(tape);
    for (unsigned i = 0; i < packets; i++) {
        ends.destination[QL_CLIENT] = id_of(1 + i % ids);
        ends.at[QL_CLIENT].port = (uint16_t)(20000 + i % paths);
        quic_send_frames(tape, &ends, QL_CLIENT, quic_put_ping(quic_bytes()));
    }
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        ql_session *session = ql_session_new();
        quic_add_secrets(session, &ends);
        quic_play(tape, session, 1, before);
        gint64 start = g_get_monotonic_time();
        quic_play(tape, session, before + 1, before + packets);
        double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
        best = round == 0 ? seconds : MIN(best, seconds);
        const ql_connection *connection = ql_session_connection(session, 0);
        g_assert_cmpuint(ql_connection_cids(connection, QL_SERVER)->len, ==, ids + 2);
        g_assert_cmpuint(ql_connection_paths(connection)->len, >=, paths);
        ql_session_free(session);
    }
    return best;
}

int main(int argc, char **argv)
{
    guint64 packets = PACKETS;
    if (argc > 2 ||
        (argc == 2 && !g_ascii_string_to_unsigned(argv[1], 10, 20000, 10000000, &packets, NULL))) {
        fprintf(stderr, "usage: cids [PACKETS], from 20000 to 10000000\n");
        return 2;
    }
    printf("   IDs  paths  us a packet\n");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        printf("%6u %6u %12.2f\n", rows[i].ids, rows[i].paths,
               measure(rows[i].ids, rows[i].paths, (unsigned)packets) * 1e6 / (double)packets);
    return EXIT_SUCCESS;
}
