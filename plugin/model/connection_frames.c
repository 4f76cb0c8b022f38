/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of an opened packet, each to the room that it concerns (RFC 9000, 12.4). */
#include "model/connection_state.h"
#include "model/http3_error.h"
#include "model/transport_error.h"

/* Packet types that may carry a frame (RFC 9000, table 3), and whether it is a probing frame (9.1).
 */
enum { IN_INITIAL = 1, IN_EARLY = 2, IN_HANDSHAKE = 4, IN_ONE_RTT = 8, PROBING = 16 };
#define IN_ALL (IN_INITIAL | IN_EARLY | IN_HANDSHAKE | IN_ONE_RTT)
#define IN_APP (IN_EARLY | IN_ONE_RTT)

static const uint8_t allowed[QL_FRAME_COUNT] = {
    [QL_FRAME_PADDING] = IN_ALL | PROBING,
    [QL_FRAME_PING] = IN_ALL,
    [QL_FRAME_ACK] = IN_INITIAL | IN_HANDSHAKE | IN_ONE_RTT,
    [QL_FRAME_RESET_STREAM] = IN_APP,
    [QL_FRAME_STOP_SENDING] = IN_APP,
    [QL_FRAME_CRYPTO] = IN_INITIAL | IN_HANDSHAKE | IN_ONE_RTT,
    [QL_FRAME_NEW_TOKEN] = IN_ONE_RTT,
    [QL_FRAME_STREAM] = IN_APP,
    [QL_FRAME_MAX_DATA] = IN_APP,
    [QL_FRAME_MAX_STREAM_DATA] = IN_APP,
    [QL_FRAME_MAX_STREAMS] = IN_APP,
    [QL_FRAME_DATA_BLOCKED] = IN_APP,
    [QL_FRAME_STREAM_DATA_BLOCKED] = IN_APP,
    [QL_FRAME_STREAMS_BLOCKED] = IN_APP,
    [QL_FRAME_NEW_CONNECTION_ID] = IN_APP | PROBING,
    [QL_FRAME_RETIRE_CONNECTION_ID] = IN_ONE_RTT,
    [QL_FRAME_PATH_CHALLENGE] = IN_APP | PROBING,
    [QL_FRAME_PATH_RESPONSE] = IN_ONE_RTT | PROBING,
    [QL_FRAME_CONNECTION_CLOSE] = IN_ALL,
    [QL_FRAME_HANDSHAKE_DONE] = IN_ONE_RTT,
    [QL_FRAME_DATAGRAM] = IN_APP,
    [QL_FRAME_RESET_STREAM_AT] = IN_APP,
    [QL_FRAME_ACK_FREQUENCY] = IN_ONE_RTT,
    [QL_FRAME_IMMEDIATE_ACK] = IN_ONE_RTT,
    [QL_FRAME_TIMESTAMP] = IN_ALL,
    [QL_FRAME_OBSERVED_ADDRESS] = IN_ONE_RTT | PROBING,
};

static uint8_t place_of(ql_packet_type type)
{
    switch (type) {
    case QL_PACKET_INITIAL: return IN_INITIAL;
    case QL_PACKET_ZERO_RTT: return IN_EARLY;
    case QL_PACKET_HANDSHAKE: return IN_HANDSHAKE;
    case QL_PACKET_ONE_RTT: return IN_ONE_RTT;
    case QL_PACKET_RETRY:
    case QL_PACKET_VERSION_NEGOTIATION:
    case QL_PACKET_TYPE_COUNT: break;
    }
    return 0;
}

static void on_crypto(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    if (in->header->type == QL_PACKET_ONE_RTT)
        return; /* session tickets: nothing that an observer needs */
    const ql_where *where = &in->datagram->where;
    unsigned news = ql_handshake_on_crypto(c->handshake, in->sender,
                                           in->header->type == QL_PACKET_HANDSHAKE, frame, where);
    if ((news & QL_NEWS_CLIENT_RANDOM) != 0) {
        ql_connection_learn_secrets(c);
        c->news = true; /* also that there are none is news to what waits */
    }
    if ((news & QL_NEWS_CLIENT_PARAMETERS) != 0)
        ql_connection_bind_parameters(c, QL_CLIENT, in);
    if ((news & QL_NEWS_SERVER_PARAMETERS) != 0)
        ql_connection_bind_parameters(c, QL_SERVER, in);
    if ((news & QL_NEWS_EARLY_DATA_REJECTED) != 0)
        ql_streams_on_early_data_rejected(c->streams);
    if ((news & QL_NEWS_ALPN) != 0)
        ql_streams_set_alpn(c->streams, c->facts.alpn);
}

