/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/frames.h"
#include "quic_builder.h"

#include <string.h>

#define MILLISECOND UINT64_C(1000000)
#define START       (UINT64_C(1700000000) * 1000 * MILLISECOND)

struct quic_tape {
    GArray *datagrams; /* of ql_datagram, payloads owned */
};

static void clear_datagram(gpointer data)
{
    ql_datagram *datagram = data;
    g_free((uint8_t *)datagram->payload.data);
}

quic_tape *quic_tape_new(void)
{
    quic_tape *tape = g_new0(quic_tape, 1);
    tape->datagrams = g_array_new(FALSE, FALSE, sizeof(ql_datagram));
    g_array_set_clear_func(tape->datagrams, clear_datagram);
    return tape;
}

void quic_tape_free(quic_tape *tape)
{
    if (tape == NULL)
        return;
    g_array_free(tape->datagrams, TRUE);
    g_free(tape);
}

uint32_t quic_tape_add(quic_tape *tape, const ql_endpoint *source, const ql_endpoint *destination,
                       GByteArray *datagram)
{
    uint32_t frame = tape->datagrams->len + 1;
    size_t length = datagram->len;
    ql_datagram added = { .where = { frame, START + frame * MILLISECOND },
                          .source = *source,
                          .destination = *destination,
                          .payload = { g_byte_array_free(datagram, FALSE), length },
                          .wire_length = length };
    g_array_append_val(tape->datagrams, added);
    return frame;
}

uint32_t quic_send(quic_tape *tape, const quic_ends *ends, ql_side sender, GByteArray *datagram)
{
    return quic_tape_add(tape, &ends->at[sender], &ends->at[ql_side_other(sender)], datagram);
}

/* RFC 9000, 8.2.1 and 8.2.2 */
static bool asks_for_expansion(const GByteArray *frames)
{
    ql_reader reader = ql_reader_of(quic_slice(frames));
    ql_frame frame;
    const char *why;
    while (ql_frame_read(&reader, &frame, &why) == QL_FRAME_READ)
        if (frame.kind == QL_FRAME_PATH_CHALLENGE || frame.kind == QL_FRAME_PATH_RESPONSE)
            return true;
    return false;
}

uint32_t quic_send_frames(quic_tape *tape, quic_ends *ends, ql_side sender, GByteArray *frames)
{
    if (sender == QL_CLIENT && asks_for_expansion(frames))
        quic_put_padding(frames, 1200);
    return quic_send(tape, ends, sender, quic_one_rtt(ends, sender, frames));
}

void quic_send_handshake(quic_tape *tape, quic_ends *ends)
{
    quic_send(tape, ends, QL_CLIENT, quic_client_hello(ends));
    quic_send(tape, ends, QL_SERVER, quic_server_flight(ends));
    quic_send(tape, ends, QL_CLIENT, quic_client_finished(ends));
    quic_send_frames(tape, ends, QL_SERVER, quic_put_handshake_done(quic_bytes()));
}

uint32_t quic_tape_length(const quic_tape *tape)
{
    return tape->datagrams->len;
}

static ql_datagram *frame_of(const quic_tape *tape, uint32_t frame)
{
    g_assert_cmpuint(frame, >=, 1);
    g_assert_cmpuint(frame, <=, tape->datagrams->len);
    return &g_array_index(tape->datagrams, ql_datagram, frame - 1);
}

const ql_datagram *quic_tape_frame(const quic_tape *tape, uint32_t frame)
{
    return frame_of(tape, frame);
}

void quic_tape_cut(quic_tape *tape, uint32_t frame, size_t length)
{
    ql_datagram *datagram = frame_of(tape, frame);
    g_assert_cmpuint(length, <, datagram->payload.length);
    datagram->payload.length = length;
}

void quic_tape_damage(quic_tape *tape, uint32_t frame, int offset)
{
    ql_datagram *datagram = frame_of(tape, frame);
    size_t at = offset >= 0 ? (size_t)offset : datagram->payload.length - (size_t)-offset;
    g_assert_cmpuint(at, <, datagram->payload.length);
    ((uint8_t *)datagram->payload.data)[at] ^= 0xff;
}

unsigned quic_play(const quic_tape *tape, ql_session *session, uint32_t from, uint32_t to)
{
    unsigned taken = 0;
    for (uint32_t frame = from; frame <= to; frame++) {
        /* A copy of exactly this size, so that a sanitizer sees what is read behind its end. */
        ql_datagram datagram = *frame_of(tape, frame);
        g_autofree uint8_t *bytes = g_memdup2(datagram.payload.data, datagram.payload.length);
        datagram.payload.data = bytes;
        taken += ql_session_add_datagram(session, &datagram);
    }
    return taken;
}

void quic_add_secrets(ql_session *session, const quic_ends *ends)
{
    g_autofree char *text = quic_secrets_text(ends);
    ql_session_add_secrets(session, (ql_slice){ (const uint8_t *)text, strlen(text) });
}