/* Text from the wire, made fit to be shown. */
static char *printable(ql_slice bytes)
{
    char *text = g_malloc(bytes.length + 1);
    for (size_t i = 0; i < bytes.length; i++)
        text[i] = g_ascii_isprint((char)bytes.data[i]) ? (char)bytes.data[i] : '?';
    text[bytes.length] = '\0';
    return text;
}

static void on_close(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    if (c->facts.close.frame != 0)
        return;
    c->facts.close.frame = in->datagram->where.frame;
    c->facts.close.sender = in->sender;
    c->facts.close.application = frame->close.application;
    c->facts.close.error = frame->close.error;
    c->facts.close.frame_type = frame->close.frame_type;
    c->facts.close.reason = printable(frame->close.reason);

    bool http3 = ql_streams_are_http3(c->streams);
    const char *name = !frame->close.application ? ql_transport_error_name(frame->close.error)
                       : http3                   ? ql_http3_error_name(frame->close.error)
                       : frame->close.error == 0 ? "application code 0"
                                                 : "application error";
    const char *reason = c->facts.close.reason, *open = *reason != '\0' ? " \"" : "";
    const char *end = *reason != '\0' ? "\"" : "";
    bool error = frame->close.error != 0 &&
                 !(frame->close.application && frame->close.error == QL_HTTP3_NO_ERROR);
    if (error)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_CONNECTION_CLOSED_BY_ERROR,
                        "the %s closes the connection: %s (0x%" G_GINT64_MODIFIER "x)%s%s%s",
                        ql_side_name(in->sender), name, frame->close.error, open, reason, end);
    else
        ql_journal_say(c->context.journal, in->datagram->where.frame, "RFC 9000, 10.2",
                       "The %s closes the connection: %s%s%s%s", ql_side_name(in->sender), name,
                       open, reason, end);
}

static void say(ql_connection *c, const ql_packet_input *in, const char *rfc, const char *text)
{
    ql_journal_say(c->context.journal, in->datagram->where.frame, rfc, "The %s %s",
                   ql_side_name(in->sender), text);
}

/* What is said about a stream without bytes of it. */
static void signal_stream(ql_connection *c, const ql_packet_input *in, const ql_frame *frame,
                          uint64_t id, ql_signal_value meaning, uint64_t value)
{
    ql_journal_add(c->context.journal, in->datagram->where.frame, QL_EVENT_SIGNAL)->signal =
        (ql_signal_event){ .frame = ql_frame_kind_name(frame->kind),
                           .id = id,
                           .value = value,
                           .sender = (uint8_t)in->sender,
                           .meaning = (uint8_t)meaning };
}

static void on_frame(ql_connection *c, const ql_packet_input *in, ql_path *path,
                     const ql_frame *frame)
{
    const ql_where *where = &in->datagram->where;
    bool early = in->header->type == QL_PACKET_ZERO_RTT;
    if (early && c->facts.early_data_rejected)
        return; /* the server never read it (RFC 9001, 4.6.2) */
    ql_connection_check_frame(c, in, frame);
    switch (frame->kind) {
    case QL_FRAME_ACK:
        in->event->acknowledges = true;
        c->news |= ql_packet_numbers_ack(
            ql_connection_numbers(c, ql_side_other(in->sender), in->header->type),
            frame->ack.largest);
        ql_connection_on_ack(c, in, frame);
        ql_connection_prove_first_path(c, in);
        ql_deliveries_on_ack(&c->deliveries[ql_side_other(in->sender)],
                             ql_space_of(in->header->type), frame);
        break;
    case QL_FRAME_CRYPTO: on_crypto(c, in, frame); break;
    case QL_FRAME_STREAM: ql_streams_on_stream(c->streams, in->sender, frame, where, early); break;
    case QL_FRAME_RESET_STREAM:
    case QL_FRAME_RESET_STREAM_AT:
        signal_stream(c, in, frame, frame->reset_stream.id, QL_SIGNAL_ERROR,
                      frame->reset_stream.error);
        ql_streams_on_reset(c->streams, in->sender, frame, where);
        break;
    case QL_FRAME_STOP_SENDING:
        signal_stream(c, in, frame, frame->stop_sending.id, QL_SIGNAL_ERROR,
                      frame->stop_sending.error);
        ql_streams_on_stop_sending(c->streams, in->sender, frame, where);
        break;
    case QL_FRAME_DATAGRAM: ql_streams_on_datagram(c->streams, in->sender, frame, where); break;
    case QL_FRAME_NEW_CONNECTION_ID: ql_connection_on_new_cid(c, in, frame); break;
    case QL_FRAME_RETIRE_CONNECTION_ID: ql_connection_on_retire_cid(c, in, frame); break;
    case QL_FRAME_PATH_CHALLENGE: ql_connection_on_challenge(c, in, path, frame); break;
    case QL_FRAME_PATH_RESPONSE: ql_connection_on_response(c, in, path, frame); break;
    case QL_FRAME_CONNECTION_CLOSE: on_close(c, in, frame); break;
    case QL_FRAME_HANDSHAKE_DONE:
        say(c, in, "RFC 9001, 4.1.2", "confirms the handshake");
        ql_keyring_rest(c->ring);
        break;
    case QL_FRAME_NEW_TOKEN:
        say(c, in, "RFC 9000, 8.1.3", "gives a token for a later connection");
        break;
    case QL_FRAME_DATA_BLOCKED:
        say(c, in, "RFC 9000, 4.1", "has more to send than the connection's flow control allows");
        break;
    case QL_FRAME_MAX_STREAM_DATA:
        in->event->raises_limits = true;
        signal_stream(c, in, frame, frame->limit.id, QL_SIGNAL_LIMIT, frame->limit.value);
        break;
    case QL_FRAME_STREAM_DATA_BLOCKED:
        signal_stream(c, in, frame, frame->limit.id, QL_SIGNAL_LIMIT, frame->limit.value);
        say(c, in, "RFC 9000, 4.1", "has more to send than the stream's flow control allows");
        break;
    case QL_FRAME_STREAMS_BLOCKED:
        say(c, in, "RFC 9000, 4.6", "wants to open more streams than it may");
        break;
    case QL_FRAME_MAX_DATA:
    case QL_FRAME_MAX_STREAMS: in->event->raises_limits = true; break;
    case QL_FRAME_PING: in->event->pings = true; break;
    case QL_FRAME_PADDING:
    case QL_FRAME_ACK_FREQUENCY:
    case QL_FRAME_IMMEDIATE_ACK:
    case QL_FRAME_TIMESTAMP:
    case QL_FRAME_OBSERVED_ADDRESS:
    case QL_FRAME_COUNT: break;
    }
}

/* Datagrams of 1200 bytes are no question: the handshake had them (RFC 9000, 14.1). */
static bool probes_mtu(const ql_packet_input *in, const ql_path *path)
{
    return in->event->pings && in->header->type == QL_PACKET_ONE_RTT &&
           in->datagram_size > MAX(QL_DATAGRAM_LEAST, path->delivered[in->sender]);
}

void ql_connection_read_frames(ql_connection *c, const ql_packet_input *in, ql_path *path,
                               ql_slice payload)
{
    ql_reader reader = ql_reader_of(payload);
    uint8_t place = place_of(in->header->type);
    ql_frame frame;
    const char *why = NULL;
    ql_frame_status status;
    bool pings_alone = true;
    c->probing = true;
    while ((status = ql_frame_read(&reader, &frame, &why)) == QL_FRAME_READ) {
        c->probing &= (allowed[frame.kind] & PROBING) != 0;
        pings_alone &= frame.kind == QL_FRAME_PING || frame.kind == QL_FRAME_PADDING;
        if ((allowed[frame.kind] & place) == 0 ||
            (frame.kind == QL_FRAME_CONNECTION_CLOSE && frame.close.application &&
             (place & IN_APP) == 0)) {
            ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                            QL_FINDING_FRAME_NOT_ALLOWED, "%s frame in %s %s packet of the %s",
                            ql_frame_kind_name(frame.kind),
                            in->header->type == QL_PACKET_INITIAL ? "an" : "a",
                            ql_packet_type_name(in->header->type), ql_side_name(in->sender));
            continue;
        }
        on_frame(c, in, path, &frame);
    }
    in->event->probes_mtu = pings_alone && probes_mtu(in, path);
    if (status == QL_FRAME_BAD)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_FRAME_MALFORMED,
                        "%s packet of the %s, frame type 0x%" G_GINT64_MODIFIER "x: %s",
                        ql_packet_type_name(in->header->type), ql_side_name(in->sender), frame.type,
                        why);
}
